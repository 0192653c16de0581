#ifndef POA_SRC_RFC3339_H
#define POA_SRC_RFC3339_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Characters of a time, without the NUL. */
#define POA_RFC3339_CHARS 20
/* 9999-12-31T23:59:59Z, the last second that can be written. */
#define POA_RFC3339_MAX 253402300799

/* A time as NUL-terminated text. */
typedef struct poa_rfc3339 {
    char chars[POA_RFC3339_CHARS + 1];
} poa_rfc3339;

/*
 * A moment exactly as YYYY-MM-DDTHH:MM:SSZ, in 1970 to 9999 of the Gregorian calendar: of what RFC 3339 section 5.6
 * allows the one spelling that we accept, so that equal bytes are equal times. No fraction, no offset, no lower case,
 * no leap second (POSIX has none).
 */
POA_MUST_USE bool poa_rfc3339_parse(poa_span text, int64_t *out);

/* The text of a moment from 0 to POA_RFC3339_MAX, by value; one outside is written as the nearest of these. */
poa_rfc3339 poa_rfc3339_print(int64_t time_s);

#endif
