#include "test.h"

#include "api/effects.h"
#include "api/notices.h"
#include "cleanup.h"

/* A device that came in at 1000. */
#define DEVICE(is, power)                                                                 \
    {                                                                                     \
        .state = STORE_DEVICE_##is, .on_revoke = POA_ON_REVOKE_##power, .created_s = 1000 \
    }
#define SINCE(why, when)                                                                    \
    {                                                                                       \
        .state = STORE_DEVICE_ACTIVE, .on_revoke = POA_ON_REVOKE_REVIEW, .created_s = 1000, \
        .cause = STORE_CAUSE_##why, .changed_s = (when)                                     \
    }
#define SAYS(by, what)                                                                        \
    {                                                                                         \
        .op = POA_OP_REVOKE, .standing = POA_STANDING_##by, .on_revoke = POA_ON_REVOKE_##what \
    }

static const struct {
    const char *name;
    store_device device;
    poa_revocation_hit hit;
    int64_t since_s;
    enum api_effect want;
} cases[] = {
    {"no standing", DEVICE(ACTIVE, REVIEW), SAYS(NONE, CASCADE), -1, API_EFFECT_NONE},
    {"review of the power", DEVICE(ACTIVE, REVIEW), SAYS(PRINCIPAL, STOP_NEW), -1, API_EFFECT_REVIEW},
    {"nobody weakens", DEVICE(ACTIVE, CASCADE), SAYS(OWNER, STOP_NEW), -1, API_EFFECT_SUSPEND},
    {"a principal does not strengthen", DEVICE(ACTIVE, REVIEW), SAYS(PRINCIPAL, CASCADE), -1, API_EFFECT_REVIEW},
    {"a key about itself does not", DEVICE(ACTIVE, REVIEW), SAYS(SELF, CASCADE), -1, API_EFFECT_REVIEW},
    {"an owner does", DEVICE(ACTIVE, REVIEW), SAYS(OWNER, CASCADE), -1, API_EFFECT_SUSPEND},
    {"an administrator does", DEVICE(ACTIVE, REVIEW), SAYS(ADMINISTRATOR, CASCADE), -1, API_EFFECT_SUSPEND},
    {"stop_new", DEVICE(ACTIVE, STOP_NEW), SAYS(PRINCIPAL, CASCADE), -1, API_EFFECT_NOTICE},
    {"given up", DEVICE(ACTIVE, CASCADE), SAYS(AGENT, CASCADE), -1, API_EFFECT_NOTICE},
    {"a hold",
     DEVICE(ACTIVE, CASCADE),
     {.op = POA_OP_SUSPEND, .standing = POA_STANDING_OWNER, .on_revoke = POA_ON_REVOKE_CASCADE},
     -1,
     API_EFFECT_NOTICE},

    {"bad since the second it came", DEVICE(ACTIVE, REVIEW), SAYS(OWNER, CASCADE), 1000, API_EFFECT_SUSPEND},
    {"bad since a second later", DEVICE(ACTIVE, REVIEW), SAYS(OWNER, CASCADE), 1001, API_EFFECT_NOTICE},
    {"bad since ever", DEVICE(ACTIVE, REVIEW), SAYS(OWNER, CASCADE), 0, API_EFFECT_SUSPEND},
    {"ratified since", SINCE(RATIFIED, 1001), SAYS(OWNER, CASCADE), 1001, API_EFFECT_SUSPEND},
    {"ratified before", SINCE(RATIFIED, 1001), SAYS(OWNER, CASCADE), 1002, API_EFFECT_NOTICE},
    {"resumed since, came before", SINCE(RESUMED, 2000), SAYS(OWNER, CASCADE), 1001, API_EFFECT_NOTICE},
    {"ratified some time",
     {.state = STORE_DEVICE_ACTIVE,
      .on_revoke = POA_ON_REVOKE_REVIEW,
      .created_s = 1000,
      .cause = STORE_CAUSE_RESUMED,
      .changed_s = 1000,
      .leaf = {{1}},
      .came_leaf = {{2}}},
     SAYS(OWNER, CASCADE),
     5000,
     API_EFFECT_SUSPEND},
    {"a review has no since", DEVICE(ACTIVE, REVIEW), SAYS(OWNER, REVIEW), 5000, API_EFFECT_REVIEW},

    {"review stays review", DEVICE(REVIEW, REVIEW), SAYS(OWNER, REVIEW), -1, API_EFFECT_NONE},
    {"review is suspended", DEVICE(REVIEW, REVIEW), SAYS(OWNER, CASCADE), -1, API_EFFECT_SUSPEND},
    {"suspended stays", DEVICE(SUSPENDED, REVIEW), SAYS(OWNER, CASCADE), -1, API_EFFECT_NONE},
    {"replaced stays", DEVICE(REPLACED, REVIEW), SAYS(OWNER, CASCADE), -1, API_EFFECT_NONE},
    {"decommissioned stays", DEVICE(DECOMMISSIONED, REVIEW), SAYS(OWNER, CASCADE), -1, API_EFFECT_NONE},
    {"pending lapses", DEVICE(PENDING, REVIEW), SAYS(PRINCIPAL, STOP_NEW), -1, API_EFFECT_LAPSE},
    {"pending lapses when given up", DEVICE(PENDING, REVIEW), SAYS(AGENT, STOP_NEW), -1, API_EFFECT_LAPSE},
    {"pending waits on under a hold",
     DEVICE(PENDING, CASCADE),
     {.op = POA_OP_SUSPEND, .standing = POA_STANDING_OWNER, .on_revoke = POA_ON_REVOKE_CASCADE},
     -1,
     API_EFFECT_NONE},
    {"expected has no PoA", DEVICE(EXPECTED, REVIEW), SAYS(OWNER, CASCADE), -1, API_EFFECT_NONE},
};

static void what_becomes_of_a_device(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        const enum api_effect got = api_effect_of(&cases[i].hit, cases[i].since_s, &cases[i].device);
        if (got != cases[i].want)
            fail_msg("%s: %d, not %d", cases[i].name, (int)got, (int)cases[i].want);
    }
}

static void which_mark_a_time_has(void **state)
{
    static const struct {
        int64_t left_s;
        unsigned want;
    } times[] = {
        {30 * 86400 + 1, 0},
        {30 * 86400, 30},
        {7 * 86400 + 1, 30},
        {7 * 86400, 7},
        {86401, 7},
        {86400, 1},
        {1, 1},
        {0, 0},
        {-1, 0},
    };
    (void)state;
    for (size_t i = 0; i < POA_COUNT(times); i++)
        assert_int_equal(api_notices_mark(1790000000 + times[i].left_s, 1790000000), times[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_becomes_of_a_device),
        cmocka_unit_test(which_mark_a_time_has),
    };
    return cmocka_run_group_tests_name("api effects", tests, NULL, NULL);
}
