#ifndef POA_PKI_CSR_H
#define POA_PKI_CSR_H

#include "pki.h"
#include "poa/key.h"

/* Bytes of a certificate signing request, as PEM or as DER. */
#define POA_CSR_BYTES_MAX 16384
/* Bytes of its challengePassword, the upper bound of RFC 2985's appendix. */
#define POA_CSR_CHALLENGE_BYTES_MAX 255
/* Bytes of its subject's CN: 64 characters (RFC 5280 appendix A.1). */
#define POA_CSR_NAME_BYTES_MAX 256

/**
 * poa_csr - a PKCS#10 request (RFC 2986) whose signature verified. Immutable; threads may share it.
 *
 * It says which key the device holds, and what it was told to repeat. Nothing in it decides what the certificate says:
 * requested extensions, alternative names among them, are not even read.
 */
typedef struct poa_csr poa_csr;

/**
 * poa_csr_parse() - read a request and verify that its maker holds the key in it.
 * @bytes: PEM (one block, strict, see pem.h) or DER, at most POA_CSR_BYTES_MAX bytes, nothing behind it
 * @out:   set on POA_OK only; ends with poa_csr_free()
 * @why:   one sentence for people on a refusal; may be NULL
 *
 * Accepted keys are those of the protocol's section 2: EC P-256 and P-384 by name and uncompressed, Ed25519, RSA of
 * 2048 to 4096 bits. Accepted signatures are ECDSA and RSA (PKCS #1 v1.5) with SHA-256, SHA-384 or SHA-512, and
 * Ed25519. challengePassword and the subject's serialNumber and CN may be absent; each stands at most once, as
 * UTF8String, PrintableString or IA5String of valid text without control characters (RFC 2985 section 5.4.1 would allow
 * more types, which other readers might read as other text).
 *
 * Return: POA_OK; POA_E_TOO_LARGE; POA_E_MALFORMED; POA_E_KEY_INVALID; POA_E_SIGNATURE_INVALID (also one by an
 * algorithm that is not accepted); POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_csr_parse(const poa_ctx *ctx, poa_span bytes, poa_csr **out, poa_why *why);

void poa_csr_free(poa_csr *csr);
POA_CLEANUP_DEFINE(poa_csr, poa_csr_free)

/* The public key; borrowed: it and all below live as long as the request. */
const poa_key *poa_csr_key(const poa_csr *csr);
/* SHA-256 of the DER SubjectPublicKeyInfo. */
const poa_id *poa_csr_key_id(const poa_csr *csr);
/* The SubjectPublicKeyInfo, DER. */
poa_span poa_csr_spki(const poa_csr *csr);
/* The challengePassword (RFC 2985 section 5.4.1): here the server's nonce. Empty when absent, and never otherwise. */
poa_span poa_csr_challenge(const poa_csr *csr);
/* The subject's serialNumber, at most POA_SERIAL_BYTES_MAX bytes; empty when absent. A claim, not evidence. */
poa_span poa_csr_serial(const poa_csr *csr);
/* The subject's CN; empty when absent. A claim, not evidence. */
poa_span poa_csr_common_name(const poa_csr *csr);

/**
 * poa_csr_make() - make the request that poa_csr_parse() accepts.
 * @key:       the device's key pair
 * @challenge: what challengePassword says (UTF8String), 1 to POA_CSR_CHALLENGE_BYTES_MAX bytes; empty for none
 * @serial:    the subject's serialNumber, 1 to POA_SERIAL_BYTES_MAX bytes; empty for an empty subject. PrintableString
 *             where it fits (X.520 section 6.2.9), else UTF8String
 * @der:       the request; poa_pem_write(POA_PEM_CSR, ...) makes PEM of it; the caller ends it with poa_bytes_clear()
 *
 * Return: POA_OK; POA_F_USAGE for a public key, or a challenge or serial that is too long or no text; POA_F_NOMEM,
 * POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_csr_make(const poa_key *key, poa_span challenge, poa_span serial, poa_bytes *der);

#endif
