#ifndef STORE_META_H
#define STORE_META_H

#include "store/store.h"

/*
 * Table `meta`: what there is one of.
 */

/* The epoch of the last statement accepted; 0 before the first. */
POA_MUST_USE poa_err store_epoch(store_txn *txn, uint64_t *epoch);

/* The latest time acted on, seconds since 1970; 0 before the first. */
POA_MUST_USE poa_err store_time_mark(store_txn *txn, int64_t *time_s);

/**
 * store_time_mark_raise() - note that a change acted on @now_s; an earlier time than the mark leaves it.
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE (not 0 to POA_TIME_MAX).
 */
POA_MUST_USE poa_err store_time_mark_raise(store_txn *txn, int64_t now_s);

/**
 * store_time_mark_reset() - set the mark to @now_s, also backwards: an operator's decision, to be audited.
 *
 * Return: as store_time_mark_raise().
 */
POA_MUST_USE poa_err store_time_mark_reset(store_txn *txn, int64_t now_s);

/* When the server was last known to be ready; 0: never. store_ready_note() only ever raises it. */
POA_MUST_USE poa_err store_ready_s(store_txn *txn, int64_t *time_s);
POA_MUST_USE poa_err store_ready_note(store_txn *txn, int64_t now_s);
/* Set it, also backwards, where a clock that ran ahead was put right. */
POA_MUST_USE poa_err store_ready_reset(store_txn *txn, int64_t now_s);

/**
 * store_spread - due times that are being moved, because the server was not there when they passed.
 * @before_s: every due time before this one is moved; 0: none is being moved
 * @base_s:   to this time or up to @width_s after it
 */
typedef struct store_spread {
    int64_t before_s;
    int64_t base_s;
    int64_t width_s;
} store_spread;

POA_MUST_USE poa_err store_spread_get(store_txn *txn, store_spread *spread);
POA_MUST_USE poa_err store_spread_put(store_txn *txn, const store_spread *spread);

/* Head of the audit log: number of entries and SHA-256 of the last (zero before the first). */
POA_MUST_USE poa_err store_audit_head(store_txn *txn, uint64_t *count, poa_id *hash);

#endif
