#include "site.h"

#include "bounds.h"
#include "cleanup.h"
#include "json.h"
#include "jws.h"
#include "reason.h"
#include "span.h"
#include "statement.h"

#include <stdlib.h>
#include <string.h>

/* Sign any claims as a statement of the owner. */
static char *sign_claims(const site *s, const char *typ, const char *claims)
{
    POA_CLEANUP(poa_freep) char *json = quoted(claims);
    const poa_signer signer = signer_of(s, OWNER);
    char *text = NULL;
    assert_int_equal(poa_jws_sign(&signer, typ, poa_span_of(json), &text), POA_OK);
    return text;
}

#define ID43    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define JTI     "ABCDEFGHIJKLMNOPQRSTUV"
#define HEAD    "'iss':'owner.example','iat':1000,'jti':'" JTI "'"
#define REVOKE  HEAD ",'op':'revoke'"
#define POA     ",'poa':'" ID43 "'"
#define KEY     ",'key':'" ID43 "'"
#define HOLD    ",'hold':'" JTI "'"
#define WHY     ",'reason':'unspecified'"
#define AUD     ",'aud':'mine.example'"
#define SUSPEND HEAD ",'op':'suspend'" POA
#define RESUME  HEAD ",'op':'resume'"

static const struct {
    const char *name;
    const char *claims;
    poa_err because; /* POA_OK: it is a statement */
    const char *member;
} cases[] = {
    {"revoke a PoA", REVOKE POA WHY, POA_OK, ""},
    {"revoke a key", REVOKE KEY WHY, POA_OK, ""},
    {"revoke a key's older PoAs", REVOKE KEY WHY ",'issued_before':1000", POA_OK, ""},
    {"suspend", SUSPEND ",'reason':'certificateHold'" AUD, POA_OK, ""},
    {"suspend for another reason", SUSPEND ",'reason':'keyCompromise'" AUD, POA_OK, ""},
    {"resume", RESUME HOLD ",'reason':'removeFromCRL'" AUD, POA_OK, ""},
    {"resume for another reason", RESUME HOLD WHY AUD, POA_OK, ""},
    {"all that is optional",
     REVOKE POA WHY AUD ",'invalid_since':5,'on_revoke':'cascade','poa_exp':9,'chain':'a.b.c','nonsense':[{}]", POA_OK,
     ""},

    {"no iss", "'iat':1000,'jti':'" JTI "','op':'revoke'" POA WHY, POA_E_CLAIM_MISSING, "/iss"},
    {"iss empty", "'iss':'','iat':1000,'jti':'" JTI "','op':'revoke'" POA WHY, POA_E_CLAIM_TYPE, "/iss"},
    {"no iat", "'iss':'a','jti':'" JTI "','op':'revoke'" POA WHY, POA_E_CLAIM_MISSING, "/iat"},
    {"iat no whole number", "'iss':'a','iat':1.5,'jti':'" JTI "','op':'revoke'" POA WHY, POA_E_CLAIM_TYPE, "/iat"},
    {"no jti", "'iss':'a','iat':1000,'op':'revoke'" POA WHY, POA_E_CLAIM_MISSING, "/jti"},
    {"jti too short", "'iss':'a','iat':1000,'jti':'a','op':'revoke'" POA WHY, POA_E_CLAIM_TYPE, "/jti"},
    {"no op", HEAD POA WHY, POA_E_CLAIM_MISSING, "/op"},
    {"op unknown", HEAD ",'op':'Revoke'" POA WHY, POA_E_CLAIM_TYPE, "/op"},

    {"no target", REVOKE WHY, POA_E_CLAIM_MISSING, "/poa"},
    {"PoA no id", REVOKE ",'poa':'AAAA'" WHY, POA_E_CLAIM_TYPE, "/poa"},
    {"key no thumbprint", REVOKE ",'key':7" WHY, POA_E_CLAIM_TYPE, "/key"},
    {"two targets", REVOKE POA KEY WHY, POA_E_CLAIM_FORBIDDEN, "/poa"},
    {"revoke a hold too", REVOKE POA HOLD WHY, POA_E_CLAIM_FORBIDDEN, "/hold"},
    {"revoke a key and a hold", REVOKE KEY HOLD WHY, POA_E_CLAIM_FORBIDDEN, "/hold"},
    {"issued_before with a PoA", REVOKE POA WHY ",'issued_before':5", POA_E_CLAIM_FORBIDDEN, "/issued_before"},
    {"issued_before after iat", REVOKE KEY WHY ",'issued_before':1001", POA_E_CLAIM_TYPE, "/issued_before"},
    {"issued_before no time", REVOKE KEY WHY ",'issued_before':'5'", POA_E_CLAIM_TYPE, "/issued_before"},
    {"resume without hold", RESUME WHY AUD, POA_E_CLAIM_MISSING, "/hold"},
    {"resume a PoA", RESUME HOLD POA WHY AUD, POA_E_CLAIM_FORBIDDEN, "/poa"},
    {"resume a key", RESUME HOLD KEY WHY AUD, POA_E_CLAIM_FORBIDDEN, "/key"},
    {"resume with issued_before", RESUME HOLD WHY AUD ",'issued_before':5", POA_E_CLAIM_FORBIDDEN, "/issued_before"},
    {"hold no jti", RESUME ",'hold':'a'" WHY AUD, POA_E_CLAIM_TYPE, "/hold"},

    {"no reason", REVOKE POA, POA_E_CLAIM_MISSING, "/reason"},
    {"reason unknown", REVOKE POA ",'reason':'because'", POA_E_CLAIM_TYPE, "/reason"},
    {"reason by number", REVOKE POA ",'reason':1", POA_E_CLAIM_TYPE, "/reason"},
    {"revoke with certificateHold", REVOKE POA ",'reason':'certificateHold'", POA_E_CLAIM_TYPE, "/reason"},
    {"resume with certificateHold", RESUME HOLD AUD ",'reason':'certificateHold'", POA_E_CLAIM_TYPE, "/reason"},
    {"revoke with removeFromCRL", REVOKE POA ",'reason':'removeFromCRL'", POA_E_CLAIM_TYPE, "/reason"},
    {"suspend with removeFromCRL", SUSPEND AUD ",'reason':'removeFromCRL'", POA_E_CLAIM_TYPE, "/reason"},

    {"invalid_since no time", REVOKE POA WHY ",'invalid_since':-1", POA_E_CLAIM_TYPE, "/invalid_since"},
    {"on_revoke unknown", REVOKE POA WHY ",'on_revoke':'all'", POA_E_CLAIM_TYPE, "/on_revoke"},
    {"on_revoke null", REVOKE POA WHY ",'on_revoke':null", POA_E_CLAIM_TYPE, "/on_revoke"},
    {"poa_exp no time", REVOKE POA WHY ",'poa_exp':true", POA_E_CLAIM_TYPE, "/poa_exp"},
    {"aud empty", REVOKE POA WHY ",'aud':[]", POA_E_CLAIM_TYPE, "/aud"},
    {"suspend without aud", SUSPEND WHY, POA_E_CLAIM_MISSING, "/aud"},
    {"resume without aud", RESUME HOLD WHY, POA_E_CLAIM_MISSING, "/aud"},
    {"chain no text", REVOKE POA WHY ",'chain':['a']", POA_E_CLAIM_TYPE, "/chain"},
};

static void each_claim(void **state)
{
    const site *s = *state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        char claims[1024];
        (void)snprintf(claims, sizeof claims, "{%s}", cases[i].claims);
        POA_CLEANUP(poa_freep) char *text = sign_claims(s, "poa-revocation+jwt", claims);
        POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
        poa_reason why = {0};
        const poa_err err = poa_statement_read(s->ctx, poa_span_of(text), &statement, &why);
        const poa_err want = cases[i].because ? POA_E_STATEMENT_INVALID : POA_OK;
        if (err != want || why.because != cases[i].because || strcmp(why.member, cases[i].member) != 0)
            fail_msg("%s: %s because %s at %s", cases[i].name, poa_err_name(err), poa_err_name(why.because),
                     why.member);
        assert_int_equal(statement != NULL, err == POA_OK);
        if (err)
            assert_int_equal(why.hop, POA_HOP_NONE);
    }
}

static void the_envelope(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_freep) char *good = sign_claims(s, "poa-revocation+jwt", "{" REVOKE POA WHY "}");
    POA_CLEANUP(poa_freep) char *other = sign_claims(s, "poa+jwt", "{" REVOKE POA WHY "}");
    POA_CLEANUP(poa_freep) char *twice = sign_claims(s, "poa-revocation+jwt", "{" REVOKE POA WHY ",'iat':1}");
    POA_CLEANUP(poa_freep) char *huge = calloc(1, 131073);
    assert_non_null(huge);
    memset(huge, 'a', 131073);
    const struct {
        poa_span text;
        poa_err because;
    } texts[] = {
        {poa_span_of(good), POA_OK},
        {poa_span_of(other), POA_E_TYP_MISMATCH},
        {poa_span_of(twice), POA_E_DUPLICATE_MEMBER},
        {POA_SPAN(""), POA_E_MALFORMED},
        {POA_SPAN("e30.e30.AA"), POA_E_TYP_MISMATCH},
        {{huge, 131073}, POA_E_TOO_LARGE},
        {{huge, 131072}, POA_E_MALFORMED},
    };
    for (size_t i = 0; i < POA_COUNT(texts); i++) {
        POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
        poa_reason why = {0};
        const poa_err err = poa_statement_read(s->ctx, texts[i].text, &statement, &why);
        assert_int_equal(err, texts[i].because ? POA_E_STATEMENT_INVALID : POA_OK);
        assert_int_equal(why.because, texts[i].because);
    }
}

static void what_was_asked_is_what_it_says(void **state)
{
    const site *s = *state;
    const poa_span sites[] = {POA_SPAN(MINE), POA_SPAN("other-mine.example")};
    poa_statement_request request = statement_request(ADMIN, POA_OP_SUSPEND);
    request.target_kind = POA_TARGET_KEY;
    request.target = *thumbprint(s, FOREMAN);
    request.reason = POA_SPAN("keyCompromise");
    request.invalid_since_s = 5;
    request.issued_before_s = NOW - 20;
    request.poa_exp_s = 7;
    request.has_on_revoke = true;
    request.on_revoke = POA_ON_REVOKE_REVIEW;
    request.aud = sites;
    request.aud_len = 2;
    request.chain = POA_SPAN("a.b.c~d.e.f");
    POA_CLEANUP(poa_freep) char *text = statement_text(s, ADMIN, &request);
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    assert_int_equal(poa_statement_read(s->ctx, poa_span_of(text), &statement, NULL), POA_OK);
    assert_true(poa_span_is(poa_statement_text(statement), text));

    POA_CLEANUP(poa_statement_freep) poa_statement *second = poa_statement_ref(statement);
    const poa_statement_facts *facts = poa_statement_get(second);
    assert_true(poa_id_equal(&facts->kid, thumbprint(s, ADMIN)));
    assert_int_equal(facts->alg, POA_ALG_ES256);
    assert_true(poa_span_is(facts->iss, "admin.example"));
    assert_int_equal(facts->jti.len, 22);
    assert_int_equal(facts->iat_s, NOW - 10);
    assert_int_equal(facts->op, POA_OP_SUSPEND);
    assert_int_equal(facts->target_kind, POA_TARGET_KEY);
    assert_true(poa_id_equal(&facts->target, thumbprint(s, FOREMAN)));
    assert_null(facts->hold.ptr);
    assert_true(poa_span_is(facts->reason, "keyCompromise"));
    assert_int_equal(facts->invalid_since_s, 5);
    assert_int_equal(facts->issued_before_s, NOW - 20);
    assert_int_equal(facts->poa_exp_s, 7);
    assert_true(facts->has_on_revoke);
    assert_int_equal(facts->on_revoke, POA_ON_REVOKE_REVIEW);
    assert_int_equal(facts->aud_len, 2);
    assert_true(poa_span_equal(facts->aud[1], sites[1]));
    assert_true(poa_span_is(facts->chain, "a.b.c~d.e.f"));
    assert_true(poa_statement_counts_at(facts, sites[1]));
    assert_false(poa_statement_counts_at(facts, POA_SPAN("mine.exampl")));
}

static void absent_is_absent(void **state)
{
    const site *s = *state;
    const poa_statement_request request = statement_request(OWNER, POA_OP_REVOKE);
    POA_CLEANUP(poa_freep) char *text = statement_text(s, OWNER, &request);
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    assert_int_equal(poa_statement_read(s->ctx, poa_span_of(text), &statement, NULL), POA_OK);
    const poa_statement_facts *facts = poa_statement_get(statement);
    assert_int_equal(facts->invalid_since_s, -1);
    assert_int_equal(facts->issued_before_s, -1);
    assert_int_equal(facts->poa_exp_s, -1);
    assert_false(facts->has_on_revoke);
    assert_int_equal(facts->aud_len, 0);
    assert_null(facts->chain.ptr);
    assert_true(poa_statement_counts_at(facts, POA_SPAN(MINE)));
}

static void signing_refuses_what_reading_refuses(void **state)
{
    const site *s = *state;
    const poa_signer signer = signer_of(s, OWNER);
    poa_statement_request no_aud = statement_request(OWNER, POA_OP_SUSPEND);
    no_aud.aud_len = 0;
    poa_statement_request no_hold = statement_request(OWNER, POA_OP_RESUME);
    poa_statement_request bad_text = statement_request(OWNER, POA_OP_REVOKE);
    bad_text.iss = POA_SPAN("\xff");
    const struct {
        const poa_statement_request *request;
        poa_err because;
        const char *member;
    } refused[] = {
        {&no_aud, POA_E_CLAIM_MISSING, "/aud"},
        {&no_hold, POA_E_CLAIM_MISSING, "/hold"},
        {&bad_text, POA_E_CLAIM_TYPE, "/iss"},
    };
    for (size_t i = 0; i < POA_COUNT(refused); i++) {
        char *text = NULL;
        poa_reason why = {0};
        assert_int_equal(poa_statement_sign(s->ctx, refused[i].request, &signer, &counting, &text, &why),
                         POA_E_STATEMENT_INVALID);
        assert_int_equal(why.because, refused[i].because);
        assert_string_equal(why.member, refused[i].member);
        assert_null(text);
    }
}

static void when_a_record_may_go(void **state)
{
    const site *s = *state;
    const struct {
        enum poa_statement_op op;
        enum poa_statement_target target;
        int64_t poa_exp_s;
        int64_t seen_s;
        int64_t want_s;
    } records[] = {
        {POA_OP_REVOKE, POA_TARGET_POA, -1, -1, 0},
        {POA_OP_REVOKE, POA_TARGET_POA, 500, -1, 530},
        {POA_OP_REVOKE, POA_TARGET_POA, -1, 600, 630},
        {POA_OP_REVOKE, POA_TARGET_POA, 500, 600, 630},
        {POA_OP_SUSPEND, POA_TARGET_POA, 700, 600, 630},
        {POA_OP_REVOKE, POA_TARGET_KEY, 500, 600, 0},
        {POA_OP_RESUME, POA_TARGET_HOLD, 500, 600, 0},
        {POA_OP_REVOKE, POA_TARGET_POA, -1, POA_TIME_MAX - 30, POA_TIME_MAX},
        {POA_OP_REVOKE, POA_TARGET_POA, -1, POA_TIME_MAX - 29, 0},
        {POA_OP_REVOKE, POA_TARGET_POA, POA_TIME_MAX, -1, 0},
    };
    for (size_t i = 0; i < POA_COUNT(records); i++) {
        poa_statement_request request = statement_request(OWNER, records[i].op);
        request.target_kind = records[i].target;
        request.poa_exp_s = records[i].poa_exp_s;
        request.hold = records[i].op == POA_OP_RESUME ? POA_SPAN(JTI) : (poa_span){0};
        POA_CLEANUP(poa_freep) char *text = statement_text(s, OWNER, &request);
        POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
        assert_int_equal(poa_statement_read(s->ctx, poa_span_of(text), &statement, NULL), POA_OK);
        assert_int_equal(poa_statement_drop_after(statement, records[i].seen_s, 30), records[i].want_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_claim),
        cmocka_unit_test(the_envelope),
        cmocka_unit_test(what_was_asked_is_what_it_says),
        cmocka_unit_test(absent_is_absent),
        cmocka_unit_test(signing_refuses_what_reading_refuses),
        cmocka_unit_test(when_a_record_may_go),
    };
    return cmocka_run_group_tests_name("statement", tests, site_open, site_close);
}
