#ifndef POA_PKI_PKI_OPENSSL_H
#define POA_PKI_PKI_OPENSSL_H

/* What the files of this folder share of OpenSSL. Nobody else includes it. */

#include "crypto_key.h"
#include "pki.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

POA_CLEANUP_DEFINE(EVP_PKEY, EVP_PKEY_free)
POA_CLEANUP_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
POA_CLEANUP_DEFINE(BIGNUM, BN_free)
POA_CLEANUP_DEFINE(X509, X509_free)
POA_CLEANUP_DEFINE(X509_REQ, X509_REQ_free)
POA_CLEANUP_DEFINE(X509_PUBKEY, X509_PUBKEY_free)
POA_CLEANUP_DEFINE(GENERAL_NAMES, GENERAL_NAMES_free)
POA_CLEANUP_DEFINE(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
POA_CLEANUP_DEFINE(AUTHORITY_KEYID, AUTHORITY_KEYID_free)

static inline int poa_pki_scope_begin(void)
{
    ERR_clear_error();
    return 0;
}
static inline void poa_pki_scope_end(const int *scope)
{
    (void)scope;
    ERR_clear_error();
}
/* The first line of each function that others call: OpenSSL's error queue is empty before and after, else a later TLS
 * call on this thread would report what happened here. */
#define POA_PKI_SCOPE() POA_CLEANUP(poa_pki_scope_end) const int scope_ = poa_pki_scope_begin()

/* Success of OpenSSL is 1. These two end a failed walk: a failed allocation in the error queue is POA_F_NOMEM,
 * whatever it looked like. */

/* Refuse with err, and say why. */
poa_err poa_pki_refuse(poa_why *why, poa_err err, const char *text);
/* POA_F_NOMEM or POA_F_CRYPTO. */
poa_err poa_pki_fault(void);

/* The value of exactly these bytes, or NULL; OpenSSL's free function of the item's type ends it. */
void *poa_der_decode(poa_span der, const ASN1_ITEM *item);
/* POA_OK, POA_F_NOMEM, POA_F_CRYPTO. */
POA_MUST_USE poa_err poa_der_encode(const void *value, const ASN1_ITEM *item, poa_bytes *out);

/* The DER SubjectPublicKeyInfo of a key: its one encoding, EC keys by the curve's name and uncompressed. */
POA_MUST_USE poa_err poa_pki_spki(const poa_key *key, poa_bytes *out);
/*
 * Take the public key of a request or certificate, by its numbers: what is verified with, and certified later, is made
 * from them. The encoding given is then the one that they have, or refused, and so are curves by parameters
 * (CVE-2020-0601) and compressed points: two spellings of a key would have two hashes.
 *
 * given is not changed; spki is its DER, hash the SHA-256 of that. POA_OK, POA_E_KEY_INVALID, POA_F_NOMEM,
 * POA_F_CRYPTO; outputs are written on POA_OK only.
 */
POA_MUST_USE poa_err poa_pki_take_key(const poa_ctx *ctx, const X509_PUBKEY *given, poa_key **key, poa_bytes *spki,
                                      poa_id *hash, poa_why *why);
/* Is a signature algorithm one that requests and certificates may be signed with: ECDSA and RSA (PKCS #1 v1.5) with
 * SHA-256, SHA-384 or SHA-512, and Ed25519? By its NID. */
bool poa_pki_signature_is_accepted(int nid);
/* Seconds since the epoch; false when it is no time. */
bool poa_pki_time(const ASN1_TIME *time, int64_t *out_s);
/* The digest that a key signs certificates and requests with; NULL for Ed25519, which has its own. */
const EVP_MD *poa_pki_digest(const poa_key *key);

#endif
