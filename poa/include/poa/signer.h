#ifndef POA_SIGNER_H
#define POA_SIGNER_H

#include "poa/key.h"

#include <stdint.h>

/**
 * poa_signer - who signs: a key in memory, or one day in a TPM or behind PKCS#11.
 * @alg:  what it signs with
 * @key:  the public half; borrowed
 * @self: what sign() is called with; borrowed
 * @sign: sign input; write the JWS signature (RFC 7518: EC as r||s) of at most cap bytes to sig, its length to *len.
 *        Return: POA_OK, POA_F_SIGNER, POA_F_NOMEM, POA_F_CRYPTO
 */
typedef struct poa_signer {
    poa_alg alg;
    const poa_key *key;
    void *self;
    poa_err (*sign)(void *self, poa_span input, uint8_t *sig, size_t cap, size_t *len);
} poa_signer;

/**
 * poa_signer_of() - a signer on a key pair, which must outlive it.
 * @alg: POA_ALG_NONE for the key's own
 *
 * Return: POA_OK; POA_F_USAGE when the key is public only or does not allow alg.
 */
POA_API POA_MUST_USE poa_err poa_signer_of(const poa_key *key, poa_alg alg, poa_signer *out);

/**
 * poa_random - where random bytes come from: fill len bytes at out; false when there are none to be had.
 */
typedef struct poa_random {
    void *self;
    bool (*fill)(void *self, uint8_t *out, size_t len);
} poa_random;

#endif
