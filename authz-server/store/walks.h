#ifndef STORE_WALKS_H
#define STORE_WALKS_H

#include "store/store.h"

/*
 * Table `walks`: accepted statements whose effect on devices is still to be worked through, and how far it is.
 */

/**
 * store_walk - one walk.
 * @epoch:      of the statement: the key
 * @started_s:  when it was accepted
 * @leaf, @device: go on behind this device of this leaf PoA; none and zero at the start
 * @touched:    devices changed so far
 */
typedef struct store_walk {
    uint64_t epoch;
    int64_t started_s;
    poa_id leaf;
    store_uuid device;
    uint64_t touched;
} store_walk;

/* New, or in place of the one of this epoch. POA_F_USAGE for epoch 0. */
POA_MUST_USE poa_err store_walk_put(store_txn *txn, const store_walk *walk);
/* The first behind @after (an epoch; 0 from the first). */
POA_MUST_USE poa_err store_walk_next(store_txn *txn, uint64_t after, store_walk *walk, bool *found);
/* It is through. POA_F_USAGE when there is none of this epoch. */
POA_MUST_USE poa_err store_walk_end(store_txn *txn, uint64_t epoch);

#endif
