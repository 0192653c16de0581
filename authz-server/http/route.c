#include "route.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned bit;
} methods[] = {
    {"GET", HTTP_GET},       {"HEAD", HTTP_GET}, {"POST", HTTP_POST}, {"PUT", HTTP_PUT}, {"PATCH", HTTP_PATCH},
    {"DELETE", HTTP_DELETE}, {"OPTIONS", 0},     {"TRACE", 0},        {"CONNECT", 0},
};

bool http_method_of(poa_span name, unsigned *bit)
{
    for (size_t i = 0; i < POA_COUNT(methods); i++) {
        if (poa_span_is(name, methods[i].name)) {
            *bit = methods[i].bit;
            return true;
        }
    }
    return false;
}

void http_method_list(unsigned bits, char out[HTTP_METHOD_LIST_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < POA_COUNT(methods); i++) {
        if (!(methods[i].bit & bits))
            continue;
        const char *const comma = len > 0 ? ", " : "";
        const size_t more = strlen(comma) + strlen(methods[i].name);
        assert(len + more < HTTP_METHOD_LIST_MAX);
        memcpy(out + len, comma, strlen(comma));
        memcpy(out + len + strlen(comma), methods[i].name, strlen(methods[i].name));
        len += more;
    }
    out[len] = '\0';
}

/* RFC 3986 section 3.3: pchar without what is percent-encoded, and the slash between segments. */
static bool is_path_byte(unsigned char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("-._~!$&'()*+,;=:@/", c);
}

bool http_path_is_plain(poa_span path)
{
    if (!poa_span_starts(path, POA_SPAN("/")))
        return false;
    for (size_t i = 0; i < path.len; i++) {
        if (!is_path_byte((unsigned char)path.ptr[i]))
            return false;
    }

    poa_fields segments = poa_fields_of(path, '/');
    poa_span segment;
    while (poa_fields_next(&segments, &segment)) {
        if (poa_span_is(segment, ".") || poa_span_is(segment, ".."))
            return false;
    }
    return true;
}

/* What stands behind the `}` of `{name}.suffix`. */
static poa_span suffix_of(poa_span segment)
{
    return poa_span_skip(segment, poa_span_find(segment, '}') + 1);
}

/* Does the path have this pattern? What `{…}` took goes into the match. */
static bool follow(const char *pattern, poa_span path, http_match *match)
{
    poa_fields wants = poa_fields_of(poa_span_of(pattern), '/');
    poa_fields gets = poa_fields_of(path, '/');
    poa_span want;
    poa_span got;
    match->capture_count = 0;
    while (poa_fields_next(&wants, &want)) {
        if (!poa_fields_next(&gets, &got))
            return false;
        if (!poa_span_starts(want, POA_SPAN("{"))) {
            if (!poa_span_equal(want, got))
                return false;
            continue;
        }
        assert(match->capture_count < HTTP_CAPTURES_MAX);
        const poa_span suffix = suffix_of(want);
        if (got.len <= suffix.len || !poa_span_ends(got, suffix))
            return false;
        match->captures[match->capture_count++] = poa_span_head(got, got.len - suffix.len);
    }
    return !poa_fields_next(&gets, &got);
}

/* ---- the table ---- */

static bool is_literal(poa_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_path_byte((unsigned char)text.ptr[i]))
            return false;
    }
    return true;
}

static bool is_name(poa_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (!(c >= 'a' && c <= 'z') && c != '_')
            return false;
    }
    return text.len > 0;
}

static bool is_capture(poa_span segment)
{
    const size_t close = poa_span_find(segment, '}');
    return close < segment.len && is_name(poa_span_skip(poa_span_head(segment, close), 1)) &&
           is_literal(suffix_of(segment));
}

/* Absolute and plain but for its captures; no empty segment, except that `/` alone is a path. */
static bool is_pattern(poa_span pattern)
{
    size_t captures = 0;
    poa_fields segments = poa_fields_of(poa_span_skip(pattern, 1), '/');
    poa_span segment;
    while (poa_fields_next(&segments, &segment)) {
        const bool captured = poa_span_starts(segment, POA_SPAN("{"));
        captures += captured;
        if (captured ? !is_capture(segment) : !is_literal(segment))
            return false;
        if (poa_span_is(segment, ".") || poa_span_is(segment, "..") || (segment.len == 0 && pattern.len > 1))
            return false;
    }
    return poa_span_starts(pattern, POA_SPAN("/")) && captures <= HTTP_CAPTURES_MAX;
}

/* NULL, or what is wrong with a row. */
static const char *fault_of(const http_route *route)
{
    const unsigned all = HTTP_GET | HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE;
    if (POA_GUARD(http_row_pattern, !route->pattern || !is_pattern(poa_span_of(route->pattern))))
        return "the pattern is malformed";
    if (POA_GUARD(http_row_method, route->method == 0 || (route->method & ~all) != 0))
        return "the method is none that a route can have";
    if (POA_GUARD(http_row_handler, !route->handler))
        return "there is no handler";
    if (POA_GUARD(http_row_flags, (route->flags & ~(unsigned)(HTTP_ROUTE_QUERY | HTTP_ROUTE_SPOOL)) != 0))
        return "a flag is not known";
    if (POA_GUARD(http_row_spool, (route->flags & HTTP_ROUTE_SPOOL) &&
                                      (route->body_max == 0 || route->body_max > HTTP_SPOOL_BYTES_MAX)))
        return "the body to be spooled has no maximum that is allowed";
    return NULL;
}

bool http_routes_check(const http_route *routes, size_t count, poa_buf *why)
{
    for (size_t i = 0; i < count; i++) {
        const char *const fault = fault_of(&routes[i]);
        if (!fault)
            continue;
        poa_buf_printf(why, "row %zu of the routes (%s): %s", i, routes[i].pattern ? routes[i].pattern : "none", fault);
        return false;
    }
    return true;
}

http_match http_route_match(const http_route *routes, size_t count, unsigned method, poa_span path)
{
    http_match match = {0};
    for (size_t i = 0; i < count && !match.route; i++) {
        if (!follow(routes[i].pattern, path, &match))
            continue;
        match.allowed |= routes[i].method;
        if (routes[i].method & method)
            match.route = &routes[i];
    }
    return match;
}
