#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Replies that are made while they are sent: events for whoever listens, an answer line by line. The connection's
 * thread pulls a piece whenever the client has taken the last one, so a slow reader slows its source and nobody else.
 */

/** What a source says instead of a number of bytes. */
enum {
    HTTP_STREAM_WAIT = 0,  /**< nothing now: pull again after http_stream_wake() */
    HTTP_STREAM_END = -1,  /**< that was all */
    HTTP_STREAM_FAIL = -2, /**< the rest cannot be made: the stream is broken off */
};

/**
 * http_stream_source - where the bytes of a stream come from. Copied; self is the source's own.
 * @pull:        write at most cap bytes (cap > 0) and return how many, or HTTP_STREAM_*. In the connection's thread,
 *               never two at once; it must not block. A line that does not fit is handed out in parts
 * @end:         once, when nothing is pulled any more, for whatever reason; the last that is done with self
 * @max_life_ms: the stream is ended when it is so old; 0: never
 * @whole:       a part of it would pass for something else: ended before its HTTP_STREAM_END, it is broken off, which
 *               in HTTP/1.1 shows (no last chunk) and in HTTP/1.0 does not. Without this an early end looks like any
 *               other, as for events, whose readers come back
 */
typedef struct http_stream_source {
    void *self;
    ssize_t (*pull)(void *self, char *buf, size_t cap);
    void (*end)(void *self);
    unsigned max_life_ms;
    bool whole;
} http_stream_source;

/** http_stream - a handle on a stream, which outlives it. */
typedef struct http_stream http_stream;

/**
 * http_reply_stream() - answer with what a source gives; like http_reply() in all else.
 * @content_type: static
 *
 * Chunked in HTTP/1.1, ended by the close of the connection in HTTP/1.0. The request, its body and what is attached to
 * it live until after the source's end(). Nothing is pulled for a HEAD, nor before the handler returns or
 * http_resume().
 *
 * Early ends: after max_life_ms, up to a second late; when the client takes more than http_limits.send_ms for what was
 * pulled last; when the client closed its side of the connection while the source waits; at once by
 * http_server_stop(), which gives one with `whole` its grace.
 *
 * Return: a handle that the caller ends with http_stream_release(). NULL when no stream is made: there are
 * http_limits.streams_max, or the server stops (503 with Retry-After), or memory is out (500). That is the reply
 * then, unless another one follows, and the source's end() has been called.
 */
POA_MUST_USE http_stream *http_reply_stream(http_request *request, unsigned status, const char *content_type,
                                            const http_stream_source *source);

/**
 * http_stream_wake() - there is something to pull. From any thread, under locks of the caller's too: it calls nobody.
 * Nothing happens when the stream is over. A wake before the source waits is not lost.
 */
void http_stream_wake(http_stream *stream);

/** http_stream_release() - end a handle, not the stream. NULL is fine. */
void http_stream_release(http_stream *stream);

#endif
