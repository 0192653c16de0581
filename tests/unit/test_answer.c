#include "site.h"

#include "poa/answer.h"

#include "cleanup.h"
#include "jws.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

static poa_answer usual_answer(enum poa_answer_state state)
{
    poa_answer answer = {
        .iss = MINE,
        .iat_s = NOW,
        .exp_s = NOW + MAX_AGE,
        .store = "ABCDEFGHIJKLMNOPQRSTUV",
        .epoch = 9007199254740991,
        .state = state,
    };
    if (state != POA_STATE_LIST)
        answer.poa.bytes[0] = 1;
    if (state == POA_STATE_SUSPENDED || state == POA_STATE_REVOKED) {
        answer.inherited = state == POA_STATE_REVOKED;
        answer.from.bytes[0] = answer.inherited ? 2 : 0;
        answer.by.bytes[0] = 3;
        memcpy(answer.reason, "keyCompromise", sizeof "keyCompromise");
        answer.since_s = NOW - 5;
    }
    return answer;
}

static char *answer_text(const site *s, enum who by, const poa_answer *answer)
{
    const poa_signer signer = signer_of(s, by);
    char *text = NULL;
    assert_int_equal(poa_answer_sign(answer, &signer, &text), POA_OK);
    return text;
}

static void what_is_signed_is_read(void **state)
{
    const site *s = *state;
    for (int i = POA_STATE_ACTIVE; i <= POA_STATE_LIST; i++) {
        const poa_answer answer = usual_answer((enum poa_answer_state)i);
        POA_CLEANUP(poa_freep) char *text = answer_text(s, ANSWERER, &answer);
        poa_answer read;
        memset(&read, 0xff, sizeof read);
        assert_int_equal(poa_answer_verify(s->ctx, poa_span_of(text), s->policy, NOW, &read, NULL), POA_OK);
        assert_string_equal(read.iss, answer.iss);
        assert_int_equal(read.iat_s, answer.iat_s);
        assert_int_equal(read.exp_s, answer.exp_s);
        assert_string_equal(read.store, answer.store);
        assert_int_equal(read.epoch, answer.epoch);
        assert_true(poa_id_equal(&read.poa, &answer.poa));
        assert_int_equal(read.state, answer.state);
        assert_int_equal(read.inherited, answer.inherited);
        assert_true(poa_id_equal(&read.from, &answer.from));
        assert_true(poa_id_equal(&read.by, &answer.by));
        assert_string_equal(read.reason, answer.reason);
        assert_int_equal(read.since_s, answer.since_s);
    }
}

static void how_long_an_answer_is_good(void **state)
{
    static const struct {
        int64_t exp_s;
        int64_t now_s;
        poa_err because;
        const char *member;
    } times[] = {
        {NOW + MAX_AGE, NOW + MAX_AGE - 1, POA_OK, ""},
        {NOW + MAX_AGE, NOW + MAX_AGE, POA_E_EXPIRED, "/exp"},
        {NOW + 10 * MAX_AGE, NOW + MAX_AGE, POA_OK, ""},
        {NOW + 10 * MAX_AGE, NOW + MAX_AGE + 1, POA_E_EXPIRED, "/exp"}, /* the policy's bound, not the answer's */
        {NOW + MAX_AGE, NOW - 30, POA_OK, ""},
        {NOW + MAX_AGE, NOW - 31, POA_E_ISSUED_IN_FUTURE, "/iat"},
    };
    const site *s = *state;
    for (size_t i = 0; i < POA_COUNT(times); i++) {
        poa_answer answer = usual_answer(POA_STATE_ACTIVE);
        answer.exp_s = times[i].exp_s;
        POA_CLEANUP(poa_freep) char *text = answer_text(s, ANSWERER, &answer);
        poa_reason why = {0};
        const poa_err err = poa_answer_verify(s->ctx, poa_span_of(text), s->policy, times[i].now_s, &answer, &why);
        assert_int_equal(err, times[i].because ? POA_E_REVOCATION_UNKNOWN : POA_OK);
        assert_int_equal(why.because, times[i].because);
        assert_string_equal(why.member, times[i].member);
    }
}

static void whose_answer_it_is(void **state)
{
    const site *s = *state;
    poa_answer answer = usual_answer(POA_STATE_ACTIVE);
    POA_CLEANUP(poa_freep) char *by_owner = answer_text(s, OWNER, &answer);
    poa_reason why = {0};
    poa_answer read;
    assert_int_equal(poa_answer_verify(s->ctx, poa_span_of(by_owner), s->policy, NOW, &read, &why),
                     POA_E_REVOCATION_UNKNOWN);
    assert_int_equal(why.because, POA_E_ROOT_UNTRUSTED);

    memcpy(answer.iss, "others.example", sizeof "others.example");
    POA_CLEANUP(poa_freep) char *elsewhere = answer_text(s, ANSWERER, &answer);
    assert_int_equal(poa_answer_verify(s->ctx, poa_span_of(elsewhere), s->policy, NOW, &read, &why),
                     POA_E_REVOCATION_UNKNOWN);
    assert_int_equal(why.because, POA_E_ISSUER_MISMATCH);
    assert_string_equal(why.member, "/iss");
}

/* Claims that are signed as they stand. */
#define HEAD  "'iss':'mine.example','iat':1790000000,'exp':1790000060,'store':'ABCDEFGHIJKLMNOPQRSTUV','epoch':1"
#define ID    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define POA   ",'poa':'" ID "'"
#define CAUSE ",'by':'" ID "','reason':'unspecified','since':1"

static const struct {
    const char *name;
    const char *claims;
    poa_err because;
    const char *member;
} cases[] = {
    {"active", HEAD POA ",'state':'active'", POA_OK, ""},
    {"list", HEAD ",'state':'list'", POA_OK, ""},
    {"revoked", HEAD POA ",'state':'revoked','origin':'direct'" CAUSE, POA_OK, ""},
    {"inherited", HEAD POA ",'state':'suspended','origin':'inherited','from':'" ID "'" CAUSE, POA_OK, ""},
    {"unknown claim", HEAD POA ",'state':'unknown','more':1", POA_OK, ""},
    {"no iss", "'iat':1790000000", POA_E_CLAIM_MISSING, "/iss"},
    {"no iat", "'iss':'mine.example'", POA_E_CLAIM_MISSING, "/iat"},
    {"no exp", "'iss':'mine.example','iat':1790000000", POA_E_CLAIM_MISSING, "/exp"},
    {"no store", "'iss':'mine.example','iat':1790000000,'exp':1790000060", POA_E_CLAIM_MISSING, "/store"},
    {"no state", HEAD POA, POA_E_CLAIM_MISSING, "/state"},
    {"state unknown", HEAD POA ",'state':'good'", POA_E_CLAIM_TYPE, "/state"},
    {"about nothing", HEAD ",'state':'active'", POA_E_CLAIM_MISSING, "/poa"},
    {"a list about one", HEAD POA ",'state':'list'", POA_E_CLAIM_FORBIDDEN, "/poa"},
    {"revoked, no origin", HEAD POA ",'state':'revoked'" CAUSE, POA_E_CLAIM_MISSING, "/origin"},
    {"inherited from nowhere", HEAD POA ",'state':'revoked','origin':'inherited'" CAUSE, POA_E_CLAIM_MISSING, "/from"},
    {"revoked by nobody", HEAD POA ",'state':'revoked','origin':'direct'", POA_E_CLAIM_MISSING, "/by"},
};

static poa_err verify_claims(const site *s, const char *claims, poa_reason *why)
{
    const poa_signer signer = signer_of(s, ANSWERER);
    char text[1024];
    (void)snprintf(text, sizeof text, "{%s}", claims);
    POA_CLEANUP(poa_freep) char *json = quoted(text);
    POA_CLEANUP(poa_freep) char *token = NULL;
    assert_int_equal(poa_jws_sign(&signer, "poa-epoch+jwt", poa_span_of(json), &token), POA_OK);
    poa_answer answer;
    return poa_answer_verify(s->ctx, poa_span_of(token), s->policy, NOW, &answer, why);
}

static void each_claim(void **state)
{
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_reason why = {0};
        const poa_err err = verify_claims(*state, cases[i].claims, &why);
        const poa_err want = cases[i].because ? POA_E_REVOCATION_UNKNOWN : POA_OK;
        if (err != want || why.because != cases[i].because || strcmp(why.member, cases[i].member) != 0)
            fail_msg("%s: %s because %s at %s", cases[i].name, poa_err_name(err), poa_err_name(why.because),
                     why.member);
    }
}

static void the_envelope(void **state)
{
    const site *s = *state;
    const poa_answer answer = usual_answer(POA_STATE_ACTIVE);
    POA_CLEANUP(poa_freep) char *good = answer_text(s, ANSWERER, &answer);
    POA_CLEANUP(poa_freep) char *forged = answer_text(s, ANSWERER, &answer);
    const size_t inside = strlen(forged) - 9; /* of the signature */
    forged[inside] = forged[inside] == 'A' ? 'B' : 'A';
    const poa_signer signer = signer_of(s, ANSWERER);
    POA_CLEANUP(poa_freep) char *other = NULL;
    assert_int_equal(poa_jws_sign(&signer, "poa+jwt", POA_SPAN("{}"), &other), POA_OK);
    POA_CLEANUP(poa_freep) char *huge = calloc(1, 8193);
    assert_non_null(huge);
    const struct {
        poa_span text;
        poa_err because;
    } texts[] = {
        {poa_span_of(good), POA_OK},
        {poa_span_of(forged), POA_E_SIGNATURE_INVALID},
        {poa_span_of(other), POA_E_TYP_MISMATCH},
        {POA_SPAN(""), POA_E_MALFORMED},
        {{huge, 8193}, POA_E_TOO_LARGE},
    };
    for (size_t i = 0; i < POA_COUNT(texts); i++) {
        poa_answer read;
        poa_reason why = {0};
        const poa_err err = poa_answer_verify(s->ctx, texts[i].text, s->policy, NOW, &read, &why);
        assert_int_equal(err, texts[i].because ? POA_E_REVOCATION_UNKNOWN : POA_OK);
        assert_int_equal(why.because, texts[i].because);
    }
}

static void nothing_unreadable_is_signed(void **state)
{
    const site *s = *state;
    const poa_signer signer = signer_of(s, ANSWERER);
    poa_answer answers[4];
    for (size_t i = 0; i < POA_COUNT(answers); i++)
        answers[i] = usual_answer(POA_STATE_REVOKED);
    answers[0].iss[0] = '\0';
    answers[1].store[21] = '\0';
    answers[2].epoch = 9007199254740992;
    answers[3].reason[0] = '\0';
    for (size_t i = 0; i < POA_COUNT(answers); i++) {
        char *text = NULL;
        assert_int_equal(poa_answer_sign(&answers[i], &signer, &text), POA_F_USAGE);
        assert_null(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_read), cmocka_unit_test(how_long_an_answer_is_good),
        cmocka_unit_test(whose_answer_it_is),     cmocka_unit_test(each_claim),
        cmocka_unit_test(the_envelope),           cmocka_unit_test(nothing_unreadable_is_signed),
    };
    return cmocka_run_group_tests_name("answer", tests, site_open, site_close);
}
