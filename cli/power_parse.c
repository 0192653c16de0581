#include "power_options.h"

#include "buf.h"
#include "cleanup.h"
#include "json.h"
#include "span.h"

#include <string.h>

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* Take a "name=value" up to a comma that no backslash stands before. False at the end or when it is none. */
static bool take_member(poa_span *rest, poa_buf *name, poa_buf *value)
{
    const size_t equals = poa_span_find(*rest, '=');
    if (equals == SIZE_MAX || equals == 0)
        return false;
    poa_buf_add(name, poa_span_head(*rest, equals));
    *rest = poa_span_skip(*rest, equals + 1);
    poa_buf_text(value, "");
    while (rest->len > 0 && rest->ptr[0] != ',') {
        const bool escaped = rest->len > 1 && rest->ptr[0] == '\\' && (rest->ptr[1] == ',' || rest->ptr[1] == '\\');
        *rest = poa_span_skip(*rest, escaped ? 1 : 0);
        poa_buf_add(value, poa_span_head(*rest, 1));
        *rest = poa_span_skip(*rest, 1);
    }
    return true;
}

/* Add one member to the object; false when it stands there already or is no text. */
static bool add_member(json_t *object, poa_span *rest)
{
    POA_CLEANUP(poa_buf_clear) poa_buf name = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf value = {0};
    if (!take_member(rest, &name, &value) || name.failed || value.failed || json_object_get(object, name.text))
        return false;
    return json_object_set_new(object, name.text, json_stringn(value.text, value.len)) == 0;
}

json_t *cli_selector_parse(const char *text)
{
    if (strcmp(text, "any") == 0)
        return json_pack("{s:b}", "any", 1);
    POA_CLEANUP(poa_json_decrefp) json_t *selector = json_object();
    poa_span rest = poa_span_of(text);
    do {
        if (!selector || !add_member(selector, &rest))
            return NULL;
        if (rest.len == 1) /* a comma and nothing behind it */
            return NULL;
        rest = poa_span_skip(rest, 1);
    } while (rest.len > 0);
    return POA_TAKE(selector);
}

static size_t day_index(poa_span name)
{
    size_t i = 0;
    while (i < POA_COUNT(day_names) && !poa_span_is(name, day_names[i]))
        i++;
    return i;
}

/* "mon", "mon-fri" (also over the end of the week) or "daily". */
static bool add_days(poa_span field, bool days[POA_COUNT(day_names)])
{
    if (poa_span_is(field, "daily"))
        field = POA_SPAN("mon-sun");
    const size_t dash = poa_span_find(field, '-');
    const size_t from = day_index(poa_span_head(field, dash));
    const size_t to = dash == SIZE_MAX ? from : day_index(poa_span_skip(field, dash + 1));
    if (from == POA_COUNT(day_names) || to == POA_COUNT(day_names))
        return false;
    for (size_t day = from; day != to; day = (day + 1) % POA_COUNT(day_names))
        days[day] = true;
    days[to] = true;
    return true;
}

static json_t *window_of(const bool days[POA_COUNT(day_names)], poa_span from, poa_span to)
{
    POA_CLEANUP(poa_json_decrefp) json_t *names = json_array();
    for (size_t i = 0; i < POA_COUNT(day_names); i++)
        if (days[i] && json_array_append_new(names, json_string(day_names[i])) != 0)
            return NULL;
    return json_pack("{s:O, s:o, s:o}", "days", names, "from", json_stringn(from.ptr, from.len), "to",
                     json_stringn(to.ptr, to.len));
}

json_t *cli_window_parse(const char *text)
{
    bool days[POA_COUNT(day_names)] = {0};
    poa_fields fields = poa_fields_of(poa_span_of(text), ',');
    poa_span field;
    size_t said = 0;
    while (poa_fields_next(&fields, &field)) {
        const size_t dash = poa_span_find(field, '-');
        const bool is_times = fields.done && poa_span_find(field, ':') != SIZE_MAX;
        if (is_times && said > 0 && dash != SIZE_MAX)
            return window_of(days, poa_span_head(field, dash), poa_span_skip(field, dash + 1));
        if (!add_days(field, days))
            return NULL;
        said++;
    }
    return NULL;
}
