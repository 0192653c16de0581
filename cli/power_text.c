#include "power_text.h"

#include "cleanup.h"
#include "json.h"
#include "output.h"
#include "span.h"
#include "times.h"

#include <inttypes.h>
#include <string.h>

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* How the value of a member reads, and the option that sets it. */
enum shape { LIST, EACH, SELECTORS, WINDOWS, COUNT, DURATION, MOMENT, WORD, BELOW };
static const struct {
    const char *member;
    const char *option;
    enum shape shape;
} members[] = {
    {"actions", "--action", LIST},      {"locations", "--location", EACH},
    {"devices", "--device", SELECTORS}, {"max_devices", "--max-devices", COUNT},
    {"evidence", "--evidence", LIST},   {"credential_lifetime", "--credential-lifetime", DURATION},
    {"effect", "--effect", WORD},       {"on_revoke", "--on-revoke", WORD},
    {"hours", "--hours", WINDOWS},      {"networks", "--network", EACH},
    {"resources", "--resource", EACH},  {"aud", "--audience", EACH},
    {"exp", "--until", MOMENT},         {"nbf", "--not-before", MOMENT},
    {"iat", "--issued-at", MOMENT},     {"transferable", "--depth", BELOW},
};

const char *cli_pointer_last(const char *pointer)
{
    const char *slash = strrchr(pointer, '/');
    return slash ? slash + 1 : pointer;
}

static bool has_day(const json_t *days, const char *name)
{
    size_t i = 0;
    const json_t *day = NULL;
    json_array_foreach(days, i, day) if (poa_span_is(poa_json_span(day), name)) return true;
    return false;
}

/* Runs of three days and more as "mon-fri". */
static void add_days(poa_buf *b, const json_t *days)
{
    const char *comma = "";
    for (size_t from = 0; from < POA_COUNT(day_names); from++) {
        if (!has_day(days, day_names[from]))
            continue;
        size_t to = from;
        while (to + 1 < POA_COUNT(day_names) && has_day(days, day_names[to + 1]))
            to++;
        if (to < from + 2)
            to = from;
        poa_buf_printf(b, "%s%s", comma, day_names[from]);
        if (to > from)
            poa_buf_printf(b, "-%s", day_names[to]);
        comma = ",";
        from = to;
    }
}

void cli_window_text(poa_buf *b, const json_t *window)
{
    add_days(b, json_object_get(window, "days"));
    poa_buf_text(b, ",");
    cli_escape(b, poa_json_span(json_object_get(window, "from")));
    poa_buf_text(b, "-");
    cli_escape(b, poa_json_span(json_object_get(window, "to")));
}

void cli_selector_text(poa_buf *b, const json_t *selector)
{
    if (json_is_true(json_object_get(selector, "any"))) {
        poa_buf_text(b, "any");
        return;
    }
    const char *comma = "";
    const char *name = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)selector, name, value)
    {
        poa_buf_text(b, comma);
        cli_escape(b, poa_span_of(name));
        poa_buf_text(b, "=");
        /* A comma inside a value is written as --device reads it. */
        poa_fields parts = poa_fields_of(poa_json_span(value), ',');
        poa_span part;
        for (const char *between = ""; poa_fields_next(&parts, &part); between = "\\,") {
            poa_buf_text(b, between);
            cli_escape(b, part);
        }
        comma = ",";
    }
}

/* Append an item that may hold what a shell acts on. */
static void add_quoted(poa_buf *b, poa_span item)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=,@+-";
    POA_CLEANUP(poa_buf_clear) poa_buf text = {0};
    poa_buf_add(&text, item);
    if (text.failed || strspn(text.text, plain) == text.len) {
        poa_buf_add(b, item);
        return;
    }
    poa_buf_text(b, "'");
    for (const char *c = text.text; *c != '\0'; c++)
        poa_buf_printf(b, *c == '\'' ? "'\\''" : "%c", *c);
    poa_buf_text(b, "'");
}

/* One item of a list, escaped. */
static void add_item(poa_buf *b, enum shape shape, const json_t *item)
{
    if (shape == SELECTORS)
        cli_selector_text(b, item);
    else if (shape == WINDOWS)
        cli_window_text(b, item);
    else
        cli_escape(b, poa_json_span(item));
}

static void add_scalar(poa_buf *b, enum shape shape, const json_t *value)
{
    char text[CLI_TIME_TEXT];
    const int64_t number = json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
    if (number < 0) {
        cli_escape(b, poa_json_span(value));
        return;
    }
    if (shape == DURATION)
        cli_duration_exact(number, text);
    else if (shape == MOMENT)
        cli_moment_show(number, text);
    if (shape == DURATION || shape == MOMENT)
        poa_buf_text(b, text);
    else
        poa_buf_printf(b, "%" PRId64, number);
}

static size_t find_member(const char *member)
{
    size_t i = 0;
    while (i < POA_COUNT(members) && strcmp(members[i].member, member) != 0)
        i++;
    return i;
}

void cli_value_show(poa_buf *b, const char *member, const json_t *value)
{
    const size_t m = find_member(member);
    if (!value || json_is_null(value)) {
        poa_buf_text(b, "unlimited");
        return;
    }
    if (json_is_string(value)) {
        cli_escape(b, poa_json_span(value));
        return;
    }
    if (m == POA_COUNT(members) || json_is_object(value)) {
        POA_CLEANUP(poa_buf_clear) poa_buf json = {0};
        poa_buf_json(&json, value);
        cli_escape(b, poa_buf_span(&json));
        return;
    }
    if (!json_is_array(value)) {
        add_scalar(b, members[m].shape, value);
        return;
    }
    const char *between = "";
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(value, i, item)
    {
        poa_buf_text(b, between);
        add_item(b, members[m].shape, item);
        between = members[m].shape == SELECTORS || members[m].shape == WINDOWS ? "; " : ", ";
    }
}

/* "--location a --location b", or "--action a,b". */
static void add_options(poa_buf *b, size_t m, const json_t *value)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(value, i, item)
    {
        POA_CLEANUP(poa_buf_clear) poa_buf text = {0};
        add_item(&text, members[m].shape, item);
        if (i == 0)
            poa_buf_printf(b, "%s ", members[m].option);
        else if (members[m].shape == LIST)
            poa_buf_text(b, ",");
        else
            poa_buf_printf(b, " %s ", members[m].option);
        add_quoted(b, poa_buf_span(&text));
    }
}

bool cli_value_options(poa_buf *b, const char *member, const json_t *value)
{
    const size_t m = find_member(member);
    if (m == POA_COUNT(members) || !value || json_is_null(value) || json_is_object(value))
        return false;
    if (json_is_array(value)) {
        add_options(b, m, value);
        return json_array_size(value) > 0;
    }
    const json_int_t number = json_is_integer(value) ? json_integer_value(value) : 0;
    if (members[m].shape == BELOW) {
        /* Each level has less depth than the one above. */
        if (number > 0)
            poa_buf_printf(b, "%s %" JSON_INTEGER_FORMAT, members[m].option, number - 1);
        return number > 0;
    }
    POA_CLEANUP(poa_buf_clear) poa_buf text = {0};
    add_scalar(&text, members[m].shape, value);
    poa_buf_printf(b, "%s ", members[m].option);
    add_quoted(b, poa_buf_span(&text));
    return true;
}
