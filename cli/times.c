#include "times.h"

#include "bounds.h"
#include "cleanup.h"
#include "span.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static const struct {
    char name;
    int64_t seconds;
} units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

/* Take the digits that begin rest; false when there are none or they are too many. */
static bool take_number(poa_span *rest, uint64_t *number)
{
    size_t digits = 0;
    while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9')
        digits++;
    if (!poa_span_number(poa_span_head(*rest, digits), POA_TIME_MAX, number))
        return false;
    *rest = poa_span_skip(*rest, digits);
    return true;
}

bool cli_duration_parse(poa_span text, int64_t *seconds)
{
    int64_t total = 0;
    size_t unit = 0;
    while (text.len > 0) {
        uint64_t number = 0;
        if (!take_number(&text, &number) || text.len == 0)
            return false;
        while (unit < POA_COUNT(units) && units[unit].name != text.ptr[0])
            unit++;
        if (unit == POA_COUNT(units))
            return false;
        int64_t part = 0;
        if (__builtin_mul_overflow((int64_t)number, units[unit].seconds, &part) ||
            __builtin_add_overflow(total, part, &total))
            return false;
        text = poa_span_skip(text, 1);
        unit++;
    }
    if (total < 1 || total > POA_TIME_MAX)
        return false;
    *seconds = total;
    return true;
}

/* Exactly n digits that give at most max. */
static bool take_digits(poa_span *rest, size_t n, int max, int *out)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        if (i >= rest->len || rest->ptr[i] < '0' || rest->ptr[i] > '9')
            return false;
        value = value * 10 + (rest->ptr[i] - '0');
    }
    *rest = poa_span_skip(*rest, n);
    *out = value;
    return value <= max;
}

static bool take_one_of(poa_span *rest, char a, char b)
{
    if (rest->len == 0 || (rest->ptr[0] != a && rest->ptr[0] != b))
        return false;
    *rest = poa_span_skip(*rest, 1);
    return true;
}

/* "Z", "z" or "+01:00"; nothing after it. */
static bool take_offset(poa_span rest, int *offset_s)
{
    *offset_s = 0;
    if (take_one_of(&rest, 'Z', 'z'))
        return rest.len == 0;
    const bool west = rest.len > 0 && rest.ptr[0] == '-';
    int hours = 0;
    int minutes = 0;
    if (!take_one_of(&rest, '+', '-') || !take_digits(&rest, 2, 23, &hours) || !take_one_of(&rest, ':', ':') ||
        !take_digits(&rest, 2, 59, &minutes) || rest.len > 0)
        return false;
    *offset_s = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

static bool parse_rfc3339(poa_span text, int64_t *moment_s)
{
    struct tm t = {0};
    int year = 0;
    int month = 0;
    if (!take_digits(&text, 4, 9999, &year) || !take_one_of(&text, '-', '-') || !take_digits(&text, 2, 12, &month) ||
        !take_one_of(&text, '-', '-') || !take_digits(&text, 2, 31, &t.tm_mday) || !take_one_of(&text, 'T', 't') ||
        !take_digits(&text, 2, 23, &t.tm_hour) || !take_one_of(&text, ':', ':') ||
        !take_digits(&text, 2, 59, &t.tm_min))
        return false;
    if (take_one_of(&text, ':', ':') && !take_digits(&text, 2, 59, &t.tm_sec))
        return false;
    int offset_s = 0;
    if (year < 1970 || month < 1 || t.tm_mday < 1 || !take_offset(text, &offset_s))
        return false;

    t.tm_year = year - 1900;
    t.tm_mon = month - 1;
    const int day = t.tm_mday;
    const time_t moment = timegm(&t);
    if (t.tm_mday != day || moment < offset_s) /* timegm() makes 3 March of 31 February */
        return false;
    *moment_s = (int64_t)moment - offset_s;
    return true;
}

bool cli_moment_parse(poa_span text, int64_t *moment_s)
{
    uint64_t seconds = 0;
    if (poa_span_number(text, POA_TIME_MAX, &seconds)) {
        *moment_s = (int64_t)seconds;
        return true;
    }
    return parse_rfc3339(text, moment_s);
}

int64_t cli_duration_option(const struct argp_state *state, const char *option, const char *text)
{
    int64_t seconds = 0;
    if (!cli_duration_parse(poa_span_of(text), &seconds))
        argp_error(state, "%s wants a duration like 8h, 30d or 1h30m", option);
    return seconds;
}

int64_t cli_moment_option(const struct argp_state *state, const char *option, const char *text)
{
    int64_t moment_s = 0;
    if (!cli_moment_parse(poa_span_of(text), &moment_s))
        argp_error(state, "%s wants a time like 2026-12-24T18:00Z, or seconds since 1970", option);
    return moment_s;
}

void cli_moment_show(int64_t moment_s, char text[CLI_TIME_TEXT])
{
    const time_t moment = (time_t)moment_s;
    struct tm t;
    /* Beyond the year 9999 there is no RFC 3339. */
    if (moment_s > 253402300799 || !gmtime_r(&moment, &t) ||
        strftime(text, CLI_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &t) == 0)
        (void)snprintf(text, CLI_TIME_TEXT, "%" PRId64 " s", moment_s);
}

void cli_duration_show(int64_t seconds, char text[CLI_TIME_TEXT])
{
    (void)snprintf(text, CLI_TIME_TEXT, "%" PRId64 "s", seconds);
    for (size_t i = 1; i + 1 < POA_COUNT(units); i++) {
        const int64_t larger = seconds / units[i].seconds;
        const int64_t smaller = seconds % units[i].seconds / units[i + 1].seconds;
        if (larger == 0)
            continue;
        if (smaller == 0)
            (void)snprintf(text, CLI_TIME_TEXT, "%" PRId64 "%c", larger, units[i].name);
        else
            (void)snprintf(text, CLI_TIME_TEXT, "%" PRId64 "%c %" PRId64 "%c", larger, units[i].name, smaller,
                           units[i + 1].name);
        return;
    }
}

void cli_duration_exact(int64_t seconds, char text[CLI_TIME_TEXT])
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    for (size_t i = 1; i < POA_COUNT(units); i++) {
        const int64_t n = seconds / units[i].seconds;
        seconds %= units[i].seconds;
        if (n > 0)
            poa_buf_printf(&b, "%" PRId64 "%c", n, units[i].name);
    }
    (void)snprintf(text, CLI_TIME_TEXT, "%s", b.len > 0 ? b.text : "0s");
}
