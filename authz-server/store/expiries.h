#ifndef STORE_EXPIRIES_H
#define STORE_EXPIRIES_H

#include "store/store.h"

/*
 * Table `expiries`: what may be dropped, and when.
 */

/**
 * store_purge() - drop used nonces, remembered answers, statements, certificates and outcomes whose time
 * passed before @now_s.
 * @max:     at most so many now, so that a transaction stays short
 * @removed: how many; @max of them: there may be more
 *
 * Raises the time mark to @now_s when it dropped something: it acted on that time. For a write transaction, as an
 * operation of the writer.
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE poa_err store_purge(store_txn *txn, int64_t now_s, size_t max, size_t *removed);

#endif
