#include "store_writer_rig.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* The queue of the writer: when it is full, when it stops, many at a time, and a kill. */

static void a_full_queue_refuses_at_once(void **state)
{
    rig *r = *state;
    store_writer *w = writer_start(r, 3, 0);
    blocker b;
    writer_block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[4];
    for (unsigned n = 0; n < 4; n++) {
        jobs[n] = job_make(n, &finished);
        assert_int_equal(store_writer_submit(w, &jobs[n].op), n < 3);
    }
    writer_unblock(&b);
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
    store_writer *w = writer_start(r, 0, 2);
    blocker b;
    writer_block(w, &b);
    sem_t finished;
    sem_init(&finished, 0, 0);
    job jobs[9];
    for (unsigned n = 0; n < 9; n++) {
        jobs[n] = job_make(n, &finished);
        assert_true(store_writer_submit(w, &jobs[n].op));
    }
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop, w), 0);
    /* From some moment on nothing is taken any more, while the nine still wait. */
    job late[200];
    size_t taken = 0;
    for (; taken < 200; taken++) {
        late[taken] = job_make(100 + (unsigned)taken, &finished);
        if (!store_writer_submit(w, &late[taken].op))
            break;
        usleep(1000);
    }
    assert_true(taken < 200);
    writer_unblock(&b);
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
        job j = job_make(c->first + i, &finished);
        while (!store_writer_submit(c->w, &j.op))
            usleep(100);
        sem_wait(&finished);
        c->permitted += j.answer == POA_OK && job_is_stored(c->r, c->first + i);
    }
    sem_destroy(&finished);
    return NULL;
}

static void many_threads_lose_nothing(void **state)
{
    rig *r = *state;
    store_writer *w = writer_start(r, 2, 0);
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
    assert_int_equal(jobs_charged(r), THREADS * ROUNDS);
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
        store_writer *w = writer_start(r, 0, 0);
        static job j;
        j = job_make(1, NULL);
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
    assert_true(job_is_stored(r, 1));
    assert_int_equal(jobs_charged(r), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_queue_refuses_at_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(stopping_runs_what_waits, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(many_threads_lose_nothing, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(committed_is_there_after_a_kill, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_queue", tests, NULL, NULL);
}
