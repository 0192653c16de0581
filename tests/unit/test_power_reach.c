#include "powers.h"

#define ADMIN(action, place) "{'type':'administration','actions':['" action "'],'locations':[" place "]}"
#define ONBOARDING(place) \
    "{'type':'device_onboarding','actions':['suspend'],'locations':[" place "],'devices':[{'any':true}]}"
#define ACCESS "{'type':'access','actions':['suspend'],'resources':['https://h']}"

static const struct {
    const char *name;
    const char *admin;
    const char *link;
    bool want;
} cases[] = {
    {"the same place", "[" ADMIN("suspend", "'a'") "]", "[" ONBOARDING("'a'") "]", true},
    {"a place below", "[" ADMIN("suspend", "'a'") "]", "[" ONBOARDING("'a/b','a/c'") "]", true},
    {"a place above", "[" ADMIN("suspend", "'a/b'") "]", "[" ONBOARDING("'a'") "]", false},
    {"a place beside", "[" ADMIN("suspend", "'a'") "]", "[" ONBOARDING("'a','b'") "]", false},
    {"another action", "[" ADMIN("resume", "'a'") "]", "[" ONBOARDING("'a'") "]", false},
    {"no administration", "[" ONBOARDING("'a'") "]", "[" ONBOARDING("'a'") "]", false},
    {"no administration, and nothing to cover", "[" ACCESS "]", "[" ACCESS "]", false},
    {"two powers together", "[" ADMIN("suspend", "'a'") "," ADMIN("suspend", "'b'") "]", "[" ONBOARDING("'a','b'") "]",
     true},
    {"two powers, one for something else", "[" ADMIN("suspend", "'a'") "," ADMIN("resume", "'b'") "]",
     "[" ONBOARDING("'a','b'") "]", false},
    {"another power of the link", "[" ADMIN("suspend", "'a'") "]", "[" ONBOARDING("'a'") "," ONBOARDING("'b'") "]",
     false},
    {"powers without places do not matter", "[" ADMIN("suspend", "'a'") "]", "[" ACCESS "," ONBOARDING("'a'") "]",
     true},
    {"nothing but powers without places", "[" ADMIN("suspend", "'a'") "]", "[" ACCESS "]", true},
    {"an administrator's own link", "[" ADMIN("suspend", "'a'") "]", "[" ADMIN("audit", "'b'") "]", false},
};

static void each_reach(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_powers_freep) poa_powers *admin = powers_of(cases[i].admin);
        POA_CLEANUP(poa_powers_freep) poa_powers *link = powers_of(cases[i].link);
        if (poa_powers_reach(admin, POA_SPAN("suspend"), link) != cases[i].want)
            fail_msg("%s", cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_reach)};
    return cmocka_run_group_tests_name("power_reach", tests, NULL, NULL);
}
