#include "ca_openssl.h"

#include "guard.h"
#include "pem.h"
#include "span.h"
#include "x509_make.h"

void poa_ca_free(poa_ca *ca)
{
    if (!ca)
        return;
    poa_certs_free(ca->certs);
    poa_key_free(ca->key);
    free(ca);
}

/* Narrow the CA's time to what this certificate allows as well. */
static poa_err narrow_time(poa_ca *ca, const X509 *cert, poa_why *why)
{
    int64_t from = 0;
    int64_t until = 0;
    if (!poa_pki_time(X509_get0_notBefore(cert), &from) || !poa_pki_time(X509_get0_notAfter(cert), &until))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a CA certificate's time cannot be read");
    ca->not_before_s = from > ca->not_before_s ? from : ca->not_before_s;
    ca->not_after_s = until < ca->not_after_s ? until : ca->not_after_s;
    return POA_OK;
}

/* One certificate by itself, and the time in which it is valid. */
static poa_err check_cert(poa_ca *ca, size_t at, poa_why *why)
{
    X509 *cert = poa_certs_x509(ca->certs, at);
    const uint32_t flags = X509_get_extension_flags(cert);
    if (POA_GUARD(ca_extensions, (flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a CA certificate has extensions that are broken or unknown");
    if (POA_GUARD(ca_constraints, X509_check_ca(cert) != 1))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a CA certificate is not one of a CA (basicConstraints)");
    if (POA_GUARD(ca_usage, (flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(cert) & KU_KEY_CERT_SIGN) == 0))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a CA certificate's keyUsage does not allow keyCertSign");
    if (POA_GUARD(ca_key_identifier, !X509_get0_subject_key_id(cert)))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a CA certificate has no subjectKeyIdentifier");
    const long path = X509_get_pathlen(cert);
    if (POA_GUARD(ca_path_length, path >= 0 && (size_t)path < at))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a CA certificate's path length does not allow those below it");
    return narrow_time(ca, cert, why);
}

/* Is the certificate at a place the issuer of the one before it? */
static poa_err check_link(const poa_ca *ca, size_t at, poa_why *why)
{
    X509 *issuer = poa_certs_x509(ca->certs, at);
    X509 *cert = poa_certs_x509(ca->certs, at - 1);
    if (POA_GUARD(ca_chain_names, X509_check_issued(issuer, cert) != X509_V_OK))
        return poa_pki_refuse(why, POA_E_MALFORMED, "each CA certificate must be followed by that of its issuer");
    if (POA_GUARD(ca_chain_signature, X509_verify(cert, X509_get0_pubkey(issuer)) != 1))
        return poa_pki_refuse(why, POA_E_SIGNATURE_INVALID, "a CA certificate's signature does not verify");
    return POA_OK;
}

static poa_err check_key(const poa_ca *ca, poa_why *why)
{
    if (POA_GUARD(ca_key_public, !poa_key_is_private(ca->key)))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "the key of the CA is not a private one");
    if (POA_GUARD(ca_key_other, X509_check_private_key(poa_ca_x509(ca), ca->key->pkey) != 1))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "the private key is not that of the first CA certificate");
    POA_CLEANUP(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *pair = EVP_PKEY_CTX_new_from_pkey(NULL, ca->key->pkey, NULL);
    if (!pair)
        return poa_pki_fault();
    if (POA_GUARD(ca_key_halves, EVP_PKEY_pairwise_check(pair) != 1))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "the halves of the private key do not belong together");
    return POA_OK;
}

/* May these certificates and this key serve as a CA? Reads what the CA keeps of them. */
static poa_err adopt(const poa_ctx *ctx, poa_ca *ca, poa_why *why)
{
    ca->not_before_s = INT64_MIN;
    ca->not_after_s = INT64_MAX;
    for (size_t i = 0; i < poa_certs_count(ca->certs); i++) {
        poa_err err = check_cert(ca, i, why);
        if (!err && i > 0)
            err = check_link(ca, i, why);
        if (err)
            return err;
    }
    POA_CLEANUP(poa_bytes_clear) poa_bytes spki = {0};
    poa_err err = check_key(ca, why);
    if (!err)
        err = poa_pki_spki(ca->key, &spki);
    return err ? err : poa_sha256(ctx, poa_bytes_span(&spki), &ca->key_id);
}

poa_err poa_ca_load(const poa_ctx *ctx, poa_span certs_pem, const poa_key *key, poa_ca **out, poa_why *why)
{
    POA_PKI_SCOPE();
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = calloc(1, sizeof *ca);
    if (!ca)
        return POA_F_NOMEM;
    ca->key = poa_key_ref(key);
    poa_err err = poa_certs_parse(certs_pem, &ca->certs, why);
    if (!err)
        err = adopt(ctx, ca, why);
    if (err)
        return err;
    *out = POA_TAKE(ca);
    return POA_OK;
}

/* The certificate of a new CA, signed by its own key. */
static bool fill_root(const poa_ctx *ctx, X509 *cert, const poa_key *key, poa_span owner, int64_t from_s,
                      int64_t until_s)
{
    uint8_t serial[POA_X509_SERIAL_BYTES];
    X509_NAME *name = X509_get_subject_name(cert);
    return X509_set_version(cert, X509_VERSION_3) == 1 && poa_x509_serial(cert, serial) &&
           poa_x509_times(cert, from_s, until_s) && poa_x509_name_add(ctx, name, NID_commonName, owner) &&
           X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key->pkey) == 1 &&
           poa_x509_constraints(cert, true) && poa_x509_usage(cert, POA_USAGE_CERTS | POA_USAGE_CRLS) &&
           poa_x509_subject_key_id(ctx, cert) && poa_x509_authority_key_id(cert, cert) && poa_x509_sign(cert, key);
}

poa_err poa_ca_make(const poa_ctx *ctx, const poa_ca_plan *plan, poa_ca **out)
{
    POA_PKI_SCOPE();
    int64_t from_s = 0;
    int64_t end_s = 0;
    if (!poa_span_is_identifier(plan->owner) || plan->backdate_s < 0 || plan->lifetime_s < 1 ||
        __builtin_sub_overflow(plan->now_s, plan->backdate_s, &from_s) ||
        __builtin_add_overflow(plan->now_s, plan->lifetime_s, &end_s) || from_s < 0 || end_s - 1 > POA_X509_TIME_MAX)
        return POA_F_USAGE;

    POA_CLEANUP(poa_ca_freep) poa_ca *ca = calloc(1, sizeof *ca);
    POA_CLEANUP(X509_freep) X509 *cert = X509_new();
    if (!ca || !cert)
        return POA_F_NOMEM;
    poa_err err = poa_key_generate(ctx, POA_ALG_ES256, &ca->key);
    if (err)
        return err;
    if (!fill_root(ctx, cert, ca->key, plan->owner, from_s, end_s - 1))
        return poa_pki_fault();
    err = poa_certs_of(cert, &ca->certs);
    if (!err)
        err = adopt(ctx, ca, NULL);
    if (err) /* a refusal of what we made ourselves is no answer */
        return poa_err_is_fault(err) ? err : POA_F_CRYPTO;
    *out = POA_TAKE(ca);
    return POA_OK;
}

const poa_key *poa_ca_key(const poa_ca *ca)
{
    return ca->key;
}

const poa_id *poa_ca_key_id(const poa_ca *ca)
{
    return &ca->key_id;
}

int64_t poa_ca_not_after_s(const poa_ca *ca)
{
    return ca->not_after_s;
}

size_t poa_ca_chain_count(const poa_ca *ca)
{
    return poa_certs_count(ca->certs);
}

poa_span poa_ca_chain_der(const poa_ca *ca, size_t at)
{
    return poa_certs_der(ca->certs, at);
}

poa_err poa_ca_chain_pem(const poa_ca *ca, poa_span leaf, poa_bytes *pem)
{
    POA_CLEANUP(poa_bytes_clear) poa_bytes first = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes rest = {0};
    poa_err err = leaf.len > 0 ? poa_pem_write(POA_PEM_CERTIFICATE, leaf, &first) : POA_OK;
    if (!err)
        err = poa_certs_pem(ca->certs, &rest);
    if (err)
        return err;
    return poa_bytes_join(pem, poa_bytes_span(&first), poa_bytes_span(&rest)) ? POA_OK : POA_F_NOMEM;
}
