#include "test.h"

#include "rfc3339.h"
#include "span.h"

#include <time.h>

static const struct {
    const char *text;
    int64_t time_s;
} both_ways[] = {
    {"1970-01-01T00:00:00Z", 0},          {"1970-01-01T00:00:01Z", 1},
    {"1970-12-31T23:59:59Z", 31535999},   {"1972-02-29T12:00:00Z", 68212800},
    {"1985-04-12T23:20:50Z", 482196050}, /* RFC 3339 section 5.8 */
    {"1999-12-31T23:59:59Z", 946684799},  {"2000-02-29T00:00:00Z", 951782400},
    {"2000-03-01T00:00:00Z", 951868800},  {"2026-09-21T14:13:20Z", 1790000000},
    {"2038-01-19T03:14:08Z", 2147483648}, {"2100-02-28T23:59:59Z", 4107542399},
    {"2100-03-01T00:00:00Z", 4107542400}, {"9999-12-31T23:59:59Z", POA_RFC3339_MAX},
};

static void known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof both_ways / sizeof *both_ways; i++) {
        int64_t time_s = -1;
        assert_true(poa_rfc3339_parse(poa_span_of(both_ways[i].text), &time_s));
        assert_int_equal(time_s, both_ways[i].time_s);
        assert_string_equal(poa_rfc3339_print(both_ways[i].time_s).chars, both_ways[i].text);
    }
}

/* The C library's calendar is the second opinion, one moment of every few days. */
static void as_the_c_library_counts(void **state)
{
    (void)state;
    for (int64_t time_s = 0; time_s <= POA_RFC3339_MAX; time_s += 3 * 86400 + 4321) {
        struct tm parts;
        const time_t moment = (time_t)time_s;
        char text[32];
        assert_non_null(gmtime_r(&moment, &parts));
        assert_int_equal(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts), POA_RFC3339_CHARS);
        assert_string_equal(poa_rfc3339_print(time_s).chars, text);
        int64_t back = -1;
        assert_true(poa_rfc3339_parse(poa_span_of(text), &back));
        assert_int_equal(back, time_s);
    }
}

static void only_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-09-21",
        "2026-09-21T14:13:20",
        "2026-09-21T14:13Z",
        "2026-09-21t14:13:20Z",
        "2026-09-21T14:13:20z",
        "2026-09-21 14:13:20Z",
        "2026-09-21T14:13:20.0Z",
        "2026-09-21T14:13:20+00:00",
        " 2026-09-21T14:13:20Z",
        "2026-09-21T14:13:20Z ",
        "2026-9-21T14:13:20Z",
        "+026-09-21T14:13:20Z",
        "-026-09-21T14:13:20Z",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "2026-00-21T14:13:20Z",
        "2026-13-21T14:13:20Z",
        "2026-09-00T14:13:20Z",
        "2026-09-31T14:13:20Z",
        "2026-02-29T14:13:20Z",
        "2100-02-29T14:13:20Z",
        "2026-09-21T24:00:00Z",
        "2026-09-21T14:60:20Z",
        "2016-12-31T23:59:60Z",
        "2026/09/21T14:13:20Z",
        "2026-09-21T14-13-20Z",
        "\xd9\xa0\xd9\xa0-09-21T14:13:20Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t time_s = 7;
        if (poa_rfc3339_parse(poa_span_of(bad[i]), &time_s))
            fail_msg("%s", bad[i]);
        assert_int_equal(time_s, 7);
    }
    int64_t time_s = 7;
    assert_false(poa_rfc3339_parse(POA_SPAN("2026-09-21T14:13:2\0Z"), &time_s));
    assert_false(poa_rfc3339_parse((poa_span){0}, &time_s));
}

static void what_cannot_be_written_is_the_nearest(void **state)
{
    (void)state;
    assert_string_equal(poa_rfc3339_print(-1).chars, "1970-01-01T00:00:00Z");
    assert_string_equal(poa_rfc3339_print(INT64_MIN).chars, "1970-01-01T00:00:00Z");
    assert_string_equal(poa_rfc3339_print(POA_RFC3339_MAX + 1).chars, "9999-12-31T23:59:59Z");
    assert_string_equal(poa_rfc3339_print(INT64_MAX).chars, "9999-12-31T23:59:59Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(as_the_c_library_counts),
        cmocka_unit_test(only_one_spelling),
        cmocka_unit_test(what_cannot_be_written_is_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
