#ifndef POA_BASE_SPAN_H
#define POA_BASE_SPAN_H

#include "poa/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Pointer arithmetic on input lives here and nowhere else. */

/* The span of a NUL-terminated string of our own; NULL gives the empty span. */
poa_span poa_span_of(const char *text);
bool poa_span_equal(poa_span a, poa_span b);
/* Is span exactly this NUL-terminated text of ours? */
bool poa_span_is(poa_span span, const char *text);
bool poa_span_starts(poa_span span, poa_span prefix);
bool poa_span_ends(poa_span span, poa_span suffix);
/* What is left of span after its first n bytes (all of it gone when n is larger). */
poa_span poa_span_skip(poa_span span, size_t n);
/* The first n bytes of span (all of it when n is larger). */
poa_span poa_span_head(poa_span span, size_t n);
/* Index of the first c in span, or SIZE_MAX. */
size_t poa_span_find(poa_span span, char c);

typedef struct poa_cursor {
    poa_span rest; /* what is still unread; borrowed */
    bool failed;   /* sticky: after one bad read, every later read is empty */
} poa_cursor;

/* Take the bytes before sep, at most max of them, and step over sep; fails when there is no sep. */
poa_span poa_take_until(poa_cursor *c, char sep, size_t max);

/* Take the next field of a list separated by sep: up to sep or the end. False when nothing is left to take. An empty
 * text has one empty field. */
typedef struct poa_fields {
    poa_span rest;
    char sep;
    bool done;
} poa_fields;
poa_fields poa_fields_of(poa_span text, char sep);
bool poa_fields_next(poa_fields *f, poa_span *field);

/* A decimal number without sign, blank or leading zero, at most max. */
bool poa_span_number(poa_span digits, uint64_t max, uint64_t *out);

/* Length of the UTF-8 sequence (RFC 3629) at the start of the span and its code point, or 0 when it is not valid. */
size_t poa_span_code_point(poa_span span, uint32_t *code);

/* Valid UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF. */
bool poa_span_is_utf8(poa_span span);

/* A UUID in lower case, the one spelling that RFC 9562 section 4 says to write: nothing else names a device. */
bool poa_span_is_uuid(poa_span span);

/* An identifier of the protocol's section 1: 1 to 256 bytes of UTF-8 without control characters (C0, DEL, C1). */
bool poa_span_is_identifier(poa_span span);
/* The same rule with another maximum. */
bool poa_span_is_text(poa_span span, size_t max);

/* A malloc'ed NUL-terminated copy, or NULL when memory is out. */
char *poa_span_dup(poa_span span);

#endif
