#include "rfc3339.h"

#include "guard.h"

#include <stdio.h>

#define DAY_S 86400

/* Digits and marks, place by place. */
static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";

static bool has_shape(poa_span text)
{
    if (text.len != POA_RFC3339_CHARS) /* no guard: it bounds what is read below */
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (shape[i] == 'd' ? c < '0' || c > '9' : c != shape[i])
            return false;
    }
    return true;
}

static int number_at(poa_span text, size_t at, size_t digits)
{
    int number = 0;
    for (size_t i = at; i < at + digits; i++)
        number = number * 10 + (text.ptr[i] - '0');
    return number;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first day of a year. */
static int64_t days_before(int year)
{
    const int64_t past = year - 1;
    const int64_t days = past * 365 + past / 4 - past / 100 + past / 400;
    return days - 719162; /* the same of 1970 */
}

bool poa_rfc3339_parse(poa_span text, int64_t *out)
{
    if (!has_shape(text))
        return false;
    const int year = number_at(text, 0, 4);
    const int month = number_at(text, 5, 2);
    const int day = number_at(text, 8, 2);
    const int hour = number_at(text, 11, 2);
    const int minute = number_at(text, 14, 2);
    const int second = number_at(text, 17, 2);
    if (POA_GUARD(rfc3339_year, year < 1970))
        return false;
    if (month < 1 || month > 12) /* no guard: it indexes a table */
        return false;
    if (POA_GUARD(rfc3339_day, day < 1 || day > days_in(year, month)))
        return false;
    if (POA_GUARD(rfc3339_clock, hour > 23 || minute > 59 || second > 59))
        return false;

    int64_t days = days_before(year) + day - 1;
    for (int m = 1; m < month; m++)
        days += days_in(year, m);
    *out = days * DAY_S + hour * 3600 + minute * 60 + second;
    return true;
}

poa_rfc3339 poa_rfc3339_print(int64_t time_s)
{
    if (time_s < 0)
        time_s = 0;
    if (time_s > POA_RFC3339_MAX)
        time_s = POA_RFC3339_MAX;

    int64_t day = time_s / DAY_S;
    const int clock = (int)(time_s % DAY_S);
    int year = 1970 + (int)(day / 366); /* never too late, and at most a few years too early */
    while (days_before(year + 1) <= day)
        year++;
    day -= days_before(year);
    int month = 1;
    while (day >= days_in(year, month))
        day -= days_in(year, month++);

    /* Unsigned and bounded, so that the compiler sees that the text fits. */
    poa_rfc3339 text;
    (void)snprintf(text.chars, sizeof text.chars, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000,
                   (unsigned)month % 100, ((unsigned)day + 1) % 100, (unsigned)clock / 3600 % 100,
                   (unsigned)clock / 60 % 60, (unsigned)clock % 60);
    return text;
}
