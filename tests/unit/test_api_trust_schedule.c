#include "test.h"

#include "api/trust_schedule.h"
#include "bounds.h"

#include <string.h>

#define NOW INT64_C(1790000000)
#define DAY INT64_C(86400)

/* Random bytes that a test chooses: all of them 0, or counting up far enough to reach every remainder. */
static uint64_t next_number;
static bool has_bytes = true;

static bool fill(void *self, uint8_t *out, size_t len)
{
    (void)self;
    assert_int_equal(len, 8);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(next_number >> (56 - 8 * i));
    next_number++;
    return has_bytes;
}

static const poa_random numbers = {.fill = fill};

static poa_policy_settings settings_of(int64_t period_s, int64_t grace_s)
{
    return (poa_policy_settings){.trust_period_s = period_s, .trust_grace_s = grace_s};
}

static int64_t first_of(int64_t period_s, int64_t left_s, uint64_t number)
{
    const poa_policy_settings settings = settings_of(period_s, 0);
    int64_t due_s = -1;
    next_number = number;
    assert_int_equal(api_trust_schedule_first(&numbers, &settings, NOW, NOW + left_s, &due_s), POA_OK);
    return due_s - NOW;
}

static const struct {
    const char *name;
    int64_t period_s;
    int64_t left_s;
    int64_t from_s;
    int64_t to_s;
} firsts[] = {
    {"twice the period is shorter", DAY, 7 * DAY, 69120, 103680},
    {"the credential is shorter", DAY, DAY, 34560, 51840},
    {"both are as long", DAY, 2 * DAY, 69120, 103680},
    {"the shortest that a policy may say", 60, 60, 24, 36},
    {"the last seconds of a credential", DAY, 3, 1, 1},
    {"the last second", DAY, 1, 1, 1},
    {"it ended just now", DAY, 0, 69120, 103680},
    {"it ended long ago", DAY, -30 * DAY, 69120, 103680},
    {"no period to speak of", POA_TIME_MAX, 1000, 400, 600},
};

static void a_due_time_is_around_the_middle(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        const uint64_t width = (uint64_t)(firsts[i].to_s - firsts[i].from_s);
        const int64_t from_s = first_of(firsts[i].period_s, firsts[i].left_s, 0);
        const int64_t to_s = first_of(firsts[i].period_s, firsts[i].left_s, width);
        const int64_t again_s = first_of(firsts[i].period_s, firsts[i].left_s, width + 1);
        if (from_s != firsts[i].from_s || again_s != firsts[i].from_s)
            fail_msg("%s: from %lld", firsts[i].name, (long long)from_s);
        if (to_s != firsts[i].to_s)
            fail_msg("%s: to %lld", firsts[i].name, (long long)to_s);
    }
}

static void a_due_time_is_never_now_and_never_beyond_time(void **state)
{
    (void)state;
    const poa_policy_settings settings = settings_of(POA_TIME_MAX, POA_TIME_MAX);
    int64_t due_s = 0;
    next_number = UINT64_MAX / 2;
    assert_int_equal(api_trust_schedule_first(&numbers, &settings, NOW, POA_TIME_MAX, &due_s), POA_OK);
    assert_in_range(due_s, NOW + 1, POA_TIME_MAX);
    assert_int_equal(api_trust_schedule_first(&numbers, &settings, POA_TIME_MAX - 1, POA_TIME_MAX, &due_s), POA_OK);
    assert_int_equal(due_s, POA_TIME_MAX);
    assert_int_equal(api_trust_schedule_deadline(&settings, NOW), POA_TIME_MAX);
}

static void many_are_spread_over_the_window(void **state)
{
    (void)state;
    const poa_policy_settings settings = settings_of(400, 0);
    assert_int_equal(api_trust_schedule_window(&settings), 100);
    bool seen[101] = {false};
    next_number = 0;
    for (size_t i = 0; i < 101; i++) {
        int64_t due_s = 0;
        assert_int_equal(api_trust_schedule_spread(&numbers, NOW, 100, &due_s), POA_OK);
        assert_in_range(due_s, NOW, NOW + 100);
        assert_false(seen[due_s - NOW]);
        seen[due_s - NOW] = true;
    }
    int64_t due_s = 0;
    assert_int_equal(api_trust_schedule_spread(&numbers, NOW, 0, &due_s), POA_OK);
    assert_int_equal(due_s, NOW);
}

static const struct {
    const char *name;
    int64_t due_s;
    int64_t want_s;
} sooner[] = {
    {"far away", NOW + DAY, NOW + 50},
    {"just behind the window", NOW + 51, NOW + 50},
    {"before it anyway", NOW + 49, NOW + 49},
    {"overdue", NOW - 10, NOW - 10},
    {"has not to come", 0, 0},
};

static void a_device_can_be_asked_to_come_soon_and_never_later(void **state)
{
    (void)state;
    const poa_policy_settings settings = settings_of(400, 0);
    for (size_t i = 0; i < sizeof sooner / sizeof sooner[0]; i++) {
        int64_t due_s = sooner[i].due_s;
        next_number = 50;
        assert_int_equal(api_trust_schedule_sooner(&numbers, &settings, NOW, &due_s), POA_OK);
        if (due_s != sooner[i].want_s)
            fail_msg("%s: %lld", sooner[i].name, (long long)due_s);
    }
}

static const struct {
    const char *name;
    int64_t trust_s;
    int64_t due_s;
    int64_t periodic_s;
    int64_t other_s;
} waits[] = {
    {"never came", 0, NOW + 1000, 0, 0},
    {"just came", NOW, NOW + 1000, 100, 10},
    {"came a little ago", NOW - 9, NOW + 991, 91, 1},
    {"the shorter pause is over", NOW - 10, NOW + 990, 90, 0},
    {"one second left", NOW - 99, NOW + 901, 1, 0},
    {"both are over", NOW - 100, NOW + 900, 0, 0},
    {"an hour and a minute at most", NOW, NOW + 30 * DAY, 3600, 60},
    {"is due", NOW - 5, NOW, 0, 0},
    {"is overdue", NOW - 5, NOW - 1, 0, 0},
    {"was asked to come soon", NOW - 5, NOW + 15, 0, 0},
    {"came in the future, by a clock that went back", NOW + 20, NOW + 1020, 100, 10},
    {"both at once", NOW + 20, NOW + 20, 0, 0},
};

static void who_comes_too_often_waits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        const int64_t periodic_s = api_trust_schedule_wait(waits[i].trust_s, waits[i].due_s, NOW, true);
        const int64_t other_s = api_trust_schedule_wait(waits[i].trust_s, waits[i].due_s, NOW, false);
        if (periodic_s != waits[i].periodic_s || other_s != waits[i].other_s)
            fail_msg("%s: %lld, %lld", waits[i].name, (long long)periodic_s, (long long)other_s);
    }
}

static void grace_follows_the_due_time(void **state)
{
    (void)state;
    const poa_policy_settings settings = settings_of(DAY, 3600), none = settings_of(DAY, 0);
    assert_int_equal(api_trust_schedule_deadline(&settings, NOW), NOW + 3600);
    assert_int_equal(api_trust_schedule_deadline(&none, NOW), NOW);
}

static void without_random_bytes_nothing_is_set(void **state)
{
    (void)state;
    const poa_policy_settings settings = settings_of(DAY, 3600);
    int64_t due_s = 7;
    has_bytes = false;
    assert_int_equal(api_trust_schedule_first(&numbers, &settings, NOW, NOW + DAY, &due_s), POA_F_CRYPTO);
    assert_int_equal(api_trust_schedule_spread(&numbers, NOW, 10, &due_s), POA_F_CRYPTO);
    assert_int_equal(api_trust_schedule_sooner(&numbers, &settings, NOW, &due_s), POA_F_CRYPTO);
    assert_int_equal(due_s, 7);
    has_bytes = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_due_time_is_around_the_middle),
        cmocka_unit_test(a_due_time_is_never_now_and_never_beyond_time),
        cmocka_unit_test(many_are_spread_over_the_window),
        cmocka_unit_test(a_device_can_be_asked_to_come_soon_and_never_later),
        cmocka_unit_test(who_comes_too_often_waits),
        cmocka_unit_test(grace_follows_the_due_time),
        cmocka_unit_test(without_random_bytes_nothing_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
