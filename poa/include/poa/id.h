#ifndef POA_ID_H
#define POA_ID_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stdint.h>

/** Characters of an id in base64url, without the NUL. */
#define POA_ID_CHARS 43

/**
 * poa_id - a SHA-256 value that names something: a PoA (section 3), a key (RFC 7638), a text.
 */
typedef struct poa_id {
    uint8_t bytes[32];
} poa_id;

/** An id as NUL-terminated base64url. */
typedef struct poa_id_text {
    char chars[POA_ID_CHARS + 1];
} poa_id_text;

/** poa_id_parse() - read canonical base64url of exactly 32 bytes; false otherwise, *out untouched. */
POA_API POA_MUST_USE bool poa_id_parse(poa_span text, poa_id *out);

/** poa_id_print() - the text of an id, by value: poa_id_print(&id).chars. */
POA_API poa_id_text poa_id_print(const poa_id *id);

/** poa_id_equal() - are both the same? In constant time. */
POA_API bool poa_id_equal(const poa_id *a, const poa_id *b);

#endif
