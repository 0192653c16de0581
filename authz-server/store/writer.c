#include "store/writer.h"

#include "cleanup.h"
#include "guard.h"
#include "store/kv.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { QUEUE_DEFAULT = 1024, GROUP_DEFAULT = 64, PROBE_DEFAULT_MS = 1000 };

/* What a probe writes and takes back: room for the next few changes, not for one page. */
enum { PROBE_BYTES = 64 * 1024 };

struct store_writer {
    store *s;
    store_writer_options options;
    pthread_t thread;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    store_op *first; /* the queue; borrowed from whoever waits */
    store_op *last;
    size_t waiting;
    bool stopping;
};

/* The health after an attempt, told when it changed. Broken stays. */
static void note_health(store_writer *w, int rc)
{
    const store_health before = store_health_now(w->s);
    const store_health after = store_health_after(w->s, rc);
    if (before == STORE_BROKEN || before == after)
        return;
    atomic_store(&w->s->health, (int)after);
    if (w->options.health)
        w->options.health(w->options.health_ctx, after,
                          rc == MDB_SUCCESS ? "the store takes changes again" : mdb_strerror(rc));
}

/* Check, then apply. POA_OK where nothing has to be undone: the op's own answer is in op->err. */
static poa_err run_op(store_op *op, store_txn *txn)
{
    txn->may_put = false;
    op->err = op->check ? op->check(op, txn) : POA_OK;
    txn->may_put = true;
    if (op->err == POA_OK) {
        op->err = op->apply(op, txn);
        if (op->err)
            return op->err;
    }
    /* Once LMDB has failed in a transaction it is no good, even if an op did not pass that on. */
    return POA_GUARD(store_failure_not_passed_on, txn->rc != MDB_SUCCESS) ? POA_F_STORE : POA_OK;
}

static poa_err run_ops(store_op *ops, store_txn *txn)
{
    poa_err err = POA_OK;
    for (store_op *op = ops; op && !err; op = op->next)
        err = run_op(op, txn);
    return err;
}

/* All ops in one transaction. POA_OK: committed, each op's err is its answer. Else nothing of it is stored; rc says
 * why. */
static poa_err try_together(store_writer *w, store_op *ops, int *rc)
{
    *rc = MDB_SUCCESS;
    if (POA_GUARD(store_write_when_broken, store_health_now(w->s) == STORE_BROKEN))
        return POA_F_STORE;
    store_txn txn;
    poa_err err = store_write_begin(w->s, &txn);
    if (!err) {
        err = run_ops(ops, &txn);
        if (err)
            store_write_abort(&txn);
        else
            err = store_write_commit(&txn);
    }
    *rc = txn.rc;
    return err;
}

static void try_alone(store_writer *w, store_op *op)
{
    store_op *next = POA_TAKE(op->next);
    int rc = MDB_SUCCESS;
    const poa_err err = try_together(w, op, &rc);
    op->next = next;
    if (err)
        op->err = err;
    /* An op's own fault, a broken record, says nothing about the store. */
    if (!err || rc != MDB_SUCCESS)
        note_health(w, rc);
}

/* What is too much for one commit may fit into several, so only damage counts here already. */
static bool try_group(store_writer *w, store_op *ops)
{
    int rc = MDB_SUCCESS;
    const poa_err err = try_together(w, ops, &rc);
    if (!err || store_health_after(w->s, rc) == STORE_BROKEN)
        note_health(w, rc);
    return err == POA_OK;
}

/* docs/store.md, "When an operation fails midway". */
static void run_group(store_writer *w, store_op *ops)
{
    const bool together = ops->next && try_group(w, ops);
    for (store_op *op = ops; op && !together; op = op->next)
        try_alone(w, op);

    while (ops) {
        store_op *op = ops;
        ops = op->next; /* done may end the op */
        op->done(op, op->err);
    }
}

static poa_err put_probe(store_op *op, store_txn *txn)
{
    (void)op;
    POA_CLEANUP(poa_freep) char *bytes = calloc(1, PROBE_BYTES);
    if (!bytes)
        return POA_F_NOMEM;
    return store_kv_put(txn, STORE_META, POA_SPAN("probe"), (poa_span){bytes, PROBE_BYTES});
}

static poa_err del_probe(store_op *op, store_txn *txn)
{
    (void)op;
    return store_kv_del(txn, STORE_META, POA_SPAN("probe"));
}

/* Is there room again? */
static void probe(store_writer *w)
{
    store_op put = {.apply = put_probe};
    try_alone(w, &put);
    store_op del = {.apply = del_probe};
    if (put.err == POA_OK)
        try_alone(w, &del);
}

/* Wait for work; false when a probe is due instead. Called with the lock. */
static bool wait_for_work(store_writer *w)
{
    if (store_health_now(w->s) != STORE_FULL) {
        pthread_cond_wait(&w->work, &w->lock);
        return true;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += w->options.probe_ms / 1000;
    until.tv_nsec += (long)(w->options.probe_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pthread_cond_timedwait(&w->work, &w->lock, &until) != ETIMEDOUT;
}

/* Take what waits, up to the bound, as a list. */
static store_op *take_group(store_writer *w)
{
    store_op *group = w->first;
    store_op *tail = group;
    size_t n = 1;
    while (n < w->options.group_max && tail->next) {
        tail = tail->next;
        n++;
    }
    w->first = POA_TAKE(tail->next);
    if (!w->first)
        w->last = NULL;
    w->waiting -= n;
    return group;
}

/* The next group; NULL with *stop false when a probe is due, with *stop true at the end. */
static store_op *next_group(store_writer *w, bool *stop)
{
    pthread_mutex_lock(&w->lock);
    bool probe_due = false;
    while (!w->first && !w->stopping && !probe_due)
        probe_due = !wait_for_work(w);
    store_op *group = w->first ? take_group(w) : NULL;
    *stop = !group && w->stopping;
    pthread_mutex_unlock(&w->lock);
    return group;
}

static void *run(void *arg)
{
    store_writer *w = arg;
    for (;;) {
        bool stop = false;
        store_op *group = next_group(w, &stop);
        if (stop)
            return NULL;
        if (group)
            run_group(w, group);
        else
            probe(w);
    }
}

bool store_writer_submit(store_writer *w, store_op *op)
{
    op->next = NULL;
    pthread_mutex_lock(&w->lock);
    const bool taken = !w->stopping && w->waiting < w->options.queue_max;
    if (taken) {
        if (w->last)
            w->last->next = op;
        else
            w->first = op;
        w->last = op;
        w->waiting++;
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}

size_t store_writer_waiting(store_writer *w)
{
    pthread_mutex_lock(&w->lock);
    const size_t waiting = w->waiting;
    pthread_mutex_unlock(&w->lock);
    return waiting;
}

static void init_locks(store_writer *w)
{
    pthread_condattr_t monotonic; /* with these attributes none of it can fail */
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->work, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&w->lock, NULL);
}

static void destroy(store_writer *w)
{
    (void)pthread_cond_destroy(&w->work);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

poa_err store_writer_start(store *s, const store_writer_options *options, store_writer **out)
{
    store_writer *w = calloc(1, sizeof *w);
    if (!w)
        return POA_F_NOMEM;
    w->s = s;
    w->options = *options;
    if (w->options.queue_max == 0)
        w->options.queue_max = QUEUE_DEFAULT;
    if (w->options.group_max == 0)
        w->options.group_max = GROUP_DEFAULT;
    if (w->options.probe_ms == 0)
        w->options.probe_ms = PROBE_DEFAULT_MS;
    init_locks(w);

    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        destroy(w);
        return POA_F_STORE;
    }
    *out = w;
    return POA_OK;
}

void store_writer_stop(store_writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    destroy(w);
}
