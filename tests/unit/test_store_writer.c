#include "store_rig.h"

#include "cleanup.h"
#include "store/nonces.h"
#include "store/quotas.h"
#include "store/texts.h"
#include "store/writer.h"

#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* An op of these tests, and what became of it. */
typedef struct job {
    store_op op; /* first */
    unsigned n;
    poa_err check_says;
    poa_err apply_says;
    atomic_int checks;
    atomic_int applies;
    atomic_int answers;
    poa_err answer;
    sem_t *finished;
    sem_t *gate;    /* check waits for it: what is submitted meanwhile becomes one group */
    sem_t *entered; /* check tells that it is there */
} job;

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

static job make(unsigned n, sem_t *finished)
{
    return (job){.op = {.check = check, .apply = apply, .done = finish}, .n = n, .finished = finished};
}

static store_writer *start(rig *r, size_t queue_max, size_t group_max)
{
    store_writer *w = NULL;
    const store_writer_options options = {.queue_max = queue_max, .group_max = group_max, .probe_ms = 20};
    assert_int_equal(store_writer_start(r->s, &options, &w), POA_OK);
    return w;
}

/* Submit a job that holds the writer in its check until the gate opens. */
typedef struct blocker {
    job job;
    sem_t finished;
    sem_t gate;
    sem_t entered;
} blocker;

static void block(store_writer *w, blocker *b)
{
    sem_init(&b->finished, 0, 0);
    sem_init(&b->gate, 0, 0);
    sem_init(&b->entered, 0, 0);
    b->job = make(900, &b->finished);
    b->job.gate = &b->gate;
    b->job.entered = &b->entered;
    assert_true(store_writer_submit(w, &b->job.op));
    sem_wait(&b->entered);
}

static void unblock(blocker *b)
{
    sem_post(&b->gate);
    sem_wait(&b->finished);
    assert_int_equal(b->job.answer, POA_OK);
}

static bool is_stored(rig *r, unsigned n)
{
    store_txn *txn = rig_read(r);
    const poa_id nonce = rig_id(n);
    bool used = false;
    assert_int_equal(store_nonce_used(txn, &nonce, &used), POA_OK);
    store_read_end(txn);
    return used;
}

static uint64_t charged(rig *r)
{
    store_txn *txn = rig_read(r);
    const poa_id poa = rig_id(999);
    uint64_t used = 0;
    assert_int_equal(store_quota_used(txn, &poa, 0, &used), POA_OK);
    store_read_end(txn);
    return used;
}

static uint64_t commits(rig *r)
{
    MDB_envinfo info;
    assert_int_equal(mdb_env_info(r->s->env, &info), 0);
    return info.me_last_txnid;
}

static void what_waits_is_one_commit(void **state)
{
    rig *r = *state;
    store_writer *w = start(r, 0, 0);
    blocker b;
    block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[10];
    for (unsigned n = 0; n < 10; n++) {
        jobs[n] = make(n, &finished);
        assert_true(store_writer_submit(w, &jobs[n].op));
    }
    assert_int_equal(store_writer_waiting(w), 10);
    const uint64_t before = commits(r);
    unblock(&b);
    for (unsigned n = 0; n < 10; n++)
        sem_wait(&finished);
    assert_int_equal(commits(r) - before, 2); /* the blocker's and the group's */
    for (unsigned n = 0; n < 10; n++) {
        assert_int_equal(jobs[n].answer, POA_OK);
        assert_int_equal(jobs[n].applies, 1);
        assert_true(is_stored(r, n));
    }
    assert_int_equal(store_writer_waiting(w), 0);
    store_writer_stop(w);
}

static void a_group_has_a_bound(void **state)
{
    rig *r = *state;
    store_writer *w = start(r, 0, 3);
    blocker b;
    block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[7];
    for (unsigned n = 0; n < 7; n++) {
        jobs[n] = make(n, &finished);
        assert_true(store_writer_submit(w, &jobs[n].op));
    }
    const uint64_t before = commits(r);
    unblock(&b);
    for (unsigned n = 0; n < 7; n++)
        sem_wait(&finished);
    assert_int_equal(commits(r) - before, 1 + 3);
    store_writer_stop(w);
}

static void a_refusal_stays_with_its_op(void **state)
{
    rig *r = *state;
    store_writer *w = start(r, 0, 0);
    blocker b;
    block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[3] = {make(0, &finished), make(1, &finished), make(2, &finished)};
    jobs[1].check_says = POA_E_REVOKED;
    for (unsigned n = 0; n < 3; n++)
        assert_true(store_writer_submit(w, &jobs[n].op));
    const uint64_t before = commits(r);
    unblock(&b);
    for (unsigned n = 0; n < 3; n++)
        sem_wait(&finished);
    assert_int_equal(commits(r) - before, 2); /* the group did not fall apart */
    assert_int_equal(jobs[0].answer, POA_OK);
    assert_int_equal(jobs[1].answer, POA_E_REVOKED);
    assert_int_equal(jobs[1].applies, 0);
    assert_int_equal(jobs[2].answer, POA_OK);
    assert_false(is_stored(r, 1));
    assert_int_equal(charged(r), 3);
    store_writer_stop(w);
}

static void half_an_op_is_never_stored(void **state)
{
    rig *r = *state;
    store_writer *w = start(r, 0, 0);
    blocker b;
    block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[3] = {make(0, &finished), make(1, &finished), make(2, &finished)};
    jobs[1].apply_says = POA_F_STORE;
    for (unsigned n = 0; n < 3; n++)
        assert_true(store_writer_submit(w, &jobs[n].op));
    unblock(&b);
    for (unsigned n = 0; n < 3; n++)
        sem_wait(&finished);
    assert_int_equal(jobs[0].answer, POA_OK);
    assert_int_equal(jobs[0].applies, 2); /* with the group, then alone */
    assert_int_equal(jobs[1].answer, POA_F_STORE);
    assert_int_equal(jobs[2].answer, POA_OK);
    for (unsigned n = 0; n < 3; n++)
        assert_int_equal(jobs[n].answers, 1);
    assert_true(is_stored(r, 0));
    assert_false(is_stored(r, 1));
    assert_true(is_stored(r, 2));
    assert_int_equal(charged(r), 3);
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
    store_writer *w = start(r, 0, 0);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job j = make(1, &finished);
    j.op.check = put_in_check;
    assert_true(store_writer_submit(w, &j.op));
    sem_wait(&finished);
    assert_int_equal(j.answer, POA_F_USAGE);
    assert_false(is_stored(r, 1));

    job unchecked = make(2, &finished);
    unchecked.op.check = NULL;
    assert_true(store_writer_submit(w, &unchecked.op));
    sem_wait(&finished);
    assert_int_equal(unchecked.answer, POA_OK);
    assert_true(is_stored(r, 2));
    store_writer_stop(w);
}

static void a_full_queue_refuses_at_once(void **state)
{
    rig *r = *state;
    store_writer *w = start(r, 3, 0);
    blocker b;
    block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[4];
    for (unsigned n = 0; n < 4; n++) {
        jobs[n] = make(n, &finished);
        assert_int_equal(store_writer_submit(w, &jobs[n].op), n < 3);
    }
    unblock(&b);
    for (unsigned n = 0; n < 3; n++)
        sem_wait(&finished);
    assert_int_equal(jobs[3].answers, 0);
    assert_int_equal(jobs[3].checks, 0);
    assert_true(store_writer_submit(w, &jobs[3].op)); /* there is room again */
    store_writer_stop(w);
    assert_int_equal(jobs[3].answer, POA_OK);
    assert_int_equal(jobs[3].answers, 1);
}

static void *stop(void *arg)
{
    store_writer_stop(arg);
    return NULL;
}

static void stopping_runs_what_waits(void **state)
{
    rig *r = *state;
    store_writer *w = start(r, 0, 2);
    blocker b;
    block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[9];
    for (unsigned n = 0; n < 9; n++) {
        jobs[n] = make(n, &finished);
        assert_true(store_writer_submit(w, &jobs[n].op));
    }
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop, w), 0);
    /* From some moment on nothing is taken any more, while the nine still wait. */
    job late[200];
    size_t taken = 0;
    for (; taken < 200; taken++) {
        late[taken] = make(100 + (unsigned)taken, &finished);
        if (!store_writer_submit(w, &late[taken].op))
            break;
        usleep(1000);
    }
    assert_true(taken < 200);
    unblock(&b);
    pthread_join(thread, NULL);
    for (unsigned n = 0; n < 9; n++) {
        assert_int_equal(jobs[n].answer, POA_OK);
        assert_int_equal(jobs[n].answers, 1);
    }
    for (size_t i = 0; i < taken; i++)
        assert_int_equal(late[i].answers, 1);
    assert_int_equal(late[taken].answers, 0);
    store_writer_stop(NULL);
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

        store_writer *w = start(r, 0, group_max);
        sem_t finished;
        sem_init(&finished, 0, 0);
        job jobs[2] = {make(0, &finished), make(1, &finished)};
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

/* Many threads, one op each at a time, one counter. */
enum { THREADS = 4, ROUNDS = 50 };

typedef struct client {
    store_writer *w;
    rig *r;
    unsigned first;
    unsigned permitted;
} client;

static void *submit_many(void *arg)
{
    client *c = arg;
    sem_t finished;
    sem_init(&finished, 0, 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        job j = make(c->first + i, &finished);
        while (!store_writer_submit(c->w, &j.op))
            usleep(100);
        sem_wait(&finished);
        c->permitted += j.answer == POA_OK && is_stored(c->r, c->first + i);
    }
    sem_destroy(&finished);
    return NULL;
}

static void many_threads_lose_nothing(void **state)
{
    rig *r = *state;
    store_writer *w = start(r, 2, 0);
    client clients[THREADS];
    pthread_t threads[THREADS];
    for (unsigned t = 0; t < THREADS; t++) {
        clients[t] = (client){.w = w, .r = r, .first = t * 256};
        assert_int_equal(pthread_create(&threads[t], NULL, submit_many, &clients[t]), 0);
    }
    /* Meanwhile the map is moved about. */
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(store_resize(r->s, (UINT64_C(64) + i) << 20), POA_OK);
    for (unsigned t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        assert_int_equal(clients[t].permitted, ROUNDS);
    }
    store_writer_stop(w);
    assert_int_equal(charged(r), THREADS * ROUNDS);
}

/* In the child: say "committed" and wait to be killed before anybody was answered. */
static int pipe_fd;

static void die_before_answering(store_op *op, poa_err err)
{
    (void)op;
    const char says = err == POA_OK ? 'y' : 'n';
    if (write(pipe_fd, &says, 1) == 1)
        for (;;)
            pause();
    _exit(1);
}

static void committed_is_there_after_a_kill(void **state)
{
    rig *r = *state;
    rig_close(r);
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    const pid_t child = fork();
    if (child == 0) {
        pipe_fd = fds[1];
        rig_open(r, 0);
        store_writer *w = start(r, 0, 0);
        static job j;
        j = make(1, NULL);
        j.op.done = die_before_answering;
        if (!store_writer_submit(w, &j.op))
            _exit(1);
        for (;;)
            pause();
    }
    close(fds[1]);
    char says = '?';
    assert_int_equal(read(fds[0], &says, 1), 1);
    assert_int_equal(says, 'y');
    close(fds[0]);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));

    rig_open(r, 0);
    assert_true(is_stored(r, 1));
    assert_int_equal(charged(r), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_waits_is_one_commit, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_group_has_a_bound, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_refusal_stays_with_its_op, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(half_an_op_is_never_stored, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_check_does_not_put, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_full_queue_refuses_at_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(stopping_runs_what_waits, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(one_gets_the_last_unit, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(many_threads_lose_nothing, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(committed_is_there_after_a_kill, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_writer", tests, NULL, NULL);
}
