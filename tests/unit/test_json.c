#include "test.h"

#include "json.h"
#include "json_hook.h"

#include <string.h>

static const struct {
    const char *name;
    poa_span text;
    poa_err want;
} cases[] = {
    {"empty object", POA_SPAN_INIT("{}"), POA_OK},
    {"white space around", POA_SPAN_INIT(" {\"a\":1}\n"), POA_OK},
    {"array", POA_SPAN_INIT("[]"), POA_E_MALFORMED},
    {"string", POA_SPAN_INIT("\"a\""), POA_E_MALFORMED},
    {"nothing", POA_SPAN_INIT(""), POA_E_MALFORMED},
    {"twice", POA_SPAN_INIT("{\"a\":1,\"a\":1}"), POA_E_DUPLICATE_MEMBER},
    {"twice, spelled differently", POA_SPAN_INIT("{\"a\":1,\"\\u0061\":1}"), POA_E_DUPLICATE_MEMBER},
    {"twice, inside", POA_SPAN_INIT("{\"o\":{\"a\":1,\"a\":1}}"), POA_E_DUPLICATE_MEMBER},
    {"trailing object", POA_SPAN_INIT("{}{}"), POA_E_MALFORMED},
    {"two objects", POA_SPAN_INIT("{},{}"), POA_E_MALFORMED},
    {"nothing but a comma", POA_SPAN_INIT(","), POA_E_MALFORMED},
    {"out of an array", POA_SPAN_INIT("{}],[{}"), POA_E_MALFORMED},
    {"out of an array, and no more", POA_SPAN_INIT("{}]"), POA_E_MALFORMED},
    {"an unfinished string", POA_SPAN_INIT("{\"a"), POA_E_MALFORMED},
    {"a quote that is escaped at the end", POA_SPAN_INIT("{\"a\\"), POA_E_MALFORMED},
    {"trailing NUL", POA_SPAN_INIT("{}\0"), POA_E_MALFORMED},
    {"BOM", POA_SPAN_INIT("\xef\xbb\xbf{}"), POA_E_MALFORMED},
    {"UTF-16", POA_SPAN_INIT("{\0}\0"), POA_E_MALFORMED},
    {"bad UTF-8", POA_SPAN_INIT("{\"a\":\"\xc0\xaf\"}"), POA_E_MALFORMED},
    {"surrogate", POA_SPAN_INIT("{\"a\":\"\xed\xa0\x80\"}"), POA_E_MALFORMED},
    {"lone surrogate escape", POA_SPAN_INIT("{\"a\":\"\\ud800\"}"), POA_E_MALFORMED},
    {"U+0000", POA_SPAN_INIT("{\"a\":\"\\u0000\"}"), POA_E_MALFORMED},
    {"single quotes", POA_SPAN_INIT("{'a':1}"), POA_E_MALFORMED},
    {"comment", POA_SPAN_INIT("{}/**/"), POA_E_MALFORMED},
    {"NaN", POA_SPAN_INIT("{\"a\":NaN}"), POA_E_MALFORMED},
    {"leading zero", POA_SPAN_INIT("{\"a\":01}"), POA_E_MALFORMED},
    {"huge and broken", POA_SPAN_INIT("{\"b\":1e400,\"a\":01}"), POA_E_MALFORMED},
    {"huge and broken exponent", POA_SPAN_INIT("{\"b\":1e400,\"a\":1e+}"), POA_E_MALFORMED},
};

static void each_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *value = NULL;
        const poa_err err = poa_json_parse(cases[i].text, &value);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
        assert_int_equal(value != NULL, err == POA_OK);
        json_decref(value);
    }
}

static void strict_takes_no_byte_around(void **state)
{
    (void)state;
    json_t *value = NULL;
    assert_int_equal(poa_json_parse_strict(POA_SPAN("{} "), &value), POA_E_MALFORMED);
    assert_int_equal(poa_json_parse_strict(POA_SPAN(" {}"), &value), POA_E_MALFORMED);
    assert_int_equal(poa_json_parse_strict(POA_SPAN("{"), &value), POA_E_MALFORMED);
    assert_null(value);
    assert_int_equal(poa_json_parse_strict(POA_SPAN("{}"), &value), POA_OK);
    json_decref(value);
}

/* An object around levels - 1 arrays. */
static poa_err parse_nested(size_t levels)
{
    char text[4096] = "{\"a\":";
    size_t at = strlen(text);
    memset(text + at, '[', levels - 1);
    at += levels - 1;
    memset(text + at, ']', levels - 1);
    at += levels - 1;
    text[at++] = '}';
    json_t *value = NULL;
    const poa_err err = poa_json_parse((poa_span){text, at}, &value);
    json_decref(value);
    return err;
}

static void depth(void **state)
{
    (void)state;
    assert_int_equal(parse_nested(16), POA_OK);
    assert_int_equal(parse_nested(17), POA_E_LIMIT_EXCEEDED);
    assert_int_equal(parse_nested(2040), POA_E_LIMIT_EXCEEDED);
}

static void numbers_that_do_not_fit_are_no_integers(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1e400", "9223372036854775808", "-9223372036854775809", "1.0", "1E2", "null", "\"1\"", "true"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[128];
        const int len = snprintf(text, sizeof text, "{\"s\":\"1e400 \\\" 1e400\",\"a\":%s}", texts[i]);
        json_t *value = NULL;
        assert_int_equal(poa_json_parse((poa_span){text, (size_t)len}, &value), POA_OK);
        int64_t n = 5;
        assert_false(poa_json_int(json_object_get(value, "a"), INT64_MIN, INT64_MAX, &n));
        assert_int_equal(n, 5);
        assert_string_equal(json_string_value(json_object_get(value, "s")), "1e400 \" 1e400");
        json_decref(value);
    }
}

static void numbers_beside_one_that_does_not_fit_stay(void **state)
{
    (void)state;
    json_t *value = NULL;
    const poa_span text = POA_SPAN("{\"a\":[1e400,9223372036854775808],\"b\":1790000000,\"c\":9223372036854775807,"
                                   "\"d\":-9223372036854775808}");
    assert_int_equal(poa_json_parse(text, &value), POA_OK);
    int64_t n = 0;
    assert_true(poa_json_int(json_object_get(value, "b"), 0, INT64_MAX, &n));
    assert_int_equal(n, 1790000000);
    assert_true(poa_json_int(json_object_get(value, "c"), 0, INT64_MAX, &n));
    assert_true(n == INT64_MAX);
    assert_true(poa_json_int(json_object_get(value, "d"), INT64_MIN, 0, &n));
    assert_true(n == INT64_MIN);
    json_decref(value);
}

static void whole_numbers_have_bounds(void **state)
{
    (void)state;
    json_t *value = json_integer(8);
    int64_t n = 0;
    assert_true(poa_json_int(value, 0, 8, &n));
    assert_int_equal(n, 8);
    assert_false(poa_json_int(value, 0, 7, &n));
    assert_false(poa_json_int(value, 9, 10, &n));
    json_decref(value);
}

static void a_complaint_names_the_line(void **state)
{
    (void)state;
    char complaint[160] = "untouched";
    size_t line = 99;
    assert_false(poa_json_complaint(POA_SPAN("{\"a\":1e400}"), complaint, sizeof complaint, &line));
    assert_string_equal(complaint, "untouched");
    assert_int_equal(line, 99);
    assert_true(poa_json_complaint(POA_SPAN("{\"a\":1,\n\"b\":2,\n\"a\":3}"), complaint, sizeof complaint, &line));
    assert_int_equal(line, 3);
    assert_non_null(strstr(complaint, "duplicate"));
    assert_true(poa_json_complaint(POA_SPAN("\n{\"a\" 1}"), complaint, sizeof complaint, &line));
    assert_int_equal(line, 2);
    assert_true(poa_json_complaint(POA_SPAN("[]"), complaint, sizeof complaint, &line));
    assert_string_equal(complaint, "not one JSON object");
    assert_int_equal(line, 1);
    assert_true(poa_json_complaint((poa_span){0}, complaint, sizeof complaint, &line));
}

int main(void)
{
    poa_json_hook_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text),
        cmocka_unit_test(strict_takes_no_byte_around),
        cmocka_unit_test(depth),
        cmocka_unit_test(numbers_that_do_not_fit_are_no_integers),
        cmocka_unit_test(numbers_beside_one_that_does_not_fit_stay),
        cmocka_unit_test(whole_numbers_have_bounds),
        cmocka_unit_test(a_complaint_names_the_line),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
