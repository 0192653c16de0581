#ifndef POA_PKI_MAKER_H
#define POA_PKI_MAKER_H

#include "ca.h"
#include "idevid.h"

/*
 * A made-up manufacturer, for simulated devices and tests: a CA that never expires, and IDevIDs under it (IEEE 802.1AR
 * section 8). The CA is a poa_ca: poa_ca_chain_pem() and poa_key_to_pem() write its files, poa_ca_load() reads them.
 */

/* How long before the moment of making a maker's CA and its certificates begin, for servers with slow clocks. */
#define POA_MAKER_BACKDATE_S 3600

/**
 * poa_maker_make() - make a manufacturer's CA, as poa_ca_make() does, until 99991231235959Z.
 * @name:  the CN: an identifier (1 to 256 bytes of text); see poa_x509_name_add() for one above 64 characters
 * @now_s: seconds since the epoch, at least POA_MAKER_BACKDATE_S
 *
 * Return: POA_OK; POA_F_USAGE for arguments against these rules; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_maker_make(const poa_ctx *ctx, poa_span name, int64_t now_s, poa_ca **out);

/* What an IDevID says. Borrows. */
typedef struct poa_maker_plan {
    poa_span manufacturer; /* the subject's O: an identifier */
    poa_span common_name;  /* the subject's CN: an identifier; empty for none */
    poa_span serial;      /* the subject's serialNumber: 1 to POA_SERIAL_BYTES_MAX bytes 0x21 to 0x7E; empty for none */
    const poa_span *uris; /* the URIs of the subjectAltName: what poa_san_is_uri_text() takes, in this order */
    size_t uri_count;     /* at most POA_IDEVID_URIS_MAX; 0 makes no subjectAltName */
    int64_t now_s;        /* the moment of issuing, in the CA's life */
} poa_maker_plan;

/**
 * poa_maker_issue() - make the IDevID of a device.
 * @maker: its CA
 * @key:   the device's: EC P-256, P-384 or RSA, else nobody accepts it. Its public half goes in
 * @out:   set on POA_OK only; ends with poa_leaf_clear(). Until 99991231235959Z (IEEE 802.1AR section 8.7), or the
 *         CA's own end where that is sooner
 * @why:   one sentence for people on POA_F_SIGNER; may be NULL
 *
 * As poa_idevid_verify() accepts it under POA_IDEVID_TOLERANT, where the serial is in the attribute that is looked
 * for: basicConstraints (critical: no CA), keyUsage (critical: digitalSignature), key identifiers.
 *
 * Return: POA_OK; POA_F_SIGNER when the CA is not valid at now_s; POA_F_USAGE for a plan against the rules above;
 * POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_maker_issue(const poa_ctx *ctx, const poa_ca *maker, const poa_key *key,
                                     const poa_maker_plan *plan, poa_leaf *out, poa_why *why);

#endif
