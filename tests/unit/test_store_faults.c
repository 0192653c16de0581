#include "store_rig.h"

#include "cleanup.h"
#include "store/texts.h"
#include "store/writer.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* No room, no disk, damage: changes fail loudly, reads go on, and what can heal heals. */

enum { TEXT_BYTES = 20000 };

/* An op that keeps a text of its own number. */
typedef struct job {
    store_op op; /* first */
    unsigned n;
    size_t len;
    poa_id id;
    poa_err answer;
    sem_t finished;
} job;

static void finish(store_op *op, poa_err err)
{
    job *j = (job *)op;
    j->answer = err;
    sem_post(&j->finished);
}

static poa_err keep_text(store_op *op, store_txn *txn)
{
    job *j = (job *)op;
    char *text = malloc(j->len);
    assert_non_null(text);
    memset(text, 't', j->len);
    memcpy(text, &j->n, sizeof j->n);
    const poa_err err = store_text_put(txn, (poa_span){text, j->len}, &j->id);
    free(text);
    return err;
}

static void submit(store_writer *w, job *j, unsigned n, size_t len)
{
    *j = (job){.op = {.apply = keep_text, .done = finish}, .n = n, .len = len};
    sem_init(&j->finished, 0, 0);
    assert_true(store_writer_submit(w, &j->op));
}

static poa_err run(store_writer *w, unsigned n, size_t len, poa_id *id)
{
    job j;
    submit(w, &j, n, len);
    sem_wait(&j.finished);
    sem_destroy(&j.finished);
    if (id)
        *id = j.id;
    return j.answer;
}

static bool is_stored(rig *r, const poa_id *id)
{
    store_txn *txn = rig_read(r);
    poa_span text;
    bool found = false;
    assert_int_equal(store_text_get(txn, id, &text, &found), POA_OK);
    store_read_end(txn);
    return found;
}

/* What the writer told about the health. */
typedef struct told {
    atomic_int full;
    atomic_int broken;
    atomic_int ok;
} told;

static void tell(void *ctx, store_health health, const char *why)
{
    told *t = ctx;
    assert_true(strlen(why) > 0);
    atomic_fetch_add(health == STORE_OK ? &t->ok : health == STORE_FULL ? &t->full : &t->broken, 1);
}

static store_writer *start(rig *r, told *t)
{
    store_writer *w = NULL;
    const store_writer_options options = {.probe_ms = 10, .health = tell, .health_ctx = t};
    assert_int_equal(store_writer_start(r->s, &options, &w), POA_OK);
    return w;
}

static void wait_until_healthy(rig *r)
{
    for (unsigned i = 0; i < 1000 && !store_healthy(r->s); i++)
        usleep(10000);
    assert_true(store_healthy(r->s));
}

static void a_full_map_heals_when_it_grows(void **state)
{
    rig *r = *state;
    rig_close(r);
    rig_open(r, 1 << 20);
    told t = {0};
    store_writer *w = start(r, &t);
    poa_id first;
    assert_int_equal(run(w, 0, TEXT_BYTES, &first), POA_OK);
    unsigned n = 1;
    poa_id last = first;
    poa_id next;
    poa_err err;
    while ((err = run(w, n, TEXT_BYTES, &next)) == POA_OK) {
        last = next;
        n++;
    }
    assert_int_equal(err, POA_F_STORE);
    assert_true(n > 10 && n < 60);
    assert_int_equal(t.full, 1);

    /* Nothing acknowledged is lost, nothing refused is there, and reads go on. */
    assert_true(is_stored(r, &first));
    assert_true(is_stored(r, &last));
    assert_false(is_stored(r, &next));

    /* It keeps trying, and keeps failing. */
    usleep(100000);
    assert_int_equal(store_health_now(r->s), STORE_FULL);
    assert_int_equal(t.full, 1);

    assert_int_equal(store_resize(r->s, 64 << 20), POA_OK);
    wait_until_healthy(r);
    assert_int_equal(run(w, n, TEXT_BYTES, &next), POA_OK);
    assert_true(is_stored(r, &next));
    store_writer_stop(w);
    assert_int_equal(t.ok, 1);
    assert_int_equal(t.broken, 0);

    rig_close(r);
    rig_open(r, 0);
    assert_true(is_stored(r, &last));
    assert_true(is_stored(r, &next));
}

/* More than there is room for at once, but not one by one. */
static void a_group_too_large_falls_apart(void **state)
{
    rig *r = *state;
    rig_close(r);
    rig_open(r, 1 << 20);
    told t = {0};
    store_writer *w = start(r, &t);
    job jobs[80];
    for (unsigned n = 0; n < 80; n++)
        submit(w, &jobs[n], n, TEXT_BYTES);
    unsigned kept = 0;
    for (unsigned n = 0; n < 80; n++) {
        sem_wait(&jobs[n].finished);
        assert_true(jobs[n].answer == POA_OK || jobs[n].answer == POA_F_STORE);
        kept += jobs[n].answer == POA_OK;
    }
    store_writer_stop(w);
    assert_true(kept > 10 && kept < 80);
    for (unsigned n = 0; n < 80; n++)
        if (jobs[n].answer == POA_OK)
            assert_true(is_stored(r, &jobs[n].id));
}

/* LMDB takes no empty key. */
static poa_err keep_text_and_hide_a_failure(store_op *op, store_txn *txn)
{
    const poa_err err = keep_text(op, txn);
    assert_int_equal(store_kv_put(txn, STORE_TEXTS, (poa_span){0}, POA_SPAN("x")), POA_F_STORE);
    return err;
}

static void a_failure_not_passed_on_is_one(void **state)
{
    rig *r = *state;
    told t = {0};
    store_writer *w = start(r, &t);
    job j = {.op = {.apply = keep_text_and_hide_a_failure, .done = finish}, .n = 1, .len = 10};
    sem_init(&j.finished, 0, 0);
    assert_true(store_writer_submit(w, &j.op));
    sem_wait(&j.finished);
    assert_int_equal(j.answer, POA_F_STORE);
    store_writer_stop(w);
    assert_false(is_stored(r, &j.id));
}

static off_t file_size(const rig *r)
{
    char path[128];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/data.mdb", r->dir);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* No file grows beyond this: what a full disk looks like to a process. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_heals_when_there_is_room(void **state)
{
    rig *r = *state;
    told t = {0};
    store_writer *w = start(r, &t);
    /* Pages that this can see are not used again, so every write is at the end of the file. */
    store_txn *reader = rig_read(r);
    poa_id first;
    poa_id second;
    assert_int_equal(run(w, 1, TEXT_BYTES, &first), POA_OK);

    limit_files((rlim_t)file_size(r));
    assert_int_equal(run(w, 2, TEXT_BYTES, &second), POA_F_STORE);
    assert_int_equal(store_health_now(r->s), STORE_FULL);
    assert_true(is_stored(r, &first));
    assert_false(is_stored(r, &second));
    assert_int_equal(run(w, 2, TEXT_BYTES, &second), POA_F_STORE);
    usleep(50000);
    assert_false(store_healthy(r->s));

    limit_files(RLIM_INFINITY);
    wait_until_healthy(r);
    assert_int_equal(run(w, 2, TEXT_BYTES, &second), POA_OK);
    assert_true(is_stored(r, &second));
    store_read_end(reader);
    store_writer_stop(w);
    assert_int_equal(t.broken, 0);
    assert_int_equal(t.full, 1);

    rig_close(r);
    rig_open(r, 0);
    assert_true(is_stored(r, &first));
    assert_true(is_stored(r, &second));
}

static void an_io_error_is_the_end_until_a_restart(void **state)
{
    rig *r = *state;
    told t = {0};
    store_writer *w = start(r, &t);
    store_txn *reader = rig_read(r);
    poa_id first;
    poa_id second;
    assert_int_equal(run(w, 1, TEXT_BYTES, &first), POA_OK);

    limit_files((rlim_t)file_size(r) + 2048); /* half a page: a short write on a disk that has room */
    assert_int_equal(run(w, 2, TEXT_BYTES, &second), POA_F_STORE);
    limit_files(RLIM_INFINITY);
    assert_int_equal(store_health_now(r->s), STORE_BROKEN);
    assert_int_equal(t.broken, 1);

    /* There is room again, but nobody knows what the disk holds. */
    usleep(50000);
    assert_int_equal(run(w, 3, 10, &second), POA_F_STORE);
    assert_int_equal(store_health_now(r->s), STORE_BROKEN);
    assert_int_equal(t.broken, 1);
    assert_true(is_stored(r, &first));
    store_read_end(reader);
    store_writer_stop(w);
    assert_int_equal(t.ok, 0);

    rig_close(r);
    rig_open(r, 0);
    assert_true(store_healthy(r->s));
    assert_true(is_stored(r, &first));
    w = start(r, &t);
    assert_int_equal(run(w, 2, TEXT_BYTES, &second), POA_OK);
    store_writer_stop(w);
}

static void failures_are_told_apart(void **state)
{
    rig *r = *state;
    static const struct {
        int rc;
        store_health health;
    } cases[] = {
        {MDB_SUCCESS, STORE_OK},       {MDB_MAP_FULL, STORE_FULL},
        {MDB_TXN_FULL, STORE_FULL},    {ENOSPC, STORE_FULL},
        {EDQUOT, STORE_FULL},          {ENOMEM, STORE_FULL},
        {EIO, STORE_BROKEN},           {MDB_PANIC, STORE_BROKEN},
        {MDB_CORRUPTED, STORE_BROKEN}, {MDB_PAGE_NOTFOUND, STORE_BROKEN},
        {EROFS, STORE_BROKEN},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++)
        assert_int_equal(store_health_after(r->s, cases[i].rc), cases[i].health);
}

int main(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_map_heals_when_it_grows, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_group_too_large_falls_apart, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_failure_not_passed_on_is_one, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_heals_when_there_is_room, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_io_error_is_the_end_until_a_restart, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(failures_are_told_apart, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_faults", tests, NULL, NULL);
}
