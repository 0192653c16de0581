#include "pki_openssl.h"

#include "guard.h"
#include "span.h"

#include <time.h>

static bool drain_says_nomem(void)
{
    bool nomem = false;
    unsigned long code = 0;
    while ((code = ERR_get_error()) != 0)
        nomem = nomem || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return nomem;
}

poa_err poa_pki_refuse(poa_why *why, poa_err err, const char *text)
{
    if (drain_says_nomem())
        return POA_F_NOMEM;
    return poa_why_set(why, err, text);
}

poa_err poa_pki_fault(void)
{
    return drain_says_nomem() ? POA_F_NOMEM : POA_F_CRYPTO;
}

void *poa_der_decode(poa_span der, const ASN1_ITEM *item)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    ASN1_VALUE *value = ASN1_item_d2i(NULL, &at, (long)der.len, item);
    if (value && at != (const unsigned char *)der.ptr + der.len) {
        ASN1_item_free(value, item);
        return NULL;
    }
    return value;
}

poa_err poa_der_encode(const void *value, const ASN1_ITEM *item, poa_bytes *out)
{
    const int len = ASN1_item_i2d(value, NULL, item);
    if (len <= 0)
        return poa_pki_fault();
    POA_CLEANUP(poa_bytes_clear) poa_bytes bytes = {0};
    if (!poa_bytes_alloc(&bytes, (size_t)len))
        return POA_F_NOMEM;
    unsigned char *at = bytes.ptr;
    if (ASN1_item_i2d(value, &at, item) != len)
        return poa_pki_fault();
    *out = poa_bytes_take(&bytes);
    return POA_OK;
}

poa_err poa_pki_spki(const poa_key *key, poa_bytes *out)
{
    POA_CLEANUP(X509_PUBKEY_freep) X509_PUBKEY *spki = NULL;
    if (X509_PUBKEY_set(&spki, key->pkey) != 1)
        return poa_pki_fault();
    return poa_der_encode(spki, ASN1_ITEM_rptr(X509_PUBKEY), out);
}

/* The SubjectPublicKeyInfo as it was given, and as our own encoding of the key has it: both must be the same. */
static poa_err check_encoding(const X509_PUBKEY *given, const poa_bytes *own, poa_why *why)
{
    POA_CLEANUP(poa_bytes_clear) poa_bytes bytes = {0};
    const poa_err err = poa_der_encode(given, ASN1_ITEM_rptr(X509_PUBKEY), &bytes);
    if (err)
        return err;
    if (POA_GUARD(pki_key_encoding, !poa_span_equal(poa_bytes_span(&bytes), poa_bytes_span(own))))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "a key is not given by its curve's name, uncompressed, in DER");
    return POA_OK;
}

poa_err poa_pki_take_key(const poa_ctx *ctx, const X509_PUBKEY *given, poa_key **key, poa_bytes *spki, poa_id *hash,
                         poa_why *why)
{
    POA_CLEANUP(poa_key_freep) poa_key *own = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes bytes = {0};
    POA_CLEANUP(EVP_PKEY_freep) EVP_PKEY *pkey = X509_PUBKEY_get(given);
    poa_err err = pkey ? poa_key_from_pkey(ctx, pkey, false, &own) : POA_E_KEY_INVALID;
    if (err == POA_E_KEY_INVALID)
        return poa_pki_refuse(why, err, "a key is not EC P-256, EC P-384, Ed25519 or RSA of 2048 to 4096 bits");
    if (err)
        return err;
    pkey = NULL; /* the key took it */

    err = poa_pki_spki(own, &bytes);
    if (!err)
        err = check_encoding(given, &bytes, why);
    if (!err)
        err = poa_sha256(ctx, poa_bytes_span(&bytes), hash);
    if (err)
        return err;
    *key = POA_TAKE(own);
    *spki = poa_bytes_take(&bytes);
    return POA_OK;
}

bool poa_pki_signature_is_accepted(int nid)
{
    static const int accepted[] = {
        NID_ecdsa_with_SHA256,       NID_ecdsa_with_SHA384,       NID_ecdsa_with_SHA512,       NID_ED25519,
        NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption,
    };
    for (size_t i = 0; i < POA_COUNT(accepted); i++) {
        if (nid == accepted[i])
            return true;
    }
    return false;
}

bool poa_pki_time(const ASN1_TIME *time, int64_t *out_s)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return false;
    *out_s = timegm(&parts);
    return true;
}

const EVP_MD *poa_pki_digest(const poa_key *key)
{
    switch (key->type) {
    case POA_KEY_ED25519:
        return NULL;
    case POA_KEY_P384:
        return EVP_sha384();
    case POA_KEY_P256:
    case POA_KEY_RSA:
        break;
    }
    return EVP_sha256();
}
