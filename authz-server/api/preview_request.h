#ifndef API_PREVIEW_REQUEST_H
#define API_PREVIEW_REQUEST_H

#include "api/exchange.h"

#include <jansson.h>

/**
 * api_preview_request - a statement that somebody thinks of making.
 * @facts: what it would say; kid is the key that would sign it, and that signed the proof
 * @reach: of an administrator; NULL: none
 * @body:  what facts borrow from
 */
typedef struct api_preview_request {
    poa_statement_facts facts;
    char *reach;  /* owned */
    json_t *body; /* owned */
} api_preview_request;

/**
 * api_preview_read() - read the body of POST /v1/revocations:preview, and who asks.
 *
 * Whoever may hand such a statement in may ask what it would do: a pinned key, an administrator with his chain in the
 * Authorization field, a key of the chain there or in the body. He proves that he holds the key, as for any read.
 *
 * Return: POA_OK; statement_unauthorized; codes of the body, of the chain, of the proof; POA_F_*. x->code says it too.
 */
POA_MUST_USE poa_err api_preview_read(api_exchange *x, api_preview_request *out);

void api_preview_request_clear(api_preview_request *request);

#endif
