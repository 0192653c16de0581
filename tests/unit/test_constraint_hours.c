#include "powers.h"

#define WINDOW(days, from, to) "[{'days':[" days "],'from':'" from "','to':'" to "'}]"

static const reading readings[] = {
    {WINDOW("'mon'", "07:00", "17:00"), true},
    {WINDOW("'mon','tue','wed','thu','fri','sat','sun'", "00:00", "24:00"), true},
    {WINDOW("'sun','mon'", "23:59", "24:00"), true},
    {"[{'to':'01:00','from':'00:00','days':['mon']}]", true},
    {WINDOW("", "07:00", "17:00"), false},
    {WINDOW("'mon','mon'", "07:00", "17:00"), false},
    {WINDOW("'Mon'", "07:00", "17:00"), false},
    {WINDOW("'monday'", "07:00", "17:00"), false},
    {WINDOW("1", "07:00", "17:00"), false},
    {"[{'days':'mon','from':'07:00','to':'17:00'}]", false},

    {WINDOW("'mon'", "07:00", "07:01"), true},
    {WINDOW("'mon'", "07:00", "07:00"), false},
    {WINDOW("'mon'", "07:01", "07:00"), false},
    {WINDOW("'mon'", "22:00", "06:00"), false}, /* a night shift is two windows */
    {WINDOW("'mon'", "24:00", "24:00"), false},
    {WINDOW("'mon'", "07:00", "24:01"), false},
    {WINDOW("'mon'", "07:00", "25:00"), false},
    {WINDOW("'mon'", "07:60", "17:00"), false},
    {WINDOW("'mon'", "07:59", "17:00"), true},
    {WINDOW("'mon'", "7:00", "17:00"), false},
    {WINDOW("'mon'", "07:0", "17:00"), false},
    {WINDOW("'mon'", "07:000", "17:00"), false},
    {WINDOW("'mon'", "007:00", "17:00"), false},
    {WINDOW("'mon'", "0700", "17:00"), false},
    {WINDOW("'mon'", "07.00", "17:00"), false},
    {WINDOW("'mon'", "07:0a", "17:00"), false},
    {WINDOW("'mon'", "-1:00", "17:00"), false},
    {WINDOW("'mon'", "+7:00", "17:00"), false},
    {WINDOW("'mon'", "07:00", "1 :00"), false},
    {WINDOW("'mon'", "07:00", "17:00Z"), false},
    {WINDOW("'mon'", "", "17:00"), false},

    {"[{'days':['mon'],'from':420,'to':'17:00'}]", false},
    {"[{'days':['mon'],'from':'07:00'}]", false},
    {"[{'days':['mon'],'to':'17:00'}]", false},
    {"[{'from':'07:00','to':'17:00'}]", false},
    {"[{'days':['mon'],'from':'07:00','to':'17:00','tz':'CET'}]", false},
    {"[{'days':['mon'],'from':'07:00','tz':'CET'}]", false},
    {"[]", false},
    {"{}", false},
    {"['mon']", false},
    {"[{'days':['mon'],'from':'07:00','to':'17:00'},{'days':['mon'],'from':'07:00','to':'17:00'}]", false},
    {"[{'days':['mon','tue'],'from':'07:00','to':'17:00'},{'days':['tue','mon'],'to':'17:00','from':'07:00'}]", false},
    {"[{'days':['mon'],'from':'07:00','to':'17:00'},{'days':['tue'],'from':'07:00','to':'17:00'}]", true},
    {"[{'days':['mon'],'from':'07:00','to':'17:00'},{'days':['mon'],'from':'07:01','to':'17:00'}]", true},
    {"[{'days':['mon'],'from':'07:00','to':'17:00'},{'days':['mon'],'from':'07:00','to':'17:01'}]", true},
};

static void check_count(int count, bool ok)
{
    char text[2048] = "[";
    size_t len = 1;
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s{'days':['mon'],'from':'00:%02d','to':'24:00'}",
                                i > 0 ? "," : "", i);
    (void)snprintf(text + len, sizeof text - len, "]");
    check_reading("access", "hours", &(reading){text, ok}, 1);
}

static void each_reading(void **state)
{
    (void)state;
    check_reading("device_onboarding", "hours", readings, POA_COUNT(readings));
    check_count(16, true);
    check_count(17, false);
}

static const narrowing narrowings[] = {
    {WINDOW("'mon','tue'", "07:00", "17:00"), WINDOW("'mon','tue'", "07:00", "17:00"), POA_OK},
    {WINDOW("'mon','tue'", "07:00", "17:00"), WINDOW("'tue'", "07:01", "16:59"), POA_OK},
    {WINDOW("'mon','tue'", "07:00", "17:00"), WINDOW("'tue','wed'", "07:00", "17:00"), POA_E_LIMIT_WIDENED},
    {WINDOW("'mon'", "07:00", "17:00"), WINDOW("'mon'", "06:59", "17:00"), POA_E_LIMIT_WIDENED},
    {WINDOW("'mon'", "07:00", "17:00"), WINDOW("'mon'", "07:00", "17:01"), POA_E_LIMIT_WIDENED},
    {WINDOW("'mon'", "07:00", "17:00"), NULL, POA_E_CONSTRAINT_DROPPED},
    {NULL, WINDOW("'mon'", "07:00", "17:00"), POA_OK},
    /* Inside ONE window, not inside two together. */
    {"[{'days':['mon'],'from':'00:00','to':'12:00'},{'days':['mon'],'from':'12:00','to':'24:00'}]",
     WINDOW("'mon'", "11:00", "13:00"), POA_E_LIMIT_WIDENED},
    {"[{'days':['mon'],'from':'00:00','to':'12:00'},{'days':['mon'],'from':'12:00','to':'24:00'}]",
     "[{'days':['mon'],'from':'11:00','to':'12:00'},{'days':['mon'],'from':'12:00','to':'13:00'}]", POA_OK},
    {WINDOW("'mon'", "07:00", "17:00"),
     "[{'days':['mon'],'from':'08:00','to':'12:00'},{'days':['sun'],'from':'08:00','to':'12:00'}]",
     POA_E_LIMIT_WIDENED},
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("device_onboarding", "hours", narrowings, POA_COUNT(narrowings));
    check_narrowing("access", "hours", narrowings, POA_COUNT(narrowings));
}

static void check(const char *value, int64_t now_s, poa_err want)
{
    const poa_request request = {
        .type = POA_SPAN("access"),
        .action = POA_SPAN("read"),
        .resource = POA_SPAN("https://data.example"),
        .now_s = now_s,
    };
    check_match("access", "hours", value, &request, want);
}

#define MIDNIGHT INT64_C(1798761600) /* Friday, 2027-01-01T00:00:00Z */
#define HOUR     3600
#define DAY      (24 * HOUR)

static void each_match(void **state)
{
    (void)state;
    const char *work = WINDOW("'fri'", "07:00", "17:00");
    check(work, MIDNIGHT + 7 * HOUR - 1, POA_E_OUTSIDE_HOURS);
    check(work, MIDNIGHT + 7 * HOUR, POA_OK);
    check(work, MIDNIGHT + 17 * HOUR - 1, POA_OK);
    check(work, MIDNIGHT + 17 * HOUR, POA_E_OUTSIDE_HOURS);
    check(work, MIDNIGHT + 12 * HOUR - DAY, POA_E_OUTSIDE_HOURS);
    check(work, MIDNIGHT + 12 * HOUR + DAY, POA_E_OUTSIDE_HOURS);
    check(work, MIDNIGHT + 12 * HOUR + 7 * DAY, POA_OK);

    const char *friday = WINDOW("'fri'", "00:00", "24:00");
    check(friday, MIDNIGHT - 1, POA_E_OUTSIDE_HOURS);
    check(friday, MIDNIGHT, POA_OK);
    check(friday, MIDNIGHT + DAY - 1, POA_OK);
    check(friday, MIDNIGHT + DAY, POA_E_OUTSIDE_HOURS);
}

static void each_day(void **state)
{
    (void)state;
    static const char *const days[] = {"fri", "sat", "sun", "mon", "tue", "wed", "thu"};
    for (int i = 0; i < 7; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "[{'days':['%s'],'from':'11:00','to':'13:00'}]", days[i]);
        for (int day = -14; day < 14; day++)
            check(text, MIDNIGHT + 12 * HOUR + day * DAY, (day + 14) % 7 == i ? POA_OK : POA_E_OUTSIDE_HOURS);
    }
}

static void the_epoch_is_a_thursday(void **state)
{
    (void)state;
    check(WINDOW("'thu'", "00:00", "00:01"), 0, POA_OK);
    check(WINDOW("'wed'", "23:59", "24:00"), -1, POA_OK);
    check(WINDOW("'thu'", "00:00", "24:00"), -1, POA_E_OUTSIDE_HOURS);
    check(WINDOW("'thu'", "00:00", "24:00"), -7 * DAY, POA_OK);
}

static void a_reason_shows_the_moment(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_take(powers_with("access", "hours", WINDOW("'mon'", "07:00", "17:00")), "");
    poa_request request = {.type = POA_SPAN("access"),
                           .action = POA_SPAN("read"),
                           .resource = POA_SPAN("https://data.example"),
                           .now_s = MIDNIGHT + 61};
    poa_reason why = {0};
    size_t applied = 0;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_OUTSIDE_HOURS);
    assert_string_equal(why.request, "\"2027-01-01T00:01:01Z\"");
    request.now_s = INT64_MAX;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_OUTSIDE_HOURS);
    assert_string_equal(why.request, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(each_match),
        cmocka_unit_test(each_day),
        cmocka_unit_test(the_epoch_is_a_thursday),
        cmocka_unit_test(a_reason_shows_the_moment),
    };
    return cmocka_run_group_tests_name("constraint_hours", tests, NULL, NULL);
}
