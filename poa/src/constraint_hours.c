#include "constraint.h"

#include "bounds.h"
#include "cleanup.h"
#include "constraint_list.h"
#include "guard.h"
#include "json.h"
#include "span.h"

#include <time.h>

/*
 * hours: windows of the week in UTC, {"days":["mon"],"from":"07:00","to":"17:00"}: half open, without skew. Inside:
 * each inside one of the parent's.
 */

#define MINUTE_S 60
#define DAY_MIN  (24 * 60)
#define DAY_S    (DAY_MIN * MINUTE_S)

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const poa_words days = {POA_COUNT(day_names), day_names};

#define THURSDAY 3 /* 1970-01-01, the day that NumericDate counts from, as an index into day_names */

typedef struct window {
    int64_t days; /* bit i for day_names[i] */
    int64_t from_min;
    int64_t to_min; /* not within any more */
} window;

static bool read_two(poa_span text, size_t at, int64_t *out)
{
    const poa_span digits = poa_span_head(poa_span_skip(text, at), 2);
    int64_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        value = value * 10 + (digits.ptr[i] - '0');
    }
    *out = value;
    return true;
}

/* HH:MM from 00:00 to 24:00, as minutes of the day. */
static bool read_minute(const json_t *json, int64_t *out)
{
    const poa_span text = poa_json_span(json);
    int64_t hour = 0;
    int64_t minute = 0;
    if (POA_GUARD(hours_time_form, text.len != 5 || text.ptr[2] != ':'))
        return false;
    if (POA_GUARD(hours_time_digits, !read_two(text, 0, &hour) || !read_two(text, 3, &minute)))
        return false;
    if (POA_GUARD(hours_minute, minute > 59))
        return false;
    *out = hour * 60 + minute;
    return !POA_GUARD(hours_day_end, *out > DAY_MIN);
}

static bool window_read(const json_t *json, void *item)
{
    window *w = item;
    if (POA_GUARD(hours_members, json_object_size(json) != 3))
        return false;
    if (poa_words_read(&days, json_object_get(json, "days"), &w->days))
        return false;
    if (!read_minute(json_object_get(json, "from"), &w->from_min))
        return false;
    if (!read_minute(json_object_get(json, "to"), &w->to_min))
        return false;
    return !POA_GUARD(hours_order, w->from_min >= w->to_min);
}

static bool window_same(const void *a, const void *b)
{
    const window *x = a;
    const window *y = b;
    return x->days == y->days && x->from_min == y->from_min && x->to_min == y->to_min;
}

static bool window_inside(const void *child, const void *parent)
{
    const window *c = child;
    const window *p = parent;
    if (POA_GUARD(hours_days_widened, (c->days & ~p->days) != 0))
        return false;
    if (POA_GUARD(hours_from_widened, c->from_min < p->from_min))
        return false;
    return !POA_GUARD(hours_to_widened, c->to_min > p->to_min);
}

static void window_show(const void *item, poa_buf *b)
{
    const window *w = item;
    poa_words_show(&days, w->days, "+", b);
    poa_buf_printf(b, " %02d:%02d-%02d:%02d UTC", (int)(w->from_min / 60), (int)(w->from_min % 60),
                   (int)(w->to_min / 60), (int)(w->to_min % 60));
}

static const poa_list windows = {
    .max = POA_HOURS_MAX,
    .size = sizeof(window),
    .read = window_read,
    .same = window_same,
    .inside = window_inside,
    .show = window_show,
};

static poa_err read(const json_t *json, poa_value *out)
{
    return poa_list_read(&windows, json, out);
}

static bool inside(const poa_value *child, const poa_value *parent)
{
    return poa_list_inside(&windows, child, parent);
}

static bool in_window(const window *w, int64_t day, int64_t second)
{
    if (POA_GUARD(hours_day, !(w->days & INT64_C(1) << day)))
        return false;
    if (POA_GUARD(hours_before, second < w->from_min * MINUTE_S))
        return false;
    return !POA_GUARD(hours_after, second >= w->to_min * MINUTE_S);
}

static bool match(const poa_value *value, const poa_request *request)
{
    /* Division rounds down, also before 1970. */
    const int64_t second = (request->now_s % DAY_S + DAY_S) % DAY_S;
    const int64_t day = (((request->now_s - second) / DAY_S + THURSDAY) % 7 + 7) % 7;
    const window *w = value->items;
    for (size_t i = 0; i < value->count; i++)
        if (in_window(&w[i], day, second))
            return true;
    return false;
}

/* The moment as RFC 3339 writes it. */
static json_t *asked(const poa_request *request)
{
    const time_t now = (time_t)request->now_s;
    struct tm utc;
    char text[64];
    if (!gmtime_r(&now, &utc) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return NULL;
    return json_string(text);
}

static void show(const poa_value *value, poa_buf *b)
{
    poa_list_show(&windows, value, b);
}

const poa_constraint poa_constraint_hours = {
    .name = "hours",
    .widened = POA_E_LIMIT_WIDENED,
    .refused = POA_E_OUTSIDE_HOURS,
    .read = read,
    .inside = inside,
    .match = match,
    .asked = asked,
    .show = show,
};
