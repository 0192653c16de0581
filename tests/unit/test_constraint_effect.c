#include "powers.h"

static const reading effects[] = {
    {"'until_exp'", true}, {"'permanent'", true}, {"'Permanent'", false},   {"''", false},
    {"null", false},       {"true", false},       {"['permanent']", false},
};

static const reading on_revokes[] = {
    {"'stop_new'", true}, {"'review'", true}, {"'cascade'", true}, {"'stop-new'", false},
    {"''", false},        {"0", false},       {"null", false},     {"['review']", false},
};

static void each_reading(void **state)
{
    (void)state;
    check_reading("device_onboarding", "effect", effects, POA_COUNT(effects));
    check_reading("device_onboarding", "on_revoke", on_revokes, POA_COUNT(on_revokes));
}

static const narrowing effect_narrowings[] = {
    {"'permanent'", "'permanent'", POA_OK},
    {"'permanent'", "'until_exp'", POA_OK},
    {"'until_exp'", "'until_exp'", POA_OK},
    {"'until_exp'", "'permanent'", POA_E_LIMIT_WIDENED},
    {NULL, "'until_exp'", POA_OK},
    {NULL, "'permanent'", POA_E_LIMIT_WIDENED},
    {"'until_exp'", NULL, POA_E_CONSTRAINT_DROPPED},
    {"'permanent'", NULL, POA_E_CONSTRAINT_DROPPED},
    {NULL, NULL, POA_OK},
};

static const narrowing on_revoke_narrowings[] = {
    {"'stop_new'", "'stop_new'", POA_OK},
    {"'stop_new'", "'cascade'", POA_OK},
    {"'review'", "'review'", POA_OK},
    {"'review'", "'cascade'", POA_OK},
    {"'review'", "'stop_new'", POA_E_LIMIT_WIDENED},
    {"'cascade'", "'cascade'", POA_OK},
    {"'cascade'", "'review'", POA_E_LIMIT_WIDENED},
    {NULL, "'review'", POA_OK},
    {NULL, "'cascade'", POA_OK},
    {NULL, "'stop_new'", POA_E_LIMIT_WIDENED},
    {"'review'", NULL, POA_E_CONSTRAINT_DROPPED},
    {NULL, NULL, POA_OK},
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("device_onboarding", "effect", effect_narrowings, POA_COUNT(effect_narrowings));
    check_narrowing("device_onboarding", "on_revoke", on_revoke_narrowings, POA_COUNT(on_revoke_narrowings));
}

static void a_reason_shows_the_default(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *parent = powers_take(powers_with("device_onboarding", "effect", NULL), "");
    POA_CLEANUP(poa_powers_freep)
    poa_powers *child = powers_take(powers_with("device_onboarding", "effect", "'permanent'"), "");
    poa_reason why = {0};
    assert_int_equal(poa_powers_inside(child, parent, 1, &why), POA_E_LIMIT_WIDENED);
    assert_string_equal(why.parent, "\"until_exp\"");
    assert_string_equal(why.child, "\"permanent\"");
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(poa_effect_name(POA_EFFECT_UNTIL_EXP), "until_exp");
    assert_string_equal(poa_effect_name(POA_EFFECT_PERMANENT), "permanent");
    for (enum poa_on_revoke level = POA_ON_REVOKE_STOP_NEW; level <= POA_ON_REVOKE_CASCADE; level++) {
        enum poa_on_revoke back = POA_ON_REVOKE_STOP_NEW;
        assert_true(poa_on_revoke_parse(poa_span_of(poa_on_revoke_name(level)), &back));
        assert_int_equal(back, level);
    }
    enum poa_on_revoke untouched = POA_ON_REVOKE_CASCADE;
    assert_false(poa_on_revoke_parse(POA_SPAN("none"), &untouched));
    assert_int_equal(untouched, POA_ON_REVOKE_CASCADE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(a_reason_shows_the_default),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("constraint_effect", tests, NULL, NULL);
}
