#ifndef POA_SRC_JWS_H
#define POA_SRC_JWS_H

#include "poa/key.h"
#include "poa/signer.h"

#include "base64url.h"
#include "bounds.h"

#include <jansson.h>

/*
 * A JWS in compact serialization (RFC 7515 section 3.1), as every token of ours is one: PoA, proof, statement, answer.
 * A reason's hop is the caller's: POA_HOP_NONE where the token is no link.
 */
typedef struct poa_jws {
    poa_span text;    /* all of it; borrowed */
    poa_span input;   /* signing input: header . payload; borrowed */
    poa_span header;  /* base64url; borrowed */
    poa_span payload; /* base64url; borrowed */
    uint8_t signature[POA_SIGNATURE_BYTES_MAX];
    size_t signature_len; /* SIZE_MAX when it is longer than any signature */
    poa_id id;            /* SHA-256 of the signing input: the PoA id of section 3 */
} poa_jws;

/* Step 2: three non-empty parts in canonical base64url. POA_OK, POA_E_MALFORMED, POA_F_CRYPTO. */
POA_MUST_USE poa_err poa_jws_split(const poa_ctx *ctx, poa_span text, poa_jws *out);

/*
 * The header as a JSON object, owned by the caller; the payload likewise. POA_OK, or the JSON reader's error,
 * POA_F_NOMEM.
 */
POA_MUST_USE poa_err poa_jws_read_header(const poa_jws *jws, json_t **out);
POA_MUST_USE poa_err poa_jws_read_payload(const poa_jws *jws, json_t **out);

/*
 * The first half of step 3, for every token of ours: strict JSON and no foreign member, the first one in document order
 * being told. names ends with NULL; the header is owned by the caller.
 */
POA_MUST_USE poa_err poa_jws_open_header(const poa_jws *jws, const char *const *names, int hop, json_t **out,
                                         poa_reason *why);

/* The second half: typ, and alg known and among algorithms, a set of 1 << poa_alg. */
POA_MUST_USE poa_err poa_jws_header_alg(const json_t *header, const char *typ, unsigned algorithms, int hop,
                                        poa_alg *out, poa_reason *why);

/* What the header of a PoA or a statement says: exactly typ, alg, kid (section 2). */
typedef struct poa_jws_header {
    poa_alg alg;
    poa_id kid;
} poa_jws_header;

/*
 * Step 3 for one token with a `kid`: strict JSON, foreign member, typ, alg known and listed, kid a thumbprint.
 * @algorithms: set of 1 << poa_alg that the policy lists
 */
POA_MUST_USE poa_err poa_jws_check_header(const poa_jws *jws, const char *typ, unsigned algorithms, int hop,
                                          poa_jws_header *out, poa_reason *why);

/*
 * Does the key allow alg, and does the signature hold? Gives POA_E_ALG_KEY_MISMATCH, POA_E_SIGNATURE_MALFORMED,
 * POA_E_SIGNATURE_INVALID, in this order; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_jws_verify(const poa_ctx *ctx, const poa_jws *jws, poa_alg alg, const poa_key *key, int hop,
                                    poa_reason *why);

/*
 * Sign a payload under the header {"typ":typ,"alg":...,"kid":...}. payload is compact JSON text. The token is
 * malloc'ed.
 */
POA_MUST_USE poa_err poa_jws_sign(const poa_signer *signer, const char *typ, poa_span payload, char **out);
/* The same with the public key itself in the header instead of kid, as a DPoP proof has it (RFC 9449 section 4.2). */
POA_MUST_USE poa_err poa_jws_sign_with_jwk(const poa_signer *signer, const char *typ, poa_span payload, char **out);
/* The same with certificates (RFC 7515 section 4.1.6); x5c is the JSON text of the array. */
POA_MUST_USE poa_err poa_jws_sign_with_x5c(const poa_signer *signer, const char *typ, poa_span x5c, poa_span payload,
                                           char **out);

#endif
