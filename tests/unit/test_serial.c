#include "test.h"

#include "cleanup.h"
#include "serial.h"
#include "span.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *text;
    bool ok;
} forms[] = {
    {"SN-1", true},
    {"!", true},
    {"~", true},
    {"", false},
    {"a b", false},
    {"a\x7f", false},
    {"a\x1f", false},
    {"\xc3\xa9", false},

    {"S*", true},
    {"*", false},
    {"S**", false},
    {"S*N", false},
    {"*N", false},
    {"S..T*", false},

    {"100..199", true},
    {"SN-100..SN-199", true},
    {"SN-100..SN-101", true},
    {"SN-100..SN-100", false}, /* a range has two serials or more */
    {"SN-101..SN-100", false},
    {"SN-99..SN-100", false}, /* unequal length */
    {"SN-100..SN-1000", false},
    {"SN-10A..SN-10B", false}, /* no digits */
    {"SN-1A0..SN-1A9", true},  /* the letter is common */
    {"SN-1A0..SN-2A0", false}, /* a letter behind what is common */
    {"SA-1..SB-1", false},
    {"..100", false},
    {"100..", false},
    {"..", false},
    {"...", false},
    {"1..2..3", false},
    {"1234..5..6", false},
    {"1..5..6..7", false},
    {"1...2", false},
    {".1...2", true}, /* .1 to .2 */
    {"1....2", false},
    {"SN-100..SN-199*", false},
    {"SN-1*..SN-2*", false},
    {"1.2", true}, /* one dot is like any byte */
    {"a.", true},
};

static void each_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(forms); i++) {
        poa_serial serial;
        if (poa_serial_parse(poa_span_of(forms[i].text), &serial) != forms[i].ok)
            fail_msg("%s", forms[i].text);
    }
}

static void length(void **state)
{
    (void)state;
    char text[65];
    memset(text, 'a', sizeof text);
    poa_serial serial;
    assert_true(poa_serial_parse((poa_span){text, 64}, &serial));
    assert_false(poa_serial_parse((poa_span){text, 65}, &serial));
    text[63] = '*';
    assert_true(poa_serial_parse((poa_span){text, 64}, &serial));
    assert_false(poa_serial_parse(POA_SPAN("a\0b"), &serial));
}

static const struct {
    const char *serial;
    const char *stated;
    bool want;
} matches[] = {
    {"SN-1", "SN-1", true},
    {"SN-1", "SN-2", false},
    {"SN-1", "SN-", false},
    {"SN-1", "SN-10", false},
    {"SN-1", "sn-1", false},
    {"SN-1", "", false},
    {"SN-1*", "SN-1", true},
    {"SN-1*", "SN-19", true},
    {"SN-1*", "SN-", false},
    {"SN-1*", "SN-2", false},
    {"SN-1*", "SN-1 9", false}, /* no serial at all */
    {"SN-1*", "SN-1\n", false},
    {"SN-100..SN-199", "SN-100", true},
    {"SN-100..SN-199", "SN-199", true},
    {"SN-100..SN-199", "SN-150", true},
    {"SN-100..SN-199", "SN-099", false},
    {"SN-100..SN-199", "SN-200", false},
    {"SN-105..SN-195", "SN-104", false},
    {"SN-105..SN-195", "SN-196", false},
    {"SN-100..SN-199", "SN-10", false},
    {"SN-100..SN-199", "SN-1000", false},
    {"SN-100..SN-199", "SN-1A0", false},
    {"SN-100..SN-199", "SN-1:9", false},
    {"SN-100..SN-199", "SM-150", false},
    {"SN-100..SN-199", "TN-150", false},
    {"10..99", "1:", false}, /* between them byte by byte, but no digits */
    {"10..99", "19", true},
    {"09..11", "10", true},
    {"09..11", "9", false},
};

static void each_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(matches); i++) {
        poa_serial serial;
        assert_true(poa_serial_parse(poa_span_of(matches[i].serial), &serial));
        if (poa_serial_match(&serial, poa_span_of(matches[i].stated)) != matches[i].want)
            fail_msg("%s of %s", matches[i].stated, matches[i].serial);
        assert_false(poa_serial_match(&serial, (poa_span){0}));
    }
}

static void a_stated_serial_has_64_bytes(void **state)
{
    (void)state;
    char text[65];
    memset(text, 'a', sizeof text);
    poa_serial prefix;
    assert_true(poa_serial_parse(POA_SPAN("a*"), &prefix));
    assert_true(poa_serial_match(&prefix, (poa_span){text, 64}));
    assert_false(poa_serial_match(&prefix, (poa_span){text, 65}));
}

static const struct {
    const char *child;
    const char *parent;
    bool want;
} insides[] = {
    {"SN-1", "SN-1", true},
    {"SN-2", "SN-1", false},
    {"SN-1*", "SN-1", false},
    {"SN-10..SN-11", "SN-10", false},

    {"SN-1", "SN-*", true},
    {"SN-", "SN-*", true},
    {"SN", "SN-*", false},
    {"SN-*", "SN-*", true},
    {"SN-1*", "SN-*", true},
    {"SN*", "SN-*", false},
    {"SM-1*", "SN-*", false},
    {"SN-10..SN-19", "SN-*", true},
    {"SN-10..SN-19", "SN-1*", true},
    {"SN-10..SN-20", "SN-1*", false},
    {"SN-09..SN-19", "SN-1*", false},

    {"SN-10", "SN-10..SN-19", true},
    {"SN-19", "SN-10..SN-19", true},
    {"SN-20", "SN-10..SN-19", false},
    {"SN-09", "SN-10..SN-19", false},
    {"SN-1A", "SN-10..SN-19", false},
    {"SN-1*", "SN-10..SN-19", false}, /* SN-1A begins so too */
    {"SN-10*", "SN-10..SN-19", false},
    {"SN-10..SN-19", "SN-10..SN-19", true},
    {"SN-11..SN-18", "SN-10..SN-19", true},
    {"SN-11..SN-20", "SN-10..SN-19", false},
    {"SN-09..SN-18", "SN-10..SN-19", false},
    {"SN-100..SN-101", "SN-10..SN-19", false},
    {"SN-10..SN-19", "SN-00..SN-99", true},
    {"SN-10..SN-19", "SM-10..SM-19", false},
};

static void each_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(insides); i++) {
        poa_serial child;
        poa_serial parent;
        assert_true(poa_serial_parse(poa_span_of(insides[i].child), &child));
        assert_true(poa_serial_parse(poa_span_of(insides[i].parent), &parent));
        if (poa_serial_inside(&child, &parent) != insides[i].want)
            fail_msg("%s in %s", insides[i].child, insides[i].parent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form),   cmocka_unit_test(length),
        cmocka_unit_test(each_match),  cmocka_unit_test(a_stated_serial_has_64_bytes),
        cmocka_unit_test(each_inside),
    };
    return cmocka_run_group_tests_name("serial", tests, NULL, NULL);
}
