#ifndef STORE_META_TABLE_H
#define STORE_META_TABLE_H

#include "store/env.h"

/*
 * What only the store itself writes into `meta`. Readers for everybody stand in meta.h.
 */

/* The facts of a new store of format 1, and those that format 2 has besides. */
POA_MUST_USE poa_err store_meta_begin(store_txn *txn, const store_uuid *id);
POA_MUST_USE poa_err store_meta_begin_2(store_txn *txn);

/* UINT32_MAX when there is none. */
POA_MUST_USE poa_err store_meta_format(store_txn *txn, uint32_t *format);
POA_MUST_USE poa_err store_meta_set_format(store_txn *txn, uint32_t format);

POA_MUST_USE poa_err store_meta_id(store_txn *txn, store_uuid *id);

/* Take the next epoch. */
POA_MUST_USE poa_err store_meta_next_epoch(store_txn *txn, uint64_t *epoch);

/* Note that what is on a CRL changed. */
POA_MUST_USE poa_err store_meta_crl_changed(store_txn *txn);

/* Take the next number of an event. */
POA_MUST_USE poa_err store_meta_next_event(store_txn *txn, uint64_t *id);

POA_MUST_USE poa_err store_meta_set_audit_head(store_txn *txn, uint64_t count, const poa_id *hash);

#endif
