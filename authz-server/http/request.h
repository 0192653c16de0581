#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "buf.h"
#include "http/address.h"
#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Characters of a request id: 16 random bytes in base64url. */
#define HTTP_REQUEST_ID_LEN 22

/** As many http_reply_header() fields as a reply may have. */
#define HTTP_REPLY_HEADERS_MAX 8

struct http_route;

/**
 * http_request - one request, from its request line until the done hook has run. What its functions give is borrowed
 * from it and may be read from any thread, while it is suspended too.
 */
typedef struct http_request http_request;

/** http_request_id() - random, HTTP_REQUEST_ID_LEN characters; for logs and error replies. */
poa_span http_request_id(const http_request *request);

/** http_request_method() - as it came: `HEAD` for a HEAD that a GET route answers. Empty when the head was not read. */
poa_span http_request_method(const http_request *request);

/** http_request_path() - the raw path, without the query. Plain (http_path_is_plain()) in a handler, anything
 * elsewhere. */
poa_span http_request_path(const http_request *request);

/** http_request_route() - the row that matched; NULL when none did. */
const struct http_route *http_request_route(const http_request *request);

/** http_request_capture() - what the index-th `{…}` of the pattern took, from 0; empty when there is no such one. */
poa_span http_request_capture(const http_request *request, size_t index);

/** http_request_param() - a parameter of the query string (query.h); false when it is absent. */
bool http_request_param(const http_request *request, const char *name, poa_span *value);

/**
 * http_request_header() - how often a field came, whatever the case of its name.
 * @value: set only when it came exactly once; without blanks around it, no control character but the tab
 *
 * Host, Authorization, DPoP, Content-Type and the framing fields never come twice: such a request was answered 400.
 */
size_t http_request_header(const http_request *request, const char *name, poa_span *value);

/** http_request_body() - the whole body; empty without one. With HTTP_ROUTE_SPOOL it is a mapping of a file. */
poa_span http_request_body(const http_request *request);

/** http_request_peer() - the other end of the TCP connection: the client, or a proxy. Which one is for the caller to
 * judge. */
const http_address *http_request_peer(const http_request *request);

/** http_request_is_tls() - did it come over TLS? */
bool http_request_is_tls(const http_request *request);

/** http_request_attach() - keep the caller's own data with a request; end() frees it after the done hook. Once per
 * request. */
void http_request_attach(http_request *request, void *data, void (*end)(void *data));

/** http_request_attached() - that data, or NULL. */
void *http_request_attached(const http_request *request);

/**
 * http_reply() - answer with a body of our own.
 * @content_type: static
 * @body:         its text is taken over and the buffer left empty; a failed one makes the answer 500
 *
 * The last reply before the handler returns, or before http_resume(), counts. `Cache-Control: no-store` is added where
 * no other was set.
 */
void http_reply(http_request *request, unsigned status, const char *content_type, poa_buf *body);

/** http_reply_constant() - the same with a body that outlives the server; content_type NULL: without a body. */
void http_reply_constant(http_request *request, unsigned status, const char *content_type, poa_span body);

/** http_reply_problem() - an application/problem+json (RFC 9457) as the room writes its own; detail is static. */
void http_reply_problem(http_request *request, unsigned status, const char *detail);

/**
 * http_reply_header() - add a field to the reply, before or after http_reply().
 * @name:  static
 * @value: copied; visible ASCII, blanks and tabs: anything else makes the answer 500, so that no value splits it
 */
void http_reply_header(http_request *request, const char *name, poa_span value);

/**
 * http_suspend() - answer later. In the handler only, and before the request is handed to the thread that will reply.
 *
 * The connection has no deadline while it is suspended, and http_server_stop() waits for its http_resume().
 */
void http_suspend(http_request *request);

/** http_resume() - send the reply. Exactly once for each http_suspend(), from any thread; the request is gone
 * afterwards. */
void http_resume(http_request *request);

#endif
