#include "test.h"

#include "bounds.h"
#include "claims.h"
#include "cleanup.h"
#include "json.h"
#include "json_hook.h"
#include "span.h"

#include <string.h>

static const char *const words[] = {"yes", "no"};

/* Every kind of reader once, in this order; the claims are named after it. */
static poa_err read_all(const char *json, poa_reason *why)
{
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    assert_int_equal(poa_json_parse(poa_span_of(json), &body), POA_OK);
    poa_claims c = {.body = body, .hop = 3, .why = why};
    poa_span text = {0}, aud[POA_AUDIENCES_MAX] = {0};
    int64_t number = 0;
    poa_id id = {0};
    size_t word = 0, aud_len = 0;
    poa_claim_text(&c, "text", POA_CLAIM_OPTIONAL, 4, &text);
    poa_claim_int(&c, "int", POA_CLAIM_OPTIONAL, 0, 8, &number);
    poa_claim_time(&c, "time", POA_CLAIM_OPTIONAL, &number);
    poa_claim_jti(&c, "jti", POA_CLAIM_OPTIONAL, &text);
    poa_claim_id(&c, "id", POA_CLAIM_OPTIONAL, &id);
    poa_claim_word(&c, "word", POA_CLAIM_OPTIONAL, words, POA_COUNT(words), &word);
    poa_claim_audience(&c, POA_CLAIM_OPTIONAL, aud, &aud_len);
    poa_claim_text(&c, "last", POA_CLAIM_REQUIRED, 4, &text);
    return c.err;
}

#define LAST   ",\"last\":\"x\"}"
#define JTI22  "ABCDEFGHIJKLMNOPQRST-_"
#define HEX16  "0123456789abcdef"
#define HEX64  HEX16 HEX16 HEX16 HEX16
#define AUD(n) "{\"aud\":" n LAST

static const struct {
    const char *name;
    const char *json;
    poa_err want;
    const char *member;
} cases[] = {
    {"complete", "{\"last\":\"x\"}", POA_OK, ""},
    {"required one absent", "{}", POA_E_CLAIM_MISSING, "/last"},
    {"the first wrong one stays", "{\"int\":9,\"time\":-1}", POA_E_CLAIM_TYPE, "/int"},
    {"null is there", "{\"text\":null" LAST, POA_E_CLAIM_TYPE, "/text"},
    {"text", "{\"text\":\"abcd\"" LAST, POA_OK, ""},
    {"text empty", "{\"text\":\"\"" LAST, POA_E_CLAIM_TYPE, "/text"},
    {"text too long", "{\"text\":\"abcde\"" LAST, POA_E_CLAIM_TYPE, "/text"},
    {"text with a control character", "{\"text\":\"a\\u007f\"" LAST, POA_E_CLAIM_TYPE, "/text"},
    {"int at its end", "{\"int\":8" LAST, POA_OK, ""},
    {"int above", "{\"int\":9" LAST, POA_E_CLAIM_TYPE, "/int"},
    {"int below", "{\"int\":-1" LAST, POA_E_CLAIM_TYPE, "/int"},
    {"int real", "{\"int\":1.0" LAST, POA_E_CLAIM_TYPE, "/int"},
    {"int as text", "{\"int\":\"1\"" LAST, POA_E_CLAIM_TYPE, "/int"},
    {"time at its end", "{\"time\":9007199254740991" LAST, POA_OK, ""},
    {"time above", "{\"time\":9007199254740992" LAST, POA_E_CLAIM_TYPE, "/time"},
    {"time negative", "{\"time\":-1" LAST, POA_E_CLAIM_TYPE, "/time"},
    {"jti shortest", "{\"jti\":\"" JTI22 "\"" LAST, POA_OK, ""},
    {"jti longest", "{\"jti\":\"" HEX64 "\"" LAST, POA_OK, ""},
    {"jti too short", "{\"jti\":\"ABCDEFGHIJKLMNOPQRST-\"" LAST, POA_E_CLAIM_TYPE, "/jti"},
    {"jti too long", "{\"jti\":\"" HEX64 "0\"" LAST, POA_E_CLAIM_TYPE, "/jti"},
    {"jti with a dot", "{\"jti\":\"ABCDEFGHIJKLMNOPQRST-.\"" LAST, POA_E_CLAIM_TYPE, "/jti"},
    {"jti with padding", "{\"jti\":\"ABCDEFGHIJKLMNOPQRST-=\"" LAST, POA_E_CLAIM_TYPE, "/jti"},
    {"id", "{\"id\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"" LAST, POA_OK, ""},
    {"id with stray bits", "{\"id\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\"" LAST, POA_E_CLAIM_TYPE, "/id"},
    {"id too short", "{\"id\":\"AAAA\"" LAST, POA_E_CLAIM_TYPE, "/id"},
    {"word", "{\"word\":\"no\"" LAST, POA_OK, ""},
    {"word unknown", "{\"word\":\"No\"" LAST, POA_E_CLAIM_TYPE, "/word"},
    {"word cut", "{\"word\":\"n\"" LAST, POA_E_CLAIM_TYPE, "/word"},
    {"aud as text", AUD("\"a\""), POA_OK, ""},
    {"aud of eight", AUD("[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]"), POA_OK, ""},
    {"aud of nine", AUD("[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]"), POA_E_CLAIM_TYPE, "/aud"},
    {"aud empty", AUD("[]"), POA_E_CLAIM_TYPE, "/aud"},
    {"aud twice the same", AUD("[\"a\",\"b\",\"a\"]"), POA_E_CLAIM_TYPE, "/aud"},
    {"aud with an empty entry", AUD("[\"a\",\"\"]"), POA_E_CLAIM_TYPE, "/aud"},
    {"aud with a number", AUD("[\"a\",1]"), POA_E_CLAIM_TYPE, "/aud"},
    {"aud an object", AUD("{}"), POA_E_CLAIM_TYPE, "/aud"},
};

static void each_claim(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_reason why = {.hop = POA_HOP_NONE};
        const poa_err err = read_all(cases[i].json, &why);
        if (err != cases[i].want || strcmp(why.member, cases[i].member) != 0)
            fail_msg("%s: %s at %s", cases[i].name, poa_err_name(err), why.member);
        assert_int_equal(why.hop, err ? 3 : POA_HOP_NONE);
        assert_int_equal(read_all(cases[i].json, NULL), err);
    }
}

static void a_refusal_shows_the_value(void **state)
{
    (void)state;
    poa_reason why = {0};
    assert_int_equal(read_all("{\"int\":9}", &why), POA_E_CLAIM_TYPE);
    assert_string_equal(why.child, "9");
    assert_int_equal(read_all("{}", &why), POA_E_CLAIM_MISSING);
    assert_string_equal(why.child, "");
}

static void a_reason_goes_inside_another(void **state)
{
    (void)state;
    poa_reason why = {0};
    const poa_err inner = read_all("{\"int\":9}", &why);
    assert_int_equal(poa_reason_wrap(&why, POA_E_STATEMENT_INVALID, inner), POA_E_STATEMENT_INVALID);
    assert_int_equal(why.code, POA_E_STATEMENT_INVALID);
    assert_int_equal(why.because, POA_E_CLAIM_TYPE);
    assert_int_equal(poa_reason_wrap(&why, POA_E_STATEMENT_INVALID, POA_F_NOMEM), POA_F_NOMEM);
    assert_int_equal(poa_reason_wrap(NULL, POA_E_STATEMENT_INVALID, inner), POA_E_STATEMENT_INVALID);
}

int main(void)
{
    poa_json_hook_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_claim),
        cmocka_unit_test(a_refusal_shows_the_value),
        cmocka_unit_test(a_reason_goes_inside_another),
    };
    return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
