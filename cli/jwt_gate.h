#ifndef CLI_JWT_GATE_H
#define CLI_JWT_GATE_H

#include "poa/key.h"
#include "poa/reason.h"

#include <jansson.h>

/* Bytes of an ordinary JWT that is let through. */
enum { CLI_JWT_BYTES_MAX = 16384 };

/**
 * cli_jwt_open() - the gate: everything that libjwt does not look at, the signature, and then libjwt.
 * @token:   NUL-terminated behind its end
 * @key:     public key of who signed; not empty by its type
 * @alg:     the only algorithm that is accepted: RS256, ES256 or ES384, and one that the key allows
 * @payload: set on POA_OK; the caller owns it
 * @why:     set on a refusal
 *
 * At most CLI_JWT_BYTES_MAX bytes; exactly three non-empty parts in canonical base64url; header and payload strict
 * JSON objects; `alg` exactly the one given (never the token's choice: RFC 8725 section 3.1); `typ` JWT or absent; no
 * `crit`, because nothing critical is understood here. libjwt and our own verifier must both accept the signature.
 *
 * Return: POA_OK; too_large, malformed, duplicate_member, limit_exceeded, header_forbidden (crit), typ_mismatch,
 * alg_missing, alg_not_allowed, alg_key_mismatch, signature_malformed, signature_invalid; POA_F_*.
 */
POA_MUST_USE poa_err cli_jwt_open(const poa_ctx *ctx, poa_span token, const poa_key *key, poa_alg alg, json_t **payload,
                                  poa_reason *why);

/* May an ordinary JWT be signed with it? libjwt knows neither EdDSA nor PS256. */
bool cli_jwt_knows(poa_alg alg);

#endif
