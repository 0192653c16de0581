#include "powers.h"

static const reading counts[] = {
    {"1", true},     {"1000000000", true}, {"1000000001", false}, {"0", false},
    {"-1", false},   {"1.0", false},       {"'1'", false},        {"9223372036854775807", false},
    {"null", false}, {"true", false},      {"[1]", false},
};

static const reading lifetimes[] = {
    {"60", true},    {"59", false},  {"9223372036854775807", true},
    {"0", false},    {"-60", false}, {"60.0", false},
    {"'60'", false}, {"6e1", false}, {"null", false},
};

static void each_reading(void **state)
{
    (void)state;
    check_reading("device_onboarding", "max_devices", counts, POA_COUNT(counts));
    check_reading("device_onboarding", "credential_lifetime", lifetimes, POA_COUNT(lifetimes));
}

static const narrowing narrowings[] = {
    {"100", "100", POA_OK},
    {"100", "99", POA_OK},
    {"100", "101", POA_E_LIMIT_WIDENED},
    {"100", NULL, POA_E_CONSTRAINT_DROPPED},
    {NULL, "1000000000", POA_OK},
    {NULL, NULL, POA_OK},
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("device_onboarding", "max_devices", narrowings, POA_COUNT(narrowings));
    check_narrowing("device_onboarding", "credential_lifetime", narrowings, POA_COUNT(narrowings));
}

/* Only a store knows what is used up, and how long a credential lives is decided when it is made. */
static void a_request_does_not_ask(void **state)
{
    (void)state;
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"), .action = POA_SPAN("onboard"), .location = POA_SPAN("mine-7")};
    check_match("device_onboarding", "max_devices", "1", &request, POA_OK);
    check_match("device_onboarding", "credential_lifetime", "60", &request, POA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(a_request_does_not_ask),
    };
    return cmocka_run_group_tests_name("constraint_limits", tests, NULL, NULL);
}
