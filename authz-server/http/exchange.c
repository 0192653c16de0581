#include "inside.h"

#include "guard.h"
#include "span.h"

int64_t http_now_us(const http_server *server)
{
    return server->hooks.now_us(server->hooks.arg);
}

/* ---- connections ---- */

static http_conn *find_conn(http_server *server, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *const info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? http_conns_find(&server->conns, info->connect_fd) : NULL;
}

void http_exchange_connection(void *arg, struct MHD_Connection *mhd, void **context,
                              enum MHD_ConnectionNotificationCode what)
{
    http_crew *const crew = arg;
    http_server *const server = crew->server;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = find_conn(server, mhd);
        return;
    }
    /* A connection can be closed without having been started. Its descriptor is still open. */
    http_conn *const conn = *context ? *context : find_conn(server, mhd);
    if (conn)
        http_conns_drop(&server->conns, conn);
    if (atomic_exchange(&server->full, false))
        http_accept_wake(server);
}

/* ---- requests ---- */

void *http_exchange_line(void *arg, const char *target, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *const info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (!info || !info->socket_context || !target)
        return NULL;
    return http_request_new(arg, info->socket_context, mhd, target);
}

static bool enter(http_request *request, http_phase phase)
{
    return http_conn_enter(request->conn, phase, http_now_us(request->server));
}

static enum MHD_Result send_answer(http_request *request)
{
    if (request->answer.status == 0)
        http_reply_problem(request, 500, "nothing was answered");
    if (request->answer.broken) {
        http_answer_clear(&request->answer);
        http_reply_problem(request, 500, "the answer could not be made");
    }
    if (!enter(request, HTTP_PHASE_SEND))
        return MHD_NO;

    const bool head = poa_span_is(request->method, "HEAD");
    const bool close = request->close || (head && request->answer.stream) || atomic_load(&request->crew->draining);
    struct MHD_Response *const response = http_answer_build(&request->answer, head, close);
    if (!response)
        return MHD_NO;
    const enum MHD_Result queued = MHD_queue_response(request->mhd, request->answer.status, response);
    MHD_destroy_response(response);
    request->queued = queued == MHD_YES;
    return queued;
}

/* The header is read. An answer given now ends the connection; one given after the body does not have to. */
static enum MHD_Result begin(http_request *request, const char *method, const char *version)
{
    request->stage = HTTP_STAGE_BODY;
    const http_refusal refusal = http_admit(request, method, version);
    if (!enter(request, HTTP_PHASE_BODY))
        return MHD_NO;
    if (refusal.status == 0)
        return MHD_YES;
    if (refusal.status == 503)
        http_reply_busy(request, refusal.detail);
    else
        http_reply_problem(request, refusal.status, refusal.detail);
    return request->close ? send_answer(request) : MHD_YES;
}

/* A body that is too large is read to its end all the same: libmicrohttpd takes no answer in between. */
static enum MHD_Result take_body(http_request *request, const char *bytes, size_t *len)
{
    const size_t room = request->body_max - (request->spool.opened ? request->spool.len : request->body.len);
    if (POA_GUARD(http_body_too_large, *len > room))
        request->body_too_large = true;
    if (request->body_too_large)
        poa_buf_clear(&request->body);
    else if (request->spool.opened)
        http_spool_add(request, (poa_span){bytes, *len});
    else
        poa_buf_add(&request->body, (poa_span){bytes, *len});
    *len = 0;
    return MHD_YES;
}

static enum MHD_Result run_handler(http_request *request)
{
    http_server *const server = request->server;
    /* Counted before the state is looked at, so that a stop sees either this handler or no further one. */
    atomic_fetch_add(&server->busy, 1);
    if (atomic_load(&server->state) >= HTTP_CUTTING)
        http_reply_problem(request, 503, "the service is stopping");
    else
        request->match.route->handler(request, server->handler_arg);
    if (request->suspended)
        return MHD_YES;
    atomic_fetch_sub(&server->busy, 1);
    return send_answer(request);
}

static enum MHD_Result handle(http_request *request)
{
    if (!enter(request, HTTP_PHASE_WORK))
        return MHD_NO;
    request->stage = HTTP_STAGE_HANDLED;
    if (request->answer.status != 0)
        return send_answer(request);
    if (request->body_too_large) {
        http_reply_problem(request, 413, "the body is too large");
        return send_answer(request);
    }
    if (request->body.failed) {
        http_reply_problem(request, 500, "memory is out");
        return send_answer(request);
    }
    if (request->spool.opened && !http_spool_close(request)) {
        http_reply_busy(request, "there is no room for the body");
        return send_answer(request);
    }
    return run_handler(request);
}

enum MHD_Result http_exchange_step(void *crew, struct MHD_Connection *mhd, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_len, void **context)
{
    (void)crew;
    (void)mhd;
    (void)url;
    http_request *const request = *context;
    if (!request)
        return MHD_NO;
    switch (request->stage) {
    case HTTP_STAGE_LINE:
        return begin(request, method, version);
    case HTTP_STAGE_BODY:
        return *upload_len > 0 ? take_body(request, upload, upload_len) : handle(request);
    case HTTP_STAGE_HANDLED:
        return send_answer(request);
    }
    return MHD_NO;
}

/* What the client was told, by us, by the watch over deadlines or by libmicrohttpd itself. */
static unsigned status_of(const http_request *request)
{
    if (request->queued)
        return request->answer.status;
    if (request->stage == HTTP_STAGE_BODY && http_conn_moment(request->conn).phase == HTTP_PHASE_CUT)
        return 408;
    const union MHD_ConnectionInfo *const info = MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
    return info ? info->http_status : 0;
}

static size_t body_bytes_of(const http_request *request)
{
    if (poa_span_is(request->method, "HEAD"))
        return 0;
    return request->answer.stream ? http_stream_bytes(request->answer.stream) : request->answer.body.len;
}

void http_exchange_ended(void *crew, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode how)
{
    (void)crew;
    (void)mhd;
    http_request *const request = *context;
    if (!request)
        return;
    *context = NULL;

    const http_server *const server = request->server;
    http_conn *const conn = request->conn;
    if (request->answer.stream)
        http_stream_leave(request->answer.stream);
    const int64_t now_us = http_now_us(server);
    const http_outcome outcome = {
        .status = status_of(request),
        .body_bytes = body_bytes_of(request),
        .duration_us = now_us - request->arrived_us,
        .whole = request->queued && how == MHD_REQUEST_TERMINATED_COMPLETED_OK,
    };
    if (server->hooks.done)
        server->hooks.done(server->hooks.arg, request, &outcome);
    http_request_free(request);
    http_conn_rest(conn, now_us);
}
