#include "tls.h"

#include "pem.h"
#include "span.h"
#include "x509_make.h"

#define BACKDATE_S 3600

static const uint8_t loopback4[4] = {127, 0, 0, 1};
static const uint8_t loopback6[16] = {[15] = 1};

static bool add_names(const poa_ctx *ctx, X509 *cert)
{
    const poa_span host = POA_SPAN("localhost");
    X509_NAME *name = X509_get_subject_name(cert);
    POA_CLEANUP(GENERAL_NAMES_freep) GENERAL_NAMES *names = GENERAL_NAMES_new();
    return names && poa_x509_name_add(ctx, name, NID_commonName, host) && X509_set_issuer_name(cert, name) == 1 &&
           poa_x509_alt_dns(names, host) && poa_x509_alt_ip(names, loopback4, sizeof loopback4) &&
           poa_x509_alt_ip(names, loopback6, sizeof loopback6) && poa_x509_alt_names(cert, names);
}

static bool fill_server(const poa_ctx *ctx, X509 *cert, const poa_key *key, int64_t from_s, int64_t until_s)
{
    uint8_t serial[POA_X509_SERIAL_BYTES];
    return X509_set_version(cert, X509_VERSION_3) == 1 && poa_x509_serial(cert, serial) &&
           poa_x509_times(cert, from_s, until_s) && add_names(ctx, cert) && X509_set_pubkey(cert, key->pkey) == 1 &&
           poa_x509_constraints(cert, false) && poa_x509_usage(cert, POA_USAGE_SIGN) &&
           poa_x509_purpose(cert, NID_server_auth) && poa_x509_subject_key_id(ctx, cert) &&
           poa_x509_authority_key_id(cert, cert) && poa_x509_sign(cert, key);
}

poa_err poa_tls_make(const poa_ctx *ctx, int64_t now_s, int64_t lifetime_s, poa_bytes *cert_pem, poa_secret *key_pem)
{
    POA_PKI_SCOPE();
    int64_t end_s = 0;
    if (now_s < BACKDATE_S || lifetime_s < 1 || __builtin_add_overflow(now_s, lifetime_s, &end_s) ||
        end_s - 1 > POA_X509_TIME_MAX)
        return POA_F_USAGE;

    POA_CLEANUP(X509_freep) X509 *cert = X509_new();
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    if (!cert)
        return POA_F_NOMEM;
    poa_err err = poa_key_generate(ctx, POA_ALG_ES256, &key);
    if (err)
        return err;
    if (!fill_server(ctx, cert, key, now_s - BACKDATE_S, end_s - 1))
        return poa_pki_fault();

    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes cert_text = {0};
    err = poa_der_encode(cert, ASN1_ITEM_rptr(X509), &der);
    if (!err)
        err = poa_pem_write(POA_PEM_CERTIFICATE, poa_bytes_span(&der), &cert_text);
    if (!err)
        err = poa_key_to_pem(key, (poa_span){0}, key_pem);
    if (err)
        return err;
    *cert_pem = poa_bytes_take(&cert_text);
    return POA_OK;
}
