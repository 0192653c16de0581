#ifndef API_LINES_H
#define API_LINES_H

#include "api/change.h"

/*
 * Batches: a body of lines (NDJSON), each a change of its own, and a reply of as many lines, in their order, that is
 * written while the changes are made. One that is refused fails alone. However many there are, a few are in memory.
 */

#define API_LINES_MAX      1000
#define API_LINE_BYTES_MAX 16384
#define API_LINES_BYTES    16385000 /* so many lines of that length, with their ends: a route's body_max */

/**
 * api_line_kind - what a line is. Static.
 * @opened:  what the audit log calls the batch itself
 * @size:    of the struct made for each line, zeroed; it begins with an api_change that has @x
 * @prepare: read a line, which is borrowed during the call alone, and set check, apply, end and kind. Refusals as
 *           everywhere: x->why says why
 * @answer:  after the commit: the status of the line and its members as JSON without braces. It may refuse, too
 */
typedef struct api_line_kind {
    const char *opened;
    size_t size;
    poa_err (*prepare)(api_change *change, poa_span line);
    poa_err (*answer)(api_change *change, unsigned *status, poa_buf *members);
} api_line_kind;

/**
 * api_lines_run() - answer a request for a batch. Its headers are judged once; the nonce is used up first.
 *
 * 200 with a line for each: {"line":1,"status":201,…}, or the members of a problem. 413 for the whole of it where a
 * line is too long, or there are too many. A client that hears only a part sends all of it again.
 */
void api_lines_run(api_service *service, http_request *request, const api_line_kind *kind);

#endif
