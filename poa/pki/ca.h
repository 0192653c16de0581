#ifndef POA_PKI_CA_H
#define POA_PKI_CA_H

#include "csr.h"

/* Bytes of a certificate's serial number. */
#define POA_SERIAL_NUMBER_BYTES 20

/**
 * poa_ca - a site's certification authority: its certificate, the certificates above it, its private key.
 * Immutable; threads share it and may issue at the same time.
 */
typedef struct poa_ca poa_ca;

/* What a new CA is like. Times are seconds since the epoch, at most the year 9999. */
typedef struct poa_ca_plan {
    poa_span owner;     /* the resource owner's id: the subject's CN (see poa_x509_name_add() for long ones) */
    int64_t now_s;      /* the moment of making */
    int64_t backdate_s; /* how far before it the certificate begins, for devices with slow clocks; 0 or more */
    int64_t lifetime_s; /* how long after it the certificate is valid; 1 or more */
} poa_ca_plan;

/**
 * poa_ca_make() - make a CA: a new EC P-256 key and a certificate signed by itself (RFC 5280).
 *
 * basicConstraints (critical: CA, path length 0), keyUsage (critical: keyCertSign, cRLSign), subjectKeyIdentifier,
 * authorityKeyIdentifier, a random serial number. Its random bytes are OpenSSL's.
 *
 * Return: POA_OK; POA_F_USAGE for an owner that is no identifier or times out of range; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_ca_make(const poa_ctx *ctx, const poa_ca_plan *plan, poa_ca **out);

/**
 * poa_ca_load() - take a CA from its files.
 * @certs_pem: the CA's certificate, then those above it, each the issuer of the one before; see poa_certs_parse().
 *             The anchor at the end may be left out
 * @key:       the key pair, from poa_key_from_pem(); the CA keeps a reference of its own
 * @why:       one sentence for people on a refusal; may be NULL
 *
 * Each certificate is a CA that may sign certificates, with a subjectKeyIdentifier and without a critical extension
 * that nobody here reads; each signature among them verifies, each path length suffices; the key is the first one's
 * and its halves belong together. The time is not looked at: poa_ca_issue() does.
 *
 * Return: POA_OK; POA_E_MALFORMED, POA_E_TOO_LARGE (not what these files should hold), POA_E_KEY_INVALID (not a pair,
 * or not this certificate's), POA_E_SIGNATURE_INVALID; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_ca_load(const poa_ctx *ctx, poa_span certs_pem, const poa_key *key, poa_ca **out,
                                 poa_why *why);

void poa_ca_free(poa_ca *ca);
POA_CLEANUP_DEFINE(poa_ca, poa_ca_free)

/* The key pair; borrowed, like all below. poa_key_to_pem() writes it. */
const poa_key *poa_ca_key(const poa_ca *ca);
/* SHA-256 of the CA's SubjectPublicKeyInfo: names the CA. */
const poa_id *poa_ca_key_id(const poa_ca *ca);
/* The last second in which every certificate of the CA is valid. */
int64_t poa_ca_not_after_s(const poa_ca *ca);

/* The certificates, the CA's own first. */
size_t poa_ca_chain_count(const poa_ca *ca);
/* One of them, DER; borrowed. */
poa_span poa_ca_chain_der(const poa_ca *ca, size_t at);
/* All as PEM, behind the leaf where one is given (DER; else empty): what a device sends. POA_OK, POA_F_NOMEM. */
POA_MUST_USE poa_err poa_ca_chain_pem(const poa_ca *ca, poa_span leaf, poa_bytes *pem);

/* What a device's certificate says. Times as in poa_ca_plan. */
typedef struct poa_leaf_plan {
    poa_span device;    /* a UUID, lower case (RFC 9562 section 4): the subject's CN and the SAN urn:uuid:... */
    poa_span owner;     /* the resource owner's id: the subject's O */
    poa_span id_link;   /* an identification link, the second SAN URI; empty for none */
    int64_t now_s;      /* the moment of issuing */
    int64_t backdate_s; /* how far before it the certificate begins; 0 or more; no part of the lifetime */
    int64_t lifetime_s; /* how long after it the certificate is valid at most; 1 or more */
    int64_t end_s;      /* the first second in which it must not be valid, above now_s; INT64_MAX for no such bound */
    poa_span crl_url;   /* where the CA's CRL is, http or https: cRLDistributionPoints; empty for none */
} poa_leaf_plan;

/* A device's certificate. */
typedef struct poa_leaf {
    poa_bytes der;
    uint8_t serial[POA_SERIAL_NUMBER_BYTES];
    int64_t not_before_s;
    int64_t not_after_s; /* the last second in which it is valid (RFC 5280 section 4.1.2.5 counts both ends) */
} poa_leaf;

void poa_leaf_clear(poa_leaf *leaf);

/**
 * poa_ca_issue() - make a device's certificate for the key of a request.
 * @csr: says the key and nothing else: the subject and the names are the plan's
 * @out: set on POA_OK only; ends with poa_leaf_clear()
 * @why: one sentence for people on POA_F_SIGNER; may be NULL
 *
 * keyUsage (critical: digitalSignature), extKeyUsage clientAuth, basicConstraints (critical: no CA),
 * subjectKeyIdentifier, authorityKeyIdentifier, a random serial number of 20 bytes (OpenSSL's RAND). It ends with the
 * earliest of lifetime_s, end_s and the CA's own end, and begins no earlier than the CA.
 *
 * Return: POA_OK; POA_F_SIGNER when the CA is not valid at now_s; POA_F_USAGE when the plan breaks a rule above;
 * POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_ca_issue(const poa_ctx *ctx, const poa_ca *ca, const poa_csr *csr, const poa_leaf_plan *plan,
                                  poa_leaf *out, poa_why *why);

/**
 * poa_ca_issue_key() - the same for a key alone, of which the caller knows otherwise that the device holds it.
 * @key: of any kind that poa_key has; its public half goes into the certificate
 *
 * A renewal that the device signed with this very key, or a new key that it proved apart, needs no CSR.
 */
POA_MUST_USE poa_err poa_ca_issue_key(const poa_ctx *ctx, const poa_ca *ca, const poa_key *key,
                                      const poa_leaf_plan *plan, poa_leaf *out, poa_why *why);

#endif
