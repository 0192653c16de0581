#include "test.h"

#include "base64url.h"
#include "crypto.h"
#include "jws.h"
#include "span.h"

#include "poa/json_hook.h"
#include "poa/signer.h"

#include <stdlib.h>
#include <string.h>

static poa_ctx *ctx;

/* Public keys of the RFCs: RFC 7515 appendix A.3 (P-256), RFC 8037 appendix A.2 (Ed25519), RFC 7638 section 3.1 (RSA).
 */
#define P256_X    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define P256_Y    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define P256      "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\""
#define ED25519_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED25519   "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED25519_X "\""
#define RSA_N                                                                                                          \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj" \
    "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ" \
    "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK" \
    "nqDKgw"
#define RSA_THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

static const struct {
    const char *name;
    const char *json;
    poa_err want;
} keys[] = {
    {"P-256", "{" P256 "}", POA_OK},
    {"P-256 with alg, use, kid",
     "{" P256 ",\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":"
     "\"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U\"}",
     POA_OK},
    {"another kid", "{" P256 ",\"kid\":\"" RSA_THUMBPRINT "\"}", POA_E_KEY_INVALID},
    {"alg of another curve", "{" P256 ",\"alg\":\"ES384\"}", POA_E_KEY_INVALID},
    {"alg none", "{" P256 ",\"alg\":\"none\"}", POA_E_KEY_INVALID},
    {"alg no string", "{" P256 ",\"alg\":1}", POA_E_KEY_INVALID},
    {"use enc", "{" P256 ",\"use\":\"enc\"}", POA_E_KEY_INVALID},
    {"foreign member", "{" P256 ",\"key_ops\":[\"verify\"]}", POA_E_KEY_INVALID},
    {"private member", "{" P256 ",\"d\":\"AA\"}", POA_E_PRIVATE_KEY_IN_TOKEN},
    {"private member before a wrong one", "{\"kty\":\"EC\",\"d\":\"AA\"}", POA_E_PRIVATE_KEY_IN_TOKEN},
    {"symmetric", "{\"kty\":\"oct\",\"k\":\"AA\"}", POA_E_PRIVATE_KEY_IN_TOKEN},
    {"no kty", "{\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}", POA_E_KEY_INVALID},
    {"P-521", "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}", POA_E_KEY_INVALID},
    {"no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\"}", POA_E_KEY_INVALID},
    {"off the curve", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_Y "\",\"y\":\"" P256_X "\"}",
     POA_E_KEY_INVALID},
    {"short x",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"g83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"" P256_Y "\"}",
     POA_E_KEY_INVALID},
    {"padded x", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "=\",\"y\":\"" P256_Y "\"}", POA_E_KEY_INVALID},
    {"x above p",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"__________________________________________8\",\"y\":\"" P256_Y "\"}",
     POA_E_KEY_INVALID},
    {"point at infinity", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"\"}", POA_E_KEY_INVALID},
    {"Ed25519", "{" ED25519 "}", POA_OK},
    {"Ed25519, alg EdDSA", "{" ED25519 ",\"alg\":\"EdDSA\"}", POA_OK},
    {"Ed25519, alg Ed25519", "{" ED25519 ",\"alg\":\"Ed25519\"}", POA_OK},
    {"Ed25519 with y", "{" ED25519 ",\"y\":\"AA\"}", POA_E_KEY_INVALID},
    {"X25519", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED25519_X "\"}", POA_E_KEY_INVALID},
    {"identity", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
     POA_E_KEY_INVALID},
    {"order 4", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
     POA_E_KEY_INVALID},
    {"order 8", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU\"}",
     POA_E_KEY_INVALID},
    {"order 8, other sign",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU\"}", POA_E_KEY_INVALID},
    {"y is p", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"7f_______________________________________38\"}",
     POA_E_KEY_INVALID},
    {"y above p", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"7v_______________________________________38\"}",
     POA_E_KEY_INVALID},
    {"y on no point", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
     POA_E_KEY_INVALID},
    {"RSA", "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\"}", POA_OK},
    {"RSA for PS256", "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\",\"alg\":\"PS256\"}", POA_OK},
    {"RSA, leading zero in e", "{\"kty\":\"RSA\",\"e\":\"AAEAAQ\",\"n\":\"" RSA_N "\"}", POA_E_KEY_INVALID},
    {"RSA, e is 1", "{\"kty\":\"RSA\",\"e\":\"AQ\",\"n\":\"" RSA_N "\"}", POA_E_KEY_INVALID},
    {"RSA, e is 3", "{\"kty\":\"RSA\",\"e\":\"Aw\",\"n\":\"" RSA_N "\"}", POA_E_KEY_INVALID},
    {"RSA, e even", "{\"kty\":\"RSA\",\"e\":\"AQAC\",\"n\":\"" RSA_N "\"}", POA_E_KEY_INVALID},
    {"RSA, e of 33 bits", "{\"kty\":\"RSA\",\"e\":\"AQAAAAE\",\"n\":\"" RSA_N "\"}", POA_E_KEY_INVALID},
    {"RSA, n even", "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "A\"}", POA_E_KEY_INVALID},
    {"RSA 256", "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" P256_X "\"}", POA_E_KEY_INVALID},
    {"twice", "{" P256 ",\"kty\":\"EC\"}", POA_E_DUPLICATE_MEMBER},
    {"no object", "[]", POA_E_MALFORMED},
};

static void each_jwk(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        poa_key *key = NULL;
        poa_reason why = {0};
        const poa_err err = poa_key_from_jwk(ctx, poa_span_of(keys[i].json), &key, &why);
        if (err != keys[i].want)
            fail_msg("%s: %s", keys[i].name, poa_err_name(err));
        assert_int_equal(key != NULL, err == POA_OK);
        assert_int_equal(why.code, err);
        poa_key_free(key);
    }
}

static poa_key *read_key(const char *json)
{
    poa_key *key = NULL;
    assert_int_equal(poa_key_from_jwk(ctx, poa_span_of(json), &key, NULL), POA_OK);
    return key;
}

/* RFC 7638 section 3.1 and RFC 8037 appendix A.3. */
static void thumbprints_of_the_rfcs(void **state)
{
    (void)state;
    poa_key *rsa = read_key("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\"}");
    assert_string_equal(poa_id_print(poa_key_thumbprint(rsa)).chars, RSA_THUMBPRINT);
    poa_key_free(rsa);
    poa_key *ed = read_key("{" ED25519 "}");
    assert_string_equal(poa_id_print(poa_key_thumbprint(ed)).chars, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    poa_key_free(ed);
}

static void the_key_fixes_the_algorithm(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        unsigned allows; /* set of 1 << poa_alg */
    } cases[] = {
        {"{" P256 "}", 1u << POA_ALG_ES256},
        {"{" ED25519 "}", 1u << POA_ALG_EDDSA},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\"}", 1u << POA_ALG_RS256 | 1u << POA_ALG_PS256},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\",\"alg\":\"PS256\"}", 1u << POA_ALG_PS256},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        poa_key *key = read_key(cases[i].json);
        for (poa_alg alg = POA_ALG_NONE; alg <= POA_ALG_PS256; alg++)
            assert_int_equal(poa_key_allows(key, alg), (cases[i].allows & 1u << alg) != 0);
        assert_false(poa_key_is_private(key));
        poa_signer signer;
        assert_int_equal(poa_signer_of(key, POA_ALG_NONE, &signer), POA_F_USAGE);
        poa_key_free(key);
    }
}

static poa_key *generate(poa_alg alg)
{
    poa_key *key = NULL;
    assert_int_equal(poa_key_generate(ctx, alg, &key), POA_OK);
    return key;
}

static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_ES384, POA_ALG_EDDSA, POA_ALG_RS256, POA_ALG_PS256};
enum { ALGS = sizeof algs / sizeof *algs };

/* Every signature against every key: only its own holds, and not with a bit of anything changed. */
static void a_grid_of_keys_and_signatures(void **state)
{
    (void)state;
    poa_key *made[ALGS];
    for (size_t i = 0; i < ALGS; i++)
        made[i] = generate(algs[i]);
    for (size_t i = 0; i < ALGS; i++) {
        poa_signer signer;
        assert_int_equal(poa_signer_of(made[i], algs[i], &signer), POA_OK);
        uint8_t sig[POA_SIGNATURE_BYTES_MAX + 1];
        size_t len = 0;
        assert_int_equal(signer.sign(signer.self, POA_SPAN("what is said"), sig, sizeof sig, &len), POA_OK);
        assert_int_equal(len, poa_key_signature_len(made[i]));
        for (size_t k = 0; k < ALGS; k++) {
            if (!poa_key_allows(made[k], algs[i]))
                continue;
            const poa_err err = poa_key_verify(ctx, made[k], algs[i], POA_SPAN("what is said"), sig, len);
            assert_int_equal(err, k == i ? POA_OK : POA_E_SIGNATURE_INVALID);
        }
        assert_int_equal(poa_key_verify(ctx, made[i], algs[i], POA_SPAN("what is Said"), sig, len),
                         POA_E_SIGNATURE_INVALID);
        assert_int_equal(poa_key_verify(ctx, made[i], algs[i], POA_SPAN("what is said"), sig, len - 1),
                         POA_E_SIGNATURE_MALFORMED);
        assert_int_equal(poa_key_verify(ctx, made[i], algs[i], POA_SPAN("what is said"), sig, len + 1),
                         POA_E_SIGNATURE_MALFORMED);
        assert_int_equal(poa_key_verify(ctx, made[i], algs[i], POA_SPAN("what is said"), sig, 0),
                         POA_E_SIGNATURE_MALFORMED);
        sig[len / 2 - 1] ^= 1;
        assert_int_equal(poa_key_verify(ctx, made[i], algs[i], POA_SPAN("what is said"), sig, len),
                         POA_E_SIGNATURE_INVALID);
    }
    for (size_t i = 0; i < ALGS; i++)
        poa_key_free(made[i]);
}

static void halves_out_of_range_are_malformed(void **state)
{
    (void)state;
    poa_key *key = generate(POA_ALG_ES256);
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                      0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    for (int half = 0; half < 2; half++) {
        for (int last = -1; last <= 1; last++) {
            uint8_t sig[64];
            memset(sig, 7, sizeof sig);
            memcpy(sig + 32 * half, order, 32);
            sig[32 * half + 31] = (uint8_t)(sig[32 * half + 31] + last);
            assert_int_equal(poa_key_verify(ctx, key, POA_ALG_ES256, POA_SPAN("x"), sig, 64),
                             last < 0 ? POA_E_SIGNATURE_INVALID : POA_E_SIGNATURE_MALFORMED);
        }
        uint8_t zero[64];
        memset(zero, 7, sizeof zero);
        memset(zero + 32 * half, 0, 32);
        assert_int_equal(poa_key_verify(ctx, key, POA_ALG_ES256, POA_SPAN("x"), zero, 64), POA_E_SIGNATURE_MALFORMED);
    }
    poa_key_free(key);
}

/*
 * Who has a private key d can choose r = -e/d, so that u1 G + u2 Q is the point at infinity, where OpenSSL gives up
 * with an error. Such a signature is a bad one all the same. Here d is 1, so the key is the curve's generator; s is 1.
 */
static void a_signature_at_infinity_is_invalid(void **state)
{
    (void)state;
    static const struct {
        poa_alg alg;
        const char *jwk;
        const char *signature;
    } cases[] = {
        {POA_ALG_ES256,
         "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\","
         "\"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"}",
         "NpOSoxcvde4YSjI-TfgFlJi2Y2Egl2D8YlJsS_7J-TEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ"},
        {POA_ALG_ES384,
         "{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3\","
         "\"y\":\"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f\"}",
         "sELf8UnZmWcPe5OZn4NnhoHUZMUKQH1VrMAc4RGGAyTApK92f1reBI5NPKPKTF9HAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
         "AAAAAAA"
         "AAAAAAAAAAAB"},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
        uint8_t sig[POA_SIGNATURE_BYTES_MAX];
        size_t len = 0;
        assert_int_equal(poa_key_from_jwk(ctx, poa_span_of(cases[i].jwk), &key, NULL), POA_OK);
        assert_true(poa_base64url_decode(poa_span_of(cases[i].signature), sig, sizeof sig, &len));
        assert_int_equal(poa_key_verify(ctx, key, cases[i].alg, POA_SPAN("input"), sig, len), POA_E_SIGNATURE_INVALID);
    }
}

static void pem_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALGS; i++) {
        poa_key *key = generate(algs[i]);
        const poa_span phrases[] = {{0}, POA_SPAN("correct horse")};
        for (size_t p = 0; p < 2; p++) {
            poa_secret pem = {0};
            assert_int_equal(poa_key_to_pem(key, phrases[p], &pem), POA_OK);
            poa_key *back = NULL;
            assert_int_equal(poa_key_from_pem(ctx, (poa_span){pem.text, pem.len}, phrases[p], &back), POA_OK);
            assert_true(poa_key_is_private(back));
            assert_true(poa_id_equal(poa_key_thumbprint(back), poa_key_thumbprint(key)));
            poa_key_free(back);
            back = NULL;
            if (p == 1) {
                assert_int_equal(poa_key_from_pem(ctx, (poa_span){pem.text, pem.len}, POA_SPAN("wrong"), &back),
                                 POA_E_KEY_INVALID);
                assert_int_equal(poa_key_from_pem(ctx, (poa_span){pem.text, pem.len}, (poa_span){0}, &back),
                                 POA_E_KEY_INVALID);
            }
            poa_secret_clear(&pem);
        }
        char *public = NULL;
        assert_int_equal(poa_key_public_pem(key, &public), POA_OK);
        poa_key *back = NULL;
        assert_int_equal(poa_key_from_pem(ctx, poa_span_of(public), (poa_span){0}, &back), POA_OK);
        assert_false(poa_key_is_private(back));
        assert_string_equal(poa_key_jwk(back), poa_key_jwk(key));
        poa_key_free(back);
        free(public);
        poa_key_free(key);
    }
}

static void pem_is_one_block(void **state)
{
    (void)state;
    poa_key *key = generate(POA_ALG_ES256);
    char *pem = NULL;
    assert_int_equal(poa_key_public_pem(key, &pem), POA_OK);
    const char *const formats[] = {"%s%s", "x%s", "%sx", "-----BEGIN CERTIFICATE-----\n%s"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char text[1024];
        const char *at = strstr(formats[i], "%s");
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - formats[i]), formats[i], pem,
                       strcmp(at, "%s%s") == 0 ? pem : at + 2);
        poa_key *back = NULL;
        assert_int_equal(poa_key_from_pem(ctx, poa_span_of(text), (poa_span){0}, &back), POA_E_KEY_INVALID);
        assert_null(back);
    }
    free(pem);
    poa_key_free(key);
}

/* RFC 7515 appendix A.3.1, RFC 8037 appendix A.1; and private halves of another key. */
static void private_jwks(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        poa_err want;
    } cases[] = {
        {"{" P256 ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}", POA_OK},
        {"{" P256 ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LM\"}", POA_E_KEY_INVALID},
        {"{" P256 "}", POA_E_KEY_INVALID},
        {"{" ED25519 ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}", POA_OK},
        {"{" ED25519 ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2E\"}", POA_E_KEY_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        poa_key *key = NULL;
        assert_int_equal(poa_key_from_private_jwk(ctx, poa_span_of(cases[i].json), &key), cases[i].want);
        if (key)
            assert_true(poa_key_is_private(key));
        poa_key_free(key);
    }
}

static int set_up(void **state)
{
    (void)state;
    return poa_ctx_new(&ctx);
}

static int tear_down(void **state)
{
    (void)state;
    poa_ctx_free(ctx);
    return 0;
}

int main(void)
{
    poa_json_hook_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_jwk),
        cmocka_unit_test(thumbprints_of_the_rfcs),
        cmocka_unit_test(the_key_fixes_the_algorithm),
        cmocka_unit_test(a_grid_of_keys_and_signatures),
        cmocka_unit_test(halves_out_of_range_are_malformed),
        cmocka_unit_test(a_signature_at_infinity_is_invalid),
        cmocka_unit_test(pem_round_trip),
        cmocka_unit_test(pem_is_one_block),
        cmocka_unit_test(private_jwks),
    };
    return cmocka_run_group_tests_name("key", tests, set_up, tear_down);
}
