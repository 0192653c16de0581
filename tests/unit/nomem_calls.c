#include "nomem.h"

#include "poa/device.h"
#include "poa/proof.h"

#include "cleanup.h"
#include "crypto.h"
#include "json.h"
#include "span.h"

#include <string.h>

static bool fill_same(void *self, uint8_t *out, size_t len)
{
    (void)self;
    memset(out, 7, len);
    return true;
}

static const poa_random same = {.fill = fill_same};

static poa_err make_ctx(const world *w, result *r)
{
    (void)w;
    return poa_ctx_new(&r->ctx);
}

/* Strings with escapes, one byte longer each time. */
static poa_err read_json(const world *w, result *r)
{
    POA_CLEANUP(poa_json_decrefp) json_t *value = NULL;
    const poa_err err = poa_json_parse(poa_span_of(w->json), &value);
    if (err)
        return err;
    r->text = json_dumps(value, JSON_COMPACT);
    return r->text ? POA_OK : POA_F_NOMEM;
}

static poa_err read_jwk(const world *w, result *r)
{
    return poa_key_from_jwk(w->s->ctx, poa_span_of(poa_key_jwk(w->keys[w->alg])), &r->key, NULL);
}

static poa_err check_signature(const world *w, result *r)
{
    (void)r;
    const poa_key *key = w->keys[w->alg];
    return poa_key_verify(w->s->ctx, key, w->alg, POA_SPAN("signed"), w->signatures[w->alg],
                          poa_key_signature_len(key));
}

static poa_err check_wrong_signature(const world *w, result *r)
{
    (void)r;
    const poa_key *key = w->keys[w->alg];
    return poa_key_verify(w->s->ctx, key, w->alg, POA_SPAN("unsigned"), w->signatures[w->alg],
                          poa_key_signature_len(key));
}

static poa_err sign(const world *w, result *r)
{
    (void)r;
    uint8_t signature[POA_SIGNATURE_BYTES_MAX];
    size_t len = 0;
    poa_signer by;
    const poa_err err = poa_signer_of(w->keys[w->alg], w->alg, &by);
    return err ? err : by.sign(by.self, POA_SPAN("signed"), signature, sizeof signature, &len);
}

static poa_err write_pem(const world *w, result *r)
{
    return poa_key_public_pem(w->s->keys[OWNER], &r->text);
}

static poa_err read_policy(const world *w, result *r)
{
    return poa_policy_parse(w->s->ctx, poa_span_of(w->policy), NULL, &r->policy, NULL);
}

static poa_err verify(const world *w, result *r)
{
    return poa_chain_verify(w->s->ctx, poa_chain_text(w->chain), w->s->policy, NOW, &r->chain, NULL);
}

static poa_err verify_widened(const world *w, result *r)
{
    return poa_chain_verify(w->s->ctx, poa_span_of(w->widened), w->s->policy, NOW, &r->chain, &r->why);
}

static poa_err read_and_check(const world *w, result *r)
{
    const poa_err err = poa_chain_read(w->s->ctx, poa_chain_text(w->chain), &r->chain, NULL);
    return err ? err : poa_chain_check_links(w->s->ctx, r->chain, NULL);
}

static poa_err describe(const world *w, result *r)
{
    r->text = poa_chain_describe(w->chain);
    return r->text ? POA_OK : POA_F_NOMEM;
}

static poa_err taken(const world *w, result *r)
{
    r->text = poa_chain_taken(w->chain, 1);
    return r->text ? POA_OK : POA_F_NOMEM;
}

static poa_err subgrant(const world *w, result *r)
{
    static const poa_span aud = POA_SPAN_INIT(MINE);
    const poa_grant wanted = {
        .sub = POA_SPAN("technician.example"),
        .agent_key = w->s->keys[TECHNICIAN],
        .aud = &aud,
        .aud_len = 1,
        .iat_s = NOW,
        .nbf_s = -1,
        .exp_s = NOW + 100,
        .powers = poa_span_of(w->powers),
        .agent_name = POA_SPAN("Technician"),
    };
    const poa_signer signer = signer_of(w->s, FOREMAN);
    return poa_grant_sign(w->s->ctx, w->parent, &wanted, &signer, &same, NULL, &r->token, NULL);
}

static poa_err alive(const world *w, result *r)
{
    (void)r;
    const poa_revocation_source *source = poa_revocation_list_source(w->list);
    return poa_chain_alive(w->s->ctx, w->parent, NOW, 0, source, NULL, NULL);
}

static poa_err revoked(const world *w, result *r)
{
    const poa_revocation_source *source = poa_revocation_list_source(w->list);
    return poa_chain_alive(w->s->ctx, w->chain, NOW, 0, source, &r->hit, NULL);
}

static poa_err read_list(const world *w, result *r)
{
    return poa_revocation_list_parse(w->s->ctx, poa_span_of(w->file), w->chain, NOW, true, &r->list, NULL);
}

static poa_err judge(const world *w, result *r)
{
    const poa_record record = {.statement = poa_span_of(w->revoke), .accepted_s = NOW};
    return poa_record_judge(w->s->ctx, &record, w->chain, &r->hit);
}

static poa_err sign_statement(const world *w, result *r)
{
    const poa_statement_request request = statement_request(OWNER, POA_OP_SUSPEND);
    const poa_signer signer = signer_of(w->s, OWNER);
    return poa_statement_sign(w->s->ctx, &request, &signer, &same, &r->token, NULL);
}

static poa_err accept_statement(const world *w, result *r)
{
    const poa_acceptance under = {.policy = w->s->policy, .now_s = NOW, .source = poa_revocation_list_source(w->list)};
    const poa_err err = poa_statement_read(w->s->ctx, poa_span_of(w->administered), &r->statement, NULL);
    return err ? err : poa_statement_accept(w->s->ctx, r->statement, &under, &r->text, NULL);
}

static poa_answer an_answer(void)
{
    return (poa_answer){.iss = MINE,
                        .iat_s = NOW,
                        .exp_s = NOW + MAX_AGE,
                        .store = "ABCDEFGHIJKLMNOPQRSTUV",
                        .state = POA_STATE_REVOKED,
                        .reason = "unspecified"};
}

poa_err sign_answer(const world *w, result *r)
{
    const poa_answer answer = an_answer();
    const poa_signer signer = signer_of(w->s, ANSWERER);
    return poa_answer_sign(&answer, &signer, &r->token);
}

static poa_err verify_answer(const world *w, result *r)
{
    return poa_answer_verify(w->s->ctx, poa_span_of(w->answer), w->s->policy, NOW, &r->answer, NULL);
}

#define URL "https://poa.mine.example/v1/onboardings"

poa_err sign_proof(const world *w, result *r)
{
    const poa_proof_request request = {
        .method = POA_SPAN("POST"), .url = POA_SPAN(URL), .chain = poa_chain_text(w->chain), .iat_s = NOW};
    const poa_signer signer = signer_of(w->s, TECHNICIAN);
    return poa_proof_sign(w->s->ctx, &request, &signer, &same, &r->token);
}

static poa_err check_proof(const world *w, result *r)
{
    (void)r;
    const poa_span url = POA_SPAN(URL);
    const poa_proof_expected expected = {.method = POA_SPAN("POST"),
                                         .urls = &url,
                                         .urls_len = 1,
                                         .chain = poa_chain_text(w->chain),
                                         .now_s = NOW,
                                         .started_s = NOW - 1000};
    return poa_proof_check(w->s->ctx, poa_span_of(w->proof), w->chain, w->s->policy, &expected, NULL, NULL, NULL, NULL);
}

static poa_err decide(const world *w, result *r)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = POA_SPAN("mine-7/hall-2"),
        .now_s = NOW,
    };
    return poa_decide(w->chain, &request, NULL, &r->decision, NULL);
}

static poa_err decide_elsewhere(const world *w, result *r)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = POA_SPAN("mine-7/hall-3"),
        .now_s = NOW,
    };
    return poa_decide(w->chain, &request, NULL, &r->decision, &r->why);
}

/* Three calls each: sign, read again, verify. */
static const poa_x5c certificates = {.certificates = {POA_SPAN_INIT("leaf"), POA_SPAN_INIT("issuer")}, .len = 2};

static poa_err prove_device(const world *w, result *r)
{
    const poa_device_proof_facts facts = {
        .x5c = w->alg == POA_ALG_EDDSA ? (poa_x5c){0} : certificates,
        .serial = POA_SPAN("SN-1"),
        .created_s = NOW,
        .nonce = POA_SPAN("n-1"),
        .id_link = POA_SPAN("https://id.example/1"),
    };
    poa_signer by;
    poa_err err = poa_signer_of(w->keys[w->alg], w->alg, &by);
    if (!err)
        err = poa_device_proof_sign(w->s->ctx, &facts, &by, &r->token, &r->why);
    poa_device_proof *proof = NULL;
    if (!err)
        err = poa_device_proof_read(w->s->ctx, poa_span_of(r->token), &proof, &r->why);
    if (!err)
        err = poa_device_proof_verify(w->s->ctx, proof, w->keys[w->alg], &r->why);
    poa_device_proof_free(proof);
    return err;
}

static poa_err prove_trust(const world *w, result *r)
{
    const poa_trust_proof_facts facts = {
        .x5c = certificates,
        .aud = POA_SPAN(MINE),
        .device = POA_SPAN("0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"),
        .iat_s = NOW,
        .nonce = POA_SPAN("n-1"),
    };
    poa_signer by;
    poa_err err = poa_signer_of(w->keys[w->alg], w->alg, &by);
    if (!err)
        err = poa_trust_proof_sign(w->s->ctx, &facts, &by, &r->token, &r->why);
    poa_trust_proof *proof = NULL;
    if (!err)
        err = poa_trust_proof_read(w->s->ctx, poa_span_of(r->token), &proof, &r->why);
    if (!err)
        err = poa_trust_proof_verify(w->s->ctx, proof, w->keys[w->alg], &r->why);
    poa_trust_proof_free(proof);
    return err;
}

static poa_err announce(const world *w, result *r)
{
    const poa_ticket_facts facts = {
        .x5c = certificates,
        .iss = POA_SPAN("Acme"),
        .iat_s = NOW,
        .exp_s = -1,
        .jti = POA_SPAN("ABCDEFGHIJKLMNOPQRSTUV"),
        .serial = POA_SPAN("SN-1"),
    };
    poa_signer by;
    poa_err err = poa_signer_of(w->keys[w->alg], w->alg, &by);
    if (!err)
        err = poa_ticket_sign(w->s->ctx, &facts, &by, &r->token, &r->why);
    poa_ticket *ticket = NULL;
    if (!err)
        err = poa_ticket_read(w->s->ctx, poa_span_of(r->token), &ticket, &r->why);
    if (!err)
        err = poa_ticket_verify(w->s->ctx, ticket, w->keys[w->alg], &r->why);
    poa_ticket_free(ticket);
    return err;
}

static poa_err judge_facts(const world *w, result *r)
{
    const poa_statement_facts facts = {
        .kid = *thumbprint(w->s, ADMIN), .target = poa_chain_leaf(w->chain)->id, .issued_before_s = -1};
    static const poa_span reach =
        POA_SPAN_INIT("{\"owner\":\"owner.example\",\"all\":false,\"powers\":[{\"type\":\"administration\","
                      "\"actions\":[\"revoke\"],\"locations\":[\"mine-7\"]}]}");
    return poa_facts_judge(&facts, reach, NOW, w->chain, &r->hit);
}

static poa_err show_reason(const world *w, result *r)
{
    r->text = poa_reason_json(&w->why);
    return r->text ? POA_OK : POA_F_NOMEM;
}

/* Reading PEM is not among them: the decoder of OpenSSL 3.0 frees twice when it lacks memory. */
const attempt attempts[] = {
    {"context", make_ctx, POA_OK},
    {"JSON", read_json, POA_OK},
    {"P-256 key from JWK", read_jwk, POA_OK, POA_ALG_ES256},
    {"P-384 key from JWK", read_jwk, POA_OK, POA_ALG_ES384},
    {"Ed25519 key from JWK", read_jwk, POA_OK, POA_ALG_EDDSA},
    {"RSA key from JWK", read_jwk, POA_OK, POA_ALG_RS256},
    {"sign ES256", sign, POA_OK, POA_ALG_ES256},
    {"sign ES384", sign, POA_OK, POA_ALG_ES384},
    {"sign EdDSA", sign, POA_OK, POA_ALG_EDDSA},
    {"sign RS256", sign, POA_OK, POA_ALG_RS256},
    {"sign PS256", sign, POA_OK, POA_ALG_PS256},
    {"verify ES256", check_signature, POA_OK, POA_ALG_ES256},
    {"verify ES384", check_signature, POA_OK, POA_ALG_ES384, POA_E_SIGNATURE_INVALID},
    {"verify EdDSA", check_signature, POA_OK, POA_ALG_EDDSA, POA_E_SIGNATURE_INVALID},
    {"verify RS256", check_signature, POA_OK, POA_ALG_RS256, POA_E_SIGNATURE_INVALID},
    {"verify PS256", check_signature, POA_OK, POA_ALG_PS256, POA_E_SIGNATURE_INVALID},
    {"wrong ES256", check_wrong_signature, POA_E_SIGNATURE_INVALID, POA_ALG_ES256},
    {"wrong ES384", check_wrong_signature, POA_E_SIGNATURE_INVALID, POA_ALG_ES384},
    {"wrong EdDSA", check_wrong_signature, POA_E_SIGNATURE_INVALID, POA_ALG_EDDSA},
    {"wrong RS256", check_wrong_signature, POA_E_SIGNATURE_INVALID, POA_ALG_RS256},
    {"wrong PS256", check_wrong_signature, POA_E_SIGNATURE_INVALID, POA_ALG_PS256},
    {"key to PEM", write_pem, POA_OK},
    {"policy", read_policy, POA_OK},
    {"verify", verify, POA_OK},
    {"verify what widens", verify_widened, POA_E_LOCATION_WIDENED},
    {"read and check links", read_and_check, POA_OK},
    {"describe", describe, POA_OK},
    {"what a link took", taken, POA_OK},
    {"sub-grant", subgrant, POA_OK},
    {"alive", alive, POA_OK},
    {"revoked", revoked, POA_E_REVOKED},
    {"list", read_list, POA_OK},
    {"judge a record", judge, POA_OK},
    {"sign a statement", sign_statement, POA_OK},
    {"accept an administrator's", accept_statement, POA_OK},
    {"sign an answer", sign_answer, POA_OK},
    {"verify an answer", verify_answer, POA_OK},
    {"sign a proof", sign_proof, POA_OK},
    {"check a proof", check_proof, POA_OK},
    {"decide", decide, POA_OK},
    {"decide elsewhere", decide_elsewhere, POA_E_LOCATION_NOT_GRANTED},
    {"device proof", prove_device, POA_OK, POA_ALG_ES256},
    {"device proof with a key", prove_device, POA_OK, POA_ALG_EDDSA, POA_E_SIGNATURE_INVALID},
    {"trust proof", prove_trust, POA_OK, POA_ALG_ES256},
    {"ticket", announce, POA_OK, POA_ALG_ES256},
    {"judge what is not signed", judge_facts, POA_OK},
    {"a reason as JSON", show_reason, POA_OK},
};

const size_t attempts_count = POA_COUNT(attempts);
