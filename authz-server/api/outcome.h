#ifndef API_OUTCOME_H
#define API_OUTCOME_H

#include "api/service.h"
#include "buf.h"
#include "store/devices.h"
#include "store/outcomes.h"

/*
 * Onboardings that end without a device: what waited is refused or lapses. The record goes, the quota comes back, and
 * how it ended is kept for thirty days, so that who asked is told.
 */

/**
 * api_outcome_note - how it ends.
 * @by:     sub of who refused, or "server"
 * @reason: for people, at most 256 bytes; may be empty
 */
typedef struct api_outcome_note {
    enum store_outcome_kind kind;
    poa_span by;
    poa_span reason;
    int64_t now_s;
} api_outcome_note;

/**
 * api_outcome_end() - end it, in a write transaction, with the event onboarding.refused or onboarding.lapsed.
 * @device:  pending; not borrowed from this transaction: what was read in it is gone afterwards
 * @members: gets what api_outcome_show() writes; may be NULL
 *
 * Return: POA_OK, POA_F_*.
 */
POA_MUST_USE poa_err api_outcome_end(api_service *service, store_txn *txn, const store_device *device,
                                     const api_outcome_note *note, poa_buf *members);

/** api_outcome_show() - `"onboarding":{"id":…,"state":"refused","by":…,"reason":…,"time":…}` */
void api_outcome_show(const store_outcome *outcome, poa_buf *members);

/**
 * api_onboarding_lapse() - end what nobody answered in time: a pending onboarding, or an expected device that never
 * came, in a write transaction, with its event and its audit entry.
 * @device: read in this transaction, past its until_s
 *
 * Return: POA_OK; POA_F_USAGE for any other state; POA_F_*.
 */
POA_MUST_USE poa_err api_onboarding_lapse(api_service *service, store_txn *txn, const store_device *device);

#endif
