#include "store_writer_rig.h"

#include "store/nonces.h"
#include "store/quotas.h"

static void finish(store_op *op, poa_err err)
{
    job *j = (job *)op;
    j->answer = err;
    atomic_fetch_add(&j->answers, 1);
    sem_post(j->finished);
}

static poa_err check(store_op *op, store_txn *txn)
{
    job *j = (job *)op;
    atomic_fetch_add(&j->checks, 1);
    if (j->entered)
        sem_post(j->entered);
    if (j->gate)
        sem_wait(j->gate);
    poa_id nonce = rig_id(j->n);
    bool used = false;
    const poa_err err = store_nonce_used(txn, &nonce, &used);
    return err ? err : j->check_says;
}

/* Two puts with the outcome between them: half of a failed one must not stay. */
static poa_err apply(store_op *op, store_txn *txn)
{
    job *j = (job *)op;
    atomic_fetch_add(&j->applies, 1);
    const poa_id nonce = rig_id(j->n);
    poa_err err = store_nonce_use(txn, &nonce, 1000);
    if (!err)
        err = j->apply_says;
    const poa_id poa = rig_id(999);
    return err ? err : store_quota_charge(txn, &poa, 0, UINT64_MAX);
}

job job_make(unsigned n, sem_t *finished)
{
    return (job){.op = {.check = check, .apply = apply, .done = finish}, .n = n, .finished = finished};
}

store_writer *writer_start(rig *r, size_t queue_max, size_t group_max)
{
    store_writer *w = NULL;
    const store_writer_options options = {.queue_max = queue_max, .group_max = group_max, .probe_ms = 20};
    assert_int_equal(store_writer_start(r->s, &options, &w), POA_OK);
    return w;
}

void writer_block(store_writer *w, blocker *b)
{
    sem_init(&b->finished, 0, 0);
    sem_init(&b->gate, 0, 0);
    sem_init(&b->entered, 0, 0);
    b->job = job_make(900, &b->finished);
    b->job.gate = &b->gate;
    b->job.entered = &b->entered;
    assert_true(store_writer_submit(w, &b->job.op));
    sem_wait(&b->entered);
}

void writer_unblock(blocker *b)
{
    sem_post(&b->gate);
    sem_wait(&b->finished);
    assert_int_equal(b->job.answer, POA_OK);
}

bool job_is_stored(rig *r, unsigned n)
{
    store_txn *txn = rig_read(r);
    const poa_id nonce = rig_id(n);
    bool used = false;
    assert_int_equal(store_nonce_used(txn, &nonce, &used), POA_OK);
    store_read_end(txn);
    return used;
}

uint64_t jobs_charged(rig *r)
{
    store_txn *txn = rig_read(r);
    const poa_id poa = rig_id(999);
    uint64_t used = 0;
    assert_int_equal(store_quota_used(txn, &poa, 0, &used), POA_OK);
    store_read_end(txn);
    return used;
}

uint64_t rig_commits(rig *r)
{
    MDB_envinfo info;
    assert_int_equal(mdb_env_info(r->s->env, &info), 0);
    return info.me_last_txnid;
}
