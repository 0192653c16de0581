#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/store.h"

/*
 * The one thread that changes the store. docs/store.md, "Writing", says why it is as it is.
 */

typedef struct store_op store_op;

/**
 * store_op - one change, the first member of the caller's own struct.
 * @check: reads and says yes (POA_OK) or why not. A put in it is POA_F_USAGE. May be NULL
 * @apply: puts; runs only after @check said yes. May read. Anything but POA_OK rolls all of it back
 * @done:  told once, after the commit (or the last failure), on the writer's thread: it does not block, and the writer
 *         does not touch the op afterwards. POA_OK: what apply put is on disk. Anything else: nothing of it is
 *
 * Both check and apply may run twice for one op, in different transactions: each run starts from the request and
 * overwrites what an earlier one left in the caller's struct. What they keep beyond the transaction they copy.
 */
struct store_op {
    poa_err (*check)(store_op *op, store_txn *txn);
    poa_err (*apply)(store_op *op, store_txn *txn);
    void (*done)(store_op *op, poa_err err);
    store_op *next; /* the writer's */
    poa_err err;    /* the writer's */
};

/**
 * store_writer_options - bounds of a writer; 0 takes the default.
 * @queue_max: ops that may wait (1,024); @group_max: ops in one commit (64)
 * @probe_ms:  after a failure for want of room, and with nothing waiting, try a write this often (1,000 ms)
 * @health:    told on the writer's thread when the health of the store changes, with a line for the log; may be NULL
 */
typedef struct store_writer_options {
    size_t queue_max;
    size_t group_max;
    unsigned probe_ms;
    void (*health)(void *ctx, store_health health, const char *why);
    void *health_ctx;
} store_writer_options;

typedef struct store_writer store_writer;

/**
 * store_writer_start() - start the thread. One per store. @s: borrowed, outlives the writer.
 *
 * Return: POA_OK, POA_F_NOMEM, POA_F_STORE (no thread to be had).
 */
POA_MUST_USE poa_err store_writer_start(store *s, const store_writer_options *options, store_writer **out);

/**
 * store_writer_submit() - hand over an op; it stays alive until its done. Any thread.
 *
 * Return: false when the queue is full or the writer stops: the op was not taken, done will not be called.
 */
POA_MUST_USE bool store_writer_submit(store_writer *w, store_op *op);

/* Ops that wait now, for the metrics. Any thread. */
size_t store_writer_waiting(store_writer *w);

/* Take no more, run all that wait, end the thread, free it. Not from done. NULL is fine. */
void store_writer_stop(store_writer *w);

#endif
