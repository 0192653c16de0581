#ifndef API_ANNOUNCEMENT_H
#define API_ANNOUNCEMENT_H

#include "api/change.h"
#include "api/evidence.h"
#include "store/devices.h"

/**
 * api_announcement - a device that somebody expects: {"device":{…},"location":…,"until":…,"ticket":…}.
 * @body:     owned; spans point into it and into @shown
 * @device:   as typed and as the ticket says: they agree
 * @until_s:  when it is expected no more; 0: always
 * @ticket:   a JWS, verified; empty: none
 * @stored:   the same announcement made before; owned
 * @members:  of the reply's object, @status of the reply; owned
 */
typedef struct api_announcement {
    json_t *body;
    api_evidence shown;
    poa_identity device;
    poa_span location;
    int64_t until_s;
    poa_span ticket;
    store_uuid id;
    store_device *stored;
    poa_buf members;
    unsigned status;
} api_announcement;

void api_announcement_clear(api_announcement *a);

/**
 * api_announcement_prepare() - read one, and ask whether x's agent may announce: `approve` of `administration` over the
 * location.
 *
 * Return: POA_OK; the JSON reader's errors, claim_missing, claim_type, claim_forbidden with the member;
 * api_evidence_ticket()'s; identity_mismatch; action_not_granted, location_not_granted; POA_F_*.
 */
POA_MUST_USE poa_err api_announcement_prepare(api_exchange *x, poa_span json, api_announcement *a);

/** api_announcement_check() - the same again, and: nobody is this device. As api_announcement_prepare(), device_exists.
 */
POA_MUST_USE poa_err api_announcement_check(api_exchange *x, api_announcement *a, store_txn *txn);

/** api_announcement_apply() - put the record. POA_OK, POA_F_*. */
POA_MUST_USE poa_err api_announcement_apply(api_change *change, api_announcement *a, store_txn *txn);

#endif
