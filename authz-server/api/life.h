#ifndef API_LIFE_H
#define API_LIFE_H

#include "api/service.h"
#include "buf.h"
#include "store/devices.h"

/*
 * A device's life: the one place that knows which state follows which, and what goes with each change.
 *
 *   (new)     -> expected, pending, active
 *   expected  -> pending, active
 *   pending   -> active
 *   active    -> review, suspended, replaced, decommissioned
 *   review    -> active, suspended, replaced, decommissioned
 *   suspended -> active, replaced, decommissioned
 *
 * Nothing follows replaced and decommissioned. A pending one that is refused and an expected one that is withdrawn are
 * deleted: they are no devices.
 */

/** api_life_allowed() - may @to follow @from? @from 0: a record that is new. */
bool api_life_allowed(store_device_state from, store_device_state to);

/**
 * api_life_possible() - may a device that is there go on to @to? Beyond its state: one of which an identifier was
 * released does not become active again, because another device may have it by now.
 */
bool api_life_possible(const store_device *device, store_device_state to);

/** api_life_next() - the names of the states that may follow, as a JSON array. */
void api_life_next(store_device_state from, poa_buf *json);

/**
 * api_life_step - one change.
 * @to:      the state
 * @cause:   why
 * @by:      who: a sub, "device" for the device itself, "server"; 1 to POA_NAME_BYTES_MAX bytes
 * @now_s:   when
 * @reason:  a sentence of who did it, for people; at most API_LIFE_REASON_MAX bytes; empty: none
 * @until_s: when it ends by itself: of pending, expected and review; ignored elsewhere
 * @due_s:   when it has to re-establish trust, of active and review; 0: as it stands in the record. Ignored elsewhere
 * @poa:     the PoA on account of which it happens, for the event; NULL: none
 */
#define API_LIFE_REASON_MAX 256
typedef struct api_life_step {
    store_device_state to;
    store_device_cause cause;
    poa_span by;
    int64_t now_s;
    poa_span reason;
    int64_t until_s;
    int64_t due_s;
    const poa_id *poa;
} api_life_step;

/**
 * api_life_begin() - a new record begins its life: step->to is expected, pending or active.
 * @device: whole but for what api_life_move() sets; its certificate, if any, is the caller's to keep
 *          (store_certificate_add())
 *
 * As api_life_move(), whose Return it has; POA_E_DEVICE_EXISTS where another record holds one of its identifiers.
 */
POA_MUST_USE poa_err api_life_begin(const api_service *service, store_txn *txn, store_device *device,
                                    const api_life_step *step);

/**
 * api_life_move() - a device that is there goes into another state; in a write transaction.
 * @device: the record with whatever else changes with it; on POA_OK its state, cause, changed_s, changed_by, updated_s,
 *          until_s, due_s and grace are the step's. Its spans may stand in this transaction, and are gone afterwards as
 *          after any put: who goes on with them copies first (store_device_copy())
 *
 * The caller has asked api_life_possible() and refused otherwise. With the record changes, in the same transaction:
 *
 * - its certificates: suspended puts all that are valid on the CRL (certificateHold), active after suspended takes the
 *   held ones off, replaced (superseded) and decommissioned (cessationOfOperation) revoke them for good; review leaves
 *   them alone, because the device runs on
 * - until_s is the step's where the state has one, due_s stays only in active and review; grace ends
 * - one event: device.expected, .pending, .active, .review, .suspended, .replaced, .decommissioned; active after review
 *   because it was ratified is device.ratified, any other active after review or suspended is device.resumed. Members:
 *   cause, by, and where there are any from, poa_id, until, due, reason
 *
 * Return: POA_OK; POA_F_USAGE when the step is impossible or a bound is broken; POA_F_STORE, POA_F_NOMEM.
 */
POA_MUST_USE poa_err api_life_move(const api_service *service, store_txn *txn, store_device *device,
                                   const api_life_step *step);

/**
 * api_life_audit() - the audit entry of a step that no request asked for: kind `device.<state>`, reason {"cause","by"}.
 * @device: as api_life_move() left it; only its id is read
 *
 * A change on its way through api_change has its entry already.
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM.
 */
POA_MUST_USE poa_err api_life_audit(const api_service *service, store_txn *txn, const store_device *device,
                                    const api_life_step *step);

#endif
