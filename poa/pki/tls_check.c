#include "tls.h"

#include "guard.h"
#include "pki_openssl.h"

#include <limits.h>
#include <openssl/pem.h>

POA_CLEANUP_DEFINE(BIO, BIO_free_all)

/* No passphrase is ever asked for on a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static BIO *reader_of(poa_span pem)
{
    return pem.len > 0 && pem.len <= INT_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
}

static X509 *read_certificate(poa_span pem)
{
    POA_CLEANUP(BIO_free_allp) BIO *reader = reader_of(pem);
    return reader ? PEM_read_bio_X509(reader, NULL, no_passphrase, NULL) : NULL;
}

static EVP_PKEY *read_key(poa_span pem)
{
    POA_CLEANUP(BIO_free_allp) BIO *reader = reader_of(pem);
    return reader ? PEM_read_bio_PrivateKey(reader, NULL, no_passphrase, NULL) : NULL;
}

poa_err poa_tls_check(poa_span certs_pem, poa_span key_pem, int64_t now_s, int64_t *not_after_s, poa_why *why)
{
    POA_PKI_SCOPE();
    POA_CLEANUP(X509_freep) X509 *cert = read_certificate(certs_pem);
    if (!cert)
        return poa_pki_refuse(why, POA_E_MALFORMED, "it does not begin with a certificate in PEM");
    POA_CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = read_key(key_pem);
    if (!key)
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "its key is no private key in PEM, or has a passphrase");
    if (POA_GUARD(tls_key_other, X509_check_private_key(cert, key) != 1))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "the private key is not that of the certificate");
    int64_t from_s = 0;
    int64_t until_s = 0;
    if (!poa_pki_time(X509_get0_notBefore(cert), &from_s) || !poa_pki_time(X509_get0_notAfter(cert), &until_s))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the certificate's time cannot be read");
    if (POA_GUARD(tls_not_yet, now_s < from_s))
        return poa_pki_refuse(why, POA_E_NOT_YET_VALID, "the certificate is not valid yet");
    if (POA_GUARD(tls_ended, now_s > until_s))
        return poa_pki_refuse(why, POA_E_EXPIRED, "the certificate is past its end");
    *not_after_s = until_s;
    return POA_OK;
}
