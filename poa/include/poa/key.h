#ifndef POA_KEY_H
#define POA_KEY_H

#include "poa/context.h"
#include "poa/id.h"
#include "poa/reason.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>

/** Signature algorithms (section 2). The key decides; a token never does. POA_ALG_NONE is no algorithm. */
typedef enum poa_alg {
    POA_ALG_NONE = 0,
    POA_ALG_ES256,
    POA_ALG_ES384,
    POA_ALG_EDDSA, /**< also spelled Ed25519 (RFC 9864); both only with an Ed25519 key */
    POA_ALG_RS256,
    POA_ALG_PS256,
} poa_alg;

/** poa_alg_name() - "ES256", "ES384", "EdDSA", "RS256", "PS256"; "none" for POA_ALG_NONE. */
POA_API const char *poa_alg_name(poa_alg alg);

/** poa_alg_by_name() - POA_ALG_NONE for any other text. "Ed25519" gives POA_ALG_EDDSA. Compared exactly. */
POA_API poa_alg poa_alg_by_name(poa_span name);

/**
 * poa_key - a public key, or a key pair: parsed once, kept as an EVP_PKEY, immutable, reference-counted, shared by
 * threads. EC P-256, EC P-384, Ed25519, RSA of 2048 to 4096 bits.
 */
typedef struct poa_key poa_key;

/** poa_key_ref() - one more owner of the same key; ends with poa_key_free(). */
POA_API poa_key *poa_key_ref(const poa_key *key);

/** poa_key_free() - let go of one reference; private bytes are cleansed with the last. NULL is fine. */
POA_API void poa_key_free(poa_key *key);

/**
 * poa_key_from_jwk() - read a public JWK (RFC 7517) as section 2 of the protocol wants it.
 * @json: one JSON object: exactly the members that RFC 7638 hashes, plus optionally alg, use, kid
 * @why:  set on a refusal; may be NULL
 *
 * Return: POA_OK; POA_E_KEY_INVALID; POA_E_PRIVATE_KEY_IN_TOKEN for a private member or `k`; the errors of the JSON
 * reader; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_key_from_jwk(const poa_ctx *ctx, poa_span json, poa_key **out, poa_reason *why);

/**
 * poa_key_from_pem() - read one PEM block: PRIVATE KEY or ENCRYPTED PRIVATE KEY (PKCS#8), EC/RSA PRIVATE KEY, or
 * PUBLIC KEY.
 * @pem:        at most 16 KiB; nothing but white space around the block
 * @passphrase: for an encrypted key; ptr NULL when there is none. Never asked for on a terminal
 *
 * Return: POA_OK; POA_E_KEY_INVALID (not one such block, wrong passphrase, kind of key not accepted);
 * POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_key_from_pem(const poa_ctx *ctx, poa_span pem, poa_span passphrase, poa_key **out);

/**
 * poa_key_from_private_jwk() - read a private JWK (the public members plus `d`, for RSA also p, q, dp, dq, qi).
 *
 * The public members must fit the private ones. Return: as poa_key_from_jwk(), but a private key is wanted here.
 */
POA_API POA_MUST_USE poa_err poa_key_from_private_jwk(const poa_ctx *ctx, poa_span json, poa_key **out);

/** poa_key_generate() - a new key pair for an algorithm; RSA has 3072 bits. Return: POA_OK, POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_key_generate(const poa_ctx *ctx, poa_alg alg, poa_key **out);

/** poa_key_thumbprint() - RFC 7638 SHA-256 thumbprint; lives as long as the key. */
POA_API const poa_id *poa_key_thumbprint(const poa_key *key);

/** poa_key_jwk() - the public key as JWK: the members that RFC 7638 hashes, in its order. Lives as long as the key. */
POA_API const char *poa_key_jwk(const poa_key *key);

/** poa_key_kind() - "EC P-256", "EC P-384", "Ed25519", "RSA 3072": for people. Lives as long as the key. */
POA_API const char *poa_key_kind(const poa_key *key);

/** poa_key_is_private() - can it sign? */
POA_API bool poa_key_is_private(const poa_key *key);

/** poa_key_alg() - the algorithm that the key signs with: RSA gives RS256 unless its JWK's alg says PS256. */
POA_API poa_alg poa_key_alg(const poa_key *key);

/** poa_key_allows() - may a signature of this key be one of alg? By its type, curve and, where given, its JWK's alg. */
POA_API bool poa_key_allows(const poa_key *key, poa_alg alg);

/** poa_secret - bytes to be wiped: poa_secret_clear() cleanses and frees them. */
typedef struct poa_secret {
    char *text; /* owned; NUL-terminated */
    size_t len;
} poa_secret;

POA_API void poa_secret_clear(poa_secret *secret);

/**
 * poa_key_to_pem() - the private key as PKCS#8 PEM.
 * @passphrase: encrypts it (PBKDF2, AES-256-CBC); ptr NULL leaves it in clear
 *
 * Return: POA_OK; POA_F_USAGE when the key is public only; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_key_to_pem(const poa_key *key, poa_span passphrase, poa_secret *out);

/** poa_key_public_pem() - the public key as SubjectPublicKeyInfo PEM; free() ends it. POA_OK, POA_F_NOMEM,
 * POA_F_CRYPTO. */
POA_API POA_MUST_USE poa_err poa_key_public_pem(const poa_key *key, char **out);

#endif
