#ifndef API_TRUST_MAY_H
#define API_TRUST_MAY_H

#include "api/change.h"
#include "api/trust_request.h"
#include "ca.h"
#include "poa/decision.h"

/* What bounds the next certificate: the PoA under which the device stands, and how long it may live. */
typedef struct api_trust_terms {
    poa_id leaf;
    enum poa_effect effect;
    int64_t lifetime_s;
    int64_t end_s; /* the first second in which the certificate must not be valid; INT64_MAX: none */
} api_trust_terms;

/* One request to re-establish trust, on its way through the writer. */
typedef struct api_trust {
    api_change change;
    store_uuid id;
    api_trust_request request; /* owned */
    api_trust_terms terms;     /* under which the certificate was made */
    poa_leaf certificate;      /* owned */
    int64_t due_s;
    int64_t wait_s;  /* it came too often: how long it waits */
    poa_err became;  /* why it is refused, where an effect of a revocation came first */
    poa_buf members; /* owned: of the reply, without its braces */
} api_trust;

/**
 * api_trust_may() - may this device, as its record is now, have another certificate?
 * @terms: set on POA_OK
 *
 * Asks its state, whether its PoA ended for it, its boot counter, whether a new key is nobody else's, and whether it
 * comes too often (t->wait_s says for how long it waits then).
 *
 * Return: POA_OK; approval_required, suspended, revoked (its state), expired, proof_replayed, device_exists; a bare
 * quota_exceeded for too often; POA_F_*.
 */
POA_MUST_USE poa_err api_trust_may(api_trust *t, store_txn *txn, const store_device *device, api_trust_terms *terms,
                                   int64_t now_s);

/** api_trust_refusal_of() - why a device in this state gets none; POA_OK when it may. */
poa_err api_trust_refusal_of(store_device_state state);

/** api_trust_same_terms() - would the same certificate be made? */
bool api_trust_same_terms(const api_trust_terms *a, const api_trust_terms *b);

#endif
