#include "test.h"

#include "bounds.h"
#include "span.h"

#include <string.h>

static void take_until_is_sticky(void **state)
{
    (void)state;
    poa_cursor c = {.rest = POA_SPAN("ab.cd.ef")};
    assert_true(poa_span_is(poa_take_until(&c, '.', 2), "ab"));
    assert_true(poa_span_is(poa_take_until(&c, '.', 2), "cd"));
    assert_int_equal(poa_take_until(&c, '.', 2).len, 0);
    assert_true(c.failed);
    c.rest = POA_SPAN("x.");
    assert_int_equal(poa_take_until(&c, '.', 2).len, 0);

    poa_cursor narrow = {.rest = POA_SPAN("abc.d")};
    poa_take_until(&narrow, '.', 2);
    assert_true(narrow.failed);
}

static void fields_keep_empty_ones(void **state)
{
    (void)state;
    static const char *const want[] = {"a", "", "b", ""};
    poa_fields f = poa_fields_of(POA_SPAN("a~~b~"), '~');
    poa_span field;
    size_t n = 0;
    while (poa_fields_next(&f, &field))
        assert_true(poa_span_is(field, want[n++]));
    assert_int_equal(n, 4);

    poa_fields empty = poa_fields_of((poa_span){0}, '~');
    assert_true(poa_fields_next(&empty, &field));
    assert_int_equal(field.len, 0);
    assert_false(poa_fields_next(&empty, &field));
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        poa_span text;
        uint64_t max;
        bool ok;
        uint64_t value;
    } cases[] = {
        {POA_SPAN_INIT("0"), 9, true, 0},
        {POA_SPAN_INIT("10"), 10, true, 10},
        {POA_SPAN_INIT("11"), 10, false, 0},
        {POA_SPAN_INIT("18446744073709551615"), UINT64_MAX, true, UINT64_MAX},
        {POA_SPAN_INIT("18446744073709551616"), UINT64_MAX, false, 0},
        {POA_SPAN_INIT("00"), 9, false, 0},
        {POA_SPAN_INIT("01"), 9, false, 0},
        {POA_SPAN_INIT(""), 9, false, 0},
        {POA_SPAN_INIT("-1"), 9, false, 0},
        {POA_SPAN_INIT("+1"), 9, false, 0},
        {POA_SPAN_INIT(" 1"), 9, false, 0},
        {POA_SPAN_INIT("1 "), 9, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 77;
        assert_int_equal(poa_span_number(cases[i].text, cases[i].max, &value), cases[i].ok);
        assert_int_equal(value, cases[i].ok ? cases[i].value : 77);
    }
}

static void identifiers(void **state)
{
    (void)state;
    static const struct {
        poa_span text;
        bool ok;
    } cases[] = {
        {POA_SPAN_INIT("site.example"), true},
        {POA_SPAN_INIT("b\xc3\xa9ton \xe2\x82\xac \xf0\x9f\x94\x92"), true},
        {POA_SPAN_INIT(""), false},
        {POA_SPAN_INIT("a\0b"), false},
        {POA_SPAN_INIT("a\tb"), false},
        {POA_SPAN_INIT("a\x7f"), false},
        {POA_SPAN_INIT("a\xc2\x85"), false},    /* NEL, a C1 control */
        {POA_SPAN_INIT("\xc0\xaf"), false},     /* overlong slash */
        {POA_SPAN_INIT("\xe0\x80\xaf"), false}, /* overlong */
        {POA_SPAN_INIT("\xed\xa0\x80"), false}, /* surrogate */
        {POA_SPAN_INIT("\xf4\x90\x80\x80"), false},
        {POA_SPAN_INIT("\xf5\x80\x80\x80"), false},
        {POA_SPAN_INIT("\x80"), false},
        {POA_SPAN_INIT("\xe2\x82"), false}, /* cut short */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(poa_span_is_identifier(cases[i].text), cases[i].ok);

    char longest[POA_NAME_BYTES_MAX + 1];
    memset(longest, 'a', sizeof longest);
    assert_true(poa_span_is_identifier((poa_span){longest, POA_NAME_BYTES_MAX}));
    assert_false(poa_span_is_identifier((poa_span){longest, POA_NAME_BYTES_MAX + 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take_until_is_sticky),
        cmocka_unit_test(fields_keep_empty_ones),
        cmocka_unit_test(numbers),
        cmocka_unit_test(identifiers),
    };
    return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
