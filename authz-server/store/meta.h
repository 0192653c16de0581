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

/* Head of the audit log: number of entries and SHA-256 of the last (zero before the first). */
POA_MUST_USE poa_err store_audit_head(store_txn *txn, uint64_t *count, poa_id *hash);

#endif
