#ifndef API_TRUST_REQUEST_H
#define API_TRUST_REQUEST_H

#include "api/exchange.h"
#include "csr.h"
#include "idevid.h"
#include "poa/device.h"
#include "store/devices.h"

#include <jansson.h>

/**
 * api_trust_request - the body of POST /v1/devices/{id}/trust, and who sent it.
 * @facts:      what the proof says; borrowed from it
 * @nonce:      the proof's, NUL-terminated
 * @csr:        for a new key, its signature verified: who made it holds that key; NULL: none
 * @credential: the certificate that was presented, once api_trust_request_verify() said yes
 * @late:       it is not the last one that was issued: the reply to the last trust was lost
 * @repeats:    and that trust was a rekey: the key before proves, the CSR is for the key that the record has
 */
typedef struct api_trust_request {
    json_t *body;           /* owned */
    poa_trust_proof *proof; /* owned */
    const poa_trust_proof_facts *facts;
    char *nonce;            /* owned */
    poa_csr *csr;           /* owned */
    poa_idevid *credential; /* owned */
    bool late;
    bool repeats;
} api_trust_request;

void api_trust_request_clear(api_trust_request *request);

/**
 * api_trust_request_read() - {"proof":<poa-trust+jwt>,"csr":<PEM, for a new key>}, judged by itself: form, a nonce of
 * this process that is young enough, this site, this device (the path's), made within 300 seconds of the clock; a CSR
 * exactly where the proof names its hash, with the nonce as its challengePassword.
 *
 * Return: POA_OK; nonce_required, nonce_invalid; the codes of poa_trust_proof_read() and poa_csr_parse();
 * proof_binding_mismatch, proof_stale; POA_F_*. x->why and x->detail say why.
 */
POA_MUST_USE poa_err api_trust_request_read(api_exchange *x, poa_span device, api_trust_request *out);

/**
 * api_trust_request_verify() - is it this device that sent it?
 *
 * The certificate presented is one that we issued, to the last letter of the profile, under an issuer whose certificate
 * stands in the record, and names this device. It may have ended, because a device that was away must be able to come
 * back; whether that is welcome is the state's to say. Its key is the record's. The one exception: the reply to a rekey
 * may be lost, and then the device has the new key and no certificate for it. The certificate that this rekey
 * superseded may then be presented once more, together with a CSR for the very key that the record has, signed over the
 * fresh nonce: who has no use of the current key gets nothing, and it ends with the next trust by the new key.
 * Then the proof's signature is verified.
 *
 * Return: POA_OK; proof_key_mismatch, the codes of poa_idevid_verify() and poa_trust_proof_verify(), claim_type at /csr
 * (the CSR is for the key that it has anyway); POA_F_*.
 */
POA_MUST_USE poa_err api_trust_request_verify(api_exchange *x, store_txn *txn, const store_device *device,
                                              api_trust_request *request);

#endif
