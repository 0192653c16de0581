#include "site.h"

#include "chain.h"
#include "cleanup.h"
#include "reach.h"
#include "span.h"
#include "statement.h"

#include <string.h>

static char *revoke(const site *s, enum who by, const poa_chain *chain, size_t hop)
{
    poa_statement_request request = statement_request(by, POA_OP_REVOKE);
    request.target = poa_chain_link(chain, hop)->id;
    return statement_text(s, by, &request);
}

static char *hold(const site *s, enum who by, const poa_chain *chain, size_t hop)
{
    poa_statement_request request = statement_request(by, POA_OP_SUSPEND);
    request.target = poa_chain_link(chain, hop)->id;
    return statement_text(s, by, &request);
}

/* ---- the source ---- */

static void how_old_a_source_may_be(void **state)
{
    static const struct {
        int64_t age_s;
        poa_err want;
    } ages[] = {
        {0, POA_OK},
        {MAX_AGE, POA_OK},
        {MAX_AGE + 1, POA_E_REVOCATION_UNKNOWN},
        {INT64_MAX, POA_E_REVOCATION_UNKNOWN},
        {-1, POA_E_REVOCATION_UNKNOWN},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    for (size_t i = 0; i < POA_COUNT(ages); i++) {
        shelf here = {.s = s, .age_s = ages[i].age_s};
        const poa_revocation_source source = shelf_source(&here);
        poa_reason why = {0};
        assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW, &source, NULL, &why), ages[i].want);
        if (ages[i].want) {
            assert_int_equal(why.hop, POA_HOP_NONE);
            assert_string_equal(why.member, "");
        }
    }
}

/* A shelf of which one question is answered by what stands in broken_says. */
static poa_err broken_says;

static poa_err break_age(void *self, int64_t now_s, int64_t *age_s)
{
    (void)self;
    (void)now_s;
    *age_s = 0;
    return broken_says;
}

static poa_err break_id(void *self, const poa_id *id, const poa_signers *by, poa_record_fn fn, void *arg)
{
    (void)self;
    (void)by;
    (void)id;
    (void)fn;
    (void)arg;
    return broken_says;
}

static poa_err break_hold(void *self, poa_span held, const poa_signers *by, poa_record_fn fn, void *arg)
{
    (void)self;
    (void)by;
    (void)held;
    (void)fn;
    (void)arg;
    return broken_says;
}

static void a_source_that_fails_is_no_answer(void **state)
{
    static const struct {
        poa_err says;
        poa_err want;
    } answers[] = {
        {POA_F_STORE, POA_F_STORE},
        {POA_F_NOMEM, POA_F_NOMEM},
        {POA_E_REVOCATION_UNKNOWN, POA_E_REVOCATION_UNKNOWN},
        {POA_E_REVOKED, POA_E_REVOCATION_UNKNOWN}, /* not the source's to say */
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_freep) char *text = hold(s, OWNER, chain, 2);
    shelf here = {.s = s};
    shelf_add(&here, text, NULL, NOW);
    for (size_t i = 0; i < POA_COUNT(answers); i++) {
        poa_revocation_source sources[4];
        for (size_t k = 0; k < POA_COUNT(sources); k++)
            sources[k] = shelf_source(&here);
        sources[0].age = break_age;
        sources[1].on_poa = break_id;
        sources[2].on_key = break_id;
        sources[3].on_hold = break_hold;
        broken_says = answers[i].says;
        for (size_t k = 0; k < POA_COUNT(sources); k++)
            assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW, &sources[k], NULL, NULL), answers[i].want);
    }
}

static void a_record_that_cannot_be_read_is_a_fault(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_freep) char *good = revoke(s, SIBLING, chain, 2);
    static const struct {
        const char *statement; /* NULL: the good one */
        const char *reach;
    } records[] = {
        {"e30.e30.AA", NULL},
        {NULL, "{"},
        {NULL, "{}"},
        {NULL, "{\"owner\":\"owner.example\",\"all\":false,\"powers\":[]}"},
        {NULL, "{\"owner\":\"owner.example\",\"powers\":[{\"type\":\"administration\",\"actions\":[\"revoke\"],"
               "\"locations\":[\"mine-7\"]}]}"},
        {NULL, "{\"all\":true,\"powers\":[{\"type\":\"administration\",\"actions\":[\"revoke\"],"
               "\"locations\":[\"mine-7\"]}]}"},
    };
    for (size_t i = 0; i < POA_COUNT(records); i++) {
        shelf here = {.s = s};
        shelf_add(&here, records[i].statement ? records[i].statement : good, records[i].reach, NOW);
        const poa_revocation_source source = shelf_source(&here);
        assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW, &source, NULL, NULL), POA_F_STORE);
        poa_revocation_hit hit;
        assert_int_equal(poa_record_judge(s->ctx, &here.records[0], chain, &hit), POA_F_STORE);
    }
}

/* ---- status ---- */

/* A root like any other, with a Token Status List reference. */
static poa_chain *chain_with_status(const site *s)
{
    static const grant root = {.from = OWNER, .to = CONTRACTOR};
    POA_CLEANUP(poa_freep) char *plain = chain_text(s, &root, 1);
    POA_CLEANUP(poa_freep) char *token = altered_leaf(s, poa_span_of(plain), OWNER, "status", "{}");
    poa_chain *chain = NULL;
    assert_int_equal(poa_chain_verify(s->ctx, poa_span_of(token), s->policy, NOW, &chain, NULL), POA_OK);
    return chain;
}

static void a_status_reference_is_unknown(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_with_status(s);
    shelf here = {.s = s};
    const poa_revocation_source source = shelf_source(&here);
    poa_reason why = {0};
    assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW, &source, NULL, &why), POA_E_REVOCATION_UNKNOWN);
    assert_int_equal(why.hop, POA_HOP_NONE);
    assert_string_equal(why.member, "/status");
    assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW, &poa_revocation_unchecked, NULL, NULL),
                     POA_E_REVOCATION_UNKNOWN);

    POA_CLEANUP(poa_freep) char *text = revoke(s, OWNER, chain, 0);
    shelf_add(&here, text, NULL, NOW);
    assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW, &source, NULL, NULL), POA_E_REVOKED);
}

/* ---- what a hit tells ---- */

static void a_hit_tells_what_was_said(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    poa_statement_request request = statement_request(OWNER, POA_OP_REVOKE);
    request.target = poa_chain_link(chain, 1)->id;
    request.reason = POA_SPAN("cessationOfOperation");
    POA_CLEANUP(poa_freep) char *text = statement_text(s, OWNER, &request);
    shelf here = {.s = s};
    shelf_add(&here, text, NULL, NOW - 3);
    const poa_revocation_source source = shelf_source(&here);
    poa_revocation_hit hit;
    assert_int_equal(poa_chain_alive(s->ctx, chain, NOW, 0, &source, &hit, NULL), POA_E_REVOKED);

    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    assert_int_equal(poa_statement_read(s->ctx, poa_span_of(text), &statement, NULL), POA_OK);
    const poa_statement_facts *facts = poa_statement_get(statement);
    assert_int_equal(hit.hop, 1);
    assert_int_equal(hit.op, POA_OP_REVOKE);
    assert_int_equal(hit.standing, POA_STANDING_OWNER);
    assert_int_equal(hit.on_revoke, POA_ON_REVOKE_STOP_NEW);
    assert_int_equal(hit.target_kind, POA_TARGET_POA);
    assert_true(poa_id_equal(&hit.target, &request.target));
    assert_true(poa_id_equal(&hit.statement, &facts->id));
    assert_true(poa_id_equal(&hit.kid, thumbprint(s, OWNER)));
    assert_true(poa_span_is(facts->jti, hit.jti));
    assert_string_equal(hit.reason, "cessationOfOperation");
    assert_int_equal(hit.iat_s, NOW - 10);
    assert_int_equal(hit.accepted_s, NOW - 3);
    assert_int_equal(hit.epoch, 1);
}

static void a_link_by_itself(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_freep) char *text = revoke(s, OWNER, chain, 1);
    shelf here = {.s = s};
    shelf_add(&here, text, NULL, NOW);
    const poa_revocation_source source = shelf_source(&here);
    poa_revocation_hit hit;
    assert_int_equal(poa_link_state(s->ctx, chain, 0, NOW, &source, NULL, NULL), POA_OK);
    assert_int_equal(poa_link_state(s->ctx, chain, 1, NOW, &source, &hit, NULL), POA_E_REVOKED);
    assert_int_equal(hit.hop, 1);
    assert_int_equal(poa_link_state(s->ctx, chain, 2, NOW, &source, NULL, NULL), POA_OK);
    assert_int_equal(poa_link_state(s->ctx, chain, 3, NOW, &source, NULL, NULL), POA_F_USAGE);
}

static void one_record_is_judged(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_freep) char *counts = hold(s, CONTRACTOR, chain, 2);
    POA_CLEANUP(poa_freep) char *counts_not = revoke(s, SIBLING, chain, 2);
    poa_record record = {.statement = poa_span_of(counts), .accepted_s = NOW};
    poa_revocation_hit hit;
    assert_int_equal(poa_record_judge(s->ctx, &record, chain, &hit), POA_OK);
    assert_int_equal(hit.hop, 2);
    assert_int_equal(hit.standing, POA_STANDING_PRINCIPAL);
    record.statement = poa_span_of(counts_not);
    assert_int_equal(poa_record_judge(s->ctx, &record, chain, &hit), POA_OK);
    assert_int_equal(hit.hop, POA_HOP_NONE);
    assert_int_equal(hit.standing, POA_STANDING_NONE);
}

/* ---- what is not signed yet ---- */

static void expect_same_hit(const poa_revocation_hit *a, const poa_revocation_hit *b)
{
    assert_int_equal(a->hop, b->hop);
    assert_int_equal(a->op, b->op);
    assert_int_equal(a->standing, b->standing);
    assert_int_equal(a->on_revoke, b->on_revoke);
    assert_int_equal(a->target_kind, b->target_kind);
    assert_true(poa_id_equal(&a->target, &b->target));
    assert_true(poa_id_equal(&a->kid, &b->kid));
    assert_string_equal(a->reason, b->reason);
    assert_int_equal(a->iat_s, b->iat_s);
    assert_int_equal(a->accepted_s, b->accepted_s);
}

/* Facts of our own, not those of the statement: what it would say is all that may count. */
static void judge_both(const site *s, const poa_chain *chain, enum who by, const poa_statement_request *request,
                       const char *reach, bool *counts)
{
    POA_CLEANUP(poa_freep) char *text = statement_text(s, by, request);
    const poa_record record = {
        .statement = poa_span_of(text), .reach = poa_span_of(reach), .accepted_s = NOW, .epoch = 9};
    poa_statement_facts facts = {
        .kid = *thumbprint(s, by),
        .iat_s = request->iat_s,
        .op = request->op,
        .target_kind = request->target_kind,
        .target = request->target,
        .reason = request->reason,
        .issued_before_s = request->issued_before_s,
        .has_on_revoke = request->has_on_revoke,
        .on_revoke = request->on_revoke,
        .aud_len = request->aud_len,
    };
    for (size_t i = 0; i < request->aud_len; i++)
        facts.aud[i] = request->aud[i];
    poa_revocation_hit of_record, of_facts;
    assert_int_equal(poa_record_judge(s->ctx, &record, chain, &of_record), POA_OK);
    assert_int_equal(poa_facts_judge(&facts, poa_span_of(reach), NOW, chain, &of_facts), POA_OK);
    expect_same_hit(&of_record, &of_facts);
    assert_int_equal(of_facts.epoch, 0);
    *counts = of_facts.standing != POA_STANDING_NONE;
}

static void what_is_not_signed_is_judged_alike(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_freep)
    char *all = quoted("{'owner':'" MINE "','all':true,'powers':[{'type':'administration',"
                       "'actions':['revoke'],'locations':['mine-7']}]}");
    size_t counted = 0, asked = 0;
    for (int by = 0; by < ANSWERER; by++)
        for (size_t hop = 0; hop < poa_chain_len(chain); hop++)
            for (int kind = 0; kind < 8; kind++) {
                poa_statement_request request =
                    statement_request((enum who)by, kind & 1 ? POA_OP_SUSPEND : POA_OP_REVOKE);
                const poa_link *link = poa_chain_link(chain, hop);
                request.target_kind = kind & 2 ? POA_TARGET_KEY : POA_TARGET_POA;
                request.target = kind & 2 ? *poa_key_thumbprint(link->agent_key) : link->id;
                request.has_on_revoke = kind == 0;
                request.on_revoke = POA_ON_REVOKE_CASCADE;
                bool counts = false;
                judge_both(s, chain, (enum who)by, &request, kind & 4 ? all : NULL, &counts);
                counted += counts;
                asked++;
            }
    assert_true(counted > 50 && counted < asked - 50);
}

static void issued_before_is_judged_alike(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    for (int64_t before_s = NOW - 1001; before_s <= NOW - 999; before_s++) {
        poa_statement_request request = statement_request(CONTRACTOR, POA_OP_REVOKE);
        request.target_kind = POA_TARGET_KEY;
        request.target = *thumbprint(s, CONTRACTOR);
        request.issued_before_s = before_s;
        bool counts = false;
        judge_both(s, chain, CONTRACTOR, &request, NULL, &counts);
        assert_int_equal(counts, before_s > NOW - 1000);
    }
}

static void what_cannot_be_judged(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_chain_freep) poa_chain *read = NULL;
    assert_int_equal(poa_chain_read(s->ctx, poa_chain_text(chain), &read, NULL), POA_OK);
    const poa_statement_facts facts = {.kid = *thumbprint(s, OWNER), .target = poa_chain_link(chain, 0)->id};
    poa_revocation_hit hit;
    assert_int_equal(poa_facts_judge(&facts, (poa_span){0}, NOW, read, &hit), POA_F_USAGE);
    assert_int_equal(poa_facts_judge(&facts, POA_SPAN("{}"), NOW, chain, &hit), POA_F_STORE);
}

/* ---- the effect on devices ---- */

static void what_a_statement_asks_for_devices(void **state)
{
    static const struct {
        const char *reason;
        bool says;
        enum poa_on_revoke on_revoke;
        enum poa_on_revoke want;
    } asks[] = {
        {"keyCompromise", false, 0, POA_ON_REVOKE_CASCADE},
        {"keyCompromise", true, POA_ON_REVOKE_STOP_NEW, POA_ON_REVOKE_STOP_NEW},
        {"superseded", false, 0, POA_ON_REVOKE_STOP_NEW},
        {"superseded", true, POA_ON_REVOKE_CASCADE, POA_ON_REVOKE_CASCADE},
        {"cessationOfOperation", false, 0, POA_ON_REVOKE_STOP_NEW},
        {"unspecified", false, 0, POA_ON_REVOKE_REVIEW},
        {"cACompromise", false, 0, POA_ON_REVOKE_REVIEW},
        {"privilegeWithdrawn", false, 0, POA_ON_REVOKE_REVIEW},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    for (size_t i = 0; i < POA_COUNT(asks); i++) {
        poa_statement_request request = statement_request(OWNER, POA_OP_REVOKE);
        request.target = poa_chain_link(chain, 0)->id;
        request.reason = poa_span_of(asks[i].reason);
        request.has_on_revoke = asks[i].says;
        request.on_revoke = asks[i].on_revoke;
        POA_CLEANUP(poa_freep) char *text = statement_text(s, OWNER, &request);
        const poa_record record = {.statement = poa_span_of(text), .accepted_s = NOW};
        poa_revocation_hit hit;
        assert_int_equal(poa_record_judge(s->ctx, &record, chain, &hit), POA_OK);
        assert_int_equal(hit.on_revoke, asks[i].want);
    }
}

static void who_may_make_it_stronger(void **state)
{
    enum { STOP, REVIEW, CASCADE };
    static const struct {
        enum poa_standing standing;
        enum poa_statement_op op;
        int of_power;
        int of_statement;
        int want;
    } effects[] = {
        {POA_STANDING_OWNER, POA_OP_REVOKE, REVIEW, CASCADE, CASCADE},
        {POA_STANDING_ADMINISTRATOR, POA_OP_REVOKE, REVIEW, CASCADE, CASCADE},
        {POA_STANDING_ADMINISTRATOR, POA_OP_REVOKE, STOP, REVIEW, REVIEW},
        {POA_STANDING_OWNER, POA_OP_REVOKE, CASCADE, STOP, CASCADE},
        {POA_STANDING_PRINCIPAL, POA_OP_REVOKE, REVIEW, CASCADE, REVIEW},
        {POA_STANDING_PRINCIPAL, POA_OP_REVOKE, CASCADE, STOP, CASCADE},
        {POA_STANDING_SELF, POA_OP_REVOKE, STOP, CASCADE, STOP},
        {POA_STANDING_AGENT, POA_OP_REVOKE, CASCADE, CASCADE, STOP},
        {POA_STANDING_OWNER, POA_OP_SUSPEND, CASCADE, CASCADE, STOP},
        {POA_STANDING_ADMINISTRATOR, POA_OP_SUSPEND, REVIEW, CASCADE, STOP},
    };
    (void)state;
    for (size_t i = 0; i < POA_COUNT(effects); i++) {
        const poa_revocation_hit hit = {
            .op = effects[i].op,
            .standing = effects[i].standing,
            .on_revoke = (enum poa_on_revoke)effects[i].of_statement,
        };
        if ((int)poa_revocation_effect(&hit, (enum poa_on_revoke)effects[i].of_power) != effects[i].want)
            fail_msg("effect %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_old_a_source_may_be),
        cmocka_unit_test(a_source_that_fails_is_no_answer),
        cmocka_unit_test(a_record_that_cannot_be_read_is_a_fault),
        cmocka_unit_test(a_status_reference_is_unknown),
        cmocka_unit_test(a_hit_tells_what_was_said),
        cmocka_unit_test(a_link_by_itself),
        cmocka_unit_test(one_record_is_judged),
        cmocka_unit_test(what_is_not_signed_is_judged_alike),
        cmocka_unit_test(issued_before_is_judged_alike),
        cmocka_unit_test(what_cannot_be_judged),
        cmocka_unit_test(what_a_statement_asks_for_devices),
        cmocka_unit_test(who_may_make_it_stronger),
    };
    return cmocka_run_group_tests_name("revocation", tests, site_open, site_close);
}
