#include "store_rig.h"

#include "bounds.h"
#include "store/expiries.h"
#include "store/meta.h"
#include "store/statements.h"
#include "store/walks.h"

#include <stdlib.h>
#include <string.h>

static store_statement revoke(unsigned n, unsigned target)
{
    return (store_statement){
        .id = rig_id(n),
        .op = POA_OP_REVOKE,
        .kind = POA_TARGET_POA,
        .target = rig_id(target),
        .jti = POA_SPAN("a-statement-of-22-char"),
        .signer = rig_id(800),
        .accepted_s = 1000,
        .text = POA_SPAN("aaaa.bbbb.cccc"),
    };
}

static store_statement hold(unsigned n, unsigned target, poa_span jti)
{
    store_statement s = revoke(n, target);
    s.op = POA_OP_SUSPEND;
    s.jti = jti;
    return s;
}

static store_statement lift(unsigned n, poa_span name)
{
    store_statement s = revoke(n, 0);
    s.op = POA_OP_RESUME;
    s.kind = POA_TARGET_HOLD;
    s.target = (poa_id){{0}};
    s.hold = name;
    return s;
}

/* Whoever signs the statements of these tests, and somebody who signs none. */
static poa_signers signers(void)
{
    static poa_id keys[2];
    keys[0] = rig_id(801);
    keys[1] = rig_id(800);
    return (poa_signers){keys, 2};
}

static uint64_t add(rig *r, const store_statement *s)
{
    store_txn txn = rig_write(r);
    uint64_t epoch = 0;
    bool added = false;
    assert_int_equal(store_statement_add(&txn, s, &epoch, &added), POA_OK);
    assert_true(added);
    rig_commit(&txn);
    return epoch;
}

typedef struct visits {
    size_t n;
    uint64_t epochs[8];
    size_t stop_at; /* 0: never */
} visits;

static poa_err note(void *ctx, const store_statement *s)
{
    visits *v = ctx;
    v->epochs[v->n++] = s->epoch;
    return v->n == v->stop_at ? POA_E_REVOKED : POA_OK;
}

/* Statements of these epochs stand on the target, in this order. */
static void assert_on(rig *r, enum poa_statement_target kind, unsigned target, size_t n, const uint64_t *epochs)
{
    store_txn *txn = rig_read(r);
    const poa_id id = rig_id(target);
    const poa_signers by = signers();
    visits v = {0};
    assert_int_equal(store_statement_each_on(txn, kind, &id, &by, note, &v), POA_OK);
    assert_int_equal(v.n, n);
    assert_memory_equal(v.epochs, epochs, n * sizeof *epochs);
    store_read_end(txn);
}

static void epochs_have_no_gaps(void **state)
{
    rig *r = *state;
    for (unsigned n = 1; n <= 5; n++) {
        const store_statement s = revoke(n, 50);
        assert_int_equal(add(r, &s), n);
    }
    rig_close(r);
    rig_open(r, 0);
    const store_statement s = revoke(6, 50);
    assert_int_equal(add(r, &s), 6);
    store_txn *txn = rig_read(r);
    uint64_t epoch = 0;
    assert_int_equal(store_epoch(txn, &epoch), POA_OK);
    assert_int_equal(epoch, 6);
    store_read_end(txn);

    /* What follows the last there can be? Nothing. */
    store_txn last = rig_write(r);
    const store_statement other = revoke(7, 50);
    static const char most[] = "\1\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_int_equal(store_kv_put(&last, STORE_META, POA_SPAN("epoch"), (poa_span){most, 9}), POA_OK);
    assert_int_equal(store_statement_add(&last, &other, &epoch, NULL), POA_F_STORE);
    store_write_abort(&last);

    /* What was undone leaves no gap either. */
    store_txn undone = rig_write(r);
    assert_int_equal(store_statement_add(&undone, &other, &epoch, NULL), POA_OK);
    assert_int_equal(epoch, 7);
    store_write_abort(&undone);
    assert_int_equal(add(r, &other), 7);
}

static void the_same_statement_keeps_its_epoch(void **state)
{
    rig *r = *state;
    const store_statement s = revoke(1, 50);
    assert_int_equal(add(r, &s), 1);
    const store_statement other = revoke(2, 50);
    assert_int_equal(add(r, &other), 2);

    store_txn txn = rig_write(r);
    uint64_t epoch = 0;
    bool added = true;
    assert_int_equal(store_statement_add(&txn, &s, &epoch, &added), POA_OK);
    assert_false(added);
    assert_int_equal(epoch, 1);
    assert_int_equal(store_epoch(&txn, &epoch), POA_OK);
    assert_int_equal(epoch, 2);

    bool found = false;
    assert_int_equal(store_statement_find(&txn, &other.id, &epoch, &found), POA_OK);
    assert_true(found);
    assert_int_equal(epoch, 2);
    const poa_id unseen = rig_id(3);
    assert_int_equal(store_statement_find(&txn, &unseen, &epoch, &found), POA_OK);
    assert_false(found);
    store_write_abort(&txn);
}

static void what_was_put_is_got(void **state)
{
    rig *r = *state;
    store_statement s = revoke(1, 50);
    s.kind = POA_TARGET_KEY;
    s.reach = POA_SPAN("{\"owner\":\"o\"}");
    s.drop_after_s = 5000;
    add(r, &s);

    store_txn *txn = rig_read(r);
    store_statement got;
    bool found = false;
    assert_int_equal(store_statement_get(txn, 1, &got, &found), POA_OK);
    assert_true(found);
    assert_int_equal(got.epoch, 1);
    assert_true(poa_id_equal(&got.id, &s.id));
    assert_int_equal(got.op, POA_OP_REVOKE);
    assert_int_equal(got.kind, POA_TARGET_KEY);
    assert_true(poa_id_equal(&got.target, &s.target));
    assert_int_equal(got.hold.len, 0);
    assert_memory_equal(got.jti.ptr, s.jti.ptr, s.jti.len);
    assert_true(poa_id_equal(&got.signer, &s.signer));
    assert_int_equal(got.reach.len, s.reach.len);
    assert_memory_equal(got.reach.ptr, s.reach.ptr, s.reach.len);
    assert_int_equal(got.accepted_s, 1000);
    assert_int_equal(got.drop_after_s, 5000);
    assert_memory_equal(got.text.ptr, "aaaa.bbbb.cccc", 14);
    assert_int_equal(got.text.len, 14);
    assert_int_equal(store_statement_get(txn, 2, &got, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);
}

static void a_target_lists_its_statements(void **state)
{
    rig *r = *state;
    const store_statement all[] = {revoke(1, 50), revoke(2, 51), hold(3, 50, POA_SPAN("hold")), revoke(4, 50)};
    for (size_t i = 0; i < 3; i++)
        add(r, &all[i]);
    store_statement on_key = all[3];
    on_key.kind = POA_TARGET_KEY; /* the same 32 bytes, but a key */
    add(r, &on_key);

    assert_on(r, POA_TARGET_POA, 50, 2, (const uint64_t[]){1, 3});
    assert_on(r, POA_TARGET_POA, 51, 1, (const uint64_t[]){2});
    assert_on(r, POA_TARGET_KEY, 50, 1, (const uint64_t[]){4});
    assert_on(r, POA_TARGET_KEY, 51, 0, (const uint64_t[]){0});

    store_txn *txn = rig_read(r);
    visits v = {.stop_at = 1};
    const poa_id target = rig_id(50);
    const poa_signers by = signers();
    assert_int_equal(store_statement_each_on(txn, POA_TARGET_POA, &target, &by, note, &v), POA_E_REVOKED);
    assert_int_equal(v.n, 1);
    v = (visits){0};
    assert_int_equal(store_statement_each_since(txn, 2, note, &v), POA_OK);
    assert_int_equal(v.n, 2);
    assert_int_equal(v.epochs[0], 3);
    v = (visits){0};
    assert_int_equal(store_statement_each_since(txn, 0, note, &v), POA_OK);
    assert_int_equal(v.n, 4);
    assert_int_equal(store_statement_each_on(txn, POA_TARGET_HOLD, &target, &by, note, &v), POA_F_USAGE);
    store_read_end(txn);
}

static void a_resume_is_found_by_its_hold(void **state)
{
    rig *r = *state;
    const poa_span name = POA_SPAN("the-name-of-the-hold-1");
    const store_statement held = hold(1, 50, name);
    const store_statement held_by_another = hold(2, 51, name);
    const store_statement lifted = lift(3, name);
    const store_statement lifted_other = lift(4, POA_SPAN("the-name-of-the-hold-2"));
    add(r, &held);
    add(r, &held_by_another);
    add(r, &lifted);
    add(r, &lifted_other);

    store_txn *txn = rig_read(r);
    const poa_signers by = signers();
    visits v = {0};
    assert_int_equal(store_statement_each_lifting(txn, name, &by, note, &v), POA_OK);
    assert_int_equal(v.n, 1);
    assert_int_equal(v.epochs[0], 3);
    v = (visits){0};
    assert_int_equal(store_statement_each_named(txn, name, note, &v), POA_OK);
    assert_int_equal(v.n, 2);
    v = (visits){0};
    assert_int_equal(store_statement_each_lifting(txn, POA_SPAN("the-name-of-the-hold-"), &by, note, &v), POA_OK);
    assert_int_equal(v.n, 0);
    store_read_end(txn);
}

/* Only what the named keys and administrators said is looked at, in the order in which it was accepted. */
static void a_question_costs_nothing_for_what_others_said(void **state)
{
    rig *r = *state;
    enum { JUNK = 500 };
    for (unsigned n = 1; n <= JUNK; n++) {
        store_statement s = revoke(n, 50);
        s.signer = rig_id(1000 + n);
        add(r, &s);
    }
    store_statement known[4];
    for (unsigned i = 0; i < 4; i++) {
        known[i] = revoke(JUNK + 1 + i, 50);
        known[i].signer = rig_id(i % 2 ? 800 : 801);
    }
    known[2].signer = rig_id(7); /* an administrator, with any key */
    known[2].reach = POA_SPAN("{}");
    for (unsigned i = 0; i < 4; i++)
        add(r, &known[i]);
    assert_on(r, POA_TARGET_POA, 50, 4, (const uint64_t[]){JUNK + 1, JUNK + 2, JUNK + 3, JUNK + 4});

    store_txn *txn = rig_read(r);
    poa_id keys[STORE_SIGNERS_MAX + 1];
    for (size_t i = 0; i <= STORE_SIGNERS_MAX; i++)
        keys[i] = rig_id(800); /* the same, again and again */
    poa_signers by = {keys, STORE_SIGNERS_MAX};
    const poa_id target = rig_id(50);
    visits v = {0};
    assert_int_equal(store_statement_each_on(txn, POA_TARGET_POA, &target, &by, note, &v), POA_OK);
    assert_int_equal(v.n, 3);
    by.count++;
    assert_int_equal(store_statement_each_on(txn, POA_TARGET_POA, &target, &by, note, &v), POA_F_USAGE);
    by.count = 0;
    v = (visits){0};
    assert_int_equal(store_statement_each_on(txn, POA_TARGET_POA, &target, &by, note, &v), POA_OK);
    assert_int_equal(v.n, 1);
    assert_int_equal(v.epochs[0], JUNK + 3);
    store_read_end(txn);
}

static void bounds_are_kept(void **state)
{
    rig *r = *state;
    static char most[STORE_STATEMENT_BYTES_MAX + 1];
    memset(most, 'a', sizeof most);
    const store_statement good = revoke(1, 50);
    store_statement bad[10];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        bad[i] = good;
    bad[0].text = (poa_span){most, STORE_STATEMENT_BYTES_MAX + 1};
    bad[1].text = (poa_span){0};
    bad[2].jti = (poa_span){0};
    bad[3].jti = (poa_span){most, POA_NAME_BYTES_MAX + 1};
    bad[4].reach = (poa_span){most, STORE_REACH_BYTES_MAX + 1};
    bad[5].accepted_s = -1;
    bad[6].kind = POA_TARGET_HOLD;    /* only a resume has it */
    bad[7].op = POA_OP_RESUME;        /* which names no PoA */
    bad[8].hold = POA_SPAN("a-hold"); /* both */
    bad[9].target = (poa_id){{0}};    /* neither */

    store_txn txn = rig_write(r);
    uint64_t epoch = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (store_statement_add(&txn, &bad[i], &epoch, NULL) != POA_F_USAGE)
            fail_msg("case %zu", i);
    store_statement longest = good;
    longest.text = (poa_span){most, STORE_STATEMENT_BYTES_MAX};
    assert_int_equal(store_statement_add(&txn, &longest, &epoch, NULL), POA_OK);
    assert_int_equal(epoch, 1);
    rig_commit(&txn);
}

static void what_may_go_goes(void **state)
{
    rig *r = *state;
    store_statement early = revoke(1, 50);
    early.drop_after_s = 2000;
    store_statement late = revoke(2, 50);
    late.drop_after_s = 3000;
    const store_statement never = revoke(3, 50);
    add(r, &early);
    add(r, &late);
    add(r, &never);

    store_txn txn = rig_write(r);
    size_t removed = 9;
    int64_t mark_s = 0;
    assert_int_equal(store_purge(&txn, 2000, 10, &removed), POA_OK); /* not passed yet */
    assert_int_equal(removed, 0);
    assert_int_equal(store_time_mark(&txn, &mark_s), POA_OK);
    assert_int_equal(mark_s, 0);
    assert_int_equal(store_purge(&txn, 2001, 10, &removed), POA_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(store_time_mark(&txn, &mark_s), POA_OK);
    assert_int_equal(mark_s, 2001);
    rig_commit(&txn);
    assert_on(r, POA_TARGET_POA, 50, 2, (const uint64_t[]){2, 3});

    store_txn *read = rig_read(r);
    uint64_t epoch = 0;
    bool found = true;
    assert_int_equal(store_statement_find(read, &early.id, &epoch, &found), POA_OK);
    assert_false(found);
    assert_int_equal(store_epoch(read, &epoch), POA_OK);
    assert_int_equal(epoch, 3);
    visits v = {0};
    assert_int_equal(store_statement_each_named(read, early.jti, note, &v), POA_OK);
    assert_int_equal(v.n, 2);
    store_read_end(read);

    txn = rig_write(r);
    assert_int_equal(store_purge(&txn, POA_TIME_MAX, 10, &removed), POA_OK);
    assert_int_equal(removed, 1);
    rig_commit(&txn);
    assert_on(r, POA_TARGET_POA, 50, 1, (const uint64_t[]){3});
    assert_int_equal(add(r, &early), 4);
}

static poa_err read_first(store_txn *txn)
{
    store_statement got;
    bool found = false;
    return store_statement_get(txn, 1, &got, &found);
}

static bool is_kept(rig *r, uint64_t epoch)
{
    store_txn *txn = rig_read(r);
    store_statement got;
    bool found = false;
    assert_int_equal(store_statement_get(txn, epoch, &got, &found), POA_OK);
    store_read_end(txn);
    return found;
}

static void purge_at(rig *r, int64_t now_s)
{
    store_txn txn = rig_write(r);
    size_t removed = 0;
    assert_int_equal(store_purge(&txn, now_s, 10, &removed), POA_OK);
    assert_true(removed < 10);
    rig_commit(&txn);
}

/* A PoA may have ended long before somebody says what its devices are to suffer. */
static void what_is_walked_waits_for_its_walk(void **state)
{
    enum { DAY_S = 86400 };
    rig *r = *state;
    store_statement walked = revoke(1, 500), other = revoke(2, 501);
    walked.drop_after_s = other.drop_after_s = 2000;
    const store_walk walk = {.epoch = add(r, &walked), .started_s = 1000};
    const uint64_t left = add(r, &other);
    store_txn txn = rig_write(r);
    assert_int_equal(store_walk_put(&txn, &walk), POA_OK);
    rig_commit(&txn);

    purge_at(r, 3000);
    assert_true(is_kept(r, walk.epoch));
    assert_false(is_kept(r, left));
    purge_at(r, 3000 + 2 * DAY_S);
    assert_true(is_kept(r, walk.epoch));

    txn = rig_write(r);
    assert_int_equal(store_walk_end(&txn, walk.epoch), POA_OK);
    rig_commit(&txn);
    purge_at(r, 3000 + 3 * DAY_S);
    assert_true(is_kept(r, walk.epoch));
    purge_at(r, 3001 + 3 * DAY_S);
    assert_false(is_kept(r, walk.epoch));
}

static void a_damaged_statement_is_a_fault(void **state)
{
    rig *r = *state;
    store_statement s = lift(1, POA_SPAN("the-name-of-the-hold-1"));
    s.reach = POA_SPAN("{}");
    add(r, &s);
    store_key key = {.len = 0};
    store_key_u64(&key, 1);
    rig_damage(r, STORE_STATEMENTS, store_key_span(&key), read_first);
}

static void an_index_without_its_record_is_a_fault(void **state)
{
    rig *r = *state;
    const store_statement s = revoke(1, 50);
    add(r, &s);
    const store_statement other = revoke(2, 51);
    add(r, &other);
    store_key key = {.len = 0};
    store_key_u64(&key, 1);
    store_txn txn = rig_write(r);
    assert_int_equal(store_kv_del(&txn, STORE_STATEMENTS, store_key_span(&key)), POA_OK);
    rig_commit(&txn);

    store_txn *read = rig_read(r);
    const poa_signers by = signers();
    visits v = {0};
    assert_int_equal(store_statement_each_on(read, POA_TARGET_POA, &s.target, &by, note, &v), POA_F_STORE);
    assert_int_equal(v.n, 0);
    store_read_end(read);

    rig_overwrite(r, STORE_STATEMENTS, POA_SPAN("odd"), "", 0);
    store_key odd = {.len = 0};
    store_key_u8(&odd, POA_TARGET_KEY + 1);
    store_key_id(&odd, &s.target);
    store_key_u8(&odd, 1);
    store_key_u64(&odd, 2);
    rig_overwrite(r, STORE_STATEMENT_TARGETS, store_key_span(&odd), "", 0);
    read = rig_read(r);
    assert_int_equal(store_statement_each_on(read, POA_TARGET_KEY, &s.target, &by, note, &v), POA_F_STORE);
    assert_int_equal(v.n, 0);
    assert_int_equal(store_statement_each_since(read, 0, note, &v), POA_F_STORE);
    assert_int_equal(v.n, 1);
    store_read_end(read);

    rig_overwrite(r, STORE_STATEMENT_IDS, store_id_span(&s.id), "short", 5);
    read = rig_read(r);
    uint64_t epoch = 0;
    bool found = false;
    assert_int_equal(store_statement_find(read, &s.id, &epoch, &found), POA_F_STORE);
    store_read_end(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(epochs_have_no_gaps, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_same_statement_keeps_its_epoch, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(what_was_put_is_got, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_target_lists_its_statements, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_resume_is_found_by_its_hold, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_question_costs_nothing_for_what_others_said, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(bounds_are_kept, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(what_may_go_goes, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(what_is_walked_waits_for_its_walk, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_statement_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_index_without_its_record_is_a_fault, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_statements", tests, NULL, NULL);
}
