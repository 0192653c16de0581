#include "powers.h"

#define ONBOARDING(more) "{'type':'device_onboarding','actions':['onboard','read']," more "}"
#define PLACE(place)     "'locations':['" place "'],'devices':[{'any':true}]"
#define ACCESS(resource) "{'type':'access','actions':['read'],'resources':['" resource "']}"

static const struct {
    const char *name;
    const char *parent;
    const char *child;
    poa_err want;
    const char *member;
    const char *in_parent;
    const char *in_child;
} cases[] = {
    {"equal", "[" ONBOARDING(PLACE("a")) "]", "[" ONBOARDING(PLACE("a")) "]", POA_OK, NULL, NULL, NULL},
    {"no power of the type", "[" ONBOARDING(PLACE("a")) "]", "[" ACCESS("https://h") "]", POA_E_POWER_OUTSIDE_PARENT,
     CONTAINER "/0/type", "", "\"access\""},
    {"each of the child's has its own", "[" ONBOARDING(PLACE("a")) "," ACCESS("https://h") "]",
     "[" ACCESS("https://h/a") "," ONBOARDING(PLACE("a/b")) "," ACCESS("https://h/b") "]", POA_OK, NULL, NULL, NULL},
    {"a power of the parent may be left out", "[" ONBOARDING(PLACE("a")) "," ACCESS("https://h") "]",
     "[" ACCESS("https://h") "]", POA_OK, NULL, NULL, NULL},

    {"the first failing power of the child", "[" ONBOARDING(PLACE("a")) "]",
     "[" ONBOARDING(PLACE("a/b")) "," ONBOARDING(PLACE("b")) "," ACCESS("https://h") "]", POA_E_LOCATION_WIDENED,
     CONTAINER "/1/locations", "[\"a\"]", "[\"b\"]"},
    {"the first failing member of the table", "[" ONBOARDING(PLACE("a") ",'max_devices':1") "]",
     "[" ONBOARDING("'max_devices':2," PLACE("b")) "]", POA_E_LOCATION_WIDENED, CONTAINER "/0/locations", NULL, NULL},
    {"a dropped member has its place in the table",
     "[" ONBOARDING(PLACE("a") ",'max_devices':1,'effect':'until_exp'") "]",
     "[" ONBOARDING(PLACE("a") ",'effect':'permanent'") "]", POA_E_CONSTRAINT_DROPPED, CONTAINER "/0/max_devices", "1",
     ""},
    {"a dropped member behind a wider one", "[" ONBOARDING(PLACE("a") ",'max_devices':1,'on_revoke':'cascade'") "]",
     "[" ONBOARDING(PLACE("a") ",'max_devices':2") "]", POA_E_LIMIT_WIDENED, CONTAINER "/0/max_devices", "1", "2"},

    /* Inside ONE power of the parent, not inside two that cover half each. */
    {"two halves", "[" ONBOARDING(PLACE("a")) "," ONBOARDING(PLACE("b")) "]",
     "[" ONBOARDING("'locations':['a','b'],'devices':[{'any':true}]") "]", POA_E_LOCATION_WIDENED,
     CONTAINER "/0/locations", "[\"a\"]", "[\"a\",\"b\"]"},
    {"place of one, limit of another",
     "[" ONBOARDING(PLACE("a") ",'max_devices':1") "," ONBOARDING(PLACE("b") ",'max_devices':9") "]",
     "[" ONBOARDING(PLACE("a") ",'max_devices':9") "]", POA_E_LIMIT_WIDENED, CONTAINER "/0/max_devices", "1", "9"},
    {"the second of the parent's", "[" ONBOARDING(PLACE("a")) "," ONBOARDING(PLACE("b")) "]",
     "[" ONBOARDING(PLACE("b")) "]", POA_OK, NULL, NULL, NULL},

    {"the parent that fails latest, standing first",
     "[" ONBOARDING(PLACE("a") ",'max_devices':1") "," ONBOARDING(PLACE("b")) "]",
     "[" ONBOARDING(PLACE("a") ",'max_devices':2") "]", POA_E_LIMIT_WIDENED, CONTAINER "/0/max_devices", "1", "2"},
    {"the parent that fails latest, standing last",
     "[" ONBOARDING(PLACE("b")) "," ONBOARDING(PLACE("a") ",'max_devices':1") "]",
     "[" ONBOARDING(PLACE("a") ",'max_devices':2") "]", POA_E_LIMIT_WIDENED, CONTAINER "/0/max_devices", "1", "2"},
    {"ties go to the first", "[" ONBOARDING(PLACE("b")) "," ONBOARDING(PLACE("c")) "]", "[" ONBOARDING(PLACE("a")) "]",
     POA_E_LOCATION_WIDENED, CONTAINER "/0/locations", "[\"b\"]", "[\"a\"]"},
    {"a tie of different codes goes to the first",
     "[" ONBOARDING(PLACE("a") ",'max_devices':1") "," ONBOARDING(PLACE("a") ",'max_devices':2") "]",
     "[" ONBOARDING(PLACE("a")) "]", POA_E_CONSTRAINT_DROPPED, CONTAINER "/0/max_devices", "1", ""},
    {"a power of another type is no parent", "[" ACCESS("https://h") "," ONBOARDING(PLACE("b")) "]",
     "[" ONBOARDING(PLACE("a")) "]", POA_E_LOCATION_WIDENED, CONTAINER "/0/locations", "[\"b\"]", "[\"a\"]"},
    {"resources", "[" ACCESS("https://h/a") "]", "[" ACCESS("https://h") "]", POA_E_LIMIT_WIDENED,
     CONTAINER "/0/resources", "[\"https://h/a\"]", "[\"https://h\"]"},
};

static void each_narrowing(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_powers_freep) poa_powers *parent = powers_of(cases[i].parent);
        POA_CLEANUP(poa_powers_freep) poa_powers *child = powers_of(cases[i].child);
        poa_reason why = {0};
        const poa_err err = poa_powers_inside(child, parent, 5, &why);
        expect(cases[i].name, err, &why, cases[i].want, cases[i].member);
        assert_int_equal(poa_powers_inside(child, parent, 5, NULL), err);
        if (!err)
            continue;
        assert_int_equal(why.hop, 5);
        assert_int_equal(why.because, POA_OK);
        assert_string_equal(why.request, "");
        if (cases[i].in_parent)
            assert_string_equal(why.parent, cases[i].in_parent);
        if (cases[i].in_child)
            assert_string_equal(why.child, cases[i].in_child);
    }
}

static void types_do_not_mix(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_of("[{'type':'administration','actions':['suspend'],'locations':['a']},"
                                   "{'type':'device_onboarding','actions':['suspend'],'locations':['a'],"
                                   "'devices':[{'any':true}]}]");
    assert_true(poa_power_inside(poa_powers_at(powers, 0), poa_powers_at(powers, 0)));
    assert_false(poa_power_inside(poa_powers_at(powers, 0), poa_powers_at(powers, 1)));
    assert_false(poa_power_inside(poa_powers_at(powers, 1), poa_powers_at(powers, 0)));
}

/* A reason points into the child's own document: a new policy compared with an old one is no PoA. */
static void the_pointer_is_the_childs(void **state)
{
    (void)state;
    POA_CLEANUP(poa_json_decrefp) json_t *json = json_of("[" ONBOARDING(PLACE("b")) "]");
    POA_CLEANUP(poa_powers_freep) poa_powers *child = NULL;
    assert_int_equal(poa_powers_read(json, POA_HOP_NONE, "/owners/3/powers", &child, NULL), POA_OK);
    POA_CLEANUP(poa_powers_freep) poa_powers *parent = powers_of("[" ONBOARDING(PLACE("a")) "]");
    poa_reason why = {0};
    assert_int_equal(poa_powers_inside(child, parent, POA_HOP_NONE, &why), POA_E_LOCATION_WIDENED);
    assert_string_equal(why.member, "/owners/3/powers/0/locations");
    assert_int_equal(why.hop, POA_HOP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(types_do_not_mix),
        cmocka_unit_test(the_pointer_is_the_childs),
    };
    return cmocka_run_group_tests_name("powers", tests, NULL, NULL);
}
