#ifndef STORE_TRUST_H
#define STORE_TRUST_H

#include "store/store.h"

/*
 * What is remembered about the trust of all devices together, in table `meta`. Absent reads as zero.
 */

/**
 * store_trust_watch - did any device come?
 * @trusted_s: when any device re-established trust last
 * @silent_s:  since when nobody is suspended, because nobody comes; 0: it is not so
 * @spared_s:  when the silence before began, of which the overdue were spared; 0: there was none
 */
typedef struct store_trust_watch {
    int64_t trusted_s;
    int64_t silent_s;
    int64_t spared_s;
} store_trust_watch;

POA_MUST_USE poa_err store_trust_watch_get(store_txn *txn, store_trust_watch *watch);
/* POA_F_USAGE for times that are none. */
POA_MUST_USE poa_err store_trust_watch_put(store_txn *txn, const store_trust_watch *watch);

/**
 * store_trust_recall - all devices are asked to come soon, because the policy changed, and how far that is.
 * @policy: SHA-256 of the policy document that they are to learn of; none before the first
 * @base_s: they come in a window that begins here; 0: all were asked
 * @after:  go on behind this device
 */
typedef struct store_trust_recall {
    poa_id policy;
    int64_t base_s;
    store_uuid after;
} store_trust_recall;

POA_MUST_USE poa_err store_trust_recall_get(store_txn *txn, store_trust_recall *recall);
POA_MUST_USE poa_err store_trust_recall_put(store_txn *txn, const store_trust_recall *recall);

#endif
