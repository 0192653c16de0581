#include "powers.h"

/* SHA-256 values, in base64url. */
#define CA_0 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CA_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

#define LABEL_128                                                                                              \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaa"

static const reading readings[] = {
    {"[{'any':true}]", true},
    {"[{'any':false}]", false},
    {"[{'any':1}]", false},
    {"[{'any':true,'model':'X'}]", false},
    {"[{'model':'X','any':true}]", false},
    {"[{'any':true},{'model':'X'}]", true},
    {"[{'manufacturer':'M\\u00fcller & Co','model':'X 1','serial':'S','id_link':'https://h/a','idevid_issuer':'" CA_0
     "'}]",
     true},
    {"[{}]", false},
    {"[]", false},
    {"{'any':true}", false},
    {"['any']", false},
    {"[[]]", false},
    {"[{'name':'X'}]", false},
    {"[{'model':'X','colour':'red'}]", false},
    {"[{'model':''}]", false},
    {"[{'model':1}]", false},
    {"[{'model':['X']}]", false},
    {"[{'model':'" LABEL_128 "'}]", true},
    {"[{'model':'" LABEL_128 "a'}]", false},
    {"[{'manufacturer':'" LABEL_128 "a'}]", false},
    {"[{'model':'a\\tb'}]", false},
    {"[{'manufacturer':'a\\u007f'}]", false},
    {"[{'manufacturer':'a\\u0085'}]", false},
    {"[{'serial':'*'}]", false},
    {"[{'serial':7}]", false},
    {"[{'id_link':'https://h/a*'}]", false},
    {"[{'id_link':null}]", false},
    {"[{'idevid_issuer':'" CA_0 "='}]", false},
    {"[{'idevid_issuer':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB'}]", false}, /* unused bits set */
    {"[{'idevid_issuer':'AAAA'}]", false},
    {"[{'idevid_issuer':0}]", false},
    {"[{'model':'X'},{'model':'X'}]", false},
    {"[{'model':'X','serial':'S'},{'serial':'S','model':'X'}]", false},
    {"[{'model':'X'},{'model':'x'}]", true},
};

static void check_count(int count, bool ok)
{
    char text[1024] = "[";
    size_t len = 1;
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s{'serial':'%d'}", i > 0 ? "," : "", i);
    (void)snprintf(text + len, sizeof text - len, "]");
    check_reading("device_onboarding", "devices", &(reading){text, ok}, 1);
}

static void each_reading(void **state)
{
    (void)state;
    check_reading("device_onboarding", "devices", readings, POA_COUNT(readings));
    check_count(32, true);
    check_count(33, false);
}

static const narrowing narrowings[] = {
    {"[{'any':true}]", "[{'any':true}]", POA_OK},
    {"[{'any':true}]", "[{'serial':'S*'},{'model':'X'}]", POA_OK},
    {"[{'model':'X'}]", "[{'any':true}]", POA_E_DEVICE_WIDENED},
    {"[{'model':'X'}]", "[{'model':'X'}]", POA_OK},
    {"[{'model':'X'}]", "[{'model':'Y'}]", POA_E_DEVICE_WIDENED},
    {"[{'model':'X'}]", "[{'model':'X1'}]", POA_E_DEVICE_WIDENED},
    {"[{'model':'X'}]", "[{'manufacturer':'X'}]", POA_E_DEVICE_WIDENED},
    {"[{'model':'X'}]", "[{'model':'X','serial':'S'}]", POA_OK},
    {"[{'model':'X','serial':'S*'}]", "[{'model':'X'}]", POA_E_DEVICE_WIDENED}, /* it drops a member */
    {"[{'model':'X','serial':'S*'}]", "[{'serial':'S*'}]", POA_E_DEVICE_WIDENED},
    {"[{'model':'X','serial':'S*'}]", "[{'model':'X','serial':'S1'}]", POA_OK},
    {"[{'manufacturer':'M'}]", "[{'manufacturer':'M'}]", POA_OK},
    {"[{'manufacturer':'M'}]", "[{'manufacturer':'m'}]", POA_E_DEVICE_WIDENED},
    {"[{'manufacturer':'M'}]", "[{'model':'M'}]", POA_E_DEVICE_WIDENED},
    {"[{'serial':'S1*'}]", "[{'serial':'S*'}]", POA_E_DEVICE_WIDENED},
    {"[{'serial':'S*'}]", "[{'serial':'S1*'}]", POA_OK},
    {"[{'serial':'S10..S19'}]", "[{'serial':'S10..S20'}]", POA_E_DEVICE_WIDENED},
    {"[{'id_link':'https://h/a/*'}]", "[{'id_link':'https://h/a/b'}]", POA_OK},
    {"[{'id_link':'https://h/a/*'}]", "[{'id_link':'https://h/b'}]", POA_E_DEVICE_WIDENED},
    {"[{'id_link':'https://h/a/*'}]", "[{'model':'X'}]", POA_E_DEVICE_WIDENED},
    {"[{'idevid_issuer':'" CA_0 "'}]", "[{'idevid_issuer':'" CA_0 "'}]", POA_OK},
    {"[{'idevid_issuer':'" CA_0 "'}]", "[{'idevid_issuer':'" CA_1 "'}]", POA_E_DEVICE_WIDENED},
    {"[{'idevid_issuer':'" CA_0 "'}]", "[{'model':'X'}]", POA_E_DEVICE_WIDENED},
    {"[{'model':'X'},{'model':'Y'}]", "[{'model':'Y'}]", POA_OK},
    {"[{'model':'X'},{'serial':'S'}]", "[{'model':'X'},{'model':'Z'}]", POA_E_DEVICE_WIDENED},
    /* Inside ONE selector, not inside two together. */
    {"[{'serial':'S0..S4'},{'serial':'S5..S9'}]", "[{'serial':'S3..S6'}]", POA_E_DEVICE_WIDENED},
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("device_onboarding", "devices", narrowings, POA_COUNT(narrowings));
}

static const poa_id path[] = {{{0}}, {{1}}};

static const poa_identity whole = {
    .manufacturer = {"M", 1},
    .model = {"X", 1},
    .serial = {"S1", 2},
    .id_link = {"https://h/a", 11},
    .idevid_path = path,
    .idevid_path_len = 2,
};

static void check(const char *value, const poa_identity *device, poa_err want)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = POA_SPAN("mine-7"),
        .device = *device,
    };
    check_match("device_onboarding", "devices", value, &request, want);
}

static void each_match(void **state)
{
    (void)state;
    const poa_identity nothing = {0};
    static const struct {
        const char *value;
        poa_err want;
        poa_err of_nothing;
    } cases[] = {
        {"[{'any':true}]", POA_OK, POA_OK},
        {"[{'manufacturer':'M'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
        {"[{'manufacturer':'m'}]", POA_E_DEVICE_NOT_GRANTED, POA_E_DEVICE_NOT_GRANTED},
        {"[{'manufacturer':'X'}]", POA_E_DEVICE_NOT_GRANTED, POA_E_DEVICE_NOT_GRANTED},
        {"[{'model':'X'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
        {"[{'model':'M'}]", POA_E_DEVICE_NOT_GRANTED, POA_E_DEVICE_NOT_GRANTED},
        {"[{'serial':'S1'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
        {"[{'serial':'S2'}]", POA_E_DEVICE_NOT_GRANTED, POA_E_DEVICE_NOT_GRANTED},
        {"[{'serial':'S*'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
        {"[{'id_link':'https://h/a'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
        {"[{'id_link':'https://h/b'}]", POA_E_DEVICE_NOT_GRANTED, POA_E_DEVICE_NOT_GRANTED},
        {"[{'idevid_issuer':'" CA_0 "'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
        {"[{'idevid_issuer':'" CA_1 "'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
        {"[{'idevid_issuer':'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}]", POA_E_DEVICE_NOT_GRANTED,
         POA_E_DEVICE_NOT_GRANTED},
        {"[{'model':'X','serial':'S1','manufacturer':'M'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
        {"[{'model':'X','serial':'S2'}]", POA_E_DEVICE_NOT_GRANTED, POA_E_DEVICE_NOT_GRANTED},
        {"[{'model':'Y','serial':'S1'}]", POA_E_DEVICE_NOT_GRANTED, POA_E_DEVICE_NOT_GRANTED},
        {"[{'model':'Y'},{'serial':'S1'}]", POA_OK, POA_E_DEVICE_NOT_GRANTED},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        check(cases[i].value, &whole, cases[i].want);
        check(cases[i].value, &nothing, cases[i].of_nothing);
    }
}

static void replace_needs_both(void **state)
{
    (void)state;
    const poa_identity old = {.serial = POA_SPAN("S2")};
    const poa_identity foreign = {.serial = POA_SPAN("T2")};
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_of("[{'type':'device_onboarding','actions':['replace','onboard'],"
                                   "'locations':['mine-7'],'devices':[{'serial':'S*'}]}]");
    poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("replace"),
        .location = POA_SPAN("mine-7"),
        .device = whole,
        .replaced = &old,
    };
    size_t applied = 0;
    poa_reason why = {0};
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, NULL), POA_OK);
    request.replaced = &foreign;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_DEVICE_NOT_GRANTED);
    assert_string_equal(why.member, CONTAINER "/0/devices");
    request.device = foreign;
    request.replaced = &old;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_DEVICE_NOT_GRANTED);
    assert_string_equal(why.request, "{\"device\":{\"serial\":\"T2\"},\"replaced\":{\"serial\":\"S2\"}}");

    /* Nobody said what is replaced: that is no reason to grant. */
    request.device = whole;
    request.replaced = NULL;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, NULL), POA_E_DEVICE_NOT_GRANTED);
    request.action = POA_SPAN("onboard");
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, NULL), POA_OK);
}

static void a_reason_shows_the_device(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_take(powers_with("device_onboarding", "devices", "[{'serial':'T'}]"), "");
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = POA_SPAN("mine-7"),
        .device = whole,
    };
    poa_reason why = {0};
    size_t applied = 0;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_DEVICE_NOT_GRANTED);
    assert_string_equal(why.child, "[{\"serial\":\"T\"}]");
    assert_string_equal(why.request, "{\"manufacturer\":\"M\",\"model\":\"X\",\"serial\":\"S1\",\"id_link\":"
                                     "\"https://h/a\",\"idevid_issuer\":[\"" CA_0 "\",\"" CA_1 "\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(each_match),
        cmocka_unit_test(replace_needs_both),
        cmocka_unit_test(a_reason_shows_the_device),
    };
    return cmocka_run_group_tests_name("constraint_devices", tests, NULL, NULL);
}
