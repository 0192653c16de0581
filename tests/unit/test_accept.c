#include "site.h"

#include "chain.h"
#include "cleanup.h"
#include "jws.h"
#include "reach.h"
#include "span.h"
#include "statement.h"

#include <stdlib.h>
#include <string.h>

#define ADMINISTER(actions) "[{'type':'administration','actions':[" actions "],'locations':['mine-7']}]"
#define ONBOARD_AND_REVOKE                                                                                 \
    "[{'type':'device_onboarding','actions':['onboard'],'locations':['mine-7'],'devices':[{'any':true}]}," \
    "{'type':'administration','actions':['revoke'],'locations':['mine-7']}]"

/* Offer a statement; reach is freed, *administrator tells whether there was one. */
static poa_err offer(const site *s, const char *text, const poa_acceptance *under, bool *administrator, poa_reason *why)
{
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    assert_int_equal(poa_statement_read(s->ctx, poa_span_of(text), &statement, NULL), POA_OK);
    POA_CLEANUP(poa_freep) char *reach = NULL;
    const poa_err err = poa_statement_accept(s->ctx, statement, under, &reach, why);
    *administrator = reach != NULL;
    return err;
}

static poa_acceptance usual_terms(const site *s)
{
    return (poa_acceptance){.policy = s->policy, .now_s = NOW, .source = &poa_revocation_unchecked};
}

/* A statement on a PoA that nobody has seen. */
static poa_statement_request unseen(enum who by, enum poa_statement_op op)
{
    poa_statement_request request = statement_request(by, op);
    request.target.bytes[0] = 7;
    request.hold = op == POA_OP_RESUME ? POA_SPAN("ABCDEFGHIJKLMNOPQRSTUV") : (poa_span){0};
    return request;
}

/* ---- by their keys ---- */

static void from_which_keys(void **state)
{
    static const struct {
        enum who by;
        bool shown;
        poa_err want;
    } keys[] = {
        {OWNER, false, POA_OK},
        {NEXT_OWNER, false, POA_OK},
        {OTHER_OWNER, false, POA_OK},
        {SITE, false, POA_OK},
        {OLD_OWNER, false, POA_E_STATEMENT_UNAUTHORIZED},
        {OLD_OWNER, true, POA_E_STATEMENT_UNAUTHORIZED},
        {CONTRACTOR, false, POA_E_STATEMENT_UNAUTHORIZED},
        {CONTRACTOR, true, POA_OK},
        {FOREMAN, true, POA_OK},
        {TECHNICIAN, false, POA_E_STATEMENT_UNAUTHORIZED},
        {TECHNICIAN, true, POA_OK},
        {SIBLING, true, POA_E_STATEMENT_UNAUTHORIZED},
        {STRANGER, false, POA_E_STATEMENT_UNAUTHORIZED},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    for (size_t i = 0; i < POA_COUNT(keys); i++)
        for (int op = POA_OP_REVOKE; op <= POA_OP_RESUME; op++) {
            const poa_statement_request request = unseen(keys[i].by, (enum poa_statement_op)op);
            POA_CLEANUP(poa_freep) char *text = statement_text(s, keys[i].by, &request);
            poa_acceptance under = usual_terms(s);
            under.shown = keys[i].shown ? chain : NULL;
            bool administrator = true;
            poa_reason why = {0};
            if (offer(s, text, &under, &administrator, &why) != keys[i].want)
                fail_msg("%s, shown %d: %s", name_of(keys[i].by), keys[i].shown, poa_err_name(why.code));
            assert_false(administrator);
            if (keys[i].want) {
                assert_int_equal(why.hop, POA_HOP_NONE);
                assert_string_equal(why.member, "/header/kid");
            }
        }
}

static void a_key_that_was_pinned_once(void **state)
{
    const site *s = *state;
    const poa_statement_request request = unseen(OLD_OWNER, POA_OP_REVOKE);
    POA_CLEANUP(poa_freep) char *text = statement_text(s, OLD_OWNER, &request);
    poa_acceptance under = usual_terms(s);
    bool administrator = true;
    under.now_s = OLD_UNTIL - 1;
    assert_int_equal(offer(s, text, &under, &administrator, NULL), POA_OK);
    under.now_s = OLD_UNTIL;
    assert_int_equal(offer(s, text, &under, &administrator, NULL), POA_E_STATEMENT_UNAUTHORIZED);
}

/* The statement of one key under the kid of another, or of the same with a byte changed. */
static void a_signature_must_hold(void **state)
{
    const site *s = *state;
    const poa_statement_request request = unseen(OWNER, POA_OP_REVOKE);
    POA_CLEANUP(poa_freep) char *good = statement_text(s, OWNER, &request);
    POA_CLEANUP(poa_freep) char *other = statement_text(s, OWNER, &request);
    POA_CLEANUP(poa_freep) char *cut = poa_span_dup(poa_span_head(poa_span_of(good), strlen(good) - 2)); /* 63 bytes */
    char *signature = strrchr(other, '.') + 1;
    memcpy(signature, strrchr(good, '.') + 1, strlen(signature));

    poa_acceptance under = usual_terms(s);
    const struct {
        const char *text;
        poa_err because;
    } texts[] = {{good, POA_OK}, {other, POA_E_SIGNATURE_INVALID}, {cut, POA_E_SIGNATURE_MALFORMED}};
    for (size_t i = 0; i < POA_COUNT(texts); i++) {
        bool administrator = true;
        poa_reason why = {0};
        const poa_err want = texts[i].because ? POA_E_STATEMENT_INVALID : POA_OK;
        assert_int_equal(offer(s, texts[i].text, &under, &administrator, &why), want);
        assert_int_equal(why.because, texts[i].because);
    }
}

/* Neither the header nor the key's owner chooses what the policy lists. */
static void the_algorithm_is_the_policys(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    static const char claims[] = "{\"iss\":\"owner.example\",\"iat\":1,\"jti\":\"ABCDEFGHIJKLMNOPQRSTUV\",\"op\":"
                                 "\"revoke\",\"poa\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"reason\":"
                                 "\"unspecified\"}";
    const struct {
        poa_alg says;
        poa_err because;
    } algs[] = {
        {POA_ALG_ES256, POA_OK}, {POA_ALG_ES384, POA_E_ALG_KEY_MISMATCH}, {POA_ALG_RS256, POA_E_ALG_NOT_ALLOWED}};
    for (size_t i = 0; i < POA_COUNT(algs); i++) {
        poa_signer signer = signer_of(s, OWNER);
        signer.alg = algs[i].says;
        POA_CLEANUP(poa_freep) char *text = NULL;
        /* The signer signs as its key does, whatever the header says. */
        if (poa_jws_sign(&signer, "poa-revocation+jwt", poa_span_of(claims), &text))
            fail_msg("not signed");
        poa_acceptance under = usual_terms(s);
        under.shown = chain;
        bool administrator = true;
        poa_reason why = {0};
        assert_int_equal(offer(s, text, &under, &administrator, &why),
                         algs[i].because ? POA_E_STATEMENT_INVALID : POA_OK);
        assert_int_equal(why.because, algs[i].because);
    }
}

static void a_chain_that_was_only_read_shows_nothing(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *verified = usual_chain(s);
    POA_CLEANUP(poa_chain_freep) poa_chain *read = NULL;
    assert_int_equal(poa_chain_read(s->ctx, poa_chain_text(verified), &read, NULL), POA_OK);
    const poa_statement_request request = unseen(CONTRACTOR, POA_OP_REVOKE);
    POA_CLEANUP(poa_freep) char *text = statement_text(s, CONTRACTOR, &request);
    poa_acceptance under = usual_terms(s);
    under.shown = read;
    bool administrator = true;
    assert_int_equal(offer(s, text, &under, &administrator, NULL), POA_F_USAGE);
}

/* ---- administrators ---- */

typedef struct admin_case {
    const char *name;
    grant grants[2];
    size_t count;
    enum who by;
    enum poa_statement_op op;
    int64_t now_s;
    poa_err because; /* POA_OK: taken as an administrator's */
} admin_case;

#define ROOT(...) {{.from = OWNER, .to = ADMIN, __VA_ARGS__}}, 1

static const admin_case admin_cases[] = {
    {"may revoke", ROOT(.powers = ADMINISTER("'revoke'")), ADMIN, POA_OP_REVOKE, NOW, POA_OK},
    {"may suspend", ROOT(.powers = ADMINISTER("'suspend'")), ADMIN, POA_OP_SUSPEND, NOW, POA_OK},
    {"may resume", ROOT(.powers = ADMINISTER("'resume'")), ADMIN, POA_OP_RESUME, NOW, POA_OK},
    {"among other powers", ROOT(.powers = ONBOARD_AND_REVOKE), ADMIN, POA_OP_REVOKE, NOW, POA_OK},
    {"may not suspend", ROOT(.powers = ADMINISTER("'revoke','resume'")), ADMIN, POA_OP_SUSPEND, NOW,
     POA_E_ACTION_NOT_GRANTED},
    {"may only audit", ROOT(.powers = ADMINISTER("'audit'")), ADMIN, POA_OP_REVOKE, NOW, POA_E_ACTION_NOT_GRANTED},
    {"administers nothing", ROOT(.powers = ONBOARD_HALL), ADMIN, POA_OP_REVOKE, NOW, POA_E_ACTION_NOT_GRANTED},
    {"sub-granted",
     {{.from = OWNER, .to = CONTRACTOR, .powers = ONBOARD_AND_REVOKE},
      {.from = CONTRACTOR, .to = ADMIN, .powers = ADMINISTER("'revoke'")}},
     2,
     ADMIN,
     POA_OP_REVOKE,
     NOW,
     POA_OK},
    {"in a link above alone",
     {{.from = OWNER, .to = CONTRACTOR, .powers = ONBOARD_AND_REVOKE}, {.from = CONTRACTOR, .to = ADMIN}},
     2,
     ADMIN,
     POA_OP_REVOKE,
     NOW,
     POA_E_ACTION_NOT_GRANTED},
    {"the agent of a link above",
     {{.from = OWNER, .to = CONTRACTOR, .powers = ONBOARD_AND_REVOKE},
      {.from = CONTRACTOR, .to = ADMIN, .powers = ADMINISTER("'revoke'")}},
     2,
     CONTRACTOR,
     POA_OP_REVOKE,
     NOW,
     POA_E_KID_MISMATCH},
    {"somebody else", ROOT(.powers = ADMINISTER("'revoke'")), STRANGER, POA_OP_REVOKE, NOW, POA_E_KID_MISMATCH},
    {"expired", ROOT(.powers = ADMINISTER("'revoke'")), ADMIN, POA_OP_REVOKE, NOW + DAY, POA_E_EXPIRED},
    {"last second", ROOT(.powers = ADMINISTER("'revoke'")), ADMIN, POA_OP_REVOKE, NOW + DAY - 1, POA_OK},
    {"under no pinned key",
     {{.from = STRANGER, .to = ADMIN, .powers = ADMINISTER("'revoke'")}},
     1,
     ADMIN,
     POA_OP_REVOKE,
     NOW,
     POA_E_ROOT_UNTRUSTED},
};

static char *administrators_text(const site *s, const admin_case *c)
{
    POA_CLEANUP(poa_freep) char *chain = chain_text(s, c->grants, c->count);
    poa_statement_request request = unseen(c->by, c->op);
    request.chain = poa_span_of(chain);
    return statement_text(s, c->by, &request);
}

static void each_administrator(void **state)
{
    const site *s = *state;
    for (size_t i = 0; i < POA_COUNT(admin_cases); i++) {
        POA_CLEANUP(poa_freep) char *text = administrators_text(s, &admin_cases[i]);
        poa_acceptance under = usual_terms(s);
        under.now_s = admin_cases[i].now_s;
        bool administrator = false;
        poa_reason why = {0};
        const poa_err err = offer(s, text, &under, &administrator, &why);
        const poa_err because = admin_cases[i].because;
        if (err != (because ? POA_E_STATEMENT_UNAUTHORIZED : POA_OK) || why.because != because)
            fail_msg("%s: %s because %s", admin_cases[i].name, poa_err_name(err), poa_err_name(why.because));
        assert_int_equal(administrator, because == POA_OK);
        if (because)
            assert_string_equal(why.member, "/chain");
    }
}

/* What is not signed yet is judged alike, and would reach as far. */
static void each_administrator_before_signing(void **state)
{
    const site *s = *state;
    for (size_t i = 0; i < POA_COUNT(admin_cases); i++) {
        const admin_case *c = &admin_cases[i];
        POA_CLEANUP(poa_freep) char *chain = chain_text(s, c->grants, c->count);
        const poa_statement_facts facts = {.op = c->op, .kid = *thumbprint(s, c->by), .chain = poa_span_of(chain)};
        poa_acceptance under = usual_terms(s);
        under.now_s = c->now_s;
        POA_CLEANUP(poa_freep) char *reach = NULL;
        poa_reason why = {0};
        const poa_err err = poa_administrator_reach(s->ctx, &facts, &under, &reach, &why);
        if (err != (c->because ? POA_E_STATEMENT_UNAUTHORIZED : POA_OK) || why.because != c->because)
            fail_msg("%s: %s because %s", c->name, poa_err_name(err), poa_err_name(why.because));
        assert_int_equal(reach != NULL, err == POA_OK);
        if (err)
            assert_string_equal(why.member, "/chain");
    }
}

static void a_revoked_administrator(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_freep) char *text = administrators_text(s, &admin_cases[0]);
    poa_statement_request request = statement_request(OWNER, POA_OP_REVOKE);
    request.target_kind = POA_TARGET_KEY;
    request.target = *thumbprint(s, ADMIN);
    POA_CLEANUP(poa_freep) char *revoke = statement_text(s, OWNER, &request);
    shelf here = {.s = s};
    const poa_revocation_source source = shelf_source(&here);
    poa_acceptance under = usual_terms(s);
    under.source = &source;
    bool administrator = false;
    assert_int_equal(offer(s, text, &under, &administrator, NULL), POA_OK);
    shelf_add(&here, revoke, NULL, NOW);
    poa_reason why = {0};
    assert_int_equal(offer(s, text, &under, &administrator, &why), POA_E_STATEMENT_UNAUTHORIZED);
    assert_int_equal(why.because, POA_E_KEY_REVOKED);
    under.source = NULL;
    assert_int_equal(offer(s, text, &under, &administrator, &why), POA_E_STATEMENT_UNAUTHORIZED);
    assert_int_equal(why.because, POA_E_REVOCATION_UNKNOWN);
}

/* A chain that makes nobody an administrator takes nothing from a key that may speak for itself. */
static void a_pinned_key_with_a_useless_chain(void **state)
{
    static const admin_case cases[] = {
        {"pinned",
         {{.from = OWNER, .to = ADMIN, .powers = ADMINISTER("'revoke'")}},
         1,
         OWNER,
         POA_OP_REVOKE,
         NOW,
         POA_OK},
        {"expired",
         {{.from = OWNER, .to = OWNER, .powers = ADMINISTER("'revoke'")}},
         1,
         OWNER,
         POA_OP_REVOKE,
         NOW + DAY,
         POA_OK},
    };
    const site *s = *state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_freep) char *text = administrators_text(s, &cases[i]);
        poa_acceptance under = usual_terms(s);
        under.now_s = cases[i].now_s;
        bool administrator = true;
        assert_int_equal(offer(s, text, &under, &administrator, NULL), POA_OK);
        assert_false(administrator);
    }
}

static void the_reach_that_is_kept(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_freep) char *text = administrators_text(s, &admin_cases[0]);
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    assert_int_equal(poa_statement_read(s->ctx, poa_span_of(text), &statement, NULL), POA_OK);
    const poa_acceptance under = usual_terms(s);
    POA_CLEANUP(poa_freep) char *reach = NULL;
    assert_int_equal(poa_statement_accept(s->ctx, statement, &under, &reach, NULL), POA_OK);
    POA_CLEANUP(poa_freep)
    char *want = quoted("{'owner':'owner.example','all':false,'powers':" ADMINISTER("'revoke'") "}");
    assert_string_equal(reach, want);
    POA_CLEANUP(poa_freep) char *before = NULL;
    assert_int_equal(poa_administrator_reach(s->ctx, poa_statement_get(statement), &under, &before, NULL), POA_OK);
    assert_string_equal(before, want);
    POA_CLEANUP(poa_reach_freep) poa_reach *read = NULL;
    assert_int_equal(poa_reach_read(poa_span_of(reach), &read), POA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_which_keys),
        cmocka_unit_test(a_key_that_was_pinned_once),
        cmocka_unit_test(a_signature_must_hold),
        cmocka_unit_test(the_algorithm_is_the_policys),
        cmocka_unit_test(a_chain_that_was_only_read_shows_nothing),
        cmocka_unit_test(each_administrator),
        cmocka_unit_test(each_administrator_before_signing),
        cmocka_unit_test(a_revoked_administrator),
        cmocka_unit_test(a_pinned_key_with_a_useless_chain),
        cmocka_unit_test(the_reach_that_is_kept),
    };
    return cmocka_run_group_tests_name("accept", tests, site_open, site_close);
}
