#ifndef API_ONBOARD_REQUEST_H
#define API_ONBOARD_REQUEST_H

#include "api/exchange.h"
#include "csr.h"
#include "store/devices.h"

/**
 * api_onboard_request - the body of POST /v1/onboardings, read and judged by itself.
 * @body:     owned; the spans point into it
 * @location: a site path
 * @device:   as typed by the agent: claims, not evidence; at least one member is stated
 * @csr:      owned; its signature verified: who made it holds the device's key. @csr_pem: as it came
 * @evidence: what was established: device_key
 * @link_evidence: what ties the id_link to the device's key
 */
typedef struct api_onboard_request {
    json_t *body;
    poa_span location;
    poa_identity device;
    poa_csr *csr;
    poa_span csr_pem;
    unsigned evidence;
    store_link_evidence link_evidence;
} api_onboard_request;

void api_onboard_request_clear(api_onboard_request *request);

/**
 * api_onboard_request_read() - {"device":{"manufacturer","model","serial","id_link"},"csr":<PEM>,"location":<path>}.
 *
 * The CSR's challengePassword is the nonce of the proof, so that it was made now and for this; a serialNumber in its
 * subject is the device's. x->why and x->detail say what is wrong.
 *
 * Return: POA_OK; the JSON reader's errors, claim_missing, claim_type, claim_forbidden, key_invalid,
 * signature_invalid, identity_mismatch, with the member of the body; POA_F_*.
 */
POA_MUST_USE poa_err api_onboard_request_read(api_exchange *x, api_onboard_request *out);

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
