#ifndef POA_SRC_CRYPTO_KEY_H
#define POA_SRC_CRYPTO_KEY_H

#include "crypto.h"

#include <openssl/evp.h>
#include <stdatomic.h>

/* Shared by crypto_*.c and pki/ alone: here OpenSSL's types live. */

struct poa_ctx {
    EVP_MD *sha256; /* owned */
    EVP_PKEY *p256; /* owned: curve parameters without a key, to copy from */
    EVP_PKEY *p384; /* owned, likewise */
};

enum poa_key_type { POA_KEY_P256, POA_KEY_P384, POA_KEY_ED25519, POA_KEY_RSA };

struct poa_key {
    atomic_uint refs;
    enum poa_key_type type;
    EVP_PKEY *pkey; /* owned */
    bool is_private;
    poa_alg only; /* the one algorithm that its JWK allows, or POA_ALG_NONE */
    size_t signature_len;
    poa_id thumbprint;
    char *jwk; /* owned: the members that RFC 7638 hashes, in its order */
    char kind[16];
};

/* The public numbers of a key: x and y, the Ed25519 point in x, or n and e. Borrowed. */
typedef struct poa_key_raw {
    enum poa_key_type type;
    const uint8_t *x;
    size_t x_len;
    const uint8_t *y;
    size_t y_len;
} poa_key_raw;

static inline void poa_pkey_freep(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}
static inline void poa_pkey_ctx_freep(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}

/*
 * What a call of OpenSSL means that gave nothing: POA_F_NOMEM where its error queue tells of memory, else no. The queue
 * is empty afterwards; it was emptied before the call.
 */
POA_MUST_USE poa_err poa_openssl_refused(poa_err no);

/*
 * A public key from its numbers, which are checked: length, on the curve, below p, not of small order, RSA sizes.
 * POA_OK, POA_E_KEY_INVALID, POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_key_from_raw(const poa_ctx *ctx, const poa_key_raw *raw, poa_key **out);

/*
 * The encoding of a point of edwards25519 in canonical form, not of small order: POA_OK; else POA_E_KEY_INVALID, or
 * POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_ed25519_check_point(const uint8_t point[32]);

/*
 * A key pair around an EVP_PKEY of which the new key becomes the owner on POA_OK: its public half is read out and
 * checked as any other. POA_E_KEY_INVALID when it is of no accepted kind.
 */
POA_MUST_USE poa_err poa_key_from_pkey(const poa_ctx *ctx, EVP_PKEY *pkey, bool is_private, poa_key **out);

#endif
