#include "idevid_path.h"

#include "certs_openssl.h"
#include "guard.h"
#include "x509_make.h"

#include <openssl/x509_vfy.h>

POA_CLEANUP_DEFINE(X509_STORE, X509_STORE_free)
POA_CLEANUP_DEFINE(X509_STORE_CTX, X509_STORE_CTX_free)
POA_CLEANUP_DEFINE(STACK_OF(X509), sk_X509_free)

#define SECURITY_LEVEL 2 /* OpenSSL's: 112 bits; our own rules are narrower */

/* What an outcome of X509_verify_cert() is in our words. The rows that are not here are about what a CA must not do. */
static const struct {
    int code;
    poa_err err;
    const char *text;
} outcomes[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, POA_E_SIGNATURE_INVALID, "no known CA stands behind the certificate"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, POA_E_SIGNATURE_INVALID,
     "no known CA stands behind the certificate"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, POA_E_SIGNATURE_INVALID, "no known CA stands behind the certificate"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, POA_E_SIGNATURE_INVALID, "the certificate is signed by itself"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, POA_E_SIGNATURE_INVALID, "the path ends at a CA that is not known here"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, POA_E_SIGNATURE_INVALID, "a signature in the path does not verify"},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, POA_E_SIGNATURE_INVALID, "a signature in the path does not verify"},
    {X509_V_ERR_CA_MD_TOO_WEAK, POA_E_SIGNATURE_INVALID,
     "a certificate in the path is signed with an algorithm not accepted here"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, POA_E_KEY_INVALID, "the key of the certificate is too small"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, POA_E_KEY_INVALID, "the key of a CA in the path is too small"},
    {X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, POA_E_KEY_INVALID, "a key in the path is not given by its curve's name"},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, POA_E_KEY_INVALID, "the key of a CA in the path cannot be read"},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, POA_E_MALFORMED, "a certificate's time cannot be read"},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, POA_E_MALFORMED, "a certificate's time cannot be read"},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, POA_E_MALFORMED,
     "a certificate in the path has a critical extension that is unknown here"},
};

static poa_err refuse_path(int code, poa_why *why)
{
    if (code == X509_V_ERR_OUT_OF_MEM)
        return POA_F_NOMEM;
    for (size_t i = 0; i < POA_COUNT(outcomes); i++) {
        if (outcomes[i].code == code)
            return poa_pki_refuse(why, outcomes[i].err, outcomes[i].text);
    }
    return poa_pki_refuse(why, POA_E_SIGNATURE_INVALID, "a CA in the path must not have signed what it did");
}

/* OpenSSL leaves broken extensions out of its path validation, or takes such a certificate for no issuer at all. */
static poa_err check_extensions(const poa_certs *x5c, poa_why *why)
{
    for (size_t i = 0; i < poa_certs_count(x5c); i++) {
        const uint32_t flags = X509_get_extension_flags(poa_certs_x509(x5c, i));
        if (POA_GUARD(idevid_extensions, (flags & EXFLAG_INVALID) != 0))
            return poa_pki_refuse(why, POA_E_MALFORMED, "a certificate has extensions that are broken");
    }
    return POA_OK;
}

static X509_STORE *store_of(const poa_certs *anchors)
{
    POA_CLEANUP(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
    for (size_t i = 0; store && i < poa_certs_count(anchors); i++) {
        if (X509_STORE_add_cert(store, poa_certs_x509(anchors, i)) != 1)
            return NULL;
    }
    return POA_TAKE(store);
}

/* Those that the device sent along; they stay the list's. */
static STACK_OF(X509) * others_of(const poa_certs *x5c)
{
    POA_CLEANUP(sk_X509_freep) STACK_OF(X509) *others = sk_X509_new_null();
    for (size_t i = 1; others && i < poa_certs_count(x5c); i++) {
        if (sk_X509_push(others, poa_certs_x509(x5c, i)) <= 0)
            return NULL;
    }
    return POA_TAKE(others);
}

/*
 * OpenSSL counts the last second as past, RFC 5280 section 4.1.2.5 does not: times are check_times()'s. They are not
 * switched off, for among CAs of one name and key OpenSSL takes the one that is in time.
 */
static int leave_times(int good, X509_STORE_CTX *walk)
{
    const int code = X509_STORE_CTX_get_error(walk);
    return good == 1 || code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;
}

static void set_rules(X509_STORE_CTX *walk, int64_t now_s)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(walk);
    (void)X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
    const int64_t from_epoch_s = now_s > 0 ? now_s : 0; /* OpenSSL cannot compare with years of other lengths */
    X509_VERIFY_PARAM_set_time(rules, (time_t)(from_epoch_s < POA_X509_TIME_MAX ? from_epoch_s : POA_X509_TIME_MAX));
    X509_VERIFY_PARAM_set_auth_level(rules, SECURITY_LEVEL);
    X509_STORE_CTX_set_verify_cb(walk, leave_times);
}

/* Both ends count. */
static poa_err check_times(const STACK_OF(X509) * chain, int64_t now_s, poa_why *why)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        const X509 *cert = sk_X509_value(chain, i);
        int64_t from_s = 0;
        int64_t until_s = 0;
        if (!poa_pki_time(X509_get0_notBefore(cert), &from_s) || !poa_pki_time(X509_get0_notAfter(cert), &until_s))
            return poa_pki_refuse(why, POA_E_MALFORMED, "a certificate's time cannot be read");
        if (POA_GUARD(idevid_not_yet, now_s < from_s))
            return poa_pki_refuse(why, POA_E_NOT_YET_VALID, "a certificate in the path is not valid yet");
        if (POA_GUARD(idevid_expired, now_s > until_s))
            return poa_pki_refuse(why, POA_E_EXPIRED, "a certificate in the path has expired");
    }
    return POA_OK;
}

/* The anchor's own signature is nobody's concern: it is trusted as it stands. */
static poa_err check_signatures(const STACK_OF(X509) * chain, poa_why *why)
{
    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        const int nid = X509_get_signature_nid(sk_X509_value(chain, i));
        if (POA_GUARD(idevid_signature_algorithm, !poa_pki_signature_is_accepted(nid)))
            return poa_pki_refuse(why, POA_E_SIGNATURE_INVALID,
                                  "a certificate in the path is signed with an algorithm not accepted here");
    }
    return POA_OK;
}

/* OpenSSL also takes an anchor of version 1, or without basicConstraints, for a CA. */
static poa_err check_cas(const STACK_OF(X509) * chain, poa_why *why)
{
    for (int i = 1; i < sk_X509_num(chain); i++) {
        if (POA_GUARD(idevid_ca_constraints, X509_check_ca(sk_X509_value(chain, i)) != 1))
            return poa_pki_refuse(why, POA_E_SIGNATURE_INVALID, "a certificate in the path is not one of a CA");
    }
    return POA_OK;
}

static poa_err take_key(const poa_ctx *ctx, const X509 *cert, poa_idevid_profile profile, poa_key **key, poa_id *id,
                        poa_why *why)
{
    POA_CLEANUP(poa_bytes_clear) poa_bytes spki = {0};
    const poa_err err = poa_pki_take_key(ctx, X509_get_X509_PUBKEY(cert), key, &spki, id, why);
    if (err)
        return err;
    if (POA_GUARD(idevid_ed25519, (*key)->type == POA_KEY_ED25519 && profile != POA_IDEVID_STRICT))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "a key in the path is of Ed25519, which is not accepted here");
    return POA_OK;
}

static poa_err take_keys(const poa_ctx *ctx, const STACK_OF(X509) * chain, poa_idevid_profile profile,
                         poa_idevid_path_found *found, poa_why *why)
{
    const int count = sk_X509_num(chain);
    if (POA_GUARD(idevid_path_short, count < 2 && profile != POA_IDEVID_MAKER))
        return poa_pki_refuse(why, POA_E_SIGNATURE_INVALID, "the certificate is itself an anchor");
    if (count - 1 > POA_IDEVID_PATH_MAX) /* plain: never more than were sent, but there is no room */
        return poa_pki_refuse(why, POA_E_TOO_LARGE, "there are more than 16 CAs in the path");
    poa_err err = take_key(ctx, sk_X509_value(chain, 0), profile, &found->key, &found->key_id, why);
    for (int i = 1; !err && i < count; i++) {
        POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
        err = take_key(ctx, sk_X509_value(chain, i), profile, &key, &found->cas[i - 1], why);
    }
    found->count = (size_t)count - 1;
    return err;
}

static poa_err check_chain(const STACK_OF(X509) * chain, int64_t now_s, poa_why *why)
{
    poa_err err = check_signatures(chain, why);
    if (!err)
        err = check_cas(chain, why);
    return err ? err : check_times(chain, now_s, why);
}

static poa_err read_chain(const poa_ctx *ctx, const STACK_OF(X509) * chain, poa_idevid_profile profile,
                          poa_idevid_path_found *out, poa_why *why)
{
    poa_idevid_path_found found = {0};
    const poa_err err = take_keys(ctx, chain, profile, &found, why);
    if (err) {
        poa_key_free(found.key);
        return err;
    }
    *out = found;
    return POA_OK;
}

poa_err poa_idevid_path_validate(const poa_ctx *ctx, const poa_certs *x5c, const poa_idevid_trust *trust, int64_t now_s,
                                 poa_idevid_path_found *out, poa_why *why)
{
    poa_err err = check_extensions(x5c, why);
    if (err)
        return err;
    POA_CLEANUP(X509_STORE_freep) X509_STORE *store = store_of(trust->anchors);
    POA_CLEANUP(sk_X509_freep) STACK_OF(X509) *others = others_of(x5c);
    POA_CLEANUP(X509_STORE_CTX_freep) X509_STORE_CTX *walk = X509_STORE_CTX_new();
    if (!store || !others || !walk || X509_STORE_CTX_init(walk, store, poa_certs_x509(x5c, 0), others) != 1)
        return poa_pki_fault();
    set_rules(walk, now_s);
    if (POA_GUARD(idevid_path, X509_verify_cert(walk) != 1))
        return refuse_path(X509_STORE_CTX_get_error(walk), why);
    const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(walk);
    err = check_chain(chain, now_s, why);
    return err ? err : read_chain(ctx, chain, trust->profile, out, why);
}
