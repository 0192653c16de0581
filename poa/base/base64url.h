#ifndef POA_BASE_BASE64URL_H
#define POA_BASE_BASE64URL_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Base64url without padding (RFC 4648 section 5), canonical form only: no white space, unused bits zero. */

/* Characters that n bytes take, without a NUL. */
#define POA_BASE64URL_LEN(n) (((n)*4 + 2) / 3)
/* Bytes that n characters hold. */
#define POA_BASE64URL_BYTES(n) ((n) / 4 * 3 + (n) % 4 * 3 / 4)

/* Decode text into out, which has room for cap bytes. False when text is not canonical or does not fit. */
POA_MUST_USE bool poa_base64url_decode(poa_span text, uint8_t *out, size_t cap, size_t *len);
/* Decode text of exactly len bytes. */
POA_MUST_USE bool poa_base64url_decode_exact(poa_span text, uint8_t *out, size_t len);
/* Is text canonical? The empty text is. */
bool poa_base64url_is_canonical(poa_span text);
/* Encode len bytes into out, which has room for POA_BASE64URL_LEN(len) + 1; adds a NUL. */
void poa_base64url_encode(const uint8_t *bytes, size_t len, char *out);

#endif
