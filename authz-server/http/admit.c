#include "inside.h"

#include "guard.h"
#include "span.h"

#include <stdlib.h>

static http_refusal refuse(unsigned status, const char *detail)
{
    return (http_refusal){status, detail};
}

static bool has_blank(poa_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] <= 0x20 || text.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

/* Path and query of an origin-form target (RFC 9112 section 3.2.1); no other form is for an origin server like this. */
static http_refusal read_target(http_request *request, poa_span *query)
{
    const poa_span target = poa_span_of(request->target);
    /* RFC 9112 section 3.2: where a target with a blank ends is anybody's guess, so nothing after it is trusted. */
    if (POA_GUARD(http_target_blank, has_blank(target))) {
        request->close = true;
        return refuse(400, "the request line is malformed");
    }
    const size_t mark = poa_span_find(target, '?');
    request->path = poa_span_head(target, mark);
    *query = mark < target.len ? poa_span_skip(target, mark + 1) : (poa_span){0};
    if (POA_GUARD(http_path_not_plain, !http_path_is_plain(request->path)))
        return refuse(400, "the path is not absolute and plain");
    return refuse(0, NULL);
}

static http_refusal find_route(http_request *request)
{
    const http_server *const server = request->server;
    unsigned method = 0;
    if (POA_GUARD(http_method_unknown, !http_method_of(request->method, &method)))
        return refuse(501, "this method is not known here");

    request->match = http_route_match(server->routes, server->route_count, method, request->path);
    if (POA_GUARD(http_not_found, request->match.allowed == 0))
        return refuse(404, "nothing is here");
    if (POA_GUARD(http_method_not_allowed, !request->match.route)) {
        char allowed[HTTP_METHOD_LIST_MAX];
        http_method_list(request->match.allowed, allowed);
        http_reply_header(request, MHD_HTTP_HEADER_ALLOW, poa_span_of(allowed));
        return refuse(405, "this method is not for this resource");
    }
    return refuse(0, NULL);
}

static http_refusal read_query(http_request *request, poa_span raw)
{
    if (POA_GUARD(http_query_not_taken, raw.len > 0 && !(request->match.route->flags & HTTP_ROUTE_QUERY)))
        return refuse(400, "no query is taken here");
    request->scratch = malloc(raw.len + 1);
    if (!request->scratch)
        return refuse(500, "memory is out");
    if (POA_GUARD(http_query_malformed, !http_query_parse(raw, request->scratch, &request->query)))
        return refuse(400, "the query is malformed");
    return refuse(0, NULL);
}

static bool has_body(const http_request *request)
{
    return request->head.chunked || request->head.length > 0;
}

/* `application/json; charset=utf-8` is application/json: no type that a route asks for has a parameter that matters. */
static bool is_type(poa_span value, const char *type)
{
    value = poa_span_head(value, poa_span_find(value, ';'));
    while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
        value.len--;
    return http_text_equal(value, poa_span_of(type));
}

static http_refusal check_body(http_request *request)
{
    const http_route *const route = request->match.route;
    poa_span value = {0};
    request->body_max = route->body_max == HTTP_BODY_DEFAULT ? request->server->limits.body_bytes_max : route->body_max;

    if (POA_GUARD(http_expectation, http_head_find(&request->head, "Expect", &value) == 1 &&
                                        !http_text_equal(value, POA_SPAN("100-continue"))))
        return refuse(417, "only 100-continue can be expected");
    if (!has_body(request))
        return refuse(0, NULL);
    if (POA_GUARD(http_body_not_taken, request->body_max == 0))
        return refuse(413, "no body is taken here");
    if (POA_GUARD(http_body_announced_too_large, request->head.length > request->body_max))
        return refuse(413, "the body is too large");
    if (POA_GUARD(http_body_coded, http_head_find(&request->head, "Content-Encoding", &value) > 0))
        return refuse(415, "no Content-Encoding is understood here");
    value = (poa_span){0};
    (void)http_head_find(&request->head, "Content-Type", &value);
    if (POA_GUARD(http_content_type, route->content_type && !is_type(value, route->content_type)))
        return refuse(415, "the Content-Type is not the one of this resource");
    return route->flags & HTTP_ROUTE_SPOOL ? http_spool_open(request) : refuse(0, NULL);
}

http_refusal http_admit(http_request *request, const char *method, const char *version)
{
    const http_wire_request line = {
        .method = method,
        .target = {request->wire_target, request->wire_target_len},
        .version = version,
    };
    poa_span query = {0};
    request->method = poa_span_of(method);
    http_refusal refusal = http_wire_read(request->mhd, line, request->server->limits.header_bytes_max, &request->head);
    /*
     * After what two readers can understand in two ways the next request may begin anywhere. A chunked body is where
     * libmicrohttpd is most lenient, so nothing follows one, and HTTP/1.0 never promised that anything follows.
     */
    request->close = refusal.status != 0 || request->head.chunked || request->head.http10;

    if (!refusal.status && request->id_failed)
        refusal = refuse(500, "there is no randomness");
    if (!refusal.status)
        refusal = read_target(request, &query);
    if (!refusal.status)
        refusal = find_route(request);
    if (!refusal.status)
        refusal = read_query(request, query);
    if (!refusal.status)
        refusal = check_body(request);
    if (refusal.status && has_body(request))
        request->close = true;
    return refusal;
}
