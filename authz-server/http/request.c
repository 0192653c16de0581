#include "inside.h"

#include "base64url.h"
#include "cleanup.h"
#include "span.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void make_id(http_request *request)
{
    uint8_t bytes[16];
    const http_hooks *const hooks = &request->server->hooks;
    if (!hooks->random(hooks->arg, bytes, sizeof bytes)) {
        request->id_failed = true;
        memset(bytes, 0, sizeof bytes);
    }
    _Static_assert(POA_BASE64URL_LEN(sizeof bytes) == HTTP_REQUEST_ID_LEN, "the id has its documented length");
    poa_base64url_encode(bytes, sizeof bytes, request->id);
}

static bool keep_target(http_request *request, const char *target)
{
    const poa_span whole = poa_span_of(target);
    request->wire_target = target;
    request->wire_target_len = whole.len;
    request->target = poa_span_dup(poa_span_head(whole, HTTP_TARGET_BYTES_MAX));
    request->path = poa_span_of(request->target);
    return request->target;
}

http_request *http_request_new(http_crew *crew, http_conn *conn, struct MHD_Connection *mhd, const char *target)
{
    http_request *request = calloc(1, sizeof *request);
    if (!request)
        return NULL;
    request->server = crew->server;
    request->crew = crew;
    request->conn = conn;
    request->mhd = mhd;
    request->arrived_us = http_now_us(crew->server);
    make_id(request);
    if (!keep_target(request, target)) {
        http_request_free(request);
        return NULL;
    }
    return request;
}

void http_request_free(http_request *request)
{
    if (!request)
        return;
    http_answer_clear(&request->answer); /* a stream's source may be part of what is attached */
    if (request->end_data)
        request->end_data(request->data);
    http_spool_clear(request);
    poa_buf_clear(&request->body);
    free(request->scratch);
    free(request->target);
    free(request);
}

poa_span http_request_id(const http_request *request)
{
    return (poa_span){request->id, HTTP_REQUEST_ID_LEN};
}

poa_span http_request_method(const http_request *request)
{
    return request->method;
}

poa_span http_request_path(const http_request *request)
{
    return request->path;
}

const http_route *http_request_route(const http_request *request)
{
    return request->match.route;
}

poa_span http_request_capture(const http_request *request, size_t index)
{
    return index < request->match.capture_count ? request->match.captures[index] : (poa_span){0};
}

bool http_request_param(const http_request *request, const char *name, poa_span *value)
{
    return http_query_find(&request->query, name, value);
}

size_t http_request_header(const http_request *request, const char *name, poa_span *value)
{
    return http_head_find(&request->head, name, value);
}

poa_span http_request_body(const http_request *request)
{
    if (request->spool.map)
        return (poa_span){request->spool.map, request->spool.len};
    return poa_buf_span(&request->body);
}

const http_address *http_request_peer(const http_request *request)
{
    return &request->conn->peer;
}

bool http_request_is_tls(const http_request *request)
{
    return request->crew->tls;
}

void http_request_attach(http_request *request, void *data, void (*end)(void *data))
{
    assert(!request->data);
    request->data = data;
    request->end_data = end;
}

void *http_request_attached(const http_request *request)
{
    return request->data;
}

void http_suspend(http_request *request)
{
    assert(!request->suspended && request->stage == HTTP_STAGE_HANDLED);
    request->suspended = true;
    MHD_suspend_connection(request->mhd);
}

void http_resume(http_request *request)
{
    /* The daemon may end the request as soon as it is resumed, and the server may end once it is no longer busy. */
    http_server *const server = request->server;
    MHD_resume_connection(request->mhd);
    atomic_fetch_sub(&server->busy, 1);
}
