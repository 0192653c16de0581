#include "csr.h"

#include "bounds.h"
#include "span.h"
#include "x509_make.h"

static bool fits(poa_span text, size_t max)
{
    return text.len == 0 || poa_span_is_text(text, max);
}

static bool set_serial(X509_REQ *request, poa_span serial)
{
    return serial.len == 0 || poa_x509_name_serial(X509_REQ_get_subject_name(request), serial);
}

static bool set_challenge(X509_REQ *request, poa_span challenge)
{
    return challenge.len == 0 ||
           X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, V_ASN1_UTF8STRING,
                                     (const unsigned char *)challenge.ptr, (int)challenge.len) == 1;
}

poa_err poa_csr_make(const poa_key *key, poa_span challenge, poa_span serial, poa_bytes *der)
{
    POA_PKI_SCOPE();
    if (!poa_key_is_private(key) || !fits(challenge, POA_CSR_CHALLENGE_BYTES_MAX) ||
        !fits(serial, POA_SERIAL_BYTES_MAX))
        return POA_F_USAGE;

    POA_CLEANUP(X509_REQ_freep) X509_REQ *request = X509_REQ_new();
    const bool made = request && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
                      set_serial(request, serial) && set_challenge(request, challenge) &&
                      X509_REQ_set_pubkey(request, key->pkey) == 1 &&
                      X509_REQ_sign(request, key->pkey, poa_pki_digest(key)) > 0;
    return made ? poa_der_encode(request, ASN1_ITEM_rptr(X509_REQ), der) : poa_pki_fault();
}
