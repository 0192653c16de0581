#include "store_rig.h"

#include "bounds.h"
#include "store/commits.h"
#include "store/expiries.h"
#include "store/meta.h"
#include "store/nonces.h"
#include "store/quotas.h"

#include <string.h>

/* Quotas, nonces, commits and what becomes of the latter two in time. */

static void a_quota_counts_up_to_its_limit(void **state)
{
    rig *r = *state;
    store_txn txn = rig_write(r);
    const poa_id poa = rig_id(1);
    uint64_t used = 7;
    assert_int_equal(store_quota_used(&txn, &poa, 0, &used), POA_OK);
    assert_int_equal(used, 0);
    assert_int_equal(store_quota_charge(&txn, &poa, 0, 0), POA_E_QUOTA_EXCEEDED);
    assert_int_equal(store_quota_charge(&txn, &poa, 0, 2), POA_OK);
    assert_int_equal(store_quota_charge(&txn, &poa, 0, 2), POA_OK);
    assert_int_equal(store_quota_charge(&txn, &poa, 0, 2), POA_E_QUOTA_EXCEEDED);
    assert_int_equal(store_quota_charge(&txn, &poa, 0, 3), POA_OK);
    assert_int_equal(store_quota_used(&txn, &poa, 0, &used), POA_OK);
    assert_int_equal(used, 3);
    rig_commit(&txn);

    /* Each power of each PoA has its own. */
    rig_close(r);
    rig_open(r, 0);
    txn = rig_write(r);
    const poa_id other = rig_id(2);
    assert_int_equal(store_quota_used(&txn, &poa, 0, &used), POA_OK);
    assert_int_equal(used, 3);
    assert_int_equal(store_quota_used(&txn, &poa, 1, &used), POA_OK);
    assert_int_equal(used, 0);
    assert_int_equal(store_quota_used(&txn, &other, 0, &used), POA_OK);
    assert_int_equal(used, 0);
    assert_int_equal(store_quota_charge(&txn, &poa, 256, UINT64_MAX), POA_OK);
    assert_int_equal(store_quota_used(&txn, &poa, 1, &used), POA_OK);
    assert_int_equal(used, 0);
    rig_commit(&txn);
}

static void a_unit_is_given_back_once(void **state)
{
    rig *r = *state;
    store_txn txn = rig_write(r);
    const poa_id poa = rig_id(1);
    uint64_t used = 7;
    assert_int_equal(store_quota_give_back(&txn, &poa, 0), POA_F_USAGE);
    assert_int_equal(store_quota_charge(&txn, &poa, 0, 1), POA_OK);
    assert_int_equal(store_quota_give_back(&txn, &poa, 0), POA_OK);
    assert_int_equal(store_quota_give_back(&txn, &poa, 0), POA_F_USAGE);
    assert_int_equal(store_quota_used(&txn, &poa, 0, &used), POA_OK);
    assert_int_equal(used, 0);
    assert_int_equal(store_quota_charge(&txn, &poa, 0, 1), POA_OK);
    rig_commit(&txn);
}

static poa_err read_quota(store_txn *txn)
{
    const poa_id poa = rig_id(1);
    uint64_t used = 0;
    const poa_err err = store_quota_used(txn, &poa, 5, &used);
    /* A counter that cannot be read charges nothing. */
    assert_int_equal(store_quota_charge(txn, &poa, 5, UINT64_MAX) == POA_OK, err == POA_OK && used < UINT64_MAX);
    return err;
}

static void a_damaged_quota_is_a_fault(void **state)
{
    rig *r = *state;
    store_txn txn = rig_write(r);
    const poa_id poa = rig_id(1);
    assert_int_equal(store_quota_charge(&txn, &poa, 5, 1), POA_OK);
    rig_commit(&txn);
    store_key key = {.len = 0};
    store_key_id(&key, &poa);
    store_key_u32(&key, 5);
    rig_damage(r, STORE_QUOTAS, store_key_span(&key), read_quota);
}

static bool is_used(rig *r, unsigned n)
{
    store_txn *txn = rig_read(r);
    const poa_id nonce = rig_id(n);
    bool used = false;
    assert_int_equal(store_nonce_used(txn, &nonce, &used), POA_OK);
    store_read_end(txn);
    return used;
}

static void a_nonce_serves_once(void **state)
{
    rig *r = *state;
    const poa_id nonce = rig_id(1);
    assert_false(is_used(r, 1));
    store_txn txn = rig_write(r);
    assert_int_equal(store_nonce_use(&txn, &nonce, 300), POA_OK);
    assert_int_equal(store_nonce_use(&txn, &nonce, 400), POA_E_NONCE_INVALID);
    const poa_id other = rig_id(2);
    assert_int_equal(store_nonce_use(&txn, &other, -1), POA_F_USAGE);
    assert_int_equal(store_nonce_use(&txn, &other, POA_TIME_MAX + 1), POA_F_USAGE);
    rig_commit(&txn);
    rig_close(r);
    rig_open(r, 0);
    assert_true(is_used(r, 1));
    assert_false(is_used(r, 2));
}

static poa_err read_nonce(store_txn *txn)
{
    const poa_id nonce = rig_id(1);
    bool used = false;
    return store_nonce_used(txn, &nonce, &used);
}

static void a_damaged_nonce_is_a_fault(void **state)
{
    rig *r = *state;
    const poa_id nonce = rig_id(1);
    store_txn txn = rig_write(r);
    assert_int_equal(store_nonce_use(&txn, &nonce, 300), POA_OK);
    rig_commit(&txn);
    rig_damage(r, STORE_NONCES, store_id_span(&nonce), read_nonce);
}

static store_commit answer(void)
{
    return (store_commit){.request = rig_id(5), .status = 200, .expires_s = 500, .body = POA_SPAN("{\"decision\":1}")};
}

static void an_answer_is_remembered(void **state)
{
    rig *r = *state;
    const store_commit want = answer();
    store_txn txn = rig_write(r);
    assert_int_equal(store_commit_put(&txn, POA_SPAN("gate"), POA_SPAN("k-1"), &want), POA_OK);
    assert_int_equal(store_commit_put(&txn, POA_SPAN("gate"), POA_SPAN("k-1"), &want), POA_F_USAGE);
    rig_commit(&txn);
    rig_close(r);
    rig_open(r, 0);

    store_txn *read = rig_read(r);
    store_commit got;
    bool found = false;
    assert_int_equal(store_commit_get(read, POA_SPAN("gate"), POA_SPAN("k-1"), &got, &found), POA_OK);
    assert_true(found);
    assert_true(poa_id_equal(&got.request, &want.request));
    assert_int_equal(got.status, 200);
    assert_int_equal(got.expires_s, 500);
    assert_int_equal(got.body.len, want.body.len);
    assert_memory_equal(got.body.ptr, want.body.ptr, want.body.len);

    /* Another point's KEY, another KEY, the same letters cut elsewhere. */
    assert_int_equal(store_commit_get(read, POA_SPAN("gate2"), POA_SPAN("k-1"), &got, &found), POA_OK);
    assert_false(found);
    assert_int_equal(store_commit_get(read, POA_SPAN("gate"), POA_SPAN("k-2"), &got, &found), POA_OK);
    assert_false(found);
    assert_int_equal(store_commit_get(read, POA_SPAN("gatek"), POA_SPAN("-1"), &got, &found), POA_OK);
    assert_false(found);
    store_read_end(read);
}

static void an_answer_keeps_its_bounds(void **state)
{
    rig *r = *state;
    static char most[STORE_COMMIT_BODY_MAX + 1];
    memset(most, 'a', sizeof most);
    store_txn txn = rig_write(r);
    store_commit commit = answer();
    const poa_span point = POA_SPAN("gate");
    assert_int_equal(store_commit_put(&txn, (poa_span){0}, POA_SPAN("k"), &commit), POA_F_USAGE);
    assert_int_equal(store_commit_put(&txn, point, (poa_span){0}, &commit), POA_F_USAGE);
    assert_int_equal(store_commit_put(&txn, (poa_span){most, POA_NAME_BYTES_MAX + 1}, POA_SPAN("k"), &commit),
                     POA_F_USAGE);
    assert_int_equal(store_commit_put(&txn, point, (poa_span){most, STORE_COMMIT_KEY_BYTES_MAX + 1}, &commit),
                     POA_F_USAGE);
    commit.status = 99;
    assert_int_equal(store_commit_put(&txn, point, POA_SPAN("k"), &commit), POA_F_USAGE);
    commit.status = 600;
    assert_int_equal(store_commit_put(&txn, point, POA_SPAN("k"), &commit), POA_F_USAGE);
    commit = answer();
    commit.body = (poa_span){most, STORE_COMMIT_BODY_MAX + 1};
    assert_int_equal(store_commit_put(&txn, point, POA_SPAN("k"), &commit), POA_F_USAGE);
    commit.body.len = STORE_COMMIT_BODY_MAX;
    assert_int_equal(store_commit_put(&txn, point, (poa_span){most, STORE_COMMIT_KEY_BYTES_MAX}, &commit), POA_OK);
    rig_commit(&txn);
}

static poa_err read_answer(store_txn *txn)
{
    store_commit got;
    bool found = false;
    return store_commit_get(txn, POA_SPAN("gate"), POA_SPAN("k-1"), &got, &found);
}

static void a_damaged_answer_is_a_fault(void **state)
{
    rig *r = *state;
    const store_commit want = answer();
    store_txn txn = rig_write(r);
    assert_int_equal(store_commit_put(&txn, POA_SPAN("gate"), POA_SPAN("k-1"), &want), POA_OK);
    store_cursor c;
    store_pair pair;
    bool found = false;
    assert_int_equal(store_cursor_open(&txn, STORE_COMMITS, &c), POA_OK);
    assert_int_equal(store_cursor_seek(&c, (poa_span){0}, (poa_span){0}, &pair, &found), POA_OK);
    assert_true(found);
    const poa_id name = store_key_read_id(pair.key);
    store_cursor_close(&c);
    rig_commit(&txn);
    rig_damage(r, STORE_COMMITS, store_id_span(&name), read_answer);
}

static size_t purge(rig *r, int64_t now_s, size_t max)
{
    store_txn txn = rig_write(r);
    size_t removed = 0;
    assert_int_equal(store_purge(&txn, now_s, max, &removed), POA_OK);
    rig_commit(&txn);
    return removed;
}

static void what_expired_is_dropped(void **state)
{
    rig *r = *state;
    store_txn txn = rig_write(r);
    for (unsigned n = 1; n <= 5; n++) {
        const poa_id nonce = rig_id(n);
        assert_int_equal(store_nonce_use(&txn, &nonce, 100 * n), POA_OK);
    }
    const store_commit commit = answer(); /* at 500 as well */
    assert_int_equal(store_commit_put(&txn, POA_SPAN("gate"), POA_SPAN("k-1"), &commit), POA_OK);
    rig_commit(&txn);

    assert_int_equal(purge(r, 100, 10), 0);
    assert_int_equal(purge(r, 101, 10), 1);
    assert_false(is_used(r, 1));
    assert_true(is_used(r, 2));
    assert_int_equal(purge(r, 500, 2), 2);
    assert_int_equal(purge(r, 500, 2), 1);
    assert_true(is_used(r, 5));

    store_txn *read = rig_read(r);
    int64_t mark_s = 0;
    assert_int_equal(store_time_mark(read, &mark_s), POA_OK);
    assert_int_equal(mark_s, 500);
    store_read_end(read);

    assert_int_equal(purge(r, 501, 10), 2);
    read = rig_read(r);
    store_commit got;
    bool found = true;
    assert_int_equal(store_commit_get(read, POA_SPAN("gate"), POA_SPAN("k-1"), &got, &found), POA_OK);
    assert_false(found);
    MDB_stat stat;
    assert_int_equal(mdb_stat(read->mdb, r->s->tables[STORE_EXPIRIES], &stat), 0);
    assert_int_equal(stat.ms_entries, 0);
    store_read_end(read);

    txn = rig_write(r);
    size_t removed = 0;
    assert_int_equal(store_purge(&txn, -1, 1, &removed), POA_F_USAGE);
    store_write_abort(&txn);
}

static void a_damaged_expiry_is_a_fault(void **state)
{
    rig *r = *state;
    static const struct {
        const char *name;
        poa_span key;
    } cases[] = {
        {"short", POA_SPAN_INIT("\0\0\0\0\0\0\0\1")},
        {"unknown kind", POA_SPAN_INIT("\0\0\0\0\0\0\0\1\x09key")},
        {"of no nonce", POA_SPAN_INIT("\0\0\0\0\0\0\0\1\1key")},
        {"of no statement", POA_SPAN_INIT("\0\0\0\0\0\0\0\1\3\0\0\0\0\0\0\0\1")},
        {"no epoch", POA_SPAN_INIT("\0\0\0\0\0\0\0\1\3\1")},
        {"long",
         POA_SPAN_INIT("\0\0\0\0\0\0\0\1\1..........................................................................")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store_txn txn = rig_write(r);
        size_t removed = 0;
        assert_int_equal(store_kv_put(&txn, STORE_EXPIRIES, cases[i].key, (poa_span){0}), POA_OK);
        if (store_purge(&txn, 100, 10, &removed) != POA_F_STORE)
            fail_msg("%s", cases[i].name);
        store_write_abort(&txn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_quota_counts_up_to_its_limit, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_unit_is_given_back_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_quota_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_nonce_serves_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_nonce_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_answer_is_remembered, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_answer_keeps_its_bounds, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_answer_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(what_expired_is_dropped, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_expiry_is_a_fault, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_counts", tests, NULL, NULL);
}
