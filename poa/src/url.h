#ifndef POA_SRC_URL_H
#define POA_SRC_URL_H

#include "bounds.h"

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>

/* An http or https URL in normal form, without query and fragment; NUL-terminated. */
typedef struct poa_url {
    char text[POA_URL_BYTES_MAX + 2]; /* the normal form of an empty path is one byte longer */
    size_t len;
} poa_url;

/**
 * poa_url_normalise() - what a proof's htu is compared as (RFC 9449 section 4.3).
 * @text: an absolute URI of at most POA_URL_BYTES_MAX bytes
 * @out:  set only when text is one
 *
 * RFC 3986 sections 6.2.2 and 6.2.3: scheme and host in lower case, percent-encodings in upper case and those of
 * unreserved characters decoded, dot segments removed, an empty or default port dropped, an empty path written "/".
 *
 * Return: false for another scheme, no host, user info, a port that is not 1 to 65535 (leading zeros are refused, not
 * removed), an IP literal other than IPv6, or a character that RFC 3986 allows nowhere.
 */
POA_MUST_USE bool poa_url_normalise(poa_span text, poa_url *out);

#endif
