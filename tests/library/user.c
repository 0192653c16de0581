/*
 * A program of somebody else: knows the installed headers and the library, nothing more. An owner lets an agent onboard
 * devices in one hall; the agent proves itself; one request is inside, the next is not.
 */

#include <poa/poa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW  1790000000
#define SITE "mine.example"
#define URL  "https://mine.example/v1/onboardings"

static void must(poa_err err)
{
    if (err == POA_OK)
        return;
    fprintf(stderr, "%s\n", poa_err_name(err));
    exit(1);
}

static poa_span span_of(const char *text)
{
    return (poa_span){text, strlen(text)};
}

/* For a test; a program asks its system. */
static bool fill(void *self, uint8_t *out, size_t len)
{
    (void)self;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i * 7);
    return true;
}

static const poa_random seed = {.fill = fill};

#define POWERS                                                                                    \
    "[{\"type\":\"device_onboarding\",\"actions\":[\"onboard\"],\"locations\":[\"mine/hall-2\"]," \
    "\"devices\":[{\"any\":true}]}]"

static poa_policy *make_policy(const poa_ctx *ctx, const poa_key *owner)
{
    char json[2048];
    (void)snprintf(json, sizeof json,
                   "{\"version\":1,\"resource_owner\":\"" SITE "\",\"owners\":[{\"iss\":\"owner.example\","
                   "\"keys\":[{\"jwk\":%s}],\"powers\":" POWERS "}]}",
                   poa_key_jwk(owner));
    poa_policy *policy = NULL;
    must(poa_policy_parse(ctx, span_of(json), NULL, &policy, NULL));
    return policy;
}

static poa_chain *make_chain(const poa_ctx *ctx, const poa_key *owner, const poa_key *agent, const poa_policy *policy)
{
    const poa_span site = POA_SPAN(SITE);
    const poa_grant grant = {.iss = POA_SPAN("owner.example"),
                             .sub = POA_SPAN("agent.example"),
                             .agent_key = agent,
                             .aud = &site,
                             .aud_len = 1,
                             .iat_s = NOW,
                             .nbf_s = -1,
                             .exp_s = NOW + 3600,
                             .powers = POA_SPAN(POWERS)};
    poa_signer signer;
    char *text = NULL;
    poa_chain *chain = NULL;
    must(poa_signer_of(owner, POA_ALG_NONE, &signer));
    must(poa_grant_sign(ctx, NULL, &grant, &signer, &seed, NULL, &text, NULL));
    must(poa_chain_verify(ctx, span_of(text), policy, NOW, &chain, NULL));
    must(poa_chain_alive(ctx, chain, NOW, 0, &poa_revocation_unchecked, NULL, NULL));
    free(text);
    return chain;
}

static void prove(const poa_ctx *ctx, const poa_chain *chain, const poa_key *agent, const poa_policy *policy)
{
    const poa_span url = POA_SPAN(URL);
    const poa_proof_request request = {
        .method = POA_SPAN("POST"), .url = url, .chain = poa_chain_text(chain), .iat_s = NOW};
    const poa_proof_expected expected = {
        .method = POA_SPAN("POST"), .urls = &url, .urls_len = 1, .chain = poa_chain_text(chain), .now_s = NOW};
    poa_signer signer;
    char *proof = NULL;
    must(poa_signer_of(agent, POA_ALG_NONE, &signer));
    must(poa_proof_sign(ctx, &request, &signer, &seed, &proof));
    must(poa_proof_check(ctx, span_of(proof), chain, policy, &expected, NULL, NULL, NULL, NULL));
    free(proof);
}

static void ask(const poa_chain *chain, const char *location)
{
    const poa_request request = {.type = POA_SPAN("device_onboarding"),
                                 .action = POA_SPAN("onboard"),
                                 .location = span_of(location),
                                 .device = {.serial = POA_SPAN("SN-1")},
                                 .now_s = NOW};
    poa_decision decision;
    const poa_err err = poa_decide(chain, &request, NULL, &decision, NULL);
    printf("%s\n", err == POA_OK ? "permit" : poa_err_name(err));
}

int main(void)
{
    poa_json_hook_install();
    poa_ctx *ctx = NULL;
    poa_key *owner = NULL;
    poa_key *agent = NULL;
    must(poa_ctx_new(&ctx));
    must(poa_key_generate(ctx, POA_ALG_ES256, &owner));
    must(poa_key_generate(ctx, POA_ALG_EDDSA, &agent));
    poa_policy *policy = make_policy(ctx, owner);
    poa_chain *chain = make_chain(ctx, owner, agent, policy);

    prove(ctx, chain, agent, policy);
    ask(chain, "mine/hall-2/rack-1");
    ask(chain, "mine/hall-3");

    poa_chain_free(chain);
    poa_policy_free(policy);
    poa_key_free(agent);
    poa_key_free(owner);
    poa_ctx_free(ctx);
    return 0;
}
