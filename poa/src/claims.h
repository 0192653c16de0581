#ifndef POA_SRC_CLAIMS_H
#define POA_SRC_CLAIMS_H

#include "reason.h"

#include "poa/id.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The claims of a token, read in the order in which they are checked. Failure is sticky: the first claim that is wrong
 * stays, and every later read does nothing, so a reader looks like the table that it implements and asks err once.
 *
 * Refusals: POA_E_CLAIM_MISSING, POA_E_CLAIM_TYPE, POA_E_CLAIM_FORBIDDEN, member /<claim>. An optional claim that is
 * absent leaves *out as it was. Spans are borrowed from body.
 */
typedef struct poa_claims {
    const json_t *body; /* borrowed */
    int hop;            /* for the reason */
    poa_reason *why;    /* may be NULL */
    poa_err err;
} poa_claims;

enum poa_claim_need { POA_CLAIM_OPTIONAL, POA_CLAIM_REQUIRED };

/* Is there such a claim, whatever its value? */
bool poa_claim_present(const poa_claims *c, const char *name);
/* Refuse the claim, unless an earlier one was refused. */
void poa_claim_refuse(poa_claims *c, poa_err code, const char *name);

/* UTF-8 of 1 to max bytes without control characters; an identifier of section 1 has max POA_NAME_BYTES_MAX. */
void poa_claim_text(poa_claims *c, const char *name, enum poa_claim_need need, size_t max, poa_span *out);
/* A whole number. */
void poa_claim_int(poa_claims *c, const char *name, enum poa_claim_need need, int64_t min, int64_t max, int64_t *out);
/* NumericDate (RFC 7519 section 2), a whole number from 0 to 2^53-1. */
void poa_claim_time(poa_claims *c, const char *name, enum poa_claim_need need, int64_t *out);
/* A jti: 22 to 64 base64url characters. */
void poa_claim_jti(poa_claims *c, const char *name, enum poa_claim_need need, poa_span *out);
/* A PoA id or a thumbprint: base64url of 32 bytes. */
void poa_claim_id(poa_claims *c, const char *name, enum poa_claim_need need, poa_id *out);
/* One of a few words of ours; *out is its index. */
void poa_claim_word(poa_claims *c, const char *name, enum poa_claim_need need, const char *const *words, size_t count,
                    size_t *out);
/* aud: one identifier or an array of 1 to POA_AUDIENCES_MAX, no duplicate. aud has room for that many. */
void poa_claim_audience(poa_claims *c, enum poa_claim_need need, poa_span *aud, size_t *len);
/*
 * Refuse every claim but these, for a token whose payload is closed: POA_E_CLAIM_FORBIDDEN of the first one in document
 * order. names ends with NULL. To be called last.
 */
void poa_claims_close(poa_claims *c, const char *const *names);

#endif
