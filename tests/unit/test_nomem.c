#include "nomem.h"

#include "poa/proof.h"

#include "buf.h"
#include "chain.h"
#include "cleanup.h"
#include "crypto.h"
#include "json.h"
#include "reason.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/*
 * Every call of the library with the n-th allocation failing, for every n: ours, jansson's and OpenSSL's. What comes
 * out is a fault or the very answer that comes out with memory enough; the sanitizers and valgrind see what leaks.
 */

/* ---- what is called, and what it gives ---- */

static void result_clear(result *r)
{
    free(r->text);
    free(r->token);
    poa_revocation_list_free(r->list);
    poa_statement_free(r->statement);
    poa_chain_free(r->chain);
    poa_policy_free(r->policy);
    poa_key_free(r->key);
    poa_ctx_free(r->ctx);
}

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

static poa_err sign_answer(const world *w, result *r)
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

static poa_err sign_proof(const world *w, result *r)
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

static poa_err show_reason(const world *w, result *r)
{
    r->text = poa_reason_json(&w->why);
    return r->text ? POA_OK : POA_F_NOMEM;
}

static const struct {
    const char *name;
    poa_err (*call)(const world *w, result *r);
    poa_err want;
    poa_alg alg;
    poa_err also; /* a refusal that OpenSSL 3.0 makes of lacking memory without saying so */
} calls_to_try[] = {
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
    {"a reason as JSON", show_reason, POA_OK},
};

/* ---- the world ---- */

static char *revoke_text(const site *s, const poa_chain *chain)
{
    poa_statement_request request = statement_request(OWNER, POA_OP_REVOKE);
    request.target = poa_chain_leaf(chain)->id;
    return statement_text(s, OWNER, &request);
}

static char *administered_text(const site *s)
{
    static const grant administrator = {.from = OWNER,
                                        .to = ADMIN,
                                        .powers =
                                            "[{'type':'administration','actions':['revoke'],'locations':['mine-7']}]"};
    POA_CLEANUP(poa_freep) char *chain = chain_text(s, &administrator, 1);
    poa_statement_request request = statement_request(ADMIN, POA_OP_REVOKE);
    request.target_kind = POA_TARGET_KEY;
    request.target = *thumbprint(s, STRANGER);
    request.chain = poa_span_of(chain);
    return statement_text(s, ADMIN, &request);
}

static char *file_text(const world *w)
{
    poa_buf b = {0};
    const poa_statement_request nobody = statement_request(STRANGER, POA_OP_REVOKE);
    POA_CLEANUP(poa_freep) char *ignored = statement_text(w->s, STRANGER, &nobody);
    poa_buf_printf(&b, "%s\n%s\n%s\n", w->revoke, ignored, w->administered);
    return poa_buf_take(&b);
}

static char *proof_text(const world *w)
{
    result r = {0};
    assert_int_equal(sign_proof(w, &r), POA_OK);
    return r.token;
}

static char *answer_text(const world *w)
{
    result r = {0};
    assert_int_equal(sign_answer(w, &r), POA_OK);
    return r.token;
}

/* The first two links of a chain of three, so that the last may be granted again. */
static poa_chain *without_leaf(const site *s, const poa_chain *chain)
{
    poa_span text = poa_chain_text(chain);
    while (text.ptr[text.len - 1] != '~')
        text.len--;
    poa_chain *parent = NULL;
    assert_int_equal(poa_chain_verify(s->ctx, poa_span_head(text, text.len - 1), s->policy, NOW, &parent, NULL),
                     POA_OK);
    return parent;
}

static char *json_text(void)
{
    poa_buf b = {0};
    poa_buf_text(&b, "{\"");
    for (int len = 0; len < 70; len++) {
        poa_buf_printf(&b, "%d\":\"", len);
        for (int i = 0; i < len; i++)
            poa_buf_text(&b, "\\n");
        poa_buf_text(&b, "\",\"");
    }
    poa_buf_text(&b, "\":0}");
    return poa_buf_take(&b);
}

static void make_keys(world *w)
{
    for (int alg = POA_ALG_ES256; alg <= POA_ALG_PS256; alg++) {
        poa_key **key = &w->keys[alg];
        if (alg == POA_ALG_PS256)
            *key = poa_key_ref(w->keys[POA_ALG_RS256]);
        else
            assert_int_equal(poa_key_generate(w->s->ctx, (poa_alg)alg, key), POA_OK);
        poa_signer signer;
        size_t len = 0;
        assert_int_equal(poa_signer_of(*key, (poa_alg)alg, &signer), POA_OK);
        assert_int_equal(
            signer.sign(signer.self, POA_SPAN("signed"), w->signatures[alg], POA_SIGNATURE_BYTES_MAX, &len), POA_OK);
    }
}

static world make_world(const site *s)
{
    world w = {.s = s, .chain = usual_chain(s)};
    make_keys(&w);
    w.json = json_text();
    w.powers = quoted(ONBOARD_HALL);
    (void)poa_deny(&w.why, POA_E_REVOKED, 1, "%s", "/a");
    poa_reason_text(w.why.child, POA_SPAN("\"\n"));
    w.parent = without_leaf(s, w.chain);
    POA_CLEANUP(poa_freep) char *all = quoted(ONBOARD_MINE);
    w.widened = altered_leaf(s, poa_chain_text(w.chain), FOREMAN, "authorization_details", all);
    w.policy = poa_span_dup(poa_policy_document(s->policy));
    w.revoke = revoke_text(s, w.chain);
    w.administered = administered_text(s);
    w.file = file_text(&w);
    w.proof = proof_text(&w);
    w.answer = answer_text(&w);
    assert_int_equal(poa_revocation_list_parse(s->ctx, poa_span_of(w.file), w.chain, NOW, true, &w.list, NULL), POA_OK);
    return w;
}

static void clear_world(world *w)
{
    for (size_t i = 0; i < POA_COUNT(w->keys); i++)
        poa_key_free(w->keys[i]);
    poa_chain_free(w->chain);
    poa_chain_free(w->parent);
    poa_revocation_list_free(w->list);
    char *texts[] = {w->json,   w->powers, w->widened, w->policy,      w->proof,
                     w->revoke, w->file,   w->answer,  w->administered};
    for (size_t i = 0; i < POA_COUNT(texts); i++)
        free(texts[i]);
}

/* ---- trying ---- */

/* Call number which with its n-th allocation failing. False when it does not come to n. */
static bool try_once(const world *w, size_t which, size_t n, bool onwards, const char *wanted)
{
    result r = {0};
    world here = *w;
    here.alg = calls_to_try[which].alg;
    heap_fail(n, onwards);
    const poa_err err = calls_to_try[which].call(&here, &r);
    const bool failed = heap_failed();
    const bool silent = failed && err != POA_OK && err == calls_to_try[which].also;
    if (!poa_err_is_fault(err) && !silent && err != calls_to_try[which].want)
        fail_msg("%s, allocation %zu: %s", calls_to_try[which].name, n, poa_err_name(err));
    if (!failed && err != calls_to_try[which].want)
        fail_msg("%s, nothing failed: %s", calls_to_try[which].name, poa_err_name(err));
    if (err == calls_to_try[which].want) {
        POA_CLEANUP(poa_freep) char *seen = picture(w, &r);
        if (strcmp(seen, wanted) != 0)
            fail_msg("%s, allocation %zu: %s, but not the same", calls_to_try[which].name, n, poa_err_name(err));
    }
    result_clear(&r);
    return failed;
}

/* What comes out with memory enough. */
static char *reference(const world *w, size_t which)
{
    result r = {0};
    world here = *w;
    here.alg = calls_to_try[which].alg;
    const poa_err err = calls_to_try[which].call(&here, &r);
    if (err != calls_to_try[which].want)
        fail_msg("%s: %s", calls_to_try[which].name, poa_err_name(err));
    char *text = picture(w, &r);
    result_clear(&r);
    return text;
}

static void try_all(const site *s, bool onwards)
{
    world w = make_world(s);
    for (size_t which = 0; which < POA_COUNT(calls_to_try); which++) {
        POA_CLEANUP(poa_freep) char *wanted = reference(&w, which);
        size_t n = 1;
        while (try_once(&w, which, n, onwards, wanted))
            n++;
    }
    clear_world(&w);
}

static void each_allocation_fails(void **state)
{
    try_all(*state, false);
}

static void each_allocation_and_all_after_it_fail(void **state)
{
    try_all(*state, true);
}

int main(void)
{
    heap_take_over();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(each_allocation_and_all_after_it_fail),
    };
    return cmocka_run_group_tests_name("nomem", tests, site_open, site_close);
}
