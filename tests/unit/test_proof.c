#include "proof_world.h"

#include "json_hook.h"

/* ---- Order: with two faults the earlier step speaks ---- */

#define STALE     "iat", "1789990000"
#define NO_JTI    "jti", GONE
#define SEEN      "jti", "\"seen\""
#define WRONG_HTM "htm", "\"PUT\""
#define WRONG_HTU "htu", "\"http://a/\""
#define WRONG_ATH "ath", "\"" BODY_HASH "\""
#define NO_BH     "bh", GONE
#define NONCE     "nonce", "\"fresh\""
#define BAD_NONCE "nonce", "\"stale\""
#define OTHER_KEY "jwk", "{" OTHER_JWK "}"
#define UNLISTED  "alg", "\"RS256\""
#define NO_ALG    "alg", "\"none\""

static const struct {
    const char *name;
    member header[3];
    member claims[3];
    bool forged;
    bool demanded;
    poa_err want;
} orders[] = {
    {"form before key", {{OTHER_KEY}}, {{NO_JTI}}, false, false, POA_E_PROOF_INVALID},
    {"form before key: alg", {{OTHER_KEY}, {NO_ALG}}, {{0}}, false, false, POA_E_PROOF_INVALID},
    {"key before algorithm", {{OTHER_KEY}, {UNLISTED}}, {{0}}, false, false, POA_E_PROOF_KEY_MISMATCH},
    {"key before signature", {{OTHER_KEY}}, {{0}}, true, false, POA_E_PROOF_KEY_MISMATCH},
    {"key before htm", {{OTHER_KEY}}, {{WRONG_HTM}}, false, false, POA_E_PROOF_KEY_MISMATCH},
    {"signature before htm", {{0}}, {{WRONG_HTM}}, true, false, POA_E_PROOF_INVALID},
    {"signature before iat", {{0}}, {{STALE}}, true, false, POA_E_PROOF_INVALID},
    {"signature before jti", {{0}}, {{SEEN}}, true, false, POA_E_PROOF_INVALID},
    {"htm before iat", {{0}}, {{WRONG_HTM}, {STALE}}, false, false, POA_E_PROOF_BINDING_MISMATCH},
    {"htu before iat", {{0}}, {{WRONG_HTU}, {STALE}}, false, false, POA_E_PROOF_BINDING_MISMATCH},
    {"ath before iat", {{0}}, {{WRONG_ATH}, {STALE}}, false, false, POA_E_PROOF_BINDING_MISMATCH},
    {"bh before iat", {{0}}, {{NO_BH}, {STALE}}, false, false, POA_E_PROOF_BINDING_MISMATCH},
    {"bh before absent nonce", {{0}}, {{NO_BH}}, false, true, POA_E_PROOF_BINDING_MISMATCH},
    {"bh before wrong nonce", {{0}}, {{NO_BH}, {BAD_NONCE}}, false, true, POA_E_PROOF_BINDING_MISMATCH},
    {"bh before jti", {{0}}, {{NO_BH}, {SEEN}}, false, false, POA_E_PROOF_BINDING_MISMATCH},
    {"iat before absent nonce", {{0}}, {{STALE}}, false, true, POA_E_PROOF_STALE},
    {"iat before wrong nonce", {{0}}, {{STALE}, {BAD_NONCE}}, false, false, POA_E_PROOF_STALE},
    {"iat before jti", {{0}}, {{STALE}, {SEEN}}, false, false, POA_E_PROOF_STALE},
    {"absent nonce before jti", {{0}}, {{SEEN}}, false, true, POA_E_NONCE_REQUIRED},
    {"wrong nonce before jti", {{0}}, {{SEEN}, {BAD_NONCE}}, false, true, POA_E_NONCE_INVALID},
};

static void earlier_step_speaks(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(orders); i++) {
        poa_proof_expected expected = expect();
        expected.nonce_demanded = orders[i].demanded;
        notes n = {0};
        const poa_key *signer = orders[i].forged ? world.other : world.agent;
        const poa_err err = check(orders[i].header, orders[i].claims, signer, &expected, &n);
        if (err != orders[i].want)
            fail_msg("%s: %s", orders[i].name, poa_err_name(err));
    }
}

/* ---- Time, nonce, memory ---- */

static const struct {
    const char *name;
    int64_t now_s;
    member claims[2];
    poa_err want;
} clocks[] = {
    {"60 s old", NOW + 60, {{0}}, POA_OK},
    {"61 s old", NOW + 61, {{0}}, POA_E_PROOF_STALE},
    {"60 s ahead", NOW - 60, {{0}}, POA_OK},
    {"61 s ahead", NOW - 61, {{0}}, POA_E_PROOF_STALE},
    {"300 s old under a nonce", NOW + 300, {{NONCE}}, POA_OK},
    {"301 s old under a nonce", NOW + 301, {{NONCE}}, POA_E_PROOF_STALE},
    {"300 s ahead under a nonce", NOW - 300, {{NONCE}}, POA_OK},
    {"301 s ahead under a nonce", NOW - 301, {{NONCE}}, POA_E_PROOF_STALE},
    {"60 s old under a wrong nonce", NOW + 60, {{BAD_NONCE}}, POA_E_NONCE_INVALID},
    {"61 s old under a wrong nonce", NOW + 61, {{BAD_NONCE}}, POA_E_PROOF_STALE},
    {"61 s ahead under a wrong nonce", NOW - 61, {{BAD_NONCE}}, POA_E_PROOF_STALE},
};

static void each_clock(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(clocks); i++) {
        poa_proof_expected expected = expect();
        expected.now_s = clocks[i].now_s;
        notes n = {0};
        const poa_err err = check(as_is, clocks[i].claims, world.agent, &expected, &n);
        if (err != clocks[i].want)
            fail_msg("%s: %s", clocks[i].name, poa_err_name(err));
    }
}

static void nonce_is_demanded(void **state)
{
    (void)state;
    poa_proof_expected expected = expect();
    expected.nonce_demanded = true;
    notes n = {0};
    assert_int_equal(check(as_is, as_is, world.agent, &expected, &n), POA_E_NONCE_REQUIRED);
    assert_int_equal(n.nonces, 0);
    assert_int_equal(check(as_is, MEMBERS({NONCE}), world.agent, &expected, &n), POA_OK);
    assert_int_equal(n.nonces, 1);
}

static void proof_from_before_the_start_needs_a_nonce(void **state)
{
    (void)state;
    poa_proof_expected expected = expect();
    expected.started_s = NOW + 1;
    expected.now_s = NOW + 10;
    notes n = {0};
    assert_int_equal(check(as_is, as_is, world.agent, &expected, &n), POA_E_NONCE_REQUIRED);
    assert_int_equal(check(as_is, MEMBERS({NONCE}), world.agent, &expected, &n), POA_OK);
    expected.started_s = NOW;
    assert_int_equal(check(as_is, as_is, world.agent, &expected, &n), POA_OK);
}

/* Whatever comes out later; for as long as this proof could come in again. */
static void jti_is_remembered(void **state)
{
    (void)state;
    static const struct {
        member claims[2];
        int64_t at_least_s;
    } late[] = {
        {{{WRONG_HTM}}, NOW + 60},  {{{WRONG_HTU}}, NOW + 60}, {{{WRONG_ATH}}, NOW + 60}, {{{NO_BH}}, NOW + 60},
        {{{BAD_NONCE}}, NOW + 300}, {{{NONCE}}, NOW + 300},    {{{0}}, NOW + 60},
    };
    const poa_proof_expected expected = expect();
    for (size_t i = 0; i < POA_COUNT(late); i++) {
        notes n = {0};
        (void)check(as_is, late[i].claims, world.agent, &expected, &n);
        assert_int_equal(n.uses, 1);
        assert_string_equal(n.jti, "jti-1");
        assert_true(poa_id_equal(&n.key, poa_key_thumbprint(world.agent)));
        assert_true(n.until_s > late[i].at_least_s);
    }
}

static void fault_of_the_memory_never_permits(void **state)
{
    (void)state;
    const poa_proof_expected expected = expect();
    notes n = {.use_fault = POA_F_STORE};
    assert_int_equal(check(as_is, as_is, world.agent, &expected, &n), POA_F_STORE);
    n = (notes){.nonce_fault = POA_F_NOMEM};
    assert_int_equal(check(as_is, MEMBERS({NONCE}), world.agent, &expected, &n), POA_F_NOMEM);
}

static void without_memory(void **state)
{
    (void)state;
    poa_proof_expected expected = expect();
    expected.now_s = NOW + 299;
    expected.nonce_demanded = true;
    POA_CLEANUP(poa_freep) char *text = make_proof(as_is, MEMBERS({BAD_NONCE}), world.agent);
    for (int i = 0; i < 2; i++)
        assert_int_equal(check_text(poa_span_of(text), &expected, NULL, NULL), POA_OK);
}

/* ---- Body and chain ---- */

static void body_or_its_hash(void **state)
{
    (void)state;
    poa_id hash;
    assert_true(poa_id_parse(POA_SPAN(BODY_HASH), &hash));
    poa_proof_expected expected = expect();
    expected.body = POA_SPAN("another");
    expected.body_hash = &hash;
    notes n = {0};
    assert_int_equal(check(as_is, as_is, world.agent, &expected, &n), POA_OK);
    expected.body_hash = NULL;
    assert_int_equal(check(as_is, as_is, world.agent, &expected, &n), POA_E_PROOF_BINDING_MISMATCH);
}

static void no_body(void **state)
{
    (void)state;
    poa_id hash;
    assert_true(poa_id_parse(POA_SPAN(NO_HASH), &hash));
    for (int given = 0; given < 2; given++) {
        poa_proof_expected expected = expect();
        expected.body = (poa_span){0};
        expected.body_hash = given ? &hash : NULL;
        notes n = {0};
        assert_int_equal(check(as_is, MEMBERS({NO_BH}), world.agent, &expected, &n), POA_OK);
        assert_int_equal(check(as_is, MEMBERS({"bh", "\"" NO_HASH "\""}), world.agent, &expected, &n), POA_OK);
        assert_int_equal(check(as_is, as_is, world.agent, &expected, &n), POA_E_PROOF_BINDING_MISMATCH);
    }
}

static void no_chain(void **state)
{
    (void)state;
    poa_proof_expected expected = expect();
    expected.chain = (poa_span){0};
    notes n = {0};
    assert_int_equal(check(as_is, MEMBERS({"ath", GONE}), world.agent, &expected, &n), POA_OK);
    assert_int_equal(check(as_is, as_is, world.agent, &expected, &n), POA_E_PROOF_BINDING_MISMATCH);
    assert_int_equal(check(as_is, MEMBERS({"ath", "\"" NO_HASH "\""}), world.agent, &expected, &n),
                     POA_E_PROOF_BINDING_MISMATCH);
}

/* ---- Made by others: the examples of RFC 9449, sections 4.1 and 7.1 ---- */

#define RFC_HEADER                                                                                                     \
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo" \
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
#define RFC_TOKEN_PROOF                                                                                            \
    RFC_HEADER ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29t" \
               "L3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7" \
               "NVY-FNyJK70nfbV37xRZT3Lg"
#define RFC_RESOURCE_PROOF                                                                                         \
    RFC_HEADER ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9y" \
               "Zy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9h"  \
               "Tnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-"  \
               "jfxSYoMxhAJpLjA"

static const poa_span token_url[] = {POA_SPAN_INIT("https://server.example.com/token")};
static const poa_span resource_url[] = {POA_SPAN_INIT("https://resource.example.org/protectedresource")};

static const struct {
    const char *proof;
    poa_proof_expected expected;
    poa_err want;
} rfc[] = {
    {RFC_TOKEN_PROOF, {.method = POA_SPAN_INIT("POST"), .urls = token_url, .urls_len = 1, .now_s = 1562262616}, POA_OK},
    {RFC_RESOURCE_PROOF,
     {.method = POA_SPAN_INIT("GET"),
      .urls = resource_url,
      .urls_len = 1,
      .chain = POA_SPAN_INIT("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
      .now_s = 1562262618},
     POA_OK},
    {RFC_RESOURCE_PROOF,
     {.method = POA_SPAN_INIT("GET"), .urls = resource_url, .urls_len = 1, .now_s = 1562262618},
     POA_E_PROOF_BINDING_MISMATCH},
};

static void examples_of_the_rfc(void **state)
{
    (void)state;
    static const char jwk[] = "{\"kty\":\"EC\",\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\","
                              "\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\",\"crv\":\"P-256\"}";
    poa_key *key = NULL;
    assert_int_equal(poa_key_from_jwk(world.ctx, poa_span_of(jwk), &key, NULL), POA_OK);
    for (size_t i = 0; i < POA_COUNT(rfc); i++)
        assert_int_equal(poa_proof_check_key(world.ctx, poa_span_of(rfc[i].proof), key, world.policy, &rfc[i].expected,
                                             NULL, NULL, NULL, NULL),
                         rfc[i].want);
    poa_key_free(key);
}

int main(void)
{
    poa_json_hook_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earlier_step_speaks),
        cmocka_unit_test(each_clock),
        cmocka_unit_test(nonce_is_demanded),
        cmocka_unit_test(proof_from_before_the_start_needs_a_nonce),
        cmocka_unit_test(jti_is_remembered),
        cmocka_unit_test(fault_of_the_memory_never_permits),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(body_or_its_hash),
        cmocka_unit_test(no_body),
        cmocka_unit_test(no_chain),
        cmocka_unit_test(examples_of_the_rfc),
    };
    return cmocka_run_group_tests_name("proof", tests, set_up, tear_down);
}
