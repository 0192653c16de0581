#ifndef POA_PKI_CERTS_H
#define POA_PKI_CERTS_H

#include "pki.h"
#include "poa/key.h"

/* Bytes of one certificate, DER. */
#define POA_CERT_BYTES_MAX 16384
/* Certificates in one list: a chain with its anchor, or a site's anchors for one manufacturer. */
#define POA_CERTS_MAX 16

/**
 * poa_certs - X.509 certificates in their order. Immutable; threads may share it.
 */
typedef struct poa_certs poa_certs;

/**
 * poa_certs_parse() - read PEM certificates.
 * @pem: 1 to POA_CERTS_MAX blocks CERTIFICATE, strict (see pem.h), each at most POA_CERT_BYTES_MAX bytes; empty lines
 *       between and behind the blocks are allowed, any other text is not
 * @why: one sentence for people on a refusal; may be NULL
 *
 * Nothing is verified here. Return: POA_OK, POA_E_MALFORMED, POA_E_TOO_LARGE, POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_certs_parse(poa_span pem, poa_certs **out, poa_why *why);

/**
 * poa_certs_from_der() - read certificates that come as DER each, as in x5c (RFC 7515 section 4.1.6) after base64.
 * @ders:  1 to POA_CERTS_MAX of them, each exactly one certificate of at most POA_CERT_BYTES_MAX bytes; copied
 * @why:   one sentence for people on a refusal; may be NULL
 *
 * Nothing is verified here. Return: POA_OK, POA_E_MALFORMED (also for none), POA_E_TOO_LARGE, POA_F_NOMEM,
 * POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_certs_from_der(const poa_span *ders, size_t count, poa_certs **out, poa_why *why);

void poa_certs_free(poa_certs *certs);
POA_CLEANUP_DEFINE(poa_certs, poa_certs_free)

size_t poa_certs_count(const poa_certs *certs);
/* The DER of one; borrowed from the list. at is below the count. */
poa_span poa_certs_der(const poa_certs *certs, size_t at);
/**
 * poa_certs_key_id() - the SHA-256 of one's SubjectPublicKeyInfo.
 *
 * Return: POA_OK; POA_E_KEY_INVALID for a key that is not accepted; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_certs_key_id(const poa_ctx *ctx, const poa_certs *certs, size_t at, poa_id *id);
/* All as PEM, in their order; poa_bytes_clear() ends it. POA_OK, POA_F_NOMEM. */
POA_MUST_USE poa_err poa_certs_pem(const poa_certs *certs, poa_bytes *pem);

#endif
