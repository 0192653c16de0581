#ifndef POA_SRC_CRYPTO_H
#define POA_SRC_CRYPTO_H

#include "poa/key.h"

#include "cleanup.h"

#include <jansson.h>
#include <stdint.h>

POA_CLEANUP_DEFINE(poa_key, poa_key_free)

/* What the floors above need of OpenSSL; its own types stay in crypto_*.c. */

/* SHA-256. Threads share ctx. POA_OK, POA_F_CRYPTO. */
POA_MUST_USE poa_err poa_sha256(const poa_ctx *ctx, poa_span bytes, poa_id *out);

/* HMAC-SHA-256 (RFC 2104). POA_OK, POA_F_CRYPTO. */
POA_MUST_USE poa_err poa_hmac_sha256(const uint8_t key[32], poa_span bytes, poa_id *out);

/* A public JWK that is parsed already. Errors as poa_key_from_jwk(). */
POA_MUST_USE poa_err poa_key_from_json(const poa_ctx *ctx, const json_t *jwk, poa_key **out);

/*
 * Verify a JWS signature (RFC 7518 section 3, RFC 8037) of a key that allows alg.
 * POA_OK, POA_E_SIGNATURE_MALFORMED, POA_E_SIGNATURE_INVALID, POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_key_verify(const poa_ctx *ctx, const poa_key *key, poa_alg alg, poa_span input,
                                    const uint8_t *signature, size_t len);

/* Bytes that a signature of this key has. */
size_t poa_key_signature_len(const poa_key *key);

/* Equal bytes, in a time that depends on the lengths alone. */
bool poa_secret_equal(poa_span a, poa_span b);

#endif
