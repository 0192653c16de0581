#include "change.h"

#include "buf.h"
#include "cleanup.h"
#include "store/audit.h"
#include "store/expiries.h"
#include "store/meta.h"
#include "store/texts.h"

#include <errno.h>

/* A purge drops at most PURGE_STEP records in one transaction, and PURGE_STEPS times so many in one go. */
enum { PURGE_STEP = 1000, PURGE_STEPS = 20 };

static void finished(store_op *op, poa_err err)
{
    operator_change *change = (operator_change *)op;
    change->err = err;
    (void)sem_post(&change->done);
}

poa_err operator_change_run(store_writer *writer, operator_change *change)
{
    change->op.done = finished;
    (void)sem_init(&change->done, 0, 0);
    poa_err err = POA_F_STORE;
    if (store_writer_submit(writer, &change->op)) {
        while (sem_wait(&change->done) != 0 && errno == EINTR)
            continue;
        err = change->err;
    }
    (void)sem_destroy(&change->done);
    return err;
}

/* ---- a policy comes into force ---- */

typedef struct policy_load {
    operator_change change;
    poa_span document;
    int64_t now_s;
} policy_load;

static poa_err apply_policy(store_op *op, store_txn *txn)
{
    const policy_load *load = (const policy_load *)op;
    store_audit_entry entry = {.time_s = load->now_s, .kind = POA_SPAN("policy.load"), .code = POA_OK};
    const poa_err err = store_text_put(txn, load->document, &entry.policy);
    return err ? err : store_audit_append(txn, &entry, NULL);
}

poa_err change_policy_load(store_writer *writer, poa_span document, int64_t now_s)
{
    policy_load load = {.change.op.apply = apply_policy, .document = document, .now_s = now_s};
    return operator_change_run(writer, &load.change);
}

/* ---- the mark of time ---- */

typedef struct mark_reset {
    operator_change change;
    int64_t now_s;
    int64_t before_s;
} mark_reset;

static poa_err apply_reset(store_op *op, store_txn *txn)
{
    mark_reset *reset = (mark_reset *)op;
    poa_err err = store_time_mark(txn, &reset->before_s);
    if (!err)
        err = store_time_mark_reset(txn, reset->now_s);
    if (err)
        return err;
    POA_CLEANUP(poa_buf_clear) poa_buf reason = {0};
    poa_buf_printf(&reason, "{\"from\":%lld,\"to\":%lld}", (long long)reset->before_s, (long long)reset->now_s);
    if (reason.failed)
        return POA_F_NOMEM;
    const store_audit_entry entry = {
        .time_s = reset->now_s,
        .kind = POA_SPAN("clock.reset"),
        .code = POA_OK,
        .reason = poa_buf_span(&reason),
    };
    return store_audit_append(txn, &entry, NULL);
}

poa_err change_mark_reset(store_writer *writer, int64_t now_s, int64_t *before_s)
{
    mark_reset reset = {.change.op.apply = apply_reset, .now_s = now_s};
    const poa_err err = operator_change_run(writer, &reset.change);
    *before_s = reset.before_s;
    return err;
}

typedef struct mark_raise {
    operator_change change;
    int64_t acted_s;
} mark_raise;

static poa_err apply_raise(store_op *op, store_txn *txn)
{
    const mark_raise *raise = (const mark_raise *)op;
    return store_time_mark_raise(txn, raise->acted_s);
}

poa_err change_mark_raise(store_writer *writer, int64_t acted_s)
{
    mark_raise raise = {.change.op.apply = apply_raise, .acted_s = acted_s};
    return operator_change_run(writer, &raise.change);
}

/* ---- what is past its time ---- */

typedef struct purge {
    operator_change change;
    int64_t now_s;
    size_t removed;
} purge;

static poa_err apply_purge(store_op *op, store_txn *txn)
{
    purge *p = (purge *)op;
    return store_purge(txn, p->now_s, PURGE_STEP, &p->removed);
}

poa_err change_purge(store_writer *writer, int64_t now_s)
{
    for (size_t i = 0; i < PURGE_STEPS; i++) {
        purge p = {.change.op.apply = apply_purge, .now_s = now_s};
        const poa_err err = operator_change_run(writer, &p.change);
        if (err || p.removed < PURGE_STEP)
            return err;
    }
    return POA_OK;
}
