#include "powers.h"

#define ONBOARDING "'type':'device_onboarding','actions':['onboard'],'locations':['a'],'devices':[{'any':true}]"

static const struct {
    const char *name;
    const char *json;
    poa_err want;
    const char *member;
} cases[] = {
    {"onboarding", "[{" ONBOARDING "}]", POA_OK, NULL},
    {"access", "[{'type':'access','actions':['a'],'resources':['https://h']}]", POA_OK, NULL},
    {"administration", "[{'type':'administration','actions':['audit'],'locations':['a']}]", POA_OK, NULL},
    {"every member",
     "[{" ONBOARDING ",'max_devices':1,'evidence':['idevid'],'credential_lifetime':60,'effect':'permanent',"
     "'on_revoke':'cascade','hours':[{'days':['mon'],'from':'00:00','to':'24:00'}],'networks':['10.0.0.0/8']}]",
     POA_OK, NULL},

    {"no array", "{}", POA_E_CLAIM_TYPE, CONTAINER},
    {"no power", "[]", POA_E_CLAIM_TYPE, CONTAINER},
    {"twice the same", "[{" ONBOARDING "},{" ONBOARDING "}]", POA_E_CLAIM_TYPE, CONTAINER},
    {"not quite the same", "[{" ONBOARDING "},{" ONBOARDING ",'max_devices':1}]", POA_OK, NULL},

    {"no object", "['a']", POA_E_POWER_INVALID, CONTAINER "/0"},
    {"no type", "[{'actions':['a']}]", POA_E_POWER_INVALID, CONTAINER "/0/type"},
    {"type no string", "[{'type':1}]", POA_E_POWER_INVALID, CONTAINER "/0/type"},
    {"type unknown", "[{'type':'access2'}]", POA_E_POWER_UNKNOWN, CONTAINER "/0/type"},
    {"type in other case", "[{'type':'Access'}]", POA_E_POWER_UNKNOWN, CONTAINER "/0/type"},
    {"type empty", "[{'type':''}]", POA_E_POWER_UNKNOWN, CONTAINER "/0/type"},

    {"no actions", "[{'type':'device_onboarding','locations':['a'],'devices':[{'any':true}]}]", POA_E_POWER_INVALID,
     CONTAINER "/0/actions"},
    {"no locations", "[{'type':'device_onboarding','actions':['read'],'devices':[{'any':true}]}]", POA_E_POWER_INVALID,
     CONTAINER "/0/locations"},
    {"no devices", "[{'type':'device_onboarding','actions':['read'],'locations':['a']}]", POA_E_POWER_INVALID,
     CONTAINER "/0/devices"},
    {"no resources", "[{'type':'access','actions':['a']}]", POA_E_POWER_INVALID, CONTAINER "/0/resources"},
    {"no locations to administer", "[{'type':'administration','actions':['audit']}]", POA_E_POWER_INVALID,
     CONTAINER "/0/locations"},

    {"member unknown", "[{" ONBOARDING ",'action':['onboard']}]", POA_E_POWER_INVALID, CONTAINER "/0/action"},
    {"member of another type", "[{" ONBOARDING ",'resources':['https://h']}]", POA_E_POWER_INVALID,
     CONTAINER "/0/resources"},
    {"the first unknown member", "[{'z':1,'y':1," ONBOARDING "}]", POA_E_POWER_INVALID, CONTAINER "/0/z"},
    {"unknown member with a slash", "[{" ONBOARDING ",'a/b~c':1}]", POA_E_POWER_INVALID, CONTAINER "/0/a~1b~0c"},
    {"unknown members come last", "[{'x':1," ONBOARDING ",'networks':[]}]", POA_E_POWER_INVALID,
     CONTAINER "/0/networks"},
    {"the table's order, not the document's",
     "[{'networks':[],'hours':[],'on_revoke':1,'effect':1," ONBOARDING ",'credential_lifetime':1}]",
     POA_E_POWER_INVALID, CONTAINER "/0/credential_lifetime"},
    {"optional member null", "[{" ONBOARDING ",'max_devices':null}]", POA_E_POWER_INVALID, CONTAINER "/0/max_devices"},
    {"the second power", "[{" ONBOARDING "},{'type':'access','actions':['a'],'resources':[]}]", POA_E_POWER_INVALID,
     CONTAINER "/1/resources"},
};

static void each_power_by_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_json_decrefp) json_t *json = json_of(cases[i].json);
        POA_CLEANUP(poa_powers_freep) poa_powers *powers = NULL;
        poa_reason why = {0};
        const poa_err err = poa_powers_read(json, 1, CONTAINER, &powers, &why);
        expect(cases[i].name, err, &why, cases[i].want, cases[i].member);
        assert_int_equal(powers != NULL, err == POA_OK);
        assert_int_equal(why.hop, err ? 1 : 0);
    }
}

static void a_reason_shows_the_value(void **state)
{
    (void)state;
    poa_powers *powers = NULL;
    poa_reason why = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *json = json_of("[{" ONBOARDING ",'max_devices':0}]");
    assert_int_equal(poa_powers_read(json, POA_HOP_NONE, "/owners/0/powers", &powers, &why), POA_E_POWER_INVALID);
    assert_string_equal(why.member, "/owners/0/powers/0/max_devices");
    assert_string_equal(why.child, "0");
    assert_int_equal(why.hop, POA_HOP_NONE);
}

static void at_most_32_powers(void **state)
{
    (void)state;
    POA_CLEANUP(poa_json_decrefp) json_t *array = json_array();
    for (int i = 1; i <= 32; i++) {
        json_t *power = plain_power("device_onboarding");
        json_object_set_new(power, "max_devices", json_integer(i));
        json_array_append_new(array, power);
    }
    POA_CLEANUP(poa_powers_freep) poa_powers *powers = NULL;
    assert_int_equal(poa_powers_read(array, 0, CONTAINER, &powers, NULL), POA_OK);
    assert_int_equal(poa_powers_count(powers), 32);
    assert_non_null(poa_powers_at(powers, 31));
    assert_null(poa_powers_at(powers, 32));

    json_array_append_new(array, plain_power("access"));
    assert_false(poa_powers_form(array));
    poa_powers *more = NULL;
    assert_int_equal(poa_powers_read(array, 0, CONTAINER, &more, NULL), POA_E_CLAIM_TYPE);
}

static void what_is_absent_has_its_default(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep) poa_powers *powers = powers_of("[{" ONBOARDING "}]");
    const poa_power *power = poa_powers_at(powers, 0);
    int64_t n = 7;
    assert_string_equal(poa_power_type(power), "device_onboarding");
    assert_false(poa_power_max_devices(power, &n));
    assert_false(poa_power_credential_lifetime(power, &n));
    assert_int_equal(n, 7);
    assert_int_equal(poa_power_evidence(power), POA_EVIDENCE_DEVICE_KEY);
    assert_int_equal(poa_power_effect(power), POA_EFFECT_UNTIL_EXP);
    assert_int_equal(poa_power_on_revoke(power), POA_ON_REVOKE_REVIEW);
}

static void what_is_stated_is_told(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_of("[{" ONBOARDING ",'max_devices':20,'credential_lifetime':9007199254740992,"
                                   "'evidence':['approval','idevid'],'effect':'permanent','on_revoke':'stop_new'}]");
    const poa_power *power = poa_powers_at(powers, 0);
    int64_t n = 0;
    assert_true(poa_power_max_devices(power, &n));
    assert_int_equal(n, 20);
    assert_true(poa_power_credential_lifetime(power, &n));
    assert_int_equal(n, INT64_C(9007199254740991)); /* so that a server may add it to a time */
    assert_int_equal(poa_power_evidence(power), POA_EVIDENCE_DEVICE_KEY | POA_EVIDENCE_IDEVID | POA_EVIDENCE_APPROVAL);
    assert_int_equal(poa_power_effect(power), POA_EFFECT_PERMANENT);
    assert_int_equal(poa_power_on_revoke(power), POA_ON_REVOKE_STOP_NEW);
    assert_true(poa_power_has_action(power, POA_SPAN("onboard")));
    assert_false(poa_power_has_action(power, POA_SPAN("read")));
    assert_false(poa_power_has_action(power, POA_SPAN("onboar")));
    const poa_span *location = NULL;
    assert_int_equal(poa_power_locations(power, &location), 1);
    assert_int_equal(location[0].len, 1);
}

static void another_type_has_no_such_member(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_of("[{'type':'access','actions':['a'],'resources':['https://h']}]");
    const poa_power *power = poa_powers_at(powers, 0);
    const poa_span *location = NULL;
    int64_t n = 0;
    assert_int_equal(poa_power_locations(power, &location), 0);
    assert_false(poa_power_max_devices(power, &n));
    assert_int_equal(poa_power_effect(power), POA_EFFECT_UNTIL_EXP);
}

/* A power outlives the document that it was read from. */
static void powers_keep_their_json(void **state)
{
    (void)state;
    json_t *array = json_of("[{" ONBOARDING ",'max_devices':3}]");
    poa_power *power = NULL;
    assert_int_equal(poa_power_read(json_array_get(array, 0), 0, CONTAINER, 0, &power, NULL), POA_OK);
    json_decref(array);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_power_json(power, &b);
    assert_string_equal(b.text, "{\"type\":\"device_onboarding\",\"actions\":[\"onboard\"],\"locations\":[\"a\"],"
                                "\"devices\":[{\"any\":true}],\"max_devices\":3}");
    poa_power_free(power);
    poa_power_free(NULL);
    poa_powers_free(NULL);
}

static void the_types_are_listed(void **state)
{
    (void)state;
    assert_string_equal(poa_power_type_name(0), "device_onboarding");
    assert_string_equal(poa_power_type_name(1), "access");
    assert_string_equal(poa_power_type_name(2), "administration");
    assert_null(poa_power_type_name(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_power_by_itself),   cmocka_unit_test(a_reason_shows_the_value),
        cmocka_unit_test(at_most_32_powers),      cmocka_unit_test(what_is_absent_has_its_default),
        cmocka_unit_test(what_is_stated_is_told), cmocka_unit_test(another_type_has_no_such_member),
        cmocka_unit_test(powers_keep_their_json), cmocka_unit_test(the_types_are_listed),
    };
    return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
