#include "inside.h"

#include "guard.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

/* What libmicrohttpd keeps for a reply in HTTP/1.0; a chunk of HTTP/1.1 is made in the connection's own memory. */
#define PIECE_BYTES 8192

typedef enum stream_end {
    STREAM_GOES_ON,
    STREAM_ENDED,  /* as if the source had said so */
    STREAM_BROKEN, /* visibly before its end */
} stream_end;

struct http_stream {
    atomic_uint refs; /* the answer's, and the one whom http_reply_stream() gave it to */
    http_server *server;
    http_conn *conn;
    http_stream_source source;
    int64_t dies_us;
    size_t bytes;      /* pulled; the connection's thread's own */
    http_stream *next; /* in http_streams; under its lock, as listed is */
    bool listed;

    pthread_mutex_t lock; /* taken after that of http_streams and before those of libmicrohttpd */
    struct MHD_Connection *mhd;
    bool asleep; /* the connection is suspended; so it lives, and its descriptor is open */
    bool woken;  /* since the last pull began */
    stream_end end;
};

void http_stream_release(http_stream *stream)
{
    if (!stream || atomic_fetch_sub(&stream->refs, 1) > 1)
        return;
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

/* ---- asleep and awake ---- */

static void rouse_locked(http_stream *stream)
{
    stream->woken = true;
    if (!stream->asleep)
        return;
    stream->asleep = false;
    MHD_resume_connection(stream->mhd);
}

void http_stream_wake(http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    rouse_locked(stream);
    pthread_mutex_unlock(&stream->lock);
}

static void end_early_locked(http_stream *stream, stream_end end)
{
    if (stream->end == STREAM_GOES_ON)
        stream->end = end;
    rouse_locked(stream);
}

/*
 * Where there is no reason to sleep the connection is resumed at once, rather than pulled from again: the others of its
 * thread have their turn in between.
 */
static void sleep_now(http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    MHD_suspend_connection(stream->mhd);
    stream->asleep = true;
    if (stream->woken || stream->end != STREAM_GOES_ON ||
        !http_conn_enter(stream->conn, HTTP_PHASE_WORK, http_now_us(stream->server)))
        rouse_locked(stream);
    pthread_mutex_unlock(&stream->lock);
}

static stream_end begin_pull(http_stream *stream)
{
    /* The client has taken all that was pulled before; the time for the next piece begins. */
    if (!http_conn_enter(stream->conn, HTTP_PHASE_SEND, http_now_us(stream->server)))
        return STREAM_BROKEN;
    pthread_mutex_lock(&stream->lock);
    stream->woken = false;
    const stream_end end = stream->end;
    pthread_mutex_unlock(&stream->lock);
    return end;
}

static ssize_t pull(void *arg, uint64_t position, char *buf, size_t cap)
{
    (void)position;
    http_stream *const stream = arg;
    const stream_end end = begin_pull(stream);
    if (end != STREAM_GOES_ON)
        return end == STREAM_ENDED ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;

    const ssize_t got = stream->source.pull(stream->source.self, buf, cap);
    if (got == HTTP_STREAM_END)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (got < 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    assert((size_t)got <= cap);
    stream->bytes += (size_t)got;
    if (got == HTTP_STREAM_WAIT)
        sleep_now(stream);
    return got;
}

/* ---- from the reply to its end ---- */

static http_stream *new_stream(http_request *request, const http_stream_source *source)
{
    http_stream *const stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    if (pthread_mutex_init(&stream->lock, NULL) != 0) {
        free(stream);
        return NULL;
    }
    atomic_init(&stream->refs, 2);
    stream->server = request->server;
    stream->conn = request->conn;
    stream->mhd = request->mhd;
    stream->source = *source;
    stream->dies_us =
        source->max_life_ms > 0 ? http_now_us(request->server) + (int64_t)source->max_life_ms * 1000 : INT64_MAX;
    return stream;
}

/* NULL, or why no further stream is had now. The state is looked at under the lock that http_streams_end() takes. */
static const char *enlist_locked(http_server *server, http_stream *stream)
{
    const int state = atomic_load(&server->state);
    if (POA_GUARD(http_stream_stopping, state >= HTTP_CUTTING || (state == HTTP_DRAINING && !stream->source.whole)))
        return "the service is stopping";
    if (POA_GUARD(http_streams_full, server->streams.count >= server->limits.streams_max))
        return "too many streams are open";
    stream->next = server->streams.first;
    stream->listed = true;
    server->streams.first = stream;
    server->streams.count++;
    return NULL;
}

static const char *enlist(http_server *server, http_stream *stream)
{
    pthread_mutex_lock(&server->streams.lock);
    const char *const why_not = enlist_locked(server, stream);
    pthread_mutex_unlock(&server->streams.lock);
    return why_not;
}

void http_stream_leave(http_stream *stream)
{
    http_streams *const streams = &stream->server->streams;
    pthread_mutex_lock(&streams->lock);
    if (stream->listed) {
        http_stream **at = &streams->first;
        while (*at != stream)
            at = &(*at)->next;
        *at = stream->next;
        stream->listed = false;
        streams->count--;
    }
    pthread_mutex_unlock(&streams->lock);
}

void http_stream_end(http_stream *stream)
{
    http_stream_leave(stream);
    stream->source.end(stream->source.self);
    http_stream_release(stream);
}

http_stream *http_reply_stream(http_request *request, unsigned status, const char *content_type,
                               const http_stream_source *source)
{
    http_stream *const stream = new_stream(request, source);
    if (!stream) {
        source->end(source->self);
        http_reply_problem(request, 500, "memory is out");
        return NULL;
    }
    const char *const why_not = enlist(request->server, stream);
    if (why_not) {
        http_stream_release(stream);
        http_stream_end(stream);
        http_reply_busy(request, why_not);
        return NULL;
    }
    http_answer_stream(&request->answer, status, content_type, stream);
    return stream;
}

struct MHD_Response *http_stream_response(http_stream *stream, bool head)
{
    struct MHD_Response *const response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, pull, stream, NULL);
    /* libmicrohttpd 0.9.75 sends the last chunk of a chunked reply to a HEAD, too: the next reply would begin with it.
     */
    if (response && head)
        (void)MHD_set_response_options(response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
    return response;
}

size_t http_stream_bytes(const http_stream *stream)
{
    return stream->bytes;
}

/* ---- all of them ---- */

/* Nobody reads from a suspended connection, so nobody would see its client go. */
static bool client_left_locked(const http_stream *stream)
{
    struct pollfd polled = {.fd = stream->conn->fd, .events = POLLRDHUP};
    return poll(&polled, 1, 0) == 1 && (polled.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void look_after(http_stream *stream, int64_t now_us)
{
    pthread_mutex_lock(&stream->lock);
    if (stream->asleep && client_left_locked(stream))
        end_early_locked(stream, STREAM_BROKEN);
    else if (now_us >= stream->dies_us)
        end_early_locked(stream, stream->source.whole ? STREAM_BROKEN : STREAM_ENDED);
    pthread_mutex_unlock(&stream->lock);
}

void http_streams_watch(http_server *server, int64_t now_us)
{
    pthread_mutex_lock(&server->streams.lock);
    for (http_stream *stream = server->streams.first; stream; stream = stream->next)
        look_after(stream, now_us);
    pthread_mutex_unlock(&server->streams.lock);
}

void http_streams_end(http_server *server, bool whole_too)
{
    pthread_mutex_lock(&server->streams.lock);
    for (http_stream *stream = server->streams.first; stream; stream = stream->next) {
        if (stream->source.whole && !whole_too)
            continue;
        pthread_mutex_lock(&stream->lock);
        end_early_locked(stream, stream->source.whole ? STREAM_BROKEN : STREAM_ENDED);
        pthread_mutex_unlock(&stream->lock);
    }
    pthread_mutex_unlock(&server->streams.lock);
}
