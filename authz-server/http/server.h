#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/address.h"
#include "http/request.h"
#include "http/route.h"

/*
 * The HTTP edge: sockets, TLS, sizes, time-outs and routes; HTTP/1.1 by libmicrohttpd.
 *
 * One thread accepts and deals the connections in turn to the epoll threads of the listener that they came in by.
 * It also watches every deadline. What this room answers by itself is application/problem+json, but for requests so
 * malformed that libmicrohttpd answers them in its own words.
 */

#define HTTP_LISTENERS_MAX 8
#define HTTP_THREADS_MAX   64

/** A certificate chain and its private key, PEM. Borrowed during a call; our copy of the key is wiped. */
typedef struct http_tls {
    poa_span certificate_pem; /* len 0: no TLS; then there is no key either */
    poa_span key_pem;
} http_tls;

/**
 * http_listener - where to listen.
 * @address:    port 0 takes a free one, which http_server_address() tells
 * @fd:         a socket that listens already (passed by a service manager), taken over; -1: open our own for address
 * @tls:        without a certificate the listener speaks clear text; whether that is allowed is the configuration's
 * decision
 * @priorities: GnuTLS priority string, copied; NULL: HTTP_TLS_PRIORITIES
 */
typedef struct http_listener {
    http_address address;
    int fd;
    http_tls tls;
    const char *priorities;
} http_listener;

/** TLS 1.2 with forward secrecy and AEAD, and TLS 1.3. */
#define HTTP_TLS_PRIORITIES \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305"

/**
 * http_limits - see HTTP_LIMITS_DEFAULT.
 * @threads:                 epoll threads of each listener
 * @connections_max:         at once, all listeners together; further ones wait in the kernel's queue
 * @connections_per_address: at once from one IPv4 address or one IPv6 /64, but for whom hooks.unlimited says yes;
 *                           0: no limit
 * @header_bytes_max:        request line and header; more is answered 431
 * @body_bytes_max:          for routes with HTTP_BODY_DEFAULT; more is answered 413
 * @head_ms:                 a connection that brings no whole header within this time of its start or of its last
 *                           reply is closed
 * @body_ms:                 a body that is not whole within this time of its header is answered 408 (over TLS only
 *                           closed); one of HTTP_ROUTE_SPOOL has a second more for each 32 KiB that it brought
 * @send_ms:                 a client that has not taken the reply, or the last piece of a stream, within this time is
 *                           cut off
 * @streams_max:             http_reply_stream() at once; more are answered 503
 * @spools_max:              bodies of HTTP_ROUTE_SPOOL at once; more are answered 503
 */
typedef struct http_limits {
    unsigned threads;
    unsigned connections_max;
    unsigned connections_per_address;
    size_t header_bytes_max;
    size_t body_bytes_max;
    unsigned head_ms;
    unsigned body_ms;
    unsigned send_ms;
    unsigned streams_max;
    unsigned spools_max;
} http_limits;

#define HTTP_LIMITS_DEFAULT                                                                               \
    (http_limits)                                                                                         \
    {                                                                                                     \
        .threads = 2, .connections_max = 1024, .connections_per_address = 64, .header_bytes_max = 32768,  \
        .body_bytes_max = 65536, .head_ms = 30000, .body_ms = 15000, .send_ms = 30000, .streams_max = 64, \
        .spools_max = 4,                                                                                  \
    }

/**
 * http_outcome - how a request ended.
 * @status:      of the reply; 0 when the client left before one
 * @body_bytes:  of the reply's body; of a stream, what was pulled
 * @duration_us: from its request line to its end
 * @whole:       the reply went out to its last byte
 */
typedef struct http_outcome {
    unsigned status;
    size_t body_bytes;
    int64_t duration_us;
    bool whole;
} http_outcome;

/**
 * http_hooks - what the room needs from its caller; called from several threads at once, never under a lock of the
 * caller's.
 * @now_us:    monotonic clock, microseconds since any moment; not negative, less than 2^60
 * @random:    fill len bytes, unpredictably; false makes the request at hand 500
 * @problem:   write the JSON body of an error reply; request is NULL for a 408; NULL: type, title, status, detail
 * @done:      once for each request whose request line was read, after its end; NULL: nobody asks
 * @log:       a line about the service, not about a request; printable ASCII, at most ten a second; NULL: nobody asks
 * @unlimited: is this peer (a trusted proxy) free from connections_per_address? NULL: nobody is
 */
typedef struct http_hooks {
    int64_t (*now_us)(void *arg);
    bool (*random)(void *arg, void *bytes, size_t len);
    void (*problem)(void *arg, const http_request *request, unsigned status, const char *detail, poa_buf *body);
    void (*done)(void *arg, const http_request *request, const http_outcome *outcome);
    void (*log)(void *arg, const char *line);
    bool (*unlimited)(void *arg, const http_address *peer);
    void *arg;
} http_hooks;

/**
 * http_config - all of a server. Borrowed during http_server_start(), but for routes and handler_arg, which outlive it.
 * @spool_dir: where bodies of HTTP_ROUTE_SPOOL are kept, in files without a name; may be NULL without such a route
 */
typedef struct http_config {
    const http_listener *listeners;
    size_t listener_count;
    const http_route *routes;
    size_t route_count;
    void *handler_arg;
    const char *spool_dir;
    http_limits limits;
    http_hooks hooks;
} http_config;

typedef struct http_server http_server;

/**
 * http_listen() - a socket that listens, for http_listener.fd; the caller closes it or hands it over.
 *
 * Return: -1 when there is none to be had; errno says why.
 */
POA_MUST_USE int http_listen(const http_address *address);

/**
 * http_server_start() - listen and serve.
 * @out: set on success; the caller ends it with http_server_free()
 * @why: on failure gets one sentence for the operator
 *
 * Return: false when the table of routes does not pass http_routes_check() or asks for a spool_dir, a listener cannot
 * be opened, a certificate does not fit its key, or memory or threads are out. Nothing listens then.
 */
POA_MUST_USE bool http_server_start(const http_config *config, http_server **out, poa_buf *why);

/** http_server_address() - where a listener really listens. */
const http_address *http_server_address(const http_server *server, size_t listener);

/** http_server_connections() - how many there are now. */
unsigned http_server_connections(const http_server *server);

/**
 * http_server_reload_tls() - new certificates for new connections; the connections there are end as they began.
 * @pairs: one for each listener of the configuration; one without a certificate leaves its listener as it is
 * @why:   on failure gets one sentence for the operator
 *
 * Return: false when one of them cannot be used or is for a clear-text listener; then none is.
 */
POA_MUST_USE bool http_server_reload_tls(http_server *server, const http_tls *pairs, poa_buf *why);

/**
 * http_server_stop() - accept no more, let requests finish, end.
 * @grace_ms: how long requests under way have; then their connections are cut
 *
 * Every answer closes its connection from now on. Streams end at once; those that must be whole have the grace, and are
 * broken off after it. Waits without bound for requests that are suspended: whoever took one
 * resumes it. Not from a handler. A second call does nothing.
 */
void http_server_stop(http_server *server, unsigned grace_ms);

/** http_server_free() - stop at once, if nobody did, and end the server. NULL is fine. */
void http_server_free(http_server *server);

#endif
