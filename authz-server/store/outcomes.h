#ifndef STORE_OUTCOMES_H
#define STORE_OUTCOMES_H

#include "store/store.h"

/*
 * Table `outcomes`: how onboardings ended that left no device, so that who asks again is told. Dropped by
 * store_purge().
 */

#define STORE_OUTCOME_REASON_MAX 256

/* Values are stored: add, never renumber. */
enum store_outcome_kind { STORE_OUTCOME_REFUSED = 1, STORE_OUTCOME_LAPSED = 2 };

/**
 * store_outcome - one that was refused or lapsed.
 * @id:     of the onboarding, that is, of the device that it would have been: the key
 * @leaf:   PoA id under which it was asked for
 * @key:    of the device
 * @by:     sub of who refused, 1 to POA_NAME_BYTES_MAX bytes; "server" when it lapsed
 * @reason: for people, at most STORE_OUTCOME_REASON_MAX bytes; may be empty
 * @time_s: when; @expires_s: until when it is told: what store_purge() goes by
 */
typedef struct store_outcome {
    store_uuid id;
    enum store_outcome_kind kind;
    poa_id leaf;
    poa_id key;
    poa_span by;
    poa_span reason;
    int64_t time_s;
    int64_t expires_s;
} store_outcome;

/* An onboarding ends once: POA_F_USAGE when its outcome is there, or a bound above is broken. */
POA_MUST_USE poa_err store_outcome_put(store_txn *txn, const store_outcome *outcome);
POA_MUST_USE poa_err store_outcome_get(store_txn *txn, const store_uuid *id, store_outcome *outcome, bool *found);

#endif
