#include "nomem.h"

#include "buf.h"
#include "chain.h"
#include "cleanup.h"
#include "reason.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/*
 * Every call of the library with the n-th allocation failing, for every n: ours, jansson's and OpenSSL's. What comes
 * out is a fault or the very answer that comes out with memory enough; the sanitizers and valgrind see what leaks.
 */

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

/* Call number which with its n-th allocation failing. False when it does not come to n. */
static bool try_once(const world *w, size_t which, size_t n, bool onwards, const char *wanted)
{
    result r = {0};
    world here = *w;
    here.alg = attempts[which].alg;
    heap_fail(n, onwards);
    const poa_err err = attempts[which].call(&here, &r);
    const bool failed = heap_failed();
    const bool silent = failed && err != POA_OK && err == attempts[which].also;
    if (!poa_err_is_fault(err) && !silent && err != attempts[which].want)
        fail_msg("%s, allocation %zu: %s", attempts[which].name, n, poa_err_name(err));
    if (!failed && err != attempts[which].want)
        fail_msg("%s, nothing failed: %s", attempts[which].name, poa_err_name(err));
    if (err == attempts[which].want) {
        POA_CLEANUP(poa_freep) char *seen = picture(w, &r);
        if (strcmp(seen, wanted) != 0)
            fail_msg("%s, allocation %zu: %s, but not the same", attempts[which].name, n, poa_err_name(err));
    }
    result_clear(&r);
    return failed;
}

/* What comes out with memory enough. */
static char *reference(const world *w, size_t which)
{
    result r = {0};
    world here = *w;
    here.alg = attempts[which].alg;
    const poa_err err = attempts[which].call(&here, &r);
    if (err != attempts[which].want)
        fail_msg("%s: %s", attempts[which].name, poa_err_name(err));
    char *text = picture(w, &r);
    result_clear(&r);
    return text;
}

static void try_all(const site *s, bool onwards)
{
    world w = make_world(s);
    for (size_t which = 0; which < attempts_count; which++) {
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
