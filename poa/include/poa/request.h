#ifndef POA_REQUEST_H
#define POA_REQUEST_H

#include "poa/id.h"
#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a verifier can establish about a device (section 5.1 `evidence`); a set of these. */
enum poa_evidence {
    POA_EVIDENCE_DEVICE_KEY = 1 << 0, /**< always counted in */
    POA_EVIDENCE_IDEVID = 1 << 1,
    POA_EVIDENCE_ATTESTATION = 1 << 2,
    POA_EVIDENCE_APPROVAL = 1 << 3,
};

/** poa_evidence_name() - the name of the i-th bit of enum poa_evidence; NULL beyond the last. */
POA_API const char *poa_evidence_name(size_t i);

/** poa_evidence_by_name() - the bit with this name; 0 for any other text. */
POA_API unsigned poa_evidence_by_name(poa_span name);

/**
 * poa_identity - the members of a device's identity that are stated; a span whose ptr is NULL is not stated.
 * @idevid_path: SHA-256 of the SubjectPublicKeyInfo of every CA in the certificate path that the verifier validated
 *               itself, anchor included; borrowed; never what somebody typed
 */
typedef struct poa_identity {
    poa_span manufacturer;
    poa_span model;
    poa_span serial;
    poa_span id_link;
    const poa_id *idevid_path;
    size_t idevid_path_len;
} poa_identity;

/**
 * poa_address - an IP address in network order.
 * @family: 0 unknown, 4 or 6; an IPv4-mapped IPv6 address is unmapped by poa_address_parse()
 */
typedef struct poa_address {
    uint8_t family;
    uint8_t bytes[16];
} poa_address;

/** poa_address_parse() - read a textual IPv4 or IPv6 address without zone; false otherwise, *out untouched. */
POA_API POA_MUST_USE bool poa_address_parse(poa_span text, poa_address *out);

/**
 * poa_request - what somebody wants to do now (section 7). All borrowed.
 * @type:     device_onboarding, access or administration
 * @action:   one action of that type
 * @location: site path (device_onboarding; optional for administration); ptr NULL when not stated
 * @resource: URI (access); ptr NULL when not stated
 * @device:   identity of the device as established (device_onboarding)
 * @replaced: for `replace`: identity of the old record, which must be inside too; else NULL
 * @evidence: set of enum poa_evidence that the verifier established; device_key is always counted in
 * @id_link_vouched: the device's id_link, where it is stated, is held by its IDevID or by a ticket of its maker that
 *            names its key. Where it is not, a power that asks `idevid` does not hold the request: a label is copied
 *            more easily than a key
 * @address:  the caller's address; family 0 is unknown
 * @now_s:    moment of the request, seconds since the epoch; `hours` are judged in UTC
 */
typedef struct poa_request {
    poa_span type;
    poa_span action;
    poa_span location;
    poa_span resource;
    poa_identity device;
    const poa_identity *replaced;
    unsigned evidence;
    bool id_link_vouched;
    poa_address address;
    int64_t now_s;
} poa_request;

#endif
