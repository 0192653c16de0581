#ifndef STORE_COMMITS_H
#define STORE_COMMITS_H

#include "store/store.h"

/*
 * Table `commits`: what an enforcement point was answered when it committed under a KEY of its own, so that the same
 * KEY charges once.
 */

#define STORE_COMMIT_BODY_MAX      65536
#define STORE_COMMIT_KEY_BYTES_MAX 256

/**
 * store_commit - an answer that was given.
 * @request:   SHA-256 of what was asked: the same KEY for another request is a mistake of the caller
 * @status:    HTTP status, 100 to 599
 * @expires_s: store_purge() drops it once this time has passed
 * @body:      at most STORE_COMMIT_BODY_MAX bytes
 */
typedef struct store_commit {
    poa_id request;
    unsigned status;
    int64_t expires_s;
    poa_span body;
} store_commit;

/**
 * store_commit_put() - remember the answer.
 * @point: name of the enforcement point, 1 to POA_NAME_BYTES_MAX bytes; @key: 1 to STORE_COMMIT_KEY_BYTES_MAX bytes
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE (also when an answer is there: look before).
 */
POA_MUST_USE poa_err store_commit_put(store_txn *txn, poa_span point, poa_span key, const store_commit *commit);

POA_MUST_USE poa_err store_commit_get(store_txn *txn, poa_span point, poa_span key, store_commit *commit, bool *found);

#endif
