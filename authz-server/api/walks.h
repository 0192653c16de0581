#ifndef API_WALKS_H
#define API_WALKS_H

#include "api/service.h"
#include "store/statements.h"

/*
 * From an accepted statement to the devices that came in under what it is about. New ones stop with its first write,
 * because each change asks once more whether its chain is alive; those that are in are worked through in batches, each
 * one operation of the writer that keeps with its changes how far it is. So a server that is killed goes on where it
 * was, and does nothing twice.
 */

/**
 * api_walk_begin() - in the transaction in which a statement is accepted: tell of it (event poa.revoked), and have its
 * effect worked through.
 * @record: as it was added, with its epoch
 * @facts:  of the same statement
 *
 * One that can count on no PoA that was ever seen has no device to reach, and is only told.
 *
 * Return: POA_OK; POA_F_STORE, POA_F_NOMEM.
 */
POA_MUST_USE poa_err api_walk_begin(const api_service *service, store_txn *txn, const poa_policy *policy,
                                    const store_statement *record, const poa_statement_facts *facts);

/** api_walks_step() - a task of the keeper: one batch of the oldest walk. */
POA_MUST_USE poa_err api_walks_step(api_service *service, store_txn *txn, int64_t now_s, bool *more);

#endif
