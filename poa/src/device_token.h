#ifndef POA_SRC_DEVICE_TOKEN_H
#define POA_SRC_DEVICE_TOKEN_H

#include "poa/device.h"

#include "buf.h"
#include "claims.h"
#include "jws.h"

/*
 * What the device proof, the trust proof and the ticket have in common: an envelope whose header has the key, as
 * certificates or by itself, and a closed payload.
 */
typedef struct poa_device_token {
    char *text; /* owned */
    poa_jws jws;
    poa_alg alg;
    uint8_t *der;      /* owned; the certificates, one behind the other */
    poa_x5c x5c;       /* points into der */
    poa_key *key;      /* owned; the header's jwk, or NULL */
    json_t *payload;   /* owned */
    poa_claims claims; /* to read the payload with */
} poa_device_token;

/* Sets of 1 << poa_alg: with x5c, and with jwk; none: the token never has a jwk. */
typedef struct poa_device_token_form {
    const char *typ;
    unsigned x5c_algorithms;
    unsigned jwk_algorithms;
} poa_device_token_form;

/* What a maker's PKI signs with: section 10. */
#define POA_X5C_ALGORITHMS (1u << POA_ALG_ES256 | 1u << POA_ALG_ES384 | 1u << POA_ALG_RS256)

/* Bytes, envelope, header and payload JSON; token is zeroed before and cleared by the caller, whatever comes out. */
POA_MUST_USE poa_err poa_device_token_read(const poa_ctx *ctx, poa_span text, const poa_device_token_form *form,
                                           poa_device_token *token, poa_reason *why);
void poa_device_token_clear(poa_device_token *token);

/* As poa_device_proof_verify(). */
POA_MUST_USE poa_err poa_device_token_verify(const poa_ctx *ctx, const poa_device_token *token, const poa_key *key,
                                             poa_reason *why);

/* Sign a payload under typ, alg and x5c; with x5c->len 0 under the signer's jwk. */
POA_MUST_USE poa_err poa_device_token_sign(const poa_signer *signer, const char *typ, const poa_x5c *x5c,
                                           poa_span payload, char **out);

/* A serial number: 1 to 64 bytes 0x21 to 0x7E. */
void poa_claim_serial(poa_claims *c, const char *name, enum poa_claim_need need, poa_span *out);
/* An identification link. */
void poa_claim_id_link(poa_claims *c, const char *name, enum poa_claim_need need, poa_span *out);

/*
 * Writing a payload: "name":value with a comma before it unless it is the first member. Nothing for text whose ptr is
 * NULL. Text that is no UTF-8 cannot be written as JSON at all: it is written as "", which every reader refuses.
 */
void poa_payload_text(poa_buf *b, const char *name, poa_span text);
void poa_payload_int(poa_buf *b, const char *name, int64_t number);
void poa_payload_id(poa_buf *b, const char *name, const poa_id *id);

#endif
