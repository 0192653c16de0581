#ifndef STORE_NONCES_H
#define STORE_NONCES_H

#include "store/store.h"

/*
 * Table `nonces`: those that a change has used. A nonce itself is stateless; only its use is remembered.
 */

POA_MUST_USE poa_err store_nonce_used(store_txn *txn, const poa_id *hash, bool *used);

/**
 * store_nonce_use() - remember that the nonce with this SHA-256 was used.
 * @expires_s: when it would no longer be accepted anyway
 *
 * Return: POA_OK; POA_E_NONCE_INVALID when it was used before; POA_F_STORE, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE poa_err store_nonce_use(store_txn *txn, const poa_id *hash, int64_t expires_s);

#endif
