#include "constraint.h"

#include "bounds.h"
#include "cleanup.h"
#include "constraint_list.h"
#include "guard.h"
#include "json.h"
#include "path.h"
#include "span.h"
#include "uri.h"

#include <string.h>

/*
 * resources: scheme://host[:port] and optionally /seg/seg…; each covers itself and what is below it. One spelling for
 * each, so that covering is a matter of bytes. Inside: each covered by one of the parent's.
 */

/* The port that a scheme's own specification names: RFC 9110, 6455, 7252, 1738. */
static const struct {
    const char *scheme;
    uint16_t port;
} defaults[] = {
    {"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"coap", 5683}, {"coaps", 5684}, {"ftp", 21},
};

static bool is_default_port(const poa_uri *uri)
{
    for (size_t i = 0; i < POA_COUNT(defaults); i++)
        if (poa_span_is(uri->scheme, defaults[i].scheme))
            return uri->port == defaults[i].port;
    return false;
}

/* A segment of RFC 3986 section 3.3 without percent-encoding; not empty, neither . nor .. */
static bool is_segment(poa_span segment)
{
    if (POA_GUARD(resource_segment_empty, segment.len == 0))
        return false;
    for (size_t i = 0; i < segment.len; i++) {
        const char c = segment.ptr[i];
        const bool alnum = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (POA_GUARD(resource_segment_chars, !alnum && (c == '\0' || !strchr("-._~!$&'()*+,;=:@", c))))
            return false;
    }
    return !POA_GUARD(resource_segment_dots, poa_segment_is_dots(segment));
}

static bool is_resource(poa_span text)
{
    poa_uri uri = {0};
    if (!poa_uri_parse(text, &uri))
        return false;
    if (POA_GUARD(resource_default_port, is_default_port(&uri)))
        return false;
    if (uri.rest.len == 0)
        return true;
    if (POA_GUARD(resource_no_path, uri.rest.ptr[0] != '/'))
        return false;

    poa_fields segments = poa_fields_of(poa_span_skip(uri.rest, 1), '/');
    poa_span segment;
    while (poa_fields_next(&segments, &segment))
        if (!is_segment(segment))
            return false;
    return true;
}

static bool resource_read(const json_t *json, void *item)
{
    poa_span *resource = item;
    *resource = poa_json_span(json);
    return is_resource(*resource);
}

static bool resource_inside(const void *child, const void *parent)
{
    return !POA_GUARD(resources_widened, !poa_path_covers(*(const poa_span *)parent, *(const poa_span *)child));
}

static const poa_list resources = {
    .max = POA_RESOURCES_MAX,
    .size = sizeof(poa_span),
    .read = resource_read,
    .same = poa_list_same_span,
    .inside = resource_inside,
    .show = poa_list_show_span,
};

static poa_err read(const json_t *json, poa_value *out)
{
    return poa_list_read(&resources, json, out);
}

static bool inside(const poa_value *child, const poa_value *parent)
{
    return poa_list_inside(&resources, child, parent);
}

static bool match(const poa_value *value, const poa_request *request)
{
    /* Another spelling of a resource, or one that leads elsewhere, is none. */
    if (POA_GUARD(resources_request_form, !is_resource(request->resource)))
        return false;
    const poa_span *resource = value->items;
    for (size_t i = 0; i < value->count; i++)
        if (!POA_GUARD(resources_refused, !poa_path_covers(resource[i], request->resource)))
            return true;
    return false;
}

static json_t *asked(const poa_request *request)
{
    return poa_asked_text(request->resource);
}

static void show(const poa_value *value, poa_buf *b)
{
    poa_list_show(&resources, value, b);
}

const poa_constraint poa_constraint_resources = {
    .name = "resources",
    .required = true,
    .widened = POA_E_LIMIT_WIDENED,
    .refused = POA_E_RESOURCE_NOT_GRANTED,
    .read = read,
    .inside = inside,
    .match = match,
    .asked = asked,
    .show = show,
};
