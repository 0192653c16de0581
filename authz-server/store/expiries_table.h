#ifndef STORE_EXPIRIES_TABLE_H
#define STORE_EXPIRIES_TABLE_H

#include "store/env.h"

/*
 * The index of what may be dropped, for the tables that are in it.
 */

/* Values are stored: add, never renumber. */
typedef enum store_expiry_kind {
    STORE_EXPIRY_NONCE = 1,
    STORE_EXPIRY_COMMIT = 2,
    STORE_EXPIRY_STATEMENT = 3,
    STORE_EXPIRY_CERTIFICATE = 4,
    STORE_EXPIRY_OUTCOME = 5,
} store_expiry_kind;

/* Let the record at key go once time_s has passed. */
POA_MUST_USE poa_err store_expiry_add(store_txn *txn, int64_t time_s, store_expiry_kind kind, poa_span key);

/* Delete a statement and its indexes, but for the one of expiries. */
POA_MUST_USE poa_err store_statement_drop(store_txn *txn, uint64_t epoch);

/* Delete a certificate and its indexes, but for the one of expiries. */
POA_MUST_USE poa_err store_certificate_drop(store_txn *txn, poa_span serial);

#endif
