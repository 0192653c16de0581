#ifndef POA_PKI_IDEVID_H
#define POA_PKI_IDEVID_H

#include "certs.h"
#include "poa/key.h"
#include "san.h"

/* CAs in a validated path, the anchor among them: those that were sent, and the anchor in place of the device's. */
#define POA_IDEVID_PATH_MAX POA_CERTS_MAX
/* URIs in the subjectAltName of a device's certificate. */
#define POA_IDEVID_URIS_MAX 16

/*
 * What the certificate must be like. Under all: version 3; a path to an anchor in which each certificate is in time and
 * signed by the next, every CA says so in basicConstraints and may sign certificates, and path lengths and name
 * constraints hold (RFC 5280 section 6); no critical extension that nobody here reads; every key in its one encoding,
 * EC P-256, P-384 or RSA of 2048 to 4096 bits; signatures (the anchor's own apart) ECDSA or RSA (PKCS #1 v1.5) with
 * SHA-256, SHA-384 or SHA-512. No revocation is looked at, and nothing is ever fetched.
 */
typedef enum poa_idevid_profile {
    /*
     * A device in the PKI of its maker (IEEE 802.1AR), so no CA: 99991231235959Z, no keyUsage, no extKeyUsage, no key
     * identifiers, and unknown extensions that are not critical are all fine. A keyUsage that is there allows
     * digitalSignature; an extKeyUsage that is there names clientAuth, serverAuth or anyExtendedKeyUsage (RFC 5280
     * section 4.2.1.12: it is for no other purpose then, and one of these is how a device shows who it is).
     */
    POA_IDEVID_TOLERANT,
    /*
     * What poa_ca_issue() makes, letter for letter: keyUsage critical and digitalSignature alone, extKeyUsage
     * clientAuth alone, basicConstraints critical, key identifiers, exactly one URI POA_SAN_DEVICE. Ed25519 is
     * accepted too, as it is in a CSR. There is no serial.
     */
    POA_IDEVID_STRICT,
    /*
     * A maker itself, as it signs a ticket: one of its CAs, an anchor or below one. Nothing else will do: any device of
     * the maker has a certificate whose key may sign, and would else sign itself a ticket. There is no serial, and
     * nothing above an anchor: the path may be empty.
     */
    POA_IDEVID_MAKER,
} poa_idevid_profile;

/* Where a maker keeps the serial number: in one attribute of the subject, which stands there exactly once, as
 * UTF8String, PrintableString or IA5String of 1 to POA_SERIAL_BYTES_MAX bytes 0x21 to 0x7E. */
typedef enum poa_idevid_serial_from {
    POA_IDEVID_SERIAL_NUMBER, /* X520 serialNumber (IEEE 802.1AR section 8.6) */
    POA_IDEVID_COMMON_NAME,
} poa_idevid_serial_from;

/* Whom to believe, and how. Borrows the anchors; one that is no root is an anchor too. */
typedef struct poa_idevid_trust {
    const poa_certs *anchors;
    poa_idevid_profile profile;
    poa_idevid_serial_from serial_from; /* looked at under POA_IDEVID_TOLERANT alone */
} poa_idevid_trust;

/**
 * poa_idevid - a device's certificate behind which a path was validated. Immutable; threads may share it.
 *
 * It says who the device is, once somebody shows that the device holds the key: the certificate itself is public.
 */
typedef struct poa_idevid poa_idevid;

/**
 * poa_idevid_verify() - validate the path of a device's certificate to an anchor.
 * @x5c:   the certificate to judge first; those above it in any order, and ones that are not needed, are fine
 * @now_s: the moment to look at, seconds since the epoch
 * @out:   set on POA_OK only; ends with poa_idevid_free(); borrows nothing
 * @why:   one sentence for people on a refusal; may be NULL
 *
 * Return: POA_OK;
 * POA_E_SIGNATURE_INVALID  no path to an anchor, a signature that does not verify or is of an algorithm not accepted,
 *                          a CA that must not have signed what it did, a device's certificate that is itself an
 *                          anchor;
 * POA_E_KEY_INVALID        a key of a kind or size not accepted, a device's key that is one of a CA or must not sign, a
 * maker's that is none; POA_E_EXPIRED, POA_E_NOT_YET_VALID  a certificate of the path is; POA_E_MALFORMED          a
 * critical extension that nobody reads, broken extensions, a serial or a URI against the rules, a certificate unlike
 * its profile; POA_E_TOO_LARGE          more than POA_IDEVID_URIS_MAX URIs, or one of more than POA_SAN_URI_BYTES_MAX
 * bytes; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_idevid_verify(const poa_ctx *ctx, const poa_certs *x5c, const poa_idevid_trust *trust,
                                       int64_t now_s, poa_idevid **out, poa_why *why);

/**
 * poa_idevid_find() - find among several makers the first that stands behind a device's certificate.
 * @trusts: count of them; none is allowed
 * @at:     which of them, set on POA_OK only
 *
 * Otherwise as poa_idevid_verify(). Of several refusals the first that is not POA_E_SIGNATURE_INVALID is given: only
 * there a maker was found; else the first. A fault ends the search.
 */
POA_MUST_USE poa_err poa_idevid_find(const poa_ctx *ctx, const poa_certs *x5c, const poa_idevid_trust *trusts,
                                     size_t count, int64_t now_s, poa_idevid **out, size_t *at, poa_why *why);

void poa_idevid_free(poa_idevid *idevid);
POA_CLEANUP_DEFINE(poa_idevid, poa_idevid_free)

/* The device's public key; borrowed: it and all below live as long as the poa_idevid. */
const poa_key *poa_idevid_key(const poa_idevid *idevid);
/* SHA-256 of its SubjectPublicKeyInfo: what a device is recognised by, so that a re-issued certificate is the same. */
const poa_id *poa_idevid_key_id(const poa_idevid *idevid);
/* SHA-256 of the SubjectPublicKeyInfo of every CA in the path, that of the issuer first, of the anchor last; at least
 * one, but for POA_IDEVID_MAKER. The path ends at the first anchor: those above it were not needed. For
 * poa_identity.idevid_path. */
const poa_id *poa_idevid_path(const poa_idevid *idevid, size_t *count);
/* The first of them: the CA that issued the certificate; NULL where there is none. */
const poa_id *poa_idevid_issuer(const poa_idevid *idevid);
/* The serial number of the device; not empty under POA_IDEVID_TOLERANT, else empty. */
poa_span poa_idevid_serial(const poa_idevid *idevid);
/* The serial number of the certificate: its bytes, the most significant first. */
poa_span poa_idevid_cert_serial(const poa_idevid *idevid);
/* The first and the last second in which the device's certificate is valid. */
int64_t poa_idevid_not_before_s(const poa_idevid *idevid);
int64_t poa_idevid_not_after_s(const poa_idevid *idevid);

/* The URIs in the subjectAltName, in their order: printable ASCII without blanks, not empty. */
size_t poa_idevid_uri_count(const poa_idevid *idevid);
poa_span poa_idevid_uri(const poa_idevid *idevid, size_t at);
/* Is this one of them, byte for byte? */
bool poa_idevid_has_uri(const poa_idevid *idevid, poa_span uri);
/* The one URI of a kind; empty when there is none, or more than one: which of two is meant cannot be known. */
poa_span poa_idevid_uri_of(const poa_idevid *idevid, poa_san_kind kind);
/* The identification link (IEC 61406), the ProductInstanceUri (OPC 10000-21), the SPIFFE ID, as poa_idevid_uri_of(). */
poa_span poa_idevid_id_link(const poa_idevid *idevid);
poa_span poa_idevid_product_uri(const poa_idevid *idevid);
poa_span poa_idevid_spiffe_id(const poa_idevid *idevid);
/* Our identifier of the device, likewise: the UUID without `urn:uuid:`. */
poa_span poa_idevid_device(const poa_idevid *idevid);

#endif
