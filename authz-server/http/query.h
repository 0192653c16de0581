#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>

/** As many parameters as a query string may have. */
#define HTTP_PARAMS_MAX 12

/** The parameters of a query string, decoded. */
typedef struct http_query {
    struct {
        poa_span name;
        poa_span value;
    } params[HTTP_PARAMS_MAX];
    size_t count;
} http_query;

/**
 * http_query_parse() - read `limit=20&cursor=abc`, without the `?`.
 * @raw:     as it stood in the request line; the empty text has no parameter
 * @scratch: room for raw.len bytes, which the spans of *out borrow
 *
 * Names are `[a-z_]`, not repeated; each has an `=`. Values are decoded once (RFC 3986 section 2.1) and are then valid
 * UTF-8 without control characters. A `+` is refused: some read it as a blank, some do not.
 *
 * Return: false when anything is otherwise.
 */
POA_MUST_USE bool http_query_parse(poa_span raw, char *scratch, http_query *out);

/** http_query_find() - the value of a parameter, which may be empty; false when it is absent. */
bool http_query_find(const http_query *query, const char *name, poa_span *value);

#endif
