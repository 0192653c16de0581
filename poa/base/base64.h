#ifndef POA_BASE_BASE64_H
#define POA_BASE_BASE64_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Base64 with padding (RFC 4648 section 4), canonical form only: no white space, unused bits zero. It stands in x5c
 * (RFC 7515 section 4.1.6); everything else of ours is base64url.
 */

/* Characters that n bytes take, without a NUL; and bytes that n characters hold at most. */
#define POA_BASE64_LEN(n)   (((n) + 2) / 3 * 4)
#define POA_BASE64_BYTES(n) ((n) / 4 * 3)

/* Decode text into out, which has room for cap bytes. False when text is not canonical or does not fit. */
POA_MUST_USE bool poa_base64_decode(poa_span text, uint8_t *out, size_t cap, size_t *len);
/* Encode len bytes into out, which has room for POA_BASE64_LEN(len) + 1; adds a NUL. */
void poa_base64_encode(const uint8_t *bytes, size_t len, char *out);

#endif
