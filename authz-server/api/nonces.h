#ifndef API_NONCES_H
#define API_NONCES_H

#include "api/service.h"

/*
 * Nonces of this process (protocol section 6, RFC 9449 section 8): a time and random bytes under a MAC, with a key
 * that is new at each start. Nothing is kept of a nonce until a change uses it (table nonces of the store).
 */

#define API_NONCE_LIFETIME_S 300

/* Bytes: time 8, random 16, MAC 16. */
#define API_NONCE_BYTES 40
#define API_NONCE_CHARS 54

/** A nonce as NUL-terminated base64url. */
typedef struct api_nonce {
    char chars[API_NONCE_CHARS + 1];
} api_nonce;

/** api_nonces_new() - @audience is the resource owner; a nonce of one site is none at another. */
POA_MUST_USE poa_err api_nonces_new(const poa_random *random, poa_span audience, api_nonces **out);
void api_nonces_free(api_nonces *nonces);

/** api_nonce_make() - POA_OK, POA_F_CRYPTO, POA_F_NOMEM. */
POA_MUST_USE poa_err api_nonce_make(const api_nonces *nonces, const poa_random *random, int64_t now_s, api_nonce *out);

/**
 * api_nonce_check() - is it one of ours, and young enough? Whether it was used is the store's to say.
 * @expires_s: until when it is accepted; may be NULL
 *
 * Return: POA_OK, POA_E_NONCE_INVALID, POA_F_CRYPTO, POA_F_NOMEM.
 */
POA_MUST_USE poa_err api_nonce_check(const api_nonces *nonces, poa_span text, int64_t now_s, int64_t *expires_s);

/**
 * api_nonce_helps() - would a proof with a fresh nonce get further than this refusal? Also where the clock is off:
 * under a nonce the window is wider.
 */
bool api_nonce_helps(poa_err code);

#endif
