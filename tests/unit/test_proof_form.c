#include "proof_world.h"

#include "json_hook.h"

static const struct {
    const char *name;
    member changes[3];
    poa_err want;
} headers[] = {
    {"complete", {{0}}, POA_OK},
    {"jwk with use and alg", {{"jwk", "{" AGENT_JWK ",\"use\":\"sig\",\"alg\":\"ES256\"}"}}, POA_OK},
    {"foreign member", {{"kid", "\"a\""}}, POA_E_PROOF_INVALID},
    {"crit", {{"crit", "[]"}}, POA_E_PROOF_INVALID},
    {"typ absent", {{"typ", GONE}}, POA_E_PROOF_INVALID},
    {"typ absent, one more", {{"typ", GONE}, {"x", "1"}}, POA_E_PROOF_INVALID},
    {"typ of a PoA", {{"typ", "\"poa+jwt\""}}, POA_E_PROOF_INVALID},
    {"typ in another case", {{"typ", "\"DPoP+jwt\""}}, POA_E_PROOF_INVALID},
    {"typ with its prefix", {{"typ", "\"application/dpop+jwt\""}}, POA_E_PROOF_INVALID},
    {"typ no string", {{"typ", "1"}}, POA_E_PROOF_INVALID},
    {"alg absent, one more", {{"alg", GONE}, {"x", "1"}}, POA_E_PROOF_INVALID},
    {"alg none", {{"alg", "\"none\""}}, POA_E_PROOF_INVALID},
    {"alg HMAC", {{"alg", "\"HS256\""}}, POA_E_PROOF_INVALID},
    {"alg in another case", {{"alg", "\"es256\""}}, POA_E_PROOF_INVALID},
    {"alg no string", {{"alg", "1"}}, POA_E_PROOF_INVALID},
    {"alg of another key", {{"alg", "\"ES384\""}}, POA_E_PROOF_INVALID},
    {"alg not listed", {{"alg", "\"RS256\""}}, POA_E_PROOF_INVALID},
    {"jwk absent, one more", {{"jwk", GONE}, {"x", "1"}}, POA_E_PROOF_INVALID},
    {"jwk an array", {{"jwk", "[]"}}, POA_E_PROOF_INVALID},
    {"jwk private", {{"jwk", "{" AGENT_JWK "," AGENT_D "}"}}, POA_E_PROOF_INVALID},
    {"jwk symmetric", {{"jwk", "{\"kty\":\"oct\",\"k\":\"AAAA\"}"}, {"alg", "\"HS256\""}}, POA_E_PROOF_INVALID},
    {"jwk with a foreign member", {{"jwk", "{" AGENT_JWK ",\"x5c\":[]}"}}, POA_E_PROOF_INVALID},
    {"jwk with another alg", {{"jwk", "{" AGENT_JWK ",\"alg\":\"ES384\"}"}}, POA_E_PROOF_INVALID},
    {"jwk of another key", {{"jwk", "{" OTHER_JWK "}"}}, POA_E_PROOF_KEY_MISMATCH},
};

static void each_header(void **state)
{
    (void)state;
    const poa_proof_expected expected = expect();
    for (size_t i = 0; i < POA_COUNT(headers); i++) {
        notes n = {0};
        const poa_err err = check(headers[i].changes, as_is, world.agent, &expected, &n);
        if (err != headers[i].want)
            fail_msg("%s: %s", headers[i].name, poa_err_name(err));
    }
}

static const struct {
    const char *name;
    member changes[2];
    poa_err want;
} claims[] = {
    {"complete", {{0}}, POA_OK},
    {"with a nonce", {{"nonce", "\"fresh\""}}, POA_OK},
    {"a claim of somebody else", {{"x", "{\"y\":[1e400]}"}}, POA_OK},

    {"jti absent", {{"jti", GONE}}, POA_E_PROOF_INVALID},
    {"jti null", {{"jti", "null"}}, POA_E_PROOF_INVALID},
    {"jti a number", {{"jti", "1"}}, POA_E_PROOF_INVALID},
    {"jti empty", {{"jti", "\"\""}}, POA_E_PROOF_INVALID},
    {"jti of one character", {{"jti", "\"a\""}}, POA_OK},
    {"jti with a blank and a letter above ASCII", {{"jti", "\"a \\u00e9\""}}, POA_OK},
    {"jti of 256 bytes", {{"jti", "\"" A256 "\""}}, POA_OK},
    {"jti of 257 bytes", {{"jti", "\"" A256 "a\""}}, POA_E_PROOF_INVALID},
    {"jti with a control character", {{"jti", "\"a\\n\""}}, POA_E_PROOF_INVALID},
    {"jti with U+0000", {{"jti", "\"a\\u0000\""}}, POA_E_PROOF_INVALID},
    {"jti seen", {{"jti", "\"seen\""}}, POA_E_PROOF_REPLAYED},

    {"htm absent", {{"htm", GONE}}, POA_E_PROOF_INVALID},
    {"htm empty", {{"htm", "\"\""}}, POA_E_PROOF_INVALID},
    {"htm an array", {{"htm", "[\"POST\"]"}}, POA_E_PROOF_INVALID},
    {"htm another", {{"htm", "\"PUT\""}}, POA_E_PROOF_BINDING_MISMATCH},
    {"htm in another case", {{"htm", "\"post\""}}, POA_E_PROOF_BINDING_MISMATCH},

    {"htu absent", {{"htu", GONE}}, POA_E_PROOF_INVALID},
    {"htu empty", {{"htu", "\"\""}}, POA_E_PROOF_INVALID},
    {"htu a number", {{"htu", "1"}}, POA_E_PROOF_INVALID},
    {"htu spelled differently", {{"htu", "\"HTTPS://Site.Example:443/v1/./%6fnboardings?x=1#y\""}}, POA_OK},
    {"htu the other URL", {{"htu", "\"https://other.example/v1/onboardings\""}}, POA_OK},
    {"htu another path", {{"htu", "\"" URL "/\""}}, POA_E_PROOF_BINDING_MISMATCH},
    {"htu another host", {{"htu", "\"https://thief.example/v1/onboardings\""}}, POA_E_PROOF_BINDING_MISMATCH},
    {"htu another scheme", {{"htu", "\"http://site.example/v1/onboardings\""}}, POA_E_PROOF_BINDING_MISMATCH},
    {"htu no URL", {{"htu", "\"/v1/onboardings\""}}, POA_E_PROOF_BINDING_MISMATCH},

    {"iat absent", {{"iat", GONE}}, POA_E_PROOF_INVALID},
    {"iat a string", {{"iat", "\"1790000000\""}}, POA_E_PROOF_INVALID},
    {"iat fractional", {{"iat", "1790000000.0"}}, POA_E_PROOF_INVALID},
    {"iat negative", {{"iat", "-1"}}, POA_E_PROOF_INVALID},
    {"iat above 2^53-1", {{"iat", "9007199254740992"}}, POA_E_PROOF_INVALID},
    {"iat of 2^53-1", {{"iat", "9007199254740991"}}, POA_E_PROOF_STALE},
    {"iat zero", {{"iat", "0"}}, POA_E_PROOF_STALE},

    {"ath a number", {{"ath", "1"}}, POA_E_PROOF_INVALID},
    {"ath absent", {{"ath", GONE}}, POA_E_PROOF_INVALID},
    {"ath empty", {{"ath", "\"\""}}, POA_E_PROOF_BINDING_MISMATCH},
    {"ath of another chain", {{"ath", "\"" BODY_HASH "\""}}, POA_E_PROOF_BINDING_MISMATCH},
    {"ath with padding", {{"ath", "\"" CHAIN_HASH "=\""}}, POA_E_PROOF_BINDING_MISMATCH},

    {"bh null", {{"bh", "null"}}, POA_E_PROOF_INVALID},
    {"bh absent", {{"bh", GONE}}, POA_E_PROOF_BINDING_MISMATCH},
    {"bh of no body", {{"bh", "\"" NO_HASH "\""}}, POA_E_PROOF_BINDING_MISMATCH},
    {"bh of another body", {{"bh", "\"" CHAIN_HASH "\""}}, POA_E_PROOF_BINDING_MISMATCH},

    {"nonce a number", {{"nonce", "1"}}, POA_E_PROOF_INVALID},
    {"nonce empty", {{"nonce", "\"\""}}, POA_E_PROOF_INVALID},
    {"nonce of 257 bytes", {{"nonce", "\"" A256 "a\""}}, POA_E_PROOF_INVALID},
    {"nonce of 256 bytes", {{"nonce", "\"" A256 "\""}}, POA_E_NONCE_INVALID},
    {"nonce unknown", {{"nonce", "\"stale\""}}, POA_E_NONCE_INVALID},
};

static void each_claim(void **state)
{
    (void)state;
    const poa_proof_expected expected = expect();
    for (size_t i = 0; i < POA_COUNT(claims); i++) {
        notes n = {0};
        const poa_err err = check(as_is, claims[i].changes, world.agent, &expected, &n);
        if (err != claims[i].want)
            fail_msg("%s: %s", claims[i].name, poa_err_name(err));
        if (n.uses != (err != POA_E_PROOF_INVALID))
            fail_msg("%s: %zu uses", claims[i].name, n.uses);
    }
}

/* ---- The text ---- */

static poa_err check_raw(const char *text)
{
    const poa_proof_expected expected = expect();
    notes n = {0};
    bool verified = true;
    const poa_err err = check_text(poa_span_of(text), &expected, &n, &verified);
    assert_false(verified);
    assert_int_equal(n.uses, 0);
    return err;
}

static void text_is_one_compact_jws(void **state)
{
    (void)state;
    POA_CLEANUP(poa_freep) char *good = make_proof(as_is, as_is, world.agent);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};

    assert_int_equal(check_raw(NULL), POA_E_PROOF_MISSING);
    assert_int_equal(check_raw(""), POA_E_PROOF_INVALID);
    assert_int_equal(check_raw("."), POA_E_PROOF_INVALID);
    assert_int_equal(check_raw(".."), POA_E_PROOF_INVALID);
    assert_int_equal(check_raw("{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"AAAA\"}"),
                     POA_E_PROOF_INVALID);
    static const char *const tails[] = {"=", " ", "\n", ".", ".e30", ",", "A", "AA", "AAAA"};
    for (size_t i = 0; i < POA_COUNT(tails); i++) {
        poa_buf_clear(&b);
        poa_buf_printf(&b, "%s%s", good, tails[i]);
        assert_int_equal(check_raw(b.text), POA_E_PROOF_INVALID);
    }
    poa_buf_clear(&b);
    poa_buf_printf(&b, " %s", good);
    assert_int_equal(check_raw(b.text), POA_E_PROOF_INVALID);
    *strrchr(good, '.') = '\0';
    assert_int_equal(check_raw(good), POA_E_PROOF_INVALID);
}

static poa_err check_parts(const char *header, const char *payload)
{
    const poa_signer signer = signer_of(world.agent, POA_ALG_NONE);
    POA_CLEANUP(poa_freep) char *text = sign_text(header, payload, &signer);
    return check_raw(text);
}

static void parts_are_strict_objects(void **state)
{
    (void)state;
    POA_CLEANUP(poa_freep) char *header = object_of(good_header, as_is);
    POA_CLEANUP(poa_freep) char *payload = object_of(good_claims, as_is);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};

    assert_int_equal(check_parts("[]", payload), POA_E_PROOF_INVALID);
    assert_int_equal(check_parts(header, "[]"), POA_E_PROOF_INVALID);
    poa_buf_printf(&b, "%s ", header);
    assert_int_equal(check_parts(b.text, payload), POA_E_PROOF_INVALID);
    poa_buf_clear(&b);
    poa_buf_printf(&b, " %s", payload);
    assert_int_equal(check_parts(header, b.text), POA_E_PROOF_INVALID);
    poa_buf_clear(&b);
    poa_buf_printf(&b, "{\"alg\":\"ES256\",%s", header + 1);
    assert_int_equal(check_parts(b.text, payload), POA_E_PROOF_INVALID);
    poa_buf_clear(&b);
    poa_buf_printf(&b, "{\"jti\":\"jti-1\",%s", payload + 1);
    assert_int_equal(check_parts(header, b.text), POA_E_PROOF_INVALID);
}

/* A proof of len characters; a few more where base64url has no such length. */
static poa_err check_padded(size_t len)
{
    static char json[POA_PROOF_BYTES_MAX + 3];
    const poa_proof_expected expected = expect();
    for (size_t chars = len * 3 / 4 - 800; chars < POA_PROOF_BYTES_MAX; chars++) {
        memset(json, 'a', chars + 2);
        json[0] = json[chars + 1] = '"';
        json[chars + 2] = '\0';
        POA_CLEANUP(poa_freep) char *text = make_proof(as_is, MEMBERS({"x", json}), world.agent);
        if (strlen(text) >= len)
            return check_text(poa_span_of(text), &expected, NULL, NULL);
    }
    fail();
    return POA_F_USAGE;
}

static void length_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(check_padded(POA_PROOF_BYTES_MAX), POA_OK);
    assert_int_equal(check_padded(POA_PROOF_BYTES_MAX + 1), POA_E_PROOF_INVALID);
}

/* ---- Key and signature ---- */

static void signature_is_by_the_key_named(void **state)
{
    (void)state;
    const poa_proof_expected expected = expect();
    notes n = {0};
    assert_int_equal(check(as_is, as_is, world.other, &expected, &n), POA_E_PROOF_INVALID);

    POA_CLEANUP(poa_freep) char *text = make_proof(as_is, as_is, world.agent);
    char *signature = strrchr(text, '.') + 1;
    const size_t len = strlen(signature);
    for (size_t i = 0; i < len; i += 7) {
        const char old = signature[i];
        signature[i] = old == 'A' ? 'E' : 'A';
        assert_int_equal(check_raw(text), POA_E_PROOF_INVALID);
        signature[i] = old;
    }
    bool verified = false;
    assert_int_equal(check_text(poa_span_of(text), &expected, &n, &verified), POA_OK);
    assert_true(verified);
}

static poa_err check_under(const poa_policy *policy, const poa_key *key, const char *alg, poa_alg signs,
                           const char *more)
{
    POA_CLEANUP(poa_buf_clear) poa_buf jwk = {0};
    const poa_span members = poa_span_of(poa_key_jwk(key));
    poa_buf_printf(&jwk, "%.*s%s}", (int)members.len - 1, members.ptr, more);
    POA_CLEANUP(poa_freep) char *header = object_of(good_header, MEMBERS({"alg", alg}, {"jwk", jwk.text}));
    POA_CLEANUP(poa_freep) char *payload = object_of(good_claims, as_is);
    const poa_signer signer = signer_of(key, signs);
    POA_CLEANUP(poa_freep) char *text = sign_text(header, payload, &signer);
    const poa_proof_expected expected = expect();
    return poa_proof_check_key(world.ctx, poa_span_of(text), key, policy, &expected, NULL, NULL, NULL, NULL);
}

static poa_err check_by(const poa_key *key, const char *alg, poa_alg signs, const char *more)
{
    return check_under(world.policy, key, alg, signs, more);
}

/* Algorithms that a policy lists by default, and those that it must name. */
static void algorithm_is_listed_and_fits(void **state)
{
    (void)state;
    poa_key *key = NULL;
    assert_int_equal(poa_key_generate(world.ctx, POA_ALG_ES384, &key), POA_OK);
    assert_int_equal(check_by(key, "\"ES384\"", POA_ALG_NONE, ""), POA_OK);
    assert_int_equal(check_by(key, "\"ES256\"", POA_ALG_NONE, ""), POA_E_PROOF_INVALID);
    poa_key_free(key);

    assert_int_equal(poa_key_generate(world.ctx, POA_ALG_EDDSA, &key), POA_OK);
    assert_int_equal(check_by(key, "\"EdDSA\"", POA_ALG_NONE, ""), POA_OK);
    assert_int_equal(check_by(key, "\"Ed25519\"", POA_ALG_NONE, ""), POA_OK);
    assert_int_equal(check_by(key, "\"Ed25519\"", POA_ALG_NONE, ",\"alg\":\"EdDSA\""), POA_OK);
    assert_int_equal(check_by(key, "\"ES256\"", POA_ALG_NONE, ""), POA_E_PROOF_INVALID);
    poa_key_free(key);

    assert_int_equal(poa_key_generate(world.ctx, POA_ALG_RS256, &key), POA_OK);
    assert_int_equal(check_by(key, "\"RS256\"", POA_ALG_RS256, ""), POA_E_PROOF_INVALID);
    assert_int_equal(check_by(key, "\"PS256\"", POA_ALG_PS256, ""), POA_E_PROOF_INVALID);
    poa_key_free(key);
}

static poa_policy *rsa_policy(const poa_key *owner)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b,
                   "{\"version\":1,\"resource_owner\":\"site\",\"algorithms\":[\"RS256\",\"PS256\"],\"owners\":["
                   "{\"iss\":\"owner\",\"keys\":[{\"jwk\":%s}],\"powers\":[{\"type\":\"administration\","
                   "\"actions\":[\"audit\"],\"locations\":[\"site\"]}]}]}",
                   poa_key_jwk(owner));
    poa_policy *policy = NULL;
    assert_int_equal(poa_policy_parse(world.ctx, poa_buf_span(&b), NULL, &policy, NULL), POA_OK);
    return policy;
}

/* A key in the chain that may use both: the alg of the proof's own JWK binds as well. */
static void alg_of_the_jwk_binds(void **state)
{
    (void)state;
    poa_key *key = NULL;
    assert_int_equal(poa_key_generate(world.ctx, POA_ALG_RS256, &key), POA_OK);
    poa_policy *policy = rsa_policy(key);
    assert_int_equal(check_under(policy, key, "\"RS256\"", POA_ALG_RS256, ""), POA_OK);
    assert_int_equal(check_under(policy, key, "\"PS256\"", POA_ALG_PS256, ""), POA_OK);
    assert_int_equal(check_under(policy, key, "\"PS256\"", POA_ALG_PS256, ",\"alg\":\"PS256\""), POA_OK);
    assert_int_equal(check_under(policy, key, "\"RS256\"", POA_ALG_RS256, ",\"alg\":\"PS256\""), POA_E_PROOF_INVALID);
    poa_policy_free(policy);
    poa_key_free(key);
}

int main(void)
{
    poa_json_hook_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_header),
        cmocka_unit_test(each_claim),
        cmocka_unit_test(text_is_one_compact_jws),
        cmocka_unit_test(parts_are_strict_objects),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(signature_is_by_the_key_named),
        cmocka_unit_test(algorithm_is_listed_and_fits),
        cmocka_unit_test(alg_of_the_jwk_binds),
    };
    return cmocka_run_group_tests_name("proof_form", tests, set_up, tear_down);
}
