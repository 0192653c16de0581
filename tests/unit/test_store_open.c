#include "store_rig.h"

#include "store/meta_table.h"
#include "store/texts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put_text(rig *r, const char *text, poa_id *id)
{
    store_txn txn = rig_write(r);
    assert_int_equal(store_text_put(&txn, (poa_span){text, strlen(text)}, id), POA_OK);
    rig_commit(&txn);
}

static bool has_text(rig *r, const poa_id *id)
{
    store_txn *txn = rig_read(r);
    poa_span text;
    bool found = false;
    assert_int_equal(store_text_get(txn, id, &text, &found), POA_OK);
    store_read_end(txn);
    return found;
}

static void a_new_store_is_closed_to_others(void **state)
{
    rig *r = *state;
    struct stat st;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data.mdb", r->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s/lock.mdb", r->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(r->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(store_healthy(r->s));
}

/* A rig whose directory is not there yet, inside that of r. */
static rig rig_inside(const rig *r)
{
    rig inner = {.ctx = r->ctx};
    const size_t len = strlen(r->dir);
    assert_true(len + sizeof "/s" <= sizeof inner.dir);
    memcpy(inner.dir, r->dir, len);
    memcpy(inner.dir + len, "/s", sizeof "/s");
    return inner;
}

static void the_directory_is_made_when_missing(void **state)
{
    rig *r = *state;
    rig_close(r);
    rig inner = rig_inside(r);
    rig_open(&inner, 0);
    struct stat st;
    assert_int_equal(stat(inner.dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    rig_close(&inner);
    rig_remove(inner.dir);
}

static void a_directory_open_to_others_is_refused(void **state)
{
    rig *r = *state;
    rig_close(r);
    static const mode_t modes[] = {0701, 0710, 0750, 0755};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(r->dir, modes[i]), 0);
        char why[STORE_WHY_BYTES];
        store *s = NULL;
        assert_int_equal(rig_try_open(r, 0, &s, why), POA_F_STORE);
        assert_non_null(strstr(why, "0700"));
        assert_null(s);
    }
    assert_int_equal(chmod(r->dir, 0700), 0);
    rig_open(r, 0);
}

static void a_second_open_is_refused(void **state)
{
    rig *r = *state;
    char why[STORE_WHY_BYTES];
    store *second = NULL;
    assert_int_equal(rig_try_open(r, 0, &second, why), POA_F_STORE);
    assert_non_null(strstr(why, "in use"));
    rig_close(r);
    rig_open(r, 0);
}

static void reopening_finds_everything(void **state)
{
    rig *r = *state;
    poa_id id;
    put_text(r, "kept", &id);
    const store_uuid before = store_id(r->s);
    rig_close(r);
    rig_open(r, 0);
    const store_uuid after = store_id(r->s);
    assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
    assert_true(has_text(r, &id));
}

static bool fails(void *self, uint8_t *out, size_t len)
{
    (void)self;
    (void)out;
    (void)len;
    return false;
}

static void every_store_has_an_id_of_its_own(void **state)
{
    rig *r = *state;
    void *other_state = NULL;
    assert_int_equal(rig_setup(&other_state), 0);
    const rig *other = other_state;
    const store_uuid a = store_id(r->s);
    const store_uuid b = store_id(other->s);
    assert_memory_not_equal(a.bytes, b.bytes, sizeof a.bytes);
    rig_teardown(&other_state);

    /* Without randomness there is no store. */
    rig empty = rig_inside(r);
    const poa_random none = {NULL, fails};
    const store_options options = {.dir = empty.dir, .map_bytes = 1 << 20, .ctx = r->ctx, .random = &none};
    char why[STORE_WHY_BYTES];
    store *s = NULL;
    assert_int_equal(store_open(&options, &s, why), POA_F_CRYPTO);
    assert_null(s);
    rig_open(&empty, 0);
    rig_close(&empty);
    rig_remove(empty.dir);
}

static void a_newer_format_is_refused(void **state)
{
    rig *r = *state;
    poa_id id;
    put_text(r, "kept", &id);
    store_txn txn = rig_write(r);
    assert_int_equal(store_meta_set_format(&txn, STORE_FORMAT + 1), POA_OK);
    rig_commit(&txn);
    rig_close(r);

    char why[STORE_WHY_BYTES];
    store *s = NULL;
    assert_int_equal(rig_try_open(r, 0, &s, why), POA_F_STORE);
    assert_non_null(strstr(why, "newer version"));
    assert_null(s);
}

static void a_database_without_format_is_refused(void **state)
{
    rig *r = *state;
    store_txn txn = rig_write(r);
    assert_int_equal(store_kv_del(&txn, STORE_META, POA_SPAN("format")), POA_OK);
    rig_commit(&txn);
    rig_close(r);

    char why[STORE_WHY_BYTES];
    store *s = NULL;
    assert_int_equal(rig_try_open(r, 0, &s, why), POA_F_STORE);
    assert_non_null(strstr(why, "no store"));
}

static void a_foreign_database_is_refused(void **state)
{
    rig *r = *state;
    rig_close(r);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data.mdb", r->dir);
    const int fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    static const char junk[8192] = "not a database";
    assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
    close(fd);

    char why[STORE_WHY_BYTES];
    store *s = NULL;
    assert_int_equal(rig_try_open(r, 0, &s, why), POA_F_STORE);
    assert_non_null(strstr(why, "cannot open"));
}

static void a_reader_sees_one_commit(void **state)
{
    rig *r = *state;
    store_txn *before = rig_read(r);
    poa_id id;
    put_text(r, "later", &id);
    poa_span text;
    bool found = true;
    assert_int_equal(store_text_get(before, &id, &text, &found), POA_OK);
    assert_false(found);
    store_read_end(before);
    assert_true(has_text(r, &id)); /* the same transaction, renewed */
}

static void a_map_is_whole_pages(void **state)
{
    (void)state;
    assert_true(store_map_bytes(0) == STORE_MAP_BYTES_DEFAULT);
    assert_int_equal(store_map_bytes(1), 4096);
    assert_int_equal(store_map_bytes(4096), 4096);
    assert_int_equal(store_map_bytes(8191), 4096);
    assert_int_equal(store_map_bytes(8192), 8192);
}

static void readers_are_bounded(void **state)
{
    rig *r = *state;
    store_txn *txns[STORE_READERS_DEFAULT];
    for (size_t i = 0; i < STORE_READERS_DEFAULT; i++)
        txns[i] = rig_read(r);
    store_txn *one_more = NULL;
    assert_int_equal(store_read_begin(r->s, &one_more), POA_F_STORE);
    assert_null(one_more);
    store_read_end(txns[0]);
    txns[0] = rig_read(r);
    for (size_t i = 0; i < STORE_READERS_DEFAULT; i++)
        store_read_end(txns[i]);
    store_read_end(NULL);
}

/* A process that is killed while it reads. */
static void die_reading(const rig *r)
{
    const pid_t child = fork();
    if (child == 0) {
        MDB_env *env = NULL;
        MDB_txn *txn = NULL;
        const bool ok = mdb_env_create(&env) == 0 && mdb_env_open(env, r->dir, MDB_NOTLS | MDB_RDONLY, 0600) == 0 &&
                        mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0;
        if (ok)
            (void)raise(SIGKILL);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void dead_readers_are_cleared(void **state)
{
    rig *r = *state;
    rig_close(r);
    rig_open(r, 0);
    die_reading(r);
    assert_int_equal(store_housekeep(r->s), 1);
    assert_int_equal(store_housekeep(r->s), 0);
}

static void a_put_while_reading_is_refused(void **state)
{
    rig *r = *state;
    store_txn *txn = rig_read(r);
    bool added = false;
    assert_int_equal(store_kv_put(txn, STORE_TEXTS, POA_SPAN("k"), POA_SPAN("v")), POA_F_USAGE);
    assert_int_equal(store_kv_add(txn, STORE_TEXTS, POA_SPAN("k"), POA_SPAN("v"), &added), POA_F_USAGE);
    assert_int_equal(store_kv_del(txn, STORE_TEXTS, POA_SPAN("k")), POA_F_USAGE);
    assert_int_equal(store_kv_empty(txn, STORE_TEXTS), POA_F_USAGE);
    store_read_end(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_store_is_closed_to_others, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_directory_is_made_when_missing, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_directory_open_to_others_is_refused, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_second_open_is_refused, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(reopening_finds_everything, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(every_store_has_an_id_of_its_own, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_newer_format_is_refused, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_database_without_format_is_refused, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_foreign_database_is_refused, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_reader_sees_one_commit, rig_setup, rig_teardown),
        cmocka_unit_test(a_map_is_whole_pages),
        cmocka_unit_test_setup_teardown(readers_are_bounded, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(dead_readers_are_cleared, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_put_while_reading_is_refused, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_open", tests, NULL, NULL);
}
