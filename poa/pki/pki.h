#ifndef POA_PKI_PKI_H
#define POA_PKI_PKI_H

#include "cleanup.h"
#include "poa/error.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What all of the certificate room shares. OpenSSL is used with its default library context. Random bytes (serial
 * numbers, new keys, salts) are taken from OpenSSL's RAND, and nowhere else from outside: no clock, no file, no
 * terminal. The error queue of OpenSSL is empty after each call.
 */

/* Bytes of our own: owned, wiped when they go. ptr[len] is a NUL, so that PEM text is a string too. */
typedef struct poa_bytes {
    uint8_t *ptr;
    size_t len;
} poa_bytes;

void poa_bytes_clear(poa_bytes *bytes);
poa_span poa_bytes_span(const poa_bytes *bytes);
/* Zeroed room for len bytes; false when memory is out. */
POA_MUST_USE bool poa_bytes_alloc(poa_bytes *bytes, size_t len);
POA_MUST_USE bool poa_bytes_copy(poa_bytes *bytes, poa_span from);
POA_MUST_USE bool poa_bytes_join(poa_bytes *bytes, poa_span head, poa_span tail);
/* Hand over what bytes holds and leave it empty, so that its cleanup finds nothing. */
static inline poa_bytes poa_bytes_take(poa_bytes *bytes)
{
    const poa_bytes taken = *bytes;
    *bytes = (poa_bytes){0};
    return taken;
}

/* Why something was refused: one sentence for people, without anything of what was refused. Empty after a fault. */
typedef struct poa_why {
    char text[120];
} poa_why;

/* Set why->text where why is not NULL; gives err back, so that a check can return it. */
poa_err poa_why_set(poa_why *why, poa_err err, const char *text);

#endif
