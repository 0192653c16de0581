#ifndef POA_BASE_BUF_H
#define POA_BASE_BUF_H

#include "poa/macros.h"
#include "poa/span.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Text that grows, for output. Failure is sticky: after one allocation fails the buffer stays as it is and
 * poa_buf_take() gives NULL, so a writer checks once, at the end. Never for secrets: growing leaves copies behind.
 */
typedef struct poa_buf {
    char *text; /* owned; NUL-terminated once anything was added */
    size_t len;
    size_t cap;
    bool failed;
} poa_buf;

void poa_buf_clear(poa_buf *b);
void poa_buf_add(poa_buf *b, poa_span span);
void poa_buf_text(poa_buf *b, const char *text);
__attribute__((format(printf, 2, 3))) void poa_buf_printf(poa_buf *b, const char *format, ...);
void poa_buf_base64url(poa_buf *b, const void *bytes, size_t len);
/* The compact JSON text of value, members in their order. */
void poa_buf_json(poa_buf *b, const json_t *value);
/* text as a JSON string, quotes included. */
void poa_buf_json_text(poa_buf *b, poa_span text);
poa_span poa_buf_span(const poa_buf *b);
/* Hand over the text (free() ends it), or NULL after a failure. The buffer is empty afterwards. */
POA_MUST_USE char *poa_buf_take(poa_buf *b);

#endif
