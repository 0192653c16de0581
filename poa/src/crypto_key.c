#include "crypto_key.h"

#include "bounds.h"
#include "buf.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bn_freep(BIGNUM **p)
{
    BN_free(*p);
}
static void bld_freep(OSSL_PARAM_BLD **p)
{
    OSSL_PARAM_BLD_free(*p);
}
static void params_freep(OSSL_PARAM **p)
{
    OSSL_PARAM_free(*p);
}

poa_key *poa_key_ref(const poa_key *key)
{
    poa_key *mine = (poa_key *)(uintptr_t)key; /* the count is the one part of a key that changes */
    if (mine)
        atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    return mine;
}

void poa_key_free(poa_key *key)
{
    if (!key || atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(key->pkey);
    free(key->jwk);
    free(key);
}

/* One way to encode a point, 04 || x || y: OpenSSL would also take the one byte of the point at infinity. */
static poa_err ec_key(const EVP_PKEY *parameters, const poa_key_raw *raw, EVP_PKEY **out)
{
    uint8_t point[1 + 2 * 48] = {0x04};
    memcpy(point + 1, raw->x, raw->x_len);
    memcpy(point + 1 + raw->x_len, raw->y, raw->y_len);
    POA_CLEANUP(poa_pkey_freep) EVP_PKEY *pkey = EVP_PKEY_new();
    if (!pkey || EVP_PKEY_copy_parameters(pkey, parameters) != 1)
        return poa_openssl_refused(POA_F_CRYPTO);
    if (EVP_PKEY_set1_encoded_public_key(pkey, point, 1 + raw->x_len + raw->y_len) != 1)
        return poa_openssl_refused(POA_E_KEY_INVALID); /* not on the curve, or not below p */
    *out = POA_TAKE(pkey);
    return POA_OK;
}

/* The point was checked before: OpenSSL takes any 32 bytes. */
static poa_err ed25519_key(const poa_key_raw *raw, EVP_PKEY **out)
{
    *out = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, raw->x, raw->x_len);
    return *out ? POA_OK : poa_openssl_refused(POA_F_CRYPTO);
}

/* So were the numbers. */
static poa_err rsa_key(const poa_key_raw *raw, EVP_PKEY **out)
{
    POA_CLEANUP(bn_freep) BIGNUM *n = BN_bin2bn(raw->x, (int)raw->x_len, NULL);
    POA_CLEANUP(bn_freep) BIGNUM *e = BN_bin2bn(raw->y, (int)raw->y_len, NULL);
    POA_CLEANUP(bld_freep) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (!n || !e || !bld || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) != 1)
        return poa_openssl_refused(POA_F_CRYPTO);
    POA_CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    POA_CLEANUP(poa_pkey_ctx_freep) EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (!params || !make || EVP_PKEY_fromdata_init(make) != 1 ||
        EVP_PKEY_fromdata(make, out, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return poa_openssl_refused(POA_F_CRYPTO);
    return POA_OK;
}

/* n of 2048 to 4096 bits without leading zero and odd; e odd, 65537 to 2^32-1, without leading zero (section 2). */
static bool rsa_numbers_ok(const poa_key_raw *raw)
{
    if (POA_GUARD(rsa_n_size, raw->x_len < POA_RSA_BITS_MIN / 8 || raw->x_len > POA_RSA_BITS_MAX / 8) ||
        POA_GUARD(rsa_n_leading_zero, raw->x[0] == 0) ||
        POA_GUARD(rsa_n_bits, raw->x_len == POA_RSA_BITS_MIN / 8 && raw->x[0] < 0x80) ||
        POA_GUARD(rsa_n_even, (raw->x[raw->x_len - 1] & 1) == 0))
        return false;
    if (raw->y_len < 3 || raw->y_len > 4 || raw->y[0] == 0)
        return false;
    uint32_t e = 0;
    for (size_t i = 0; i < raw->y_len; i++)
        e = e << 8 | raw->y[i];
    return !POA_GUARD(rsa_e_small, e < 65537) && !POA_GUARD(rsa_e_even, (e & 1) == 0);
}

static poa_err make_pkey(const poa_ctx *ctx, const poa_key_raw *raw, EVP_PKEY **out)
{
    const size_t size = raw->type == POA_KEY_P384 ? 48 : 32;
    poa_err err = POA_OK;
    ERR_clear_error();
    switch (raw->type) {
    case POA_KEY_P256:
    case POA_KEY_P384:
        if (POA_GUARD(ec_coordinate_length, raw->x_len != size || raw->y_len != size))
            return POA_E_KEY_INVALID;
        return ec_key(raw->type == POA_KEY_P256 ? ctx->p256 : ctx->p384, raw, out);
    case POA_KEY_ED25519:
        if (raw->x_len != size)
            return POA_E_KEY_INVALID;
        err = poa_ed25519_check_point(raw->x);
        if (POA_GUARD(ed25519_point, err != POA_OK))
            return err;
        return ed25519_key(raw, out);
    case POA_KEY_RSA:
        if (!rsa_numbers_ok(raw))
            return POA_E_KEY_INVALID;
        return rsa_key(raw, out);
    }
    return POA_E_KEY_INVALID;
}

/* The members that RFC 7638 section 3.2 hashes, in lexicographic order, without white space. */
static char *make_jwk(const poa_key_raw *raw)
{
    poa_buf b = {0};
    switch (raw->type) {
    case POA_KEY_P256:
    case POA_KEY_P384:
        poa_buf_printf(&b, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"", raw->type == POA_KEY_P256 ? "P-256" : "P-384");
        poa_buf_base64url(&b, raw->x, raw->x_len);
        poa_buf_text(&b, "\",\"y\":\"");
        poa_buf_base64url(&b, raw->y, raw->y_len);
        break;
    case POA_KEY_ED25519:
        poa_buf_text(&b, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"");
        poa_buf_base64url(&b, raw->x, raw->x_len);
        break;
    case POA_KEY_RSA:
        poa_buf_text(&b, "{\"e\":\"");
        poa_buf_base64url(&b, raw->y, raw->y_len);
        poa_buf_text(&b, "\",\"kty\":\"RSA\",\"n\":\"");
        poa_buf_base64url(&b, raw->x, raw->x_len);
        break;
    }
    poa_buf_text(&b, "\"}");
    return poa_buf_take(&b);
}

static void name_kind(poa_key *key)
{
    switch (key->type) {
    case POA_KEY_P256:
        strcpy(key->kind, "EC P-256");
        break;
    case POA_KEY_P384:
        strcpy(key->kind, "EC P-384");
        break;
    case POA_KEY_ED25519:
        strcpy(key->kind, "Ed25519");
        break;
    case POA_KEY_RSA:
        (void)snprintf(key->kind, sizeof key->kind, "RSA %d", EVP_PKEY_get_bits(key->pkey));
        break;
    }
}

poa_err poa_key_from_raw(const poa_ctx *ctx, const poa_key_raw *raw, poa_key **out)
{
    POA_CLEANUP(poa_key_freep) poa_key *key = calloc(1, sizeof *key);
    if (!key)
        return POA_F_NOMEM;
    atomic_init(&key->refs, 1);
    key->type = raw->type;
    poa_err err = make_pkey(ctx, raw, &key->pkey);
    if (err)
        return err;
    key->jwk = make_jwk(raw);
    if (!key->jwk)
        return POA_F_NOMEM;
    err = poa_sha256(ctx, poa_span_of(key->jwk), &key->thumbprint);
    if (err)
        return err;
    key->signature_len = raw->type == POA_KEY_RSA ? raw->x_len : raw->type == POA_KEY_P384 ? 96 : 64;
    name_kind(key);
    *out = POA_TAKE(key);
    return POA_OK;
}

/* The public numbers of an EVP_PKEY, read into storage that is large enough for any accepted key. */
static bool read_raw(const EVP_PKEY *pkey, uint8_t storage[2 * POA_SIGNATURE_BYTES_MAX], poa_key_raw *raw)
{
    *raw = (poa_key_raw){.x = storage, .y = storage + POA_SIGNATURE_BYTES_MAX};
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        raw->type = POA_KEY_ED25519;
        raw->x_len = 32;
        size_t len = 32;
        return EVP_PKEY_get_raw_public_key(pkey, storage, &len) == 1 && len == 32;
    }

    const bool rsa = EVP_PKEY_is_a(pkey, "RSA");
    POA_CLEANUP(bn_freep) BIGNUM *x = NULL;
    POA_CLEANUP(bn_freep) BIGNUM *y = NULL;
    if (EVP_PKEY_get_bn_param(pkey, rsa ? OSSL_PKEY_PARAM_RSA_N : OSSL_PKEY_PARAM_EC_PUB_X, &x) != 1 ||
        EVP_PKEY_get_bn_param(pkey, rsa ? OSSL_PKEY_PARAM_RSA_E : OSSL_PKEY_PARAM_EC_PUB_Y, &y) != 1)
        return false;
    if (rsa) {
        raw->type = POA_KEY_RSA;
        raw->x_len = (size_t)BN_num_bytes(x);
        raw->y_len = (size_t)BN_num_bytes(y);
        return raw->x_len <= POA_SIGNATURE_BYTES_MAX && raw->y_len <= 8 && BN_bn2bin(x, storage) >= 0 &&
               BN_bn2bin(y, storage + POA_SIGNATURE_BYTES_MAX) >= 0;
    }

    char group[32] = "";
    size_t group_len = 0;
    if (!EVP_PKEY_is_a(pkey, "EC") || EVP_PKEY_get_group_name(pkey, group, sizeof group, &group_len) != 1)
        return false;
    const bool p256 = strcmp(group, "prime256v1") == 0;
    if (!p256 && strcmp(group, "secp384r1") != 0)
        return false;
    raw->type = p256 ? POA_KEY_P256 : POA_KEY_P384;
    raw->x_len = raw->y_len = p256 ? 32 : 48;
    return BN_bn2binpad(x, storage, (int)raw->x_len) > 0 &&
           BN_bn2binpad(y, storage + POA_SIGNATURE_BYTES_MAX, (int)raw->y_len) > 0;
}

poa_err poa_key_from_pkey(const poa_ctx *ctx, EVP_PKEY *pkey, bool is_private, poa_key **out)
{
    uint8_t storage[2 * POA_SIGNATURE_BYTES_MAX];
    poa_key_raw raw;
    ERR_clear_error();
    if (!read_raw(pkey, storage, &raw))
        return poa_openssl_refused(POA_E_KEY_INVALID);
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    const poa_err err = poa_key_from_raw(ctx, &raw, &key);
    if (err)
        return err;
    if (is_private) {
        EVP_PKEY_free(key->pkey);
        key->pkey = pkey;
        key->is_private = true;
    } else {
        EVP_PKEY_free(pkey);
    }
    *out = POA_TAKE(key);
    return POA_OK;
}

const poa_id *poa_key_thumbprint(const poa_key *key)
{
    return &key->thumbprint;
}

const char *poa_key_jwk(const poa_key *key)
{
    return key->jwk;
}

const char *poa_key_kind(const poa_key *key)
{
    return key->kind;
}

bool poa_key_is_private(const poa_key *key)
{
    return key->is_private;
}

size_t poa_key_signature_len(const poa_key *key)
{
    return key->signature_len;
}

poa_alg poa_key_alg(const poa_key *key)
{
    if (key->only != POA_ALG_NONE)
        return key->only;
    switch (key->type) {
    case POA_KEY_P256:
        return POA_ALG_ES256;
    case POA_KEY_P384:
        return POA_ALG_ES384;
    case POA_KEY_ED25519:
        return POA_ALG_EDDSA;
    case POA_KEY_RSA:
        return POA_ALG_RS256;
    }
    return POA_ALG_NONE;
}

bool poa_key_allows(const poa_key *key, poa_alg alg)
{
    if (key->only != POA_ALG_NONE && POA_GUARD(key_jwk_alg, key->only != alg))
        return false;
    switch (alg) {
    case POA_ALG_ES256:
        return key->type == POA_KEY_P256;
    case POA_ALG_ES384:
        return key->type == POA_KEY_P384;
    case POA_ALG_EDDSA:
        return key->type == POA_KEY_ED25519;
    case POA_ALG_RS256:
    case POA_ALG_PS256:
        return key->type == POA_KEY_RSA;
    case POA_ALG_NONE:
        return false;
    }
    return false;
}
