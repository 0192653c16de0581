#include "route.h"

#include "cleanup.h"
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
        if (got.len == 0)
            return false;
        match->captures[match->capture_count++] = got;
    }
    return !poa_fields_next(&gets, &got);
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
