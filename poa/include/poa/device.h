#ifndef POA_DEVICE_H
#define POA_DEVICE_H

#include "poa/context.h"
#include "poa/id.h"
#include "poa/key.h"
#include "poa/reason.h"
#include "poa/signer.h"

/*
 * The tokens by which a device, or its maker, speaks (section 10): the device proof, the trust proof, the ticket. Each
 * is read by itself first: form and members, nothing believed. Then somebody validates the certificates, which are
 * opaque here, and hands in the key: only after the _verify() of a token may what it says be used.
 *
 * Every token is a compact JWS of at most 12,288 bytes: in base64url and beside a certificate request it still fits
 * into a line of 16 KiB. Payloads are closed: a member that the table does not name is claim_forbidden, told last.
 * Refusals have hop null; the member is /header/<name> or /<claim>; too_large, malformed, duplicate_member,
 * limit_exceeded and signature_* have none.
 */

/** Certificates in an x5c header (RFC 7515 section 4.1.6). */
#define POA_X5C_MAX 8

/**
 * poa_x5c - a certificate path, that of the signer first. Each is the DER that stood there in base64 (the standard
 * alphabet, padded, canonical), not looked into. len 0: none. Borrowed.
 */
typedef struct poa_x5c {
    poa_span certificates[POA_X5C_MAX];
    size_t len;
} poa_x5c;

/** poa_device_proof - `poa-device+jwt`: a device shows who it is, for one onboarding. Immutable. */
typedef struct poa_device_proof poa_device_proof;

/**
 * poa_device_proof_facts - what a device proof says. Borrowed from the proof. Text that is absent has ptr NULL.
 * @id:        SHA-256 of its signing input
 * @x5c:       the IDevID; len 0 where the device has none
 * @key:       its own key, then; else NULL
 * @serial:    `serial-number` (RFC 8366 section 5.3), 1 to 64 bytes 0x21 to 0x7E; always there with x5c
 * @created_s: `created-on`
 * @nonce:     the server's, when it came in online; else NULL, and jti is there, used once
 * @csr_hash:  SHA-256 of the certificate request's DER
 * @agent_jkt: thumbprint of the leaf PoA's agent key
 * @id_link:   its identification link, where the device vouches for its label
 */
typedef struct poa_device_proof_facts {
    poa_id id;
    poa_alg alg;
    poa_x5c x5c;
    const poa_key *key;
    poa_span serial;
    int64_t created_s;
    poa_span nonce;
    poa_span jti;
    poa_id csr_hash;
    poa_id agent_jkt;
    poa_span id_link;
} poa_device_proof_facts;

/**
 * poa_device_proof_read() - parse a device proof by itself. Its signature is NOT verified here.
 * @text: the JWS; copied
 * @out:  set on POA_OK only; ends with poa_device_proof_free()
 * @why:  set on a refusal; may be NULL
 *
 * Header exactly typ, alg and one of x5c, jwk: both are header_forbidden (/header/jwk), none is key_invalid
 * (/header/x5c). alg is ES256, ES384 or RS256, with jwk also EdDSA, whatever a policy lists. Claims are checked in this
 * order: serial-number, created-on (exactly YYYY-MM-DDTHH:MM:SSZ, 1970 to 9999), nonce, jti (one of the two: none is
 * claim_missing at /nonce, both claim_forbidden at /jti), csr_hash, agent_jkt, id_link.
 *
 * Return: POA_OK; a code of the groups envelope or claims; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_device_proof_read(const poa_ctx *ctx, poa_span text, poa_device_proof **out,
                                                   poa_reason *why);

/** poa_device_proof_get() - what it says; lives as long as the proof. */
POA_API const poa_device_proof_facts *poa_device_proof_get(const poa_device_proof *proof);

/**
 * poa_device_proof_verify() - did this key make it?
 * @key: of the validated IDevID; without one, of the certificate request
 *
 * Return: POA_OK; proof_key_mismatch (/header/jwk: another key than the one in the header); alg_key_mismatch
 * (/header/alg); signature_malformed, signature_invalid; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_device_proof_verify(const poa_ctx *ctx, const poa_device_proof *proof,
                                                     const poa_key *key, poa_reason *why);

POA_API void poa_device_proof_free(poa_device_proof *proof);

/**
 * poa_device_proof_sign() - make a device proof.
 * @facts: what it shall say; its id, alg and key are not looked at: with x5c.len 0 the signer's key goes into the
 *         header
 * @text:  malloc'ed, NUL-terminated
 *
 * Refuses what poa_device_proof_read() would refuse, with the same reason. Return: as that, and POA_F_SIGNER.
 */
POA_API POA_MUST_USE poa_err poa_device_proof_sign(const poa_ctx *ctx, const poa_device_proof_facts *facts,
                                                   const poa_signer *signer, char **text, poa_reason *why);

/** Why a device shows again that it is trusted. */
enum poa_trust_reason {
    POA_TRUST_PERIODIC,
    POA_TRUST_RESTART,
    POA_TRUST_SOFTWARE_UPDATE,
    POA_TRUST_EPOCH_CHANGE,
    POA_TRUST_REKEY, /**< csr_hash is there, for the new key */
};

/** poa_trust_reason_name() - "periodic", "restart", "software-update", "epoch-change", "rekey". */
POA_API const char *poa_trust_reason_name(enum poa_trust_reason reason);

/** poa_trust_proof - `poa-trust+jwt`: a device that came in shows that it still holds its key. Immutable. */
typedef struct poa_trust_proof poa_trust_proof;

/**
 * poa_trust_proof_facts - what a trust proof says. Borrowed from the proof.
 * @id:           SHA-256 of its signing input
 * @x5c:          the credential that the server issued
 * @aud:          the resource owner, one identifier
 * @device:       the UUID in `sub`, which is urn:uuid: and 36 characters in lower case
 * @nonce:        the server's
 * @boot_counter: 0 to 2^53-1
 * @firmware:     SHA-256 of what runs; valid where has_firmware
 * @csr_hash:     SHA-256 of the DER of a certificate request for a new key; valid where has_csr_hash
 */
typedef struct poa_trust_proof_facts {
    poa_id id;
    poa_alg alg;
    poa_x5c x5c;
    poa_span aud;
    poa_span device;
    int64_t iat_s;
    poa_span nonce;
    enum poa_trust_reason reason;
    int64_t boot_counter;
    bool has_firmware;
    poa_id firmware;
    bool has_csr_hash;
    poa_id csr_hash;
} poa_trust_proof_facts;

/**
 * poa_trust_proof_read() - parse a trust proof by itself. Its signature is NOT verified here.
 *
 * Header exactly typ, alg, x5c; alg is ES256, ES384, EdDSA or RS256. Claims in this order: aud, sub, iat, nonce,
 * reason, boot_counter, firmware, csr_hash (claim_missing where reason is rekey). Otherwise as poa_device_proof_read().
 */
POA_API POA_MUST_USE poa_err poa_trust_proof_read(const poa_ctx *ctx, poa_span text, poa_trust_proof **out,
                                                  poa_reason *why);

/** poa_trust_proof_get() - what it says; lives as long as the proof. */
POA_API const poa_trust_proof_facts *poa_trust_proof_get(const poa_trust_proof *proof);

/** poa_trust_proof_verify() - did this key, that of the device's credential, make it? As poa_device_proof_verify(). */
POA_API POA_MUST_USE poa_err poa_trust_proof_verify(const poa_ctx *ctx, const poa_trust_proof *proof,
                                                    const poa_key *key, poa_reason *why);

POA_API void poa_trust_proof_free(poa_trust_proof *proof);

/** poa_trust_proof_sign() - make a trust proof; x5c is required. As poa_device_proof_sign(). */
POA_API POA_MUST_USE poa_err poa_trust_proof_sign(const poa_ctx *ctx, const poa_trust_proof_facts *facts,
                                                  const poa_signer *signer, char **text, poa_reason *why);

/** poa_ticket - `poa-ticket+jwt`: a maker announces a device and ties its label to its key. Immutable. */
typedef struct poa_ticket poa_ticket;

/**
 * poa_ticket_facts - what a ticket says. Borrowed from the ticket. Text that is absent has ptr NULL.
 * @id:      SHA-256 of its signing input
 * @x5c:     the maker's signer, under a CA that the policy names
 * @iss:     the manufacturer's name, 1 to 128 bytes
 * @exp_s:   -1 where absent
 * @serial:  one of this and id_link is there at least
 * @model:   1 to 128 bytes
 * @key:     SHA-256 of the SubjectPublicKeyInfo of the device's IDevID key or own key; valid where has_key. Without one
 *           the ticket announces, and ties nothing
 */
typedef struct poa_ticket_facts {
    poa_id id;
    poa_alg alg;
    poa_x5c x5c;
    poa_span iss;
    int64_t iat_s;
    int64_t exp_s;
    poa_span jti;
    poa_span serial;
    poa_span id_link;
    poa_span model;
    bool has_key;
    poa_id key;
} poa_ticket_facts;

/**
 * poa_ticket_read() - parse a ticket by itself. Its signature is NOT verified here.
 *
 * Header exactly typ, alg, x5c; alg is ES256, ES384 or RS256. Claims in this order: iss, iat, exp (window_empty unless
 * it is later than iat), jti, serial (claim_missing where id_link is absent, too), id_link, model, key. Otherwise as
 * poa_device_proof_read().
 */
POA_API POA_MUST_USE poa_err poa_ticket_read(const poa_ctx *ctx, poa_span text, poa_ticket **out, poa_reason *why);

/** poa_ticket_get() - what it says; lives as long as the ticket. */
POA_API const poa_ticket_facts *poa_ticket_get(const poa_ticket *ticket);

/** poa_ticket_verify() - did this key, that of the validated signer, make it? As poa_device_proof_verify(). */
POA_API POA_MUST_USE poa_err poa_ticket_verify(const poa_ctx *ctx, const poa_ticket *ticket, const poa_key *key,
                                               poa_reason *why);

POA_API void poa_ticket_free(poa_ticket *ticket);

/** poa_ticket_sign() - make a ticket; x5c and jti are required, exp_s negative leaves it out. As
 * poa_device_proof_sign(). */
POA_API POA_MUST_USE poa_err poa_ticket_sign(const poa_ctx *ctx, const poa_ticket_facts *facts,
                                             const poa_signer *signer, char **text, poa_reason *why);

#endif
