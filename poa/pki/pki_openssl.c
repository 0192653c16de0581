#include "pki_openssl.h"

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
