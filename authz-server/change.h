#ifndef SERVER_CHANGE_H
#define SERVER_CHANGE_H

#include "store/writer.h"

#include <semaphore.h>

/*
 * A change of the store by the operator or the clock, not by a request: the caller waits for its commit.
 */
typedef struct operator_change {
    store_op op;
    sem_t done;
    poa_err err;
} operator_change;

/**
 * operator_change_run() - have the writer do it, and wait. @change->op has check and apply.
 *
 * Return: what they returned; POA_OK after the commit; POA_F_STORE also when the writer takes no more.
 */
POA_MUST_USE poa_err operator_change_run(store_writer *writer, operator_change *change);

/**
 * change_policy_load() - keep the policy's document and note in the audit that it is the one in use from now on.
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err change_policy_load(store_writer *writer, poa_span document, int64_t now_s);

/**
 * change_mark_reset() - set the latest time acted on to @now_s, and note it in the audit.
 * @before_s: what it was
 */
POA_MUST_USE poa_err change_mark_reset(store_writer *writer, int64_t now_s, int64_t *before_s);

/**
 * change_mark_raise() - keep the latest time that this process acted on, @acted_s, unless a later one is kept. Each
 * change keeps its own; what was only decided is kept with this.
 */
POA_MUST_USE poa_err change_mark_raise(store_writer *writer, int64_t acted_s);

/** change_purge() - drop what is past its time, in bounded steps. Return: as store_purge(). */
POA_MUST_USE poa_err change_purge(store_writer *writer, int64_t now_s);

#endif
