#include "powers.h"

#define POWER(place, more)                                                          \
    "{'type':'device_onboarding','actions':['onboard','read'],'locations':['" place \
    "'],'devices':[{'serial':'S*'}]" more "}"
#define IDEVID  ",'evidence':['idevid']"
#define NEVER   ",'hours':[{'days':['mon'],'from':'00:00','to':'24:00'}]" /* the request comes on a Thursday */
#define NOWHERE ",'networks':['10.0.0.0/8']"
#define ONE     ",'max_devices':1"

static poa_request request_for(const char *action)
{
    return (poa_request){
        .type = POA_SPAN("device_onboarding"),
        .action = poa_span_of(action),
        .location = POA_SPAN("a"),
        .device = {.serial = POA_SPAN("S1")},
    };
}

static const struct {
    const char *name;
    const char *powers;
    poa_err want;
    const char *member;
    size_t applied;
} cases[] = {
    {"the only one", "[" POWER("a", "") "]", POA_OK, NULL, 0},
    {"the first that holds it", "[" POWER("b", "") "," POWER("a", "") "," POWER("a", ONE) "]", POA_OK, NULL, 1},
    {"another type is passed over",
     "[{'type':'access','actions':['onboard'],'resources':['https://h']}," POWER("a", "") "]", POA_OK, NULL, 1},
    {"no power of the type", "[{'type':'access','actions':['onboard'],'resources':['https://h']}]",
     POA_E_ACTION_NOT_GRANTED, CONTAINER, 0},

    /* The order of the table. */
    {"action",
     "[{'type':'device_onboarding','actions':['read'],'locations':['b'],'devices':[{'serial':'T'}]" IDEVID "}]",
     POA_E_ACTION_NOT_GRANTED, CONTAINER "/0/actions", 0},
    {"location",
     "[{'type':'device_onboarding','actions':['onboard'],'locations':['b'],'devices':[{'serial':'T'}]" IDEVID "}]",
     POA_E_LOCATION_NOT_GRANTED, CONTAINER "/0/locations", 0},
    {"device",
     "[{'type':'device_onboarding','actions':['onboard'],'locations':['a'],'devices':[{'serial':'T'}]" IDEVID "}]",
     POA_E_DEVICE_NOT_GRANTED, CONTAINER "/0/devices", 0},
    {"evidence", "[" POWER("a", IDEVID NEVER NOWHERE) "]", POA_E_EVIDENCE_MISSING, CONTAINER "/0/evidence", 0},
    {"hours", "[" POWER("a", NEVER NOWHERE) "]", POA_E_OUTSIDE_HOURS, CONTAINER "/0/hours", 0},
    {"networks", "[" POWER("a", NOWHERE) "]", POA_E_NETWORK_NOT_GRANTED, CONTAINER "/0/networks", 0},

    /* The power that fails latest, ties to the first. */
    {"latest, standing first", "[" POWER("a", NEVER) "," POWER("b", "") "," POWER("a", IDEVID) "]", POA_E_OUTSIDE_HOURS,
     CONTAINER "/0/hours", 0},
    {"latest, standing last", "[" POWER("b", "") "," POWER("a", IDEVID) "," POWER("a", NEVER) "]", POA_E_OUTSIDE_HOURS,
     CONTAINER "/2/hours", 0},
    {"a tie", "[" POWER("b", "") "," POWER("a", IDEVID) "," POWER("a/b", "") "," POWER("a", IDEVID NEVER) "]",
     POA_E_EVIDENCE_MISSING, CONTAINER "/1/evidence", 0},
};

static void each_request(void **state)
{
    (void)state;
    const poa_request request = request_for("onboard");
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_powers_freep) poa_powers *powers = powers_of(cases[i].powers);
        poa_reason why = {0};
        size_t applied = 77;
        const poa_err err = poa_powers_match(powers, 1, &request, NULL, NULL, &applied, &why);
        expect(cases[i].name, err, &why, cases[i].want, cases[i].member);
        assert_int_equal(applied, err ? 77 : cases[i].applied);
        assert_int_equal(poa_powers_match(powers, 1, &request, NULL, NULL, &applied, NULL), err);
    }
}

static void an_unknown_type_is_granted_nowhere(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep) poa_powers *powers = powers_of("[" POWER("a", "") "]");
    static const char *const types[] = {"device_onboardin", "Device_onboarding", "", NULL};
    for (size_t i = 0; i < POA_COUNT(types); i++) {
        poa_request request = request_for("onboard");
        request.type = poa_span_of(types[i]);
        poa_reason why = {0};
        size_t applied = 0;
        const poa_err err = poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why);
        expect("type", err, &why, POA_E_ACTION_NOT_GRANTED, CONTAINER);
    }
}

/* A store in which some powers are full; it notes what it was asked. */
typedef struct fake_quota {
    unsigned full; /* bit i: power i */
    poa_err fault; /* given instead, when not POA_OK */
    unsigned asked;
    int64_t max_devices;
    int hop;
} fake_quota;

static poa_err check_fake(void *arg, int hop, size_t index, int64_t max_devices)
{
    fake_quota *q = arg;
    q->asked |= 1u << index;
    q->max_devices = max_devices;
    q->hop = hop;
    if (q->fault)
        return q->fault;
    return q->full & 1u << index ? POA_E_QUOTA_EXCEEDED : POA_OK;
}

static const struct {
    const char *name;
    const char *action;
    const char *powers;
    unsigned full;
    poa_err want;
    const char *member;
    size_t applied;
    unsigned asked;
} quota_cases[] = {
    {"room", "onboard", "[" POWER("a", ONE) "]", 0, POA_OK, NULL, 0, 1},
    {"full", "onboard", "[" POWER("a", ONE) "]", 1, POA_E_QUOTA_EXCEEDED, CONTAINER "/0/max_devices", 0, 1},
    {"no limit, not asked", "onboard", "[" POWER("a", "") "]", 1, POA_OK, NULL, 0, 0},
    {"only onboard asks", "read", "[" POWER("a", ONE) "]", 1, POA_OK, NULL, 0, 0},
    {"the next has room", "onboard", "[" POWER("a", ONE) "," POWER("a", ",'max_devices':2") "]", 1, POA_OK, NULL, 1, 3},
    {"the next has no limit", "onboard", "[" POWER("a", ONE) "," POWER("a", "") "]", 1, POA_OK, NULL, 1, 1},
    {"all full", "onboard", "[" POWER("a", ONE) "," POWER("a", ",'max_devices':2") "]", 3, POA_E_QUOTA_EXCEEDED,
     CONTAINER "/0/max_devices", 0, 3},
    {"not asked of a power that does not hold the request", "onboard",
     "[" POWER("b", ONE) "," POWER("a", ",'max_devices':2") "]", 1, POA_OK, NULL, 1, 2},
    {"full comes after every member: this power", "onboard", "[" POWER("a", ONE NEVER) "]", 1, POA_E_OUTSIDE_HOURS,
     CONTAINER "/0/hours", 0, 0},
    {"full comes after every member: another power", "onboard", "[" POWER("a", NOWHERE) "," POWER("a", ONE) "]", 2,
     POA_E_QUOTA_EXCEEDED, CONTAINER "/1/max_devices", 0, 2},
};

static void each_quota(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(quota_cases); i++) {
        POA_CLEANUP(poa_powers_freep) poa_powers *powers = powers_of(quota_cases[i].powers);
        const poa_request request = request_for(quota_cases[i].action);
        fake_quota quota = {.full = quota_cases[i].full};
        poa_reason why = {0};
        size_t applied = 77;
        const poa_err err = poa_powers_match(powers, 3, &request, check_fake, &quota, &applied, &why);
        expect(quota_cases[i].name, err, &why, quota_cases[i].want, quota_cases[i].member);
        assert_int_equal(applied, err ? 77 : quota_cases[i].applied);
        assert_int_equal(quota.asked, quota_cases[i].asked);
        assert_int_equal(quota.hop, quota.asked ? 3 : 0);
    }
}

static void a_reason_shows_the_limit(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep) poa_powers *powers = powers_of("[" POWER("a", ",'max_devices':20") "]");
    const poa_request request = request_for("onboard");
    fake_quota quota = {.full = 1};
    poa_reason why = {0};
    size_t applied = 0;
    assert_int_equal(poa_powers_match(powers, 3, &request, check_fake, &quota, &applied, &why), POA_E_QUOTA_EXCEEDED);
    assert_string_equal(why.child, "20");
    assert_string_equal(why.request, "");
    assert_int_equal(why.hop, 3);
    assert_int_equal(quota.max_devices, 20);
}

/* When nobody knows how much is used up, nothing is granted, not even by the next power. */
static void a_fault_ends_it(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep) poa_powers *powers = powers_of("[" POWER("a", ONE) "," POWER("a", "") "]");
    const poa_request request = request_for("onboard");
    fake_quota quota = {.fault = POA_F_STORE};
    size_t applied = 77;
    assert_int_equal(poa_powers_match(powers, 0, &request, check_fake, &quota, &applied, NULL), POA_F_STORE);
    assert_int_equal(applied, 77);
    assert_int_equal(quota.asked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request),    cmocka_unit_test(an_unknown_type_is_granted_nowhere),
        cmocka_unit_test(each_quota),      cmocka_unit_test(a_reason_shows_the_limit),
        cmocka_unit_test(a_fault_ends_it),
    };
    return cmocka_run_group_tests_name("power_match", tests, NULL, NULL);
}
