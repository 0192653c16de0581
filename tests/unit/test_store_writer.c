#include "store_writer_rig.h"

#include "cleanup.h"
#include "store/nonces.h"
#include "store/quotas.h"
#include "store/texts.h"

/* Operations in groups: what stays, what is undone. */

static void what_waits_is_one_commit(void **state)
{
    rig *r = *state;
    store_writer *w = writer_start(r, 0, 0);
    blocker b;
    writer_block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[10];
    for (unsigned n = 0; n < 10; n++) {
        jobs[n] = job_make(n, &finished);
        assert_true(store_writer_submit(w, &jobs[n].op));
    }
    assert_int_equal(store_writer_waiting(w), 10);
    const uint64_t before = rig_commits(r);
    writer_unblock(&b);
    for (unsigned n = 0; n < 10; n++)
        sem_wait(&finished);
    assert_int_equal(rig_commits(r) - before, 2); /* the blocker's and the group's */
    for (unsigned n = 0; n < 10; n++) {
        assert_int_equal(jobs[n].answer, POA_OK);
        assert_int_equal(jobs[n].applies, 1);
        assert_true(job_is_stored(r, n));
    }
    assert_int_equal(store_writer_waiting(w), 0);
    store_writer_stop(w);
}

static void a_group_has_a_bound(void **state)
{
    rig *r = *state;
    store_writer *w = writer_start(r, 0, 3);
    blocker b;
    writer_block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[7];
    for (unsigned n = 0; n < 7; n++) {
        jobs[n] = job_make(n, &finished);
        assert_true(store_writer_submit(w, &jobs[n].op));
    }
    const uint64_t before = rig_commits(r);
    writer_unblock(&b);
    for (unsigned n = 0; n < 7; n++)
        sem_wait(&finished);
    assert_int_equal(rig_commits(r) - before, 1 + 3);
    store_writer_stop(w);
}

static void a_refusal_stays_with_its_op(void **state)
{
    rig *r = *state;
    store_writer *w = writer_start(r, 0, 0);
    blocker b;
    writer_block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[3] = {job_make(0, &finished), job_make(1, &finished), job_make(2, &finished)};
    jobs[1].check_says = POA_E_REVOKED;
    for (unsigned n = 0; n < 3; n++)
        assert_true(store_writer_submit(w, &jobs[n].op));
    const uint64_t before = rig_commits(r);
    writer_unblock(&b);
    for (unsigned n = 0; n < 3; n++)
        sem_wait(&finished);
    assert_int_equal(rig_commits(r) - before, 2); /* the group did not fall apart */
    assert_int_equal(jobs[0].answer, POA_OK);
    assert_int_equal(jobs[1].answer, POA_E_REVOKED);
    assert_int_equal(jobs[1].applies, 0);
    assert_int_equal(jobs[2].answer, POA_OK);
    assert_false(job_is_stored(r, 1));
    assert_int_equal(jobs_charged(r), 3);
    store_writer_stop(w);
}

static void half_an_op_is_never_stored(void **state)
{
    rig *r = *state;
    store_writer *w = writer_start(r, 0, 0);
    blocker b;
    writer_block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[3] = {job_make(0, &finished), job_make(1, &finished), job_make(2, &finished)};
    jobs[1].apply_says = POA_F_STORE;
    for (unsigned n = 0; n < 3; n++)
        assert_true(store_writer_submit(w, &jobs[n].op));
    writer_unblock(&b);
    for (unsigned n = 0; n < 3; n++)
        sem_wait(&finished);
    assert_int_equal(jobs[0].answer, POA_OK);
    assert_int_equal(jobs[0].applies, 2); /* with the group, then alone */
    assert_int_equal(jobs[1].answer, POA_F_STORE);
    assert_int_equal(jobs[2].answer, POA_OK);
    for (unsigned n = 0; n < 3; n++)
        assert_int_equal(jobs[n].answers, 1);
    assert_true(job_is_stored(r, 0));
    assert_false(job_is_stored(r, 1));
    assert_true(job_is_stored(r, 2));
    assert_int_equal(jobs_charged(r), 3);
    assert_true(store_healthy(r->s)); /* a fault of the op's own */
    store_writer_stop(w);
}

/* A check that puts, and passes the outcome on as its answer. */
static poa_err put_in_check(store_op *op, store_txn *txn)
{
    const job *j = (const job *)op;
    const poa_id nonce = rig_id(j->n);
    return store_nonce_use(txn, &nonce, 1000);
}

static void a_check_does_not_put(void **state)
{
    rig *r = *state;
    store_writer *w = writer_start(r, 0, 0);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job j = job_make(1, &finished);
    j.op.check = put_in_check;
    assert_true(store_writer_submit(w, &j.op));
    sem_wait(&finished);
    assert_int_equal(j.answer, POA_F_USAGE);
    assert_false(job_is_stored(r, 1));

    job unchecked = job_make(2, &finished);
    unchecked.op.check = NULL;
    assert_true(store_writer_submit(w, &unchecked.op));
    sem_wait(&finished);
    assert_int_equal(unchecked.answer, POA_OK);
    assert_true(job_is_stored(r, 2));
    store_writer_stop(w);
}

/* For the last unit of a quota. */
static poa_err check_quota(store_op *op, store_txn *txn)
{
    (void)op;
    const poa_id poa = rig_id(1);
    uint64_t used = 0;
    const poa_err err = store_quota_used(txn, &poa, 0, &used);
    return err ? err : used < 3 ? POA_OK : POA_E_QUOTA_EXCEEDED;
}

static poa_err charge(store_op *op, store_txn *txn)
{
    (void)op;
    const poa_id poa = rig_id(1);
    return store_quota_charge(txn, &poa, 0, 3);
}

static void one_gets_the_last_unit(void **state)
{
    rig *r = *state;
    /* In one group, and each in a group of its own. */
    for (size_t group_max = 2; group_max > 0; group_max--) {
        store_txn txn = rig_write(r);
        const poa_id poa = rig_id(1);
        uint64_t used = 0;
        assert_int_equal(store_quota_used(&txn, &poa, 0, &used), POA_OK);
        for (; used > 0; used--)
            assert_int_equal(store_quota_give_back(&txn, &poa, 0), POA_OK);
        assert_int_equal(store_quota_charge(&txn, &poa, 0, 3), POA_OK);
        assert_int_equal(store_quota_charge(&txn, &poa, 0, 3), POA_OK);
        rig_commit(&txn);

        store_writer *w = writer_start(r, 0, group_max);
        sem_t finished;
        sem_init(&finished, 0, 0);
        job jobs[2] = {job_make(0, &finished), job_make(1, &finished)};
        for (unsigned n = 0; n < 2; n++) {
            jobs[n].op.check = check_quota;
            jobs[n].op.apply = charge;
        }
        for (unsigned n = 0; n < 2; n++)
            assert_true(store_writer_submit(w, &jobs[n].op));
        store_writer_stop(w);
        assert_int_equal(jobs[0].answer, POA_OK);
        assert_int_equal(jobs[1].answer, POA_E_QUOTA_EXCEEDED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_waits_is_one_commit, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_group_has_a_bound, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_refusal_stays_with_its_op, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(half_an_op_is_never_stored, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_check_does_not_put, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(one_gets_the_last_unit, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_writer", tests, NULL, NULL);
}
