#include "powers.h"

static const reading readings[] = {
    {"['device_key']", true},
    {"['approval','attestation','idevid','device_key']", true},
    {"['idevid']", true},
    {"[]", false},
    {"['idevid','idevid']", false},
    {"['tpm']", false},
    {"['IDevID']", false},
    {"'idevid'", false},
    {"[2]", false},
    {"null", false},
};

static void each_reading(void **state)
{
    (void)state;
    check_reading("device_onboarding", "evidence", readings, POA_COUNT(readings));
}

static const narrowing narrowings[] = {
    {"['idevid']", "['idevid']", POA_OK},
    {"['idevid']", "['approval','idevid']", POA_OK},
    {"['idevid']", "['approval']", POA_E_EVIDENCE_WEAKENED},
    {"['idevid','approval']", "['idevid']", POA_E_EVIDENCE_WEAKENED},
    {"['idevid']", NULL, POA_E_CONSTRAINT_DROPPED},
    /* device_key is always counted in. */
    {"['device_key']", "['idevid']", POA_OK},
    {"['device_key','idevid']", "['idevid']", POA_OK},
    {"['idevid']", "['device_key']", POA_E_EVIDENCE_WEAKENED},
    {NULL, "['device_key']", POA_OK},
    {NULL, "['approval']", POA_OK},
    {NULL, NULL, POA_OK},
    {"['device_key']", NULL, POA_E_CONSTRAINT_DROPPED}, /* even where its default would be equal */
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("device_onboarding", "evidence", narrowings, POA_COUNT(narrowings));
}

static void check(const char *value, unsigned evidence, poa_err want)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = POA_SPAN("mine-7"),
        .evidence = evidence,
    };
    check_match("device_onboarding", "evidence", value, &request, want);
}

static void each_match(void **state)
{
    (void)state;
    check("['device_key']", 0, POA_OK);
    check("['idevid']", POA_EVIDENCE_IDEVID, POA_OK);
    check("['idevid']", POA_EVIDENCE_IDEVID | POA_EVIDENCE_APPROVAL, POA_OK);
    check("['idevid']", 0, POA_E_EVIDENCE_MISSING);
    check("['idevid']", POA_EVIDENCE_ATTESTATION, POA_E_EVIDENCE_MISSING);
    check("['idevid','approval']", POA_EVIDENCE_IDEVID, POA_E_EVIDENCE_MISSING);
    check("['attestation']", POA_EVIDENCE_ATTESTATION, POA_OK);
    check("['approval']", POA_EVIDENCE_APPROVAL, POA_OK);
}

/* A label that nobody vouches for, where the maker's word is asked. */
static void label(const char *value, const char *id_link, bool vouched, poa_err want)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = POA_SPAN("mine-7"),
        .device = {.id_link = poa_span_of(id_link)},
        .evidence = POA_EVIDENCE_IDEVID | POA_EVIDENCE_APPROVAL,
        .id_link_vouched = vouched,
    };
    check_match("device_onboarding", "evidence", value, &request, want);
}

static void each_label(void **state)
{
    (void)state;
    static const char link[] = "https://id.example/1";
    label("['idevid']", link, true, POA_OK);
    label("['idevid']", link, false, POA_E_EVIDENCE_MISSING);
    label("['idevid','approval']", link, false, POA_E_EVIDENCE_MISSING);
    label("['idevid']", NULL, false, POA_OK);
    label("['approval']", link, false, POA_OK);
    label("['device_key']", link, false, POA_OK);
}

static void a_reason_names_what_was_established(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_take(powers_with("device_onboarding", "evidence", "['idevid']"), "idevid");
    const poa_request request = {.type = POA_SPAN("device_onboarding"),
                                 .action = POA_SPAN("onboard"),
                                 .location = POA_SPAN("mine-7"),
                                 .evidence = POA_EVIDENCE_APPROVAL};
    poa_reason why = {0};
    size_t applied = 0;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_EVIDENCE_MISSING);
    assert_string_equal(why.request, "[\"device_key\",\"approval\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(each_match),
        cmocka_unit_test(each_label),
        cmocka_unit_test(a_reason_names_what_was_established),
    };
    return cmocka_run_group_tests_name("constraint_evidence", tests, NULL, NULL);
}
