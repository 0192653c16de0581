#ifndef POA_SRC_URI_H
#define POA_SRC_URI_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * poa_uri - the parts of scheme://host[:port] and of what follows. Borrows.
 * @port: 1 to 65535, or 0 where there is none
 * @rest: from the first '/', '?' or '#' on
 */
typedef struct poa_uri {
    poa_span scheme;
    poa_span host;
    uint16_t port;
    poa_span rest;
} poa_uri;

/**
 * poa_uri_parse() - read an absolute URI in the one spelling that we accept (stricter than RFC 3986, so that equal
 * bytes are equal URIs).
 *
 * Scheme and host in lower case; host a DNS name (labels of letters, digits and inner hyphens, 253 bytes at most, no
 * final dot) or a dotted IPv4 address without leading zeros: a last label that is a number makes it an address (WHATWG
 * URL section 3.5). No user info. The port without leading zero. What follows the authority is for the caller to
 * judge.
 */
POA_MUST_USE bool poa_uri_parse(poa_span text, poa_uri *out);

/* Is text a lower-case DNS name, as poa_uri_parse() reads one, and no address? */
bool poa_uri_is_name(poa_span text);

#endif
