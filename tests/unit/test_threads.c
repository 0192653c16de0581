#include "site.h"

#include "poa/decision.h"
#include "poa/proof.h"
#include "poa/revocation_list.h"

#include "chain.h"
#include "cleanup.h"
#include "span.h"
#include "statement.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Threads that share one context, policy, chain, key, statement and source, and do all with them that a server does at
 * once. Meant for the thread sanitizer; without it, still a test that nothing comes out wrong.
 */

#define THREADS 4
#define ROUNDS  100

#define URL "https://poa.mine.example/v1/onboardings"

POA_CLEANUP_DEFINE(poa_revocation_list, poa_revocation_list_free)

typedef struct shared {
    const site *s;
    const poa_chain *chain;
    const poa_chain *revoked; /* its leaf is, in the source */
    const poa_statement *statement;
    const poa_revocation_source *source;
    atomic_uint wrong; /* answers that differ from what one thread would get */
} shared;

static bool fill(void *self, uint8_t *out, size_t len)
{
    uint64_t *next = self;
    (*next)++;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(*next >> 8 * (i % 8));
    return true;
}

static poa_err verify_again(const shared *w)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    return poa_chain_verify(w->s->ctx, poa_chain_text(w->chain), w->s->policy, NOW, &chain, NULL);
}

static poa_err decide(const shared *w)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = POA_SPAN("mine-7/hall-2"),
        .now_s = NOW,
    };
    poa_decision decision;
    return poa_decide(w->chain, &request, NULL, &decision, NULL);
}

static poa_err prove(const shared *w, const poa_random *random)
{
    const poa_proof_request request = {
        .method = POA_SPAN("POST"), .url = POA_SPAN(URL), .chain = poa_chain_text(w->chain), .iat_s = NOW};
    poa_signer signer;
    poa_err err = poa_signer_of(w->s->keys[TECHNICIAN], POA_ALG_NONE, &signer);
    if (err)
        return err;
    POA_CLEANUP(poa_freep) char *proof = NULL;
    err = poa_proof_sign(w->s->ctx, &request, &signer, random, &proof);
    if (err)
        return err;
    const poa_span url = POA_SPAN(URL);
    const poa_proof_expected expected = {.method = POA_SPAN("POST"),
                                         .urls = &url,
                                         .urls_len = 1,
                                         .chain = poa_chain_text(w->chain),
                                         .now_s = NOW,
                                         .started_s = NOW - 1000};
    return poa_proof_check(w->s->ctx, poa_span_of(proof), w->chain, w->s->policy, &expected, NULL, NULL, NULL, NULL);
}

static poa_err accept(const shared *w)
{
    const poa_acceptance under = {
        .policy = w->s->policy, .shown = w->chain, .now_s = NOW, .source = &poa_revocation_unchecked};
    POA_CLEANUP(poa_freep) char *reach = NULL;
    return poa_statement_accept(w->s->ctx, w->statement, &under, &reach, NULL);
}

static poa_err revoke(const shared *w, const poa_random *random)
{
    const poa_statement_request request = statement_request(OWNER, POA_OP_REVOKE);
    poa_signer signer;
    poa_err err = poa_signer_of(w->s->keys[OWNER], POA_ALG_NONE, &signer);
    POA_CLEANUP(poa_freep) char *text = NULL;
    if (!err)
        err = poa_statement_sign(w->s->ctx, &request, &signer, random, &text, NULL);
    return err;
}

/* References come and go while others use what they refer to. */
static void refer(const shared *w)
{
    poa_chain_free(poa_chain_ref(w->chain));
    poa_statement_free(poa_statement_ref(w->statement));
    poa_policy_free(poa_policy_ref(w->s->policy));
    poa_key_free(poa_key_ref(w->s->keys[OWNER]));
}

static void expect(shared *w, poa_err err, poa_err want)
{
    if (err != want)
        atomic_fetch_add(&w->wrong, 1);
}

typedef struct worker {
    shared *w;
    uint64_t next; /* its random bytes */
} worker;

static void *work(void *arg)
{
    worker *me = arg;
    shared *w = me->w;
    const poa_random random = {.self = &me->next, .fill = fill};
    for (int i = 0; i < ROUNDS; i++) {
        expect(w, verify_again(w), POA_OK);
        expect(w, poa_chain_alive(w->s->ctx, w->chain, NOW, 0, w->source, NULL, NULL), POA_OK);
        expect(w, poa_chain_alive(w->s->ctx, w->revoked, NOW, 0, w->source, NULL, NULL), POA_E_REVOKED);
        expect(w, decide(w), POA_OK);
        expect(w, prove(w, &random), POA_OK);
        expect(w, accept(w), POA_OK);
        expect(w, revoke(w, &random), POA_OK);
        refer(w);
        free(poa_chain_describe(w->chain));
    }
    return NULL;
}

static void all_at_once(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_chain_freep) poa_chain *revoked = usual_chain(s);
    poa_statement_request request = statement_request(FOREMAN, POA_OP_REVOKE);
    request.target = poa_chain_leaf(revoked)->id;
    POA_CLEANUP(poa_freep) char *text = statement_text(s, FOREMAN, &request);
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    assert_int_equal(poa_statement_read(s->ctx, poa_span_of(text), &statement, NULL), POA_OK);
    POA_CLEANUP(poa_revocation_list_freep) poa_revocation_list *list = NULL;
    assert_int_equal(poa_revocation_list_parse(s->ctx, poa_span_of(text), revoked, NOW, true, &list, NULL), POA_OK);

    shared w = {
        .s = s, .chain = chain, .revoked = revoked, .statement = statement, .source = poa_revocation_list_source(list)};
    pthread_t threads[THREADS];
    worker workers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (worker){.w = &w, .next = (i + 1) << 32};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&w.wrong), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),
    };
    return cmocka_run_group_tests_name("threads", tests, site_open, site_close);
}
