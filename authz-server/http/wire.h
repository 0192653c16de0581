#ifndef HTTP_WIRE_H
#define HTTP_WIRE_H

#include "poa/macros.h"
#include "poa/span.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/** As many header fields as a request may have. */
#define HTTP_FIELDS_MAX 64
/** Bytes of a request target. */
#define HTTP_TARGET_BYTES_MAX 2048

/** One header field, both parts without blanks around them; borrowed from libmicrohttpd until the request ends. */
typedef struct http_field {
    poa_span name;
    poa_span value;
} http_field;

/** What stood in the header of a request. */
typedef struct http_head {
    http_field fields[HTTP_FIELDS_MAX];
    size_t field_count;
    bool http10;
    bool chunked;
    uint64_t length; /* Content-Length; 0 without one */
} http_head;

/** Why a request is refused. A static detail says it to the client; status 0: it is not. */
typedef struct http_refusal {
    unsigned status;
    const char *detail;
} http_refusal;

/**
 * http_wire_request - what libmicrohttpd says of a request line. The pointers point into its buffer, at what it read.
 * @target: as it was when the URI callback saw it; the bytes may have been changed since, and are not read
 */
typedef struct http_wire_request {
    const char *method;
    poa_span target;
    const char *version;
} http_wire_request;

/**
 * http_wire_read() - read a header, and refuse whatever a proxy in front might have read otherwise (RFC 9112
 * section 11.2).
 * @connection: in the first call of the access handler
 * @bytes_max:  of request line and header together
 *
 * Refused are: versions other than 1.0 and 1.1 (505), bytes that libmicrohttpd skipped or cut away (a NUL, a folded or
 * unrecognised line, a line without CR), control characters, two fields of a kind of which one is meant, both framing
 * fields, a Transfer-Encoding other than `chunked` (501) or in HTTP/1.0, a Content-Length that is no plain number, a
 * missing Host; too many bytes or fields (431). A connection on which one was refused must be closed.
 */
POA_MUST_USE http_refusal http_wire_read(struct MHD_Connection *connection, http_wire_request request, size_t bytes_max,
                                         http_head *head);

/** http_head_find() - how often a field came; *value is set only when exactly once. */
size_t http_head_find(const http_head *head, const char *name, poa_span *value);

/** http_text_equal() - equal but for the case of ASCII letters. */
bool http_text_equal(poa_span a, poa_span b);

#endif
