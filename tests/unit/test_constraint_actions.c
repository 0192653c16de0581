#include "powers.h"

static const reading onboarding[] = {
    {"['onboard']", true},
    {"['onboard','reestablish','replace','suspend','resume','decommission','read']", true},
    {"[]", false},
    {"'onboard'", false},
    {"{'onboard':true}", false},
    {"null", false},
    {"['onboard','onboard']", false},
    {"['onboard','revoke']", false},
    {"['Onboard']", false},
    {"['onboard ']", false},
    {"['onboar']", false},
    {"['']", false},
    {"[1]", false},
    {"[['onboard']]", false},
    {"['onb\\u043eard']", false}, /* a Cyrillic o */
};

static const reading administration[] = {
    {"['revoke','suspend','resume','approve','audit']", true},
    {"['onboard']", false},
    {"['revoke','revoke']", false},
    {"[]", false},
};

#define TOKEN_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const reading access_tokens[] = {
    {"['read','a:b.c_d-0']", true},
    {"['" TOKEN_64 "']", true},
    {"['" TOKEN_64 "a']", false},
    {"['']", false},
    {"['Read']", false},
    {"['re ad']", false},
    {"['read*']", false},
    {"['r/w']", false},
    {"['r\\u00e9ad']", false},
    {"['read','read']", false},
    {"['read',2]", false},
    {"[]", false},
    {"'read'", false},
};

static void each_reading(void **state)
{
    (void)state;
    check_reading("device_onboarding", "actions", onboarding, POA_COUNT(onboarding));
    check_reading("administration", "actions", administration, POA_COUNT(administration));
    check_reading("access", "actions", access_tokens, POA_COUNT(access_tokens));
}

static void at_most_32_tokens(void **state)
{
    (void)state;
    char text[512] = "[";
    size_t len = 1;
    for (int i = 0; i < 32; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s't%d'", i > 0 ? "," : "", i);
    (void)snprintf(text + len, sizeof text - len, "]");
    check_reading("access", "actions", &(reading){text, true}, 1);
    (void)snprintf(text + len, sizeof text - len, ",'t32']");
    check_reading("access", "actions", &(reading){text, false}, 1);
}

static const narrowing onboarding_narrowings[] = {
    {"['onboard','read']", "['read','onboard']", POA_OK},
    {"['onboard','read']", "['read']", POA_OK},
    {"['read']", "['onboard']", POA_E_ACTION_WIDENED},
    {"['read']", "['onboard','read']", POA_E_ACTION_WIDENED},
};

static const narrowing administration_narrowings[] = {
    {"['revoke','audit']", "['audit']", POA_OK},
    {"['audit']", "['audit','revoke']", POA_E_ACTION_WIDENED},
};

static const narrowing access_narrowings[] = {
    {"['read','write']", "['write']", POA_OK},
    {"['read','write']", "['write','read']", POA_OK},
    {"['read']", "['read','write']", POA_E_ACTION_WIDENED},
    {"['read']", "['reads']", POA_E_ACTION_WIDENED},
    {"['reads']", "['read']", POA_E_ACTION_WIDENED},
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("device_onboarding", "actions", onboarding_narrowings, POA_COUNT(onboarding_narrowings));
    check_narrowing("administration", "actions", administration_narrowings, POA_COUNT(administration_narrowings));
    check_narrowing("access", "actions", access_narrowings, POA_COUNT(access_narrowings));
}

static void check(const char *type, const char *value, const char *action, poa_err want)
{
    const poa_request request = {
        .type = poa_span_of(type),
        .action = poa_span_of(action),
        .location = POA_SPAN("mine-7"),
        .resource = POA_SPAN("https://data.example"),
    };
    check_match(type, "actions", value, &request, want);
}

static void each_match(void **state)
{
    (void)state;
    check("device_onboarding", "['onboard','read']", "read", POA_OK);
    check("device_onboarding", "['onboard','read']", "onboard", POA_OK);
    check("device_onboarding", "['onboard','read']", "suspend", POA_E_ACTION_NOT_GRANTED);
    check("device_onboarding", "['onboard','read']", "revoke", POA_E_ACTION_NOT_GRANTED);
    check("device_onboarding", "['onboard','read']", "", POA_E_ACTION_NOT_GRANTED);
    check("device_onboarding", "['onboard','read']", NULL, POA_E_ACTION_NOT_GRANTED);
    check("administration", "['audit']", "audit", POA_OK);
    check("administration", "['audit']", "revoke", POA_E_ACTION_NOT_GRANTED);
    check("access", "['read','write']", "write", POA_OK);
    check("access", "['read','write']", "rea", POA_E_ACTION_NOT_GRANTED);
    check("access", "['read','write']", "reads", POA_E_ACTION_NOT_GRANTED);
    check("access", "['read','write']", NULL, POA_E_ACTION_NOT_GRANTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(at_most_32_tokens),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(each_match),
    };
    return cmocka_run_group_tests_name("constraint_actions", tests, NULL, NULL);
}
