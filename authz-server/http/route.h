#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/request.h"

#include <stddef.h>

/** As many `{…}` as a pattern may have. */
#define HTTP_CAPTURES_MAX 4

/** A route's body_max: the configured default, http_limits.body_bytes_max. */
#define HTTP_BODY_DEFAULT SIZE_MAX

/** Methods that a route can have. HEAD is answered wherever GET is. */
typedef enum http_method {
    HTTP_GET = 1 << 0,
    HTTP_POST = 1 << 1,
    HTTP_PUT = 1 << 2,
    HTTP_PATCH = 1 << 3,
    HTTP_DELETE = 1 << 4,
} http_method;

/** Flags of a route. */
enum {
    HTTP_ROUTE_QUERY = 1 << 0, /**< takes a query string; without this one is answered 400 */
    HTTP_ROUTE_SPOOL = 1 << 1, /**< its body is kept in a file, which http_request_body() maps; 503 without room */
};

/** The most that the body_max of a route with HTTP_ROUTE_SPOOL may be. */
#define HTTP_SPOOL_BYTES_MAX (32u * 1024 * 1024)

/**
 * http_handler() - answer one request, in a daemon's thread.
 * @request: whole, body included; lives until the done hook has run for it
 * @arg:     http_config.handler_arg
 *
 * Either calls http_reply() (or one of its kin) before it returns, or calls http_suspend() and hands the request to
 * another thread, which replies and then calls http_resume(). A handler that does neither is answered 500. It must not
 * block: the other connections of its thread wait.
 */
typedef void http_handler(http_request *request, void *arg);

/**
 * http_route - one row of the table of a server; tables are static.
 * @pattern:      `/v1/devices/{id}`, `/crl/{ca}.crl`, `/v1/onboardings:batch`: a segment is literal or `{name}` with a
 *                literal suffix or none; what stands before the suffix, at least one byte, is captured
 * @body_max:     bytes; 0: a request with a body is answered 413; HTTP_BODY_DEFAULT
 * @content_type: of a request with a body, without parameters; another is answered 415; NULL: any
 * @flags:        HTTP_ROUTE_*
 *
 * The first row that matches wins. A path is matched as it came, byte by byte: one with `%`, with a dot segment or with
 * a byte outside RFC 3986's pchar is answered 400 before that.
 */
typedef struct http_route {
    http_method method;
    const char *pattern;
    http_handler *handler;
    size_t body_max;
    const char *content_type;
    unsigned flags;
} http_route;

/**
 * http_match - where a path leads.
 * @route:   NULL when no row has this path and method
 * @allowed: the methods of all rows that have this path; 0: there is none (404)
 */
typedef struct http_match {
    const http_route *route;
    unsigned allowed;
    poa_span captures[HTTP_CAPTURES_MAX]; /* parts of the path; borrowed */
    size_t capture_count;
} http_match;

/**
 * http_routes_check() - can a server be started with this table?
 * @why: on failure gets one sentence that names the row
 *
 * Return: false when a pattern is malformed or has more than HTTP_CAPTURES_MAX captures, a method or handler is
 * missing, a flag is unknown, or a route with HTTP_ROUTE_SPOOL has no maximum of its own, at most
 * HTTP_SPOOL_BYTES_MAX.
 */
POA_MUST_USE bool http_routes_check(const http_route *routes, size_t count, poa_buf *why);

/** http_route_match() - look up a path and one method. */
http_match http_route_match(const http_route *routes, size_t count, unsigned method, poa_span path);

/** http_path_is_plain() - absolute, only pchar and `/`, nothing escaped, no `.` or `..` segment. */
bool http_path_is_plain(poa_span path);

/**
 * http_method_of() - the method that a request line names (case counts).
 * @bit: the route's method; 0 for one that is known and that no route can have (OPTIONS, TRACE, CONNECT)
 *
 * Return: false for a method that is not known here (501).
 */
POA_MUST_USE bool http_method_of(poa_span name, unsigned *bit);

/** Room for the longest list of http_method_list(), and a NUL. */
#define HTTP_METHOD_LIST_MAX 64

/** http_method_list() - `GET, HEAD, POST`, the value of an Allow field. */
void http_method_list(unsigned methods, char out[HTTP_METHOD_LIST_MAX]);

#endif
