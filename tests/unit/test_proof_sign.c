#include "proof_world.h"

#include "json_hook.h"

#include "poa/grant.h"

static bool count_up(void *self, uint8_t *out, size_t len)
{
    (void)self;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)i;
    return true;
}

static bool no_random(void *self, uint8_t *out, size_t len)
{
    (void)self;
    (void)out;
    (void)len;
    return false;
}

static const poa_random counting = {.fill = count_up};

/* A PoA by the other key for the agent. */
static poa_chain *read_chain(void)
{
    const poa_span site = POA_SPAN("site");
    const poa_grant grant = {
        .iss = POA_SPAN("owner"),
        .sub = POA_SPAN("agent"),
        .agent_key = world.agent,
        .aud = &site,
        .aud_len = 1,
        .iat_s = NOW,
        .nbf_s = -1,
        .exp_s = NOW + 3600,
        .powers = POA_SPAN("[{\"type\":\"administration\",\"actions\":[\"audit\"],\"locations\":[\"site\"]}]")};
    const poa_signer signer = signer_of(world.other, POA_ALG_NONE);
    POA_CLEANUP(poa_freep) char *text = NULL;
    assert_int_equal(poa_grant_sign(world.ctx, NULL, &grant, &signer, &counting, NULL, &text, NULL), POA_OK);
    poa_chain *chain = NULL;
    assert_int_equal(poa_chain_read(world.ctx, poa_span_of(text), &chain, NULL), POA_OK);
    return chain;
}

static poa_proof_request request_for(poa_span chain)
{
    return (poa_proof_request){.method = POA_SPAN("POST"),
                               .url = POA_SPAN(URL "?page=2#top"),
                               .chain = chain,
                               .body = POA_SPAN(BODY),
                               .nonce = POA_SPAN("fresh"),
                               .iat_s = NOW};
}

static char *sign_by(const poa_key *key, const poa_proof_request *request)
{
    const poa_signer signer = signer_of(key, POA_ALG_NONE);
    char *proof = NULL;
    assert_int_equal(poa_proof_sign(world.ctx, request, &signer, &counting, &proof), POA_OK);
    return proof;
}

static void proof_under_a_chain(void **state)
{
    (void)state;
    poa_chain *chain = read_chain();
    const poa_proof_request request = request_for(poa_chain_text(chain));
    POA_CLEANUP(poa_freep) char *proof = sign_by(world.agent, &request);
    POA_CLEANUP(poa_freep) char *stolen = sign_by(world.other, &request);

    notes n = {0};
    const poa_proof_memory memory = {.self = &n, .nonce = ask_nonce, .use = note_use};
    poa_proof_expected expected = expect();
    expected.chain = poa_chain_text(chain);
    bool verified = false;
    poa_proof_facts facts;
    assert_int_equal(poa_proof_check(world.ctx, poa_span_of(proof), chain, world.policy, &expected, &memory, &facts,
                                     &verified, NULL),
                     POA_OK);
    assert_true(verified);
    assert_string_equal(facts.jti, "AAECAwQFBgcICQoLDA0ODw");
    assert_string_equal(facts.nonce, "fresh");
    assert_int_equal(facts.iat_s, NOW);

    /* The root's principal holds no right to act under the PoA that it gave away. */
    assert_int_equal(
        poa_proof_check(world.ctx, poa_span_of(stolen), chain, world.policy, &expected, &memory, NULL, &verified, NULL),
        POA_E_PROOF_KEY_MISMATCH);
    assert_false(verified);

    expected.chain = POA_SPAN(CHAIN);
    verified = true;
    assert_int_equal(
        poa_proof_check(world.ctx, poa_span_of(proof), chain, world.policy, &expected, &memory, NULL, &verified, NULL),
        POA_F_USAGE);
    assert_false(verified);
    poa_chain_free(chain);
}

static void facts_are_as_long_as_the_claims(void **state)
{
    (void)state;
    POA_CLEANUP(poa_freep)
    char *proof = make_proof(as_is, MEMBERS({"jti", "\"" A256 "\""}, {"nonce", "\"" A256 "\""}), world.agent);
    const poa_proof_expected expected = expect();
    poa_proof_facts facts;
    assert_int_equal(poa_proof_check_key(world.ctx, poa_span_of(proof), world.agent, world.policy, &expected, NULL,
                                         &facts, NULL, NULL),
                     POA_OK);
    assert_string_equal(facts.jti, A256);
    assert_string_equal(facts.nonce, A256);
}

static void what_is_not_there_is_left_out(void **state)
{
    (void)state;
    const poa_proof_request request = {.method = POA_SPAN("POST"), .url = POA_SPAN(URL "?page=2"), .iat_s = NOW};
    POA_CLEANUP(poa_freep) char *proof = sign_by(world.agent, &request);

    poa_proof_expected expected = expect();
    expected.chain = (poa_span){0};
    expected.body = (poa_span){0};
    assert_int_equal(check_text(poa_span_of(proof), &expected, NULL, NULL), POA_OK);

    poa_fields parts = poa_fields_of(poa_span_of(proof), '.');
    poa_span payload;
    assert_true(poa_fields_next(&parts, &payload) && poa_fields_next(&parts, &payload));
    uint8_t text[512] = {0};
    size_t len = 0;
    assert_true(poa_base64url_decode(payload, text, sizeof text - 1, &len));
    assert_string_equal(text,
                        "{\"jti\":\"AAECAwQFBgcICQoLDA0ODw\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1790000000}");
}

static poa_err refusal_of(const poa_proof_request *request, const poa_random *random)
{
    const poa_signer signer = signer_of(world.agent, POA_ALG_NONE);
    char *proof = NULL;
    const poa_err err = poa_proof_sign(world.ctx, request, &signer, random, &proof);
    assert_null(proof);
    return err;
}

static void what_no_verifier_takes_is_not_signed(void **state)
{
    (void)state;
    poa_proof_request request = request_for(POA_SPAN(CHAIN));
    request.url = POA_SPAN("/v1/onboardings");
    assert_int_equal(refusal_of(&request, &counting), POA_E_PROOF_INVALID);

    request = request_for(POA_SPAN(CHAIN));
    request.method = (poa_span){0};
    assert_int_equal(refusal_of(&request, &counting), POA_E_PROOF_INVALID);
    request.method = POA_SPAN("\xff");
    assert_int_equal(refusal_of(&request, &counting), POA_E_PROOF_INVALID);

    request = request_for(POA_SPAN(CHAIN));
    request.nonce = POA_SPAN("a\nb");
    assert_int_equal(refusal_of(&request, &counting), POA_E_PROOF_INVALID);
    request.nonce = POA_SPAN(A256 "a");
    assert_int_equal(refusal_of(&request, &counting), POA_E_PROOF_INVALID);

    request = request_for(POA_SPAN(CHAIN));
    request.iat_s = -1;
    assert_int_equal(refusal_of(&request, &counting), POA_E_PROOF_INVALID);
    request.iat_s = NOW;
    const poa_random empty = {.fill = no_random};
    assert_int_equal(refusal_of(&request, &empty), POA_F_CRYPTO);
}

int main(void)
{
    poa_json_hook_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proof_under_a_chain),
        cmocka_unit_test(facts_are_as_long_as_the_claims),
        cmocka_unit_test(what_is_not_there_is_left_out),
        cmocka_unit_test(what_no_verifier_takes_is_not_signed),
    };
    return cmocka_run_group_tests_name("proof_sign", tests, set_up, tear_down);
}
