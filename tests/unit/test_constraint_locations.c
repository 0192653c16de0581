#include "powers.h"

#define SEGMENT_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const reading readings[] = {
    {"['mine-7/hall-2']", true},
    {"['A.b_c-9']", true},
    {"['a','a/b']", true},
    {"['...','a/.b']", true},
    {"['1/2/3/4/5/6/7/8']", true},
    {"['1/2/3/4/5/6/7/8/9']", false},
    {"['" SEGMENT_64 "/b']", true},
    {"['" SEGMENT_64 "a/b']", false},
    {"[]", false},
    {"'a'", false},
    {"[1]", false},
    {"['']", false},
    {"['/a']", false},
    {"['a/']", false},
    {"['a//b']", false},
    {"['/']", false},
    {"['.']", false},
    {"['..']", false},
    {"['a/../b']", false},
    {"['a/.']", false},
    {"['a b']", false},
    {"['a\\\\b']", false},
    {"['a%2fb']", false},
    {"['a*']", false},
    {"['h\\u00e4ll']", false},
    {"['a','b','a']", false},
};

static void each_reading(void **state)
{
    (void)state;
    check_reading("device_onboarding", "locations", readings, POA_COUNT(readings));
    check_reading("administration", "locations", readings, POA_COUNT(readings));
    check_reading("device_onboarding", "locations",
                  &(reading){"['1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16']", true}, 1);
    check_reading("device_onboarding", "locations",
                  &(reading){"['1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16','17']", false},
                  1);
}

static const narrowing narrowings[] = {
    {"['a']", "['a']", POA_OK},
    {"['a']", "['a/b','a/c/d']", POA_OK},
    {"['a','b']", "['b/x']", POA_OK},
    {"['a/b']", "['a']", POA_E_LOCATION_WIDENED},
    {"['hall-2']", "['hall-22']", POA_E_LOCATION_WIDENED},
    {"['hall-2']", "['hall-']", POA_E_LOCATION_WIDENED},
    {"['hall-2']", "['hall-2.']", POA_E_LOCATION_WIDENED},
    {"['a/b']", "['a/b/c']", POA_OK},
    {"['a/b']", "['a/bc']", POA_E_LOCATION_WIDENED},
    {"['a/b']", "['b']", POA_E_LOCATION_WIDENED},
    {"['a']", "['A']", POA_E_LOCATION_WIDENED},
    {"['a']", "['a','b']", POA_E_LOCATION_WIDENED},
    {"['a/b','a/c']", "['a']", POA_E_LOCATION_WIDENED}, /* even if there were no other */
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("device_onboarding", "locations", narrowings, POA_COUNT(narrowings));
    check_narrowing("administration", "locations", narrowings, POA_COUNT(narrowings));
}

static void check(const char *value, const char *location, poa_err want)
{
    poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = poa_span_of(location),
    };
    check_match("device_onboarding", "locations", value, &request, want);
    request.type = POA_SPAN("administration");
    request.action = POA_SPAN("revoke");
    check_match("administration", "locations", value, &request, want);
}

static void each_match(void **state)
{
    (void)state;
    check("['a']", "a", POA_OK);
    check("['a']", "a/b", POA_OK);
    check("['a','b']", "b", POA_OK);
    check("['a/b']", "a", POA_E_LOCATION_NOT_GRANTED);
    check("['a']", "b", POA_E_LOCATION_NOT_GRANTED);
    check("['hall-2']", "hall-22", POA_E_LOCATION_NOT_GRANTED);
    check("['a']", "a/../b", POA_E_LOCATION_NOT_GRANTED);
    check("['a']", "a/", POA_E_LOCATION_NOT_GRANTED);
    check("['a']", "a//b", POA_E_LOCATION_NOT_GRANTED);
    check("['a']", "a/%2e%2e", POA_E_LOCATION_NOT_GRANTED);
    check("['a']", "/a", POA_E_LOCATION_NOT_GRANTED);
    check("['a']", "", POA_E_LOCATION_NOT_GRANTED);
    check("['a']", NULL, POA_E_LOCATION_NOT_GRANTED);
    check("['1']", "1/2/3/4/5/6/7/8", POA_OK);
    check("['1']", "1/2/3/4/5/6/7/8/9", POA_E_LOCATION_NOT_GRANTED);
}

static void a_reason_shows_both(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_take(powers_with("device_onboarding", "locations", "['a']"), "a");
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"), .action = POA_SPAN("onboard"), .location = POA_SPAN("b\"c")};
    poa_reason why = {0};
    size_t applied = 0;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_LOCATION_NOT_GRANTED);
    assert_string_equal(why.child, "[\"a\"]");
    assert_string_equal(why.request, "\"b\\\"c\"");
    assert_string_equal(why.parent, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(each_match),
        cmocka_unit_test(a_reason_shows_both),
    };
    return cmocka_run_group_tests_name("constraint_locations", tests, NULL, NULL);
}
