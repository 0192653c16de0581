#include "crypto_key.h"

#include "base64url.h"
#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "json.h"
#include "reason.h"
#include "span.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

/* The members of each kind of key: the ones that RFC 7638 hashes, and the private ones (RFC 7518 section 6). */
static const struct kind {
    const char *kty;
    const char *crv; /* NULL: none */
    enum poa_key_type type;
    const char *x;
    const char *y; /* NULL: none */
} kinds[] = {
    {"EC", "P-256", POA_KEY_P256, "x", "y"},
    {"EC", "P-384", POA_KEY_P384, "x", "y"},
    {"OKP", "Ed25519", POA_KEY_ED25519, "x", NULL},
    {"RSA", NULL, POA_KEY_RSA, "n", "e"},
};

static const char *const private_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

static bool one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (names[i] && strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool has_private(const json_t *jwk)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)jwk, name,
                        value) if (one_of(name, private_members, POA_COUNT(private_members))) return true;
    return false;
}

static const struct kind *find_kind(const json_t *jwk)
{
    const poa_span kty = poa_json_span(json_object_get(jwk, "kty"));
    const poa_span crv = poa_json_span(json_object_get(jwk, "crv"));
    for (size_t i = 0; i < POA_COUNT(kinds); i++)
        if (poa_span_is(kty, kinds[i].kty) && (!kinds[i].crv || poa_span_is(crv, kinds[i].crv)))
            return &kinds[i];
    return NULL;
}

static bool only_known_members(const json_t *jwk, const struct kind *kind)
{
    const char *const known[] = {"kty", kind->crv ? "crv" : NULL, kind->x, kind->y, "alg", "use", "kid"};
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)jwk, name, value) if (!one_of(name, known, POA_COUNT(known))) return false;
    return true;
}

static bool read_number(const json_t *jwk, const char *name, uint8_t out[POA_SIGNATURE_BYTES_MAX], size_t *len)
{
    const poa_span text = poa_json_span(json_object_get(jwk, name));
    return text.len > 0 && poa_base64url_decode(text, out, POA_SIGNATURE_BYTES_MAX, len);
}

/* The optional members: an alg that fits is then the only one, use is sig, kid is the thumbprint (section 2). */
static bool read_optional(const json_t *jwk, poa_key *key)
{
    const json_t *alg = json_object_get(jwk, "alg");
    if (alg) {
        const poa_alg only = poa_alg_by_name(poa_json_span(alg));
        if (POA_GUARD(jwk_alg_fits, !poa_key_allows(key, only)))
            return false;
        key->only = only;
    }
    const json_t *use = json_object_get(jwk, "use");
    if (use && POA_GUARD(jwk_use_sig, !poa_span_is(poa_json_span(use), "sig")))
        return false;
    const json_t *kid = json_object_get(jwk, "kid");
    poa_id id;
    return !kid || (poa_id_parse(poa_json_span(kid), &id) && !POA_GUARD(jwk_kid, !poa_id_equal(&id, &key->thumbprint)));
}

poa_err poa_key_from_json(const poa_ctx *ctx, const json_t *jwk, poa_key **out)
{
    if (!json_is_object(jwk))
        return POA_E_KEY_INVALID;
    if (POA_GUARD(jwk_private_member, has_private(jwk)))
        return POA_E_PRIVATE_KEY_IN_TOKEN;
    const struct kind *kind = find_kind(jwk);
    if (!kind || POA_GUARD(jwk_foreign_member, !only_known_members(jwk, kind)))
        return POA_E_KEY_INVALID;

    uint8_t x[POA_SIGNATURE_BYTES_MAX];
    uint8_t y[POA_SIGNATURE_BYTES_MAX];
    poa_key_raw raw = {.type = kind->type, .x = x, .y = y};
    if (!read_number(jwk, kind->x, x, &raw.x_len) || (kind->y && !read_number(jwk, kind->y, y, &raw.y_len)))
        return POA_E_KEY_INVALID;

    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    const poa_err err = poa_key_from_raw(ctx, &raw, &key);
    if (err)
        return err;
    if (!read_optional(jwk, key))
        return POA_E_KEY_INVALID;
    *out = POA_TAKE(key);
    return POA_OK;
}

poa_err poa_key_from_jwk(const poa_ctx *ctx, poa_span json, poa_key **out, poa_reason *why)
{
    POA_CLEANUP(poa_json_decrefp) json_t *jwk = NULL;
    poa_err err = poa_json_parse(json, &jwk);
    if (!err)
        err = poa_key_from_json(ctx, jwk, out);
    return err ? poa_deny(why, err, POA_HOP_NONE, "%s", "") : POA_OK;
}

static void bn_clear_freep(BIGNUM **p)
{
    BN_clear_free(*p);
}
static void bld_freep(OSSL_PARAM_BLD **p)
{
    OSSL_PARAM_BLD_free(*p);
}
static void params_freep(OSSL_PARAM **p)
{
    OSSL_PARAM_free(*p);
}

/* The numbers of a private key while it is put together; all end cleansed. */
struct private_numbers {
    uint8_t bytes[POA_SIGNATURE_BYTES_MAX];
    size_t len;
};

static BIGNUM *read_private(const json_t *jwk, const char *name)
{
    struct private_numbers n;
    BIGNUM *number = NULL;
    if (read_number(jwk, name, n.bytes, &n.len))
        number = BN_secure_new();
    if (number && !BN_bin2bn(n.bytes, (int)n.len, number)) {
        BN_clear_free(number);
        number = NULL;
    }
    OPENSSL_cleanse(&n, sizeof n);
    return number;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld)
{
    POA_CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    POA_CLEANUP(poa_pkey_ctx_freep) EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    if (!params || !make || EVP_PKEY_fromdata_init(make) != 1 ||
        EVP_PKEY_fromdata(make, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
        return NULL;
    return pkey;
}

static EVP_PKEY *private_ec(const json_t *jwk, const struct kind *kind)
{
    uint8_t point[1 + 2 * POA_SIGNATURE_BYTES_MAX] = {0x04};
    uint8_t y[POA_SIGNATURE_BYTES_MAX];
    size_t x_len = 0, y_len = 0;
    if (!read_number(jwk, "x", point + 1, &x_len) || !read_number(jwk, "y", y, &y_len))
        return NULL;
    memcpy(point + 1 + x_len, y, y_len);
    POA_CLEANUP(bn_clear_freep) BIGNUM *d = read_private(jwk, "d");
    POA_CLEANUP(bld_freep) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (!d || !bld || OSSL_PARAM_BLD_push_utf8_string(bld, "group", kind->crv, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(bld, "pub", point, 1 + x_len + y_len) != 1 ||
        OSSL_PARAM_BLD_push_BN(bld, "priv", d) != 1)
        return NULL;
    return from_params("EC", bld);
}

static EVP_PKEY *private_ed25519(const json_t *jwk)
{
    struct private_numbers d;
    EVP_PKEY *pkey = NULL;
    if (read_number(jwk, "d", d.bytes, &d.len) && d.len == 32)
        pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, d.bytes, d.len);
    OPENSSL_cleanse(&d, sizeof d);
    return pkey;
}

static EVP_PKEY *private_rsa(const json_t *jwk)
{
    static const char *const names[][2] = {{"n", "n"},
                                           {"e", "e"},
                                           {"d", "d"},
                                           {"p", "rsa-factor1"},
                                           {"q", "rsa-factor2"},
                                           {"dp", "rsa-exponent1"},
                                           {"dq", "rsa-exponent2"},
                                           {"qi", "rsa-coefficient1"}};
    BIGNUM *numbers[POA_COUNT(names)] = {0};
    POA_CLEANUP(bld_freep) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    bool ok = bld != NULL;
    for (size_t i = 0; ok && i < POA_COUNT(names); i++) {
        numbers[i] = read_private(jwk, names[i][0]);
        ok = numbers[i] && OSSL_PARAM_BLD_push_BN(bld, names[i][1], numbers[i]) == 1;
    }
    EVP_PKEY *pkey = ok ? from_params("RSA", bld) : NULL;
    for (size_t i = 0; i < POA_COUNT(names); i++)
        BN_clear_free(numbers[i]);
    return pkey;
}

/* Do the private numbers belong to the public ones? */
static bool is_pair(EVP_PKEY *pkey)
{
    POA_CLEANUP(poa_pkey_ctx_freep) EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    return check && EVP_PKEY_pairwise_check(check) == 1;
}

/* The public members as they stand, to be compared with what the private key really has. */
static poa_err read_public_part(const poa_ctx *ctx, const json_t *jwk, poa_key **out)
{
    POA_CLEANUP(poa_json_decrefp) json_t *public = json_copy((json_t *)(uintptr_t)jwk);
    if (!public)
        return POA_F_NOMEM;
    for (size_t i = 0; i < POA_COUNT(private_members); i++)
        (void)json_object_del(public, private_members[i]);
    return poa_key_from_json(ctx, public, out);
}

static EVP_PKEY *private_pkey(const json_t *jwk, const struct kind *kind)
{
    switch (kind->type) {
    case POA_KEY_P256:
    case POA_KEY_P384:
        return private_ec(jwk, kind);
    case POA_KEY_ED25519:
        return private_ed25519(jwk);
    case POA_KEY_RSA:
        return private_rsa(jwk);
    }
    return NULL;
}

poa_err poa_key_from_private_jwk(const poa_ctx *ctx, poa_span json, poa_key **out)
{
    POA_CLEANUP(poa_json_decrefp) json_t *jwk = NULL;
    poa_err err = poa_json_parse(json, &jwk);
    if (err)
        return err;
    POA_CLEANUP(poa_key_freep) poa_key *public = NULL;
    err = read_public_part(ctx, jwk, &public);
    if (err)
        return err;

    ERR_clear_error();
    POA_CLEANUP(poa_pkey_freep) EVP_PKEY *pkey = private_pkey(jwk, find_kind(jwk));
    if (!pkey || !is_pair(pkey))
        return poa_openssl_refused(POA_E_KEY_INVALID);
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    err = poa_key_from_pkey(ctx, pkey, true, &key);
    if (err)
        return err;
    pkey = NULL;
    if (!poa_id_equal(&key->thumbprint, &public->thumbprint))
        return POA_E_KEY_INVALID;
    key->only = public->only;
    *out = POA_TAKE(key);
    return POA_OK;
}
