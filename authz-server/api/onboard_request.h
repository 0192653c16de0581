#ifndef API_ONBOARD_REQUEST_H
#define API_ONBOARD_REQUEST_H

#include "api/evidence.h"
#include "api/exchange.h"
#include "csr.h"
#include "poa/request.h"
#include "store/devices.h"

/**
 * api_onboard_request - what is asked for one device, read and judged by itself: who it is, and how that is known.
 * @body:     owned; spans point into it, into @shown and the policy, or into the record that it was made from
 * @shown:    verified; owned
 * @location: a site path
 * @typed:    as it stands in the body: claims
 * @device:   on which all sources agree; with an IDevID the serial is the certificate's and the manufacturer the
 *            policy's name, what else was only typed is a claim. At least one member is stated
 * @csr:      owned; its signature verified: who made it holds the device's key. @csr_der: its bytes; owned
 * @evidence: set of enum poa_evidence that was established: device_key, idevid
 * @link_evidence: what ties the id_link to the device's key
 * @idevid:   SHA-256 of the IDevID's SubjectPublicKeyInfo; zero: none
 * @product_instance_uri, @spiffe_id: from the IDevID; empty: none
 * @ticket:   the ticket that was handed in, a JWS; empty: none
 * @collected_s: when it was collected, of one that came offline; 0: it came online
 * @offline:     it comes offline, now
 */
typedef struct api_onboard_request {
    json_t *body;
    api_evidence shown;
    poa_span location;
    poa_identity typed;
    poa_identity device;
    poa_csr *csr;
    poa_bytes csr_der;
    unsigned evidence;
    store_link_evidence link_evidence;
    poa_id idevid;
    poa_span product_instance_uri;
    poa_span spiffe_id;
    poa_span ticket;
    int64_t collected_s;
    bool offline;
} api_onboard_request;

void api_onboard_request_clear(api_onboard_request *request);

/**
 * api_way - how a request comes.
 *
 * API_OFFLINE: collected without a server: a device proof with a jti is required, and the CSR's challengePassword is
 * that jti; else it is the nonce of the agent's proof, so that the CSR was made now and for this. API_REPLACEMENT:
 * online, and where is the old device's to say: `location` is optional.
 */
enum api_way { API_ONLINE, API_OFFLINE, API_REPLACEMENT };

/**
 * api_onboard_request_read() - {"device":{"manufacturer","model","serial","id_link"},"csr":<PEM>,"location":<path>,
 * "device_proof":<poa-device+jwt>,"ticket":<poa-ticket+jwt>}, the last two optional.
 * @json: the body, or a line of a batch
 *
 * x->why, x->detail and x->more say what is wrong.
 *
 * Return: POA_OK; the JSON reader's errors, claim_missing, claim_type, claim_forbidden, key_invalid,
 * signature_invalid, with the member of the body; api_evidence_proof()'s and api_evidence_ticket()'s;
 * identity_mismatch where sources disagree; POA_F_*.
 */
POA_MUST_USE poa_err api_onboard_request_read(api_exchange *x, poa_span json, enum api_way way,
                                              api_onboard_request *out);

/**
 * api_onboard_identity() - the last part of it: what all sources say becomes the device's identity, with its evidence.
 * @r: as it was read; may be done again when more was shown
 *
 * Return: POA_OK; identity_mismatch; POA_F_NOMEM.
 */
POA_MUST_USE poa_err api_onboard_identity(api_exchange *x, api_onboard_request *r);

/** api_device_typed() - read {"manufacturer","model","serial","id_link"}, at least one of them, at a path of the body.
 */
POA_MUST_USE poa_err api_device_typed(const json_t *body, const char *path, poa_identity *device, poa_reason *why);

/**
 * api_onboard_request_of() - the request of a device that waits, made again from its record.
 * @device: borrowed, as long as @out is used
 * @csr:    DER
 *
 * Return: POA_OK; POA_F_STORE when the CSR is none; POA_F_*.
 */
POA_MUST_USE poa_err api_onboard_request_of(api_exchange *x, const store_device *device, poa_span csr,
                                            api_onboard_request *out);

#endif
