#include "crypto_key.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "poa/signer.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

/* Group orders, big-endian (FIPS 186-4 D.1.2.3, D.1.2.4), and the order L of edwards25519, little-endian (RFC 8032). */
static const uint8_t order_p256[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                       0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t order_p384[48] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
                                       0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73};
static const uint8_t order_ed25519[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                          0xa2, 0xde, 0xf9, 0xde, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                          0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

static void md_ctx_freep(EVP_MD_CTX **p)
{
    EVP_MD_CTX_free(*p);
}
static void ecdsa_sig_freep(ECDSA_SIG **p)
{
    ECDSA_SIG_free(*p);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++)
        any |= bytes[i];
    return any == 0;
}

/* 0 < number < order, both big-endian. */
static bool in_range(const uint8_t *number, const uint8_t *order, size_t len)
{
    return !is_zero(number, len) && memcmp(number, order, len) < 0;
}

static bool below_little_endian(const uint8_t *number, const uint8_t *bound, size_t len)
{
    for (size_t i = len; i-- > 0;)
        if (number[i] != bound[i])
            return number[i] < bound[i];
    return false;
}

static bool shape_ok(const poa_key *key, const uint8_t *signature, size_t len)
{
    if (POA_GUARD(signature_length, len != key->signature_len))
        return false;
    switch (key->type) {
    case POA_KEY_P256:
        return !POA_GUARD(signature_range_p256,
                          !in_range(signature, order_p256, 32) || !in_range(signature + 32, order_p256, 32));
    case POA_KEY_P384:
        return !POA_GUARD(signature_range_p384,
                          !in_range(signature, order_p384, 48) || !in_range(signature + 48, order_p384, 48));
    case POA_KEY_ED25519:
        return !POA_GUARD(signature_range_ed25519, !below_little_endian(signature + 32, order_ed25519, 32));
    case POA_KEY_RSA:
        return true;
    }
    return false;
}

/* DER INTEGER of an unsigned big-endian number; returns its length. */
static size_t der_integer(const uint8_t *number, size_t len, uint8_t *out)
{
    while (len > 1 && number[0] == 0) {
        number++;
        len--;
    }
    const size_t pad = number[0] >= 0x80 ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(len + pad);
    out[2] = 0;
    memcpy(out + 2 + pad, number, len);
    return 2 + pad + len;
}

/* r || s as the DER SEQUENCE that OpenSSL wants; the halves are at most 48 bytes, so every length is one byte. */
static size_t der_signature(const uint8_t *signature, size_t len, uint8_t out[110])
{
    uint8_t body[108];
    const size_t half = len / 2;
    size_t at = der_integer(signature, half, body);
    at += der_integer(signature + half, half, body + at);
    out[0] = 0x30;
    out[1] = (uint8_t)at;
    memcpy(out + 2, body, at);
    return at + 2;
}

/* The digest that an algorithm hashes with; EdDSA hashes by itself. */
static const char *digest_of(poa_alg alg)
{
    switch (alg) {
    case POA_ALG_ES256:
    case POA_ALG_RS256:
    case POA_ALG_PS256:
        return "SHA2-256";
    case POA_ALG_ES384:
        return "SHA2-384";
    case POA_ALG_EDDSA:
    case POA_ALG_NONE:
        return NULL;
    }
    return NULL;
}

/* RFC 7518 section 3.5: PSS with a salt as long as the digest. */
static bool set_padding(EVP_PKEY_CTX *how, poa_alg alg)
{
    if (alg != POA_ALG_PS256)
        return true;
    return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* Who signs with his own key can make the sum that is verified the point at infinity, which has no x to be r. */
static bool is_at_infinity(void)
{
    const unsigned long error = ERR_peek_error();
    return ERR_GET_LIB(error) == ERR_LIB_EC && ERR_GET_REASON(error) == EC_R_POINT_AT_INFINITY;
}

/*
 * What OpenSSL's verdict means. It tells "no" and "could not" apart only in part: of r and s in range, inside DER of
 * our own, a negative verdict is no answer but in one case; else memory that ran out is none, and everything else is a
 * no.
 */
static poa_err judge(int verdict, bool ecdsa)
{
    if (ecdsa && verdict < 0 && !is_at_infinity())
        return poa_openssl_refused(POA_F_CRYPTO);
    const poa_err no = poa_openssl_refused(POA_E_SIGNATURE_INVALID);
    return POA_GUARD(signature_verifies, verdict != 1) ? no : POA_OK;
}

/* ES256 is the common case: hash with the fetched digest, then verify the hash. */
static poa_err verify_es256(const poa_ctx *ctx, const poa_key *key, poa_span input, const uint8_t *der, size_t len)
{
    poa_id hash;
    const poa_err err = poa_sha256(ctx, input, &hash);
    if (err)
        return err;
    POA_CLEANUP(poa_pkey_ctx_freep) EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!check || EVP_PKEY_verify_init(check) != 1)
        return poa_openssl_refused(POA_F_CRYPTO);
    return judge(EVP_PKEY_verify(check, der, len, hash.bytes, sizeof hash.bytes), true);
}

static poa_err verify_any(const poa_key *key, poa_alg alg, poa_span input, const uint8_t *signature, size_t len)
{
    POA_CLEANUP(md_ctx_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL; /* borrowed from md */
    if (!md || EVP_DigestVerifyInit_ex(md, &how, digest_of(alg), NULL, NULL, key->pkey, NULL) != 1 ||
        !set_padding(how, alg))
        return poa_openssl_refused(POA_F_CRYPTO);
    return judge(EVP_DigestVerify(md, signature, len, (const unsigned char *)input.ptr, input.len),
                 alg == POA_ALG_ES384);
}

poa_err poa_key_verify(const poa_ctx *ctx, const poa_key *key, poa_alg alg, poa_span input, const uint8_t *signature,
                       size_t len)
{
    if (!shape_ok(key, signature, len))
        return POA_E_SIGNATURE_MALFORMED;
    ERR_clear_error();
    uint8_t der[110];
    if (alg == POA_ALG_ES256)
        return verify_es256(ctx, key, input, der, der_signature(signature, len, der));
    if (alg == POA_ALG_ES384)
        return verify_any(key, alg, input, der, der_signature(signature, len, der));
    return verify_any(key, alg, input, signature, len);
}

/* DER back to r || s of fixed length. */
static bool raw_signature(const uint8_t *der, size_t der_len, uint8_t *out, size_t half)
{
    const uint8_t *at = der;
    POA_CLEANUP(ecdsa_sig_freep) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
    if (!sig)
        return false;
    return BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half) == (int)half &&
           BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half) == (int)half;
}

static bool sign_any(const poa_key *key, poa_alg alg, poa_span input, uint8_t *out, size_t *len)
{
    POA_CLEANUP(md_ctx_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL; /* borrowed from md */
    return md && EVP_DigestSignInit_ex(md, &how, digest_of(alg), NULL, NULL, key->pkey, NULL) == 1 &&
           set_padding(how, alg) && EVP_DigestSign(md, out, len, (const unsigned char *)input.ptr, input.len) == 1;
}

static poa_err sign_with(const poa_key *key, poa_alg alg, poa_span input, uint8_t *sig, size_t cap, size_t *len)
{
    uint8_t made[POA_SIGNATURE_BYTES_MAX];
    size_t made_len = sizeof made;
    ERR_clear_error();
    bool ok = cap >= key->signature_len && sign_any(key, alg, input, made, &made_len);
    if (ok && (alg == POA_ALG_ES256 || alg == POA_ALG_ES384))
        ok = raw_signature(made, made_len, sig, key->signature_len / 2);
    else if (ok && made_len == key->signature_len)
        memcpy(sig, made, made_len);
    else
        ok = false;
    if (!ok)
        return poa_openssl_refused(POA_F_SIGNER);
    *len = key->signature_len;
    return POA_OK;
}

/* One function per algorithm, so that a signer on a key needs no storage besides the key. */
#define SIGN_FUNCTION(alg_name)                                                                       \
    static poa_err sign_##alg_name(void *self, poa_span input, uint8_t *sig, size_t cap, size_t *len) \
    {                                                                                                 \
        return sign_with(self, POA_ALG_##alg_name, input, sig, cap, len);                             \
    }
SIGN_FUNCTION(ES256)
SIGN_FUNCTION(ES384)
SIGN_FUNCTION(EDDSA)
SIGN_FUNCTION(RS256)
SIGN_FUNCTION(PS256)
#undef SIGN_FUNCTION

poa_err poa_signer_of(const poa_key *key, poa_alg alg, poa_signer *out)
{
    static poa_err (*const functions[])(void *, poa_span, uint8_t *, size_t, size_t *) = {
        [POA_ALG_ES256] = sign_ES256, [POA_ALG_ES384] = sign_ES384, [POA_ALG_EDDSA] = sign_EDDSA,
        [POA_ALG_RS256] = sign_RS256, [POA_ALG_PS256] = sign_PS256,
    };
    if (alg == POA_ALG_NONE)
        alg = poa_key_alg(key);
    if (!key->is_private || !poa_key_allows(key, alg))
        return POA_F_USAGE;
    *out = (poa_signer){.alg = alg, .key = key, .self = (void *)(uintptr_t)key, .sign = functions[alg]};
    return POA_OK;
}
