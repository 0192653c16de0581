#include "query.h"

#include "span.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* RFC 3986 section 3.4, without `&` and `=`, which part parameters here, and without `+`. */
static bool is_value_byte(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("-._~!$'()*,;:@/?", c);
}

static bool decode(poa_span raw, char *out, poa_span *value)
{
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == '%') {
            const int high = raw.len - i > 2 ? hex_digit(raw.ptr[i + 1]) : -1;
            const int low = high >= 0 ? hex_digit(raw.ptr[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (!is_value_byte(c)) {
            return false;
        }
        out[len++] = c;
    }
    *value = (poa_span){out, len};
    return len == 0 || poa_span_is_text(*value, len);
}

static bool is_name(poa_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != '_' && (name.ptr[i] < 'a' || name.ptr[i] > 'z'))
            return false;
    }
    return name.len > 0;
}

static bool read_param(poa_span pair, char *scratch, http_query *query)
{
    poa_cursor c = {.rest = pair};
    const poa_span name = poa_take_until(&c, '=', pair.len);
    poa_span value;
    if (c.failed || !is_name(name) || query->count == HTTP_PARAMS_MAX || !decode(c.rest, scratch, &value))
        return false;
    for (size_t i = 0; i < query->count; i++) {
        if (poa_span_equal(query->params[i].name, name))
            return false;
    }
    query->params[query->count].name = name;
    query->params[query->count].value = value;
    query->count++;
    return true;
}

bool http_query_parse(poa_span raw, char *scratch, http_query *out)
{
    http_query query = {0};
    poa_fields pairs = poa_fields_of(raw, '&');
    poa_span pair;
    while (raw.len > 0 && poa_fields_next(&pairs, &pair)) {
        if (!read_param(pair, scratch, &query))
            return false;
        /* A value is never longer than the pair that it came from, so the scratch lasts. */
        scratch += pair.len;
    }
    *out = query;
    return true;
}

bool http_query_find(const http_query *query, const char *name, poa_span *value)
{
    for (size_t i = 0; i < query->count; i++) {
        if (poa_span_is(query->params[i].name, name)) {
            *value = query->params[i].value;
            return true;
        }
    }
    return false;
}
