#include "store_rig.h"

#include "bounds.h"
#include "store/poas.h"
#include "store/texts.h"

#include <stdlib.h>
#include <string.h>

static store_poa sample(unsigned n, unsigned parent)
{
    return (store_poa){
        .id = rig_id(n),
        .parent = parent == 0 ? (poa_id){{0}} : rig_id(parent),
        .root_iss = POA_SPAN("owner.example"),
        .iss = POA_SPAN("contractor.example"),
        .sub = POA_SPAN("technician.example"),
        .iat_s = 100,
        .nbf_s = 200,
        .exp_s = 300,
        .transferable = 2,
        .cnf = rig_id(900),
        .kid = rig_id(901),
        .chain = rig_id(902),
        .first_seen_s = 150,
    };
}

static void put(rig *r, unsigned n, unsigned parent)
{
    const store_poa poa = sample(n, parent);
    store_txn txn = rig_write(r);
    bool added = false;
    assert_int_equal(store_poa_put(&txn, &poa, &added), POA_OK);
    assert_true(added);
    rig_commit(&txn);
}

static void what_was_put_is_got(void **state)
{
    rig *r = *state;
    put(r, 2, 1);
    rig_close(r);
    rig_open(r, 0);

    store_txn *txn = rig_read(r);
    store_poa got;
    bool found = false;
    const poa_id id = rig_id(2);
    assert_int_equal(store_poa_get(txn, &id, &got, &found), POA_OK);
    assert_true(found);
    const store_poa want = sample(2, 1);
    assert_true(poa_id_equal(&got.id, &want.id));
    assert_true(poa_id_equal(&got.parent, &want.parent));
    assert_memory_equal(got.root_iss.ptr, "owner.example", 13);
    assert_int_equal(got.iss.len, want.iss.len);
    assert_memory_equal(got.sub.ptr, want.sub.ptr, want.sub.len);
    assert_int_equal(got.iat_s, 100);
    assert_int_equal(got.nbf_s, 200);
    assert_int_equal(got.exp_s, 300);
    assert_int_equal(got.transferable, 2);
    assert_true(poa_id_equal(&got.cnf, &want.cnf));
    assert_true(poa_id_equal(&got.kid, &want.kid));
    assert_true(poa_id_equal(&got.chain, &want.chain));
    assert_int_equal(got.first_seen_s, 150);

    const poa_id other = rig_id(3);
    assert_int_equal(store_poa_get(txn, &other, &got, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);
}

static void the_first_sight_stays(void **state)
{
    rig *r = *state;
    put(r, 2, 1);
    store_poa again = sample(2, 1);
    again.first_seen_s = 999;
    store_txn txn = rig_write(r);
    bool added = true;
    assert_int_equal(store_poa_put(&txn, &again, &added), POA_OK);
    assert_false(added);
    store_poa got;
    bool found = false;
    assert_int_equal(store_poa_get(&txn, &again.id, &got, &found), POA_OK);
    assert_int_equal(got.first_seen_s, 150);
    rig_commit(&txn);
}

static void bounds_are_kept(void **state)
{
    rig *r = *state;
    static char longest[POA_NAME_BYTES_MAX + 1];
    memset(longest, 'a', sizeof longest);
    store_txn txn = rig_write(r);

    store_poa poa = sample(2, 1);
    poa.sub = (poa_span){longest, POA_NAME_BYTES_MAX + 1};
    assert_int_equal(store_poa_put(&txn, &poa, NULL), POA_F_USAGE);
    poa.sub = (poa_span){0};
    assert_int_equal(store_poa_put(&txn, &poa, NULL), POA_F_USAGE);
    poa.sub = POA_SPAN("a\nb");
    assert_int_equal(store_poa_put(&txn, &poa, NULL), POA_F_USAGE);
    poa = sample(2, 1);
    poa.exp_s = POA_TIME_MAX + 1;
    assert_int_equal(store_poa_put(&txn, &poa, NULL), POA_F_USAGE);
    poa = sample(2, 1);
    poa.iat_s = -1;
    assert_int_equal(store_poa_put(&txn, &poa, NULL), POA_F_USAGE);
    poa = sample(2, 1);
    poa.transferable = POA_TRANSFERABLE_MAX + 1;
    assert_int_equal(store_poa_put(&txn, &poa, NULL), POA_F_USAGE);

    poa = sample(2, 1);
    poa.sub = (poa_span){longest, POA_NAME_BYTES_MAX};
    poa.exp_s = POA_TIME_MAX;
    poa.transferable = POA_TRANSFERABLE_MAX;
    assert_int_equal(store_poa_put(&txn, &poa, NULL), POA_OK);
    rig_commit(&txn);
}

static void children_come_in_pages(void **state)
{
    rig *r = *state;
    for (unsigned n = 10; n < 15; n++)
        put(r, n, 1);
    put(r, 20, 2);
    put(r, 1, 0);
    put(r, 2, 0);

    store_txn *txn = rig_read(r);
    const poa_id parent = rig_id(1);
    poa_id ids[8];
    size_t count = 0;
    assert_int_equal(store_poa_children(txn, &parent, NULL, ids, 3, &count), POA_OK);
    assert_int_equal(count, 3);
    const poa_id last = ids[2];
    assert_int_equal(store_poa_children(txn, &parent, &last, ids, 3, &count), POA_OK);
    assert_int_equal(count, 2);
    const poa_id want = rig_id(14);
    assert_true(poa_id_equal(&ids[1], &want));

    const poa_id none = {{0}};
    assert_int_equal(store_poa_children(txn, &none, NULL, ids, 8, &count), POA_OK);
    assert_int_equal(count, 2);
    store_read_end(txn);
}

typedef struct visits {
    unsigned n;
    unsigned last_bytes[16];
    unsigned depths[16];
    unsigned stop_at; /* 0: never */
} visits;

static poa_err note(void *ctx, const poa_id *id, unsigned depth)
{
    visits *v = ctx;
    v->last_bytes[v->n] = id->bytes[31];
    v->depths[v->n] = depth;
    v->n++;
    return v->n == v->stop_at ? POA_E_REVOKED : POA_OK;
}

static void everything_below_is_visited(void **state)
{
    rig *r = *state;
    put(r, 1, 0);
    put(r, 10, 1);
    put(r, 11, 1);
    put(r, 20, 10);
    put(r, 30, 20);
    put(r, 21, 11);
    put(r, 40, 2); /* of somebody else */

    store_txn *txn = rig_read(r);
    visits v = {0};
    const poa_id root = rig_id(1);
    assert_int_equal(store_poa_each_below(txn, &root, note, &v), POA_OK);
    static const unsigned ids[] = {10, 20, 30, 11, 21};
    static const unsigned depths[] = {1, 2, 3, 1, 2};
    assert_int_equal(v.n, 5);
    assert_memory_equal(v.last_bytes, ids, sizeof ids);
    assert_memory_equal(v.depths, depths, sizeof depths);

    const poa_id unseen = rig_id(2);
    v = (visits){0};
    assert_int_equal(store_poa_each_below(txn, &unseen, note, &v), POA_OK);
    assert_int_equal(v.n, 1);

    const poa_id leaf = rig_id(30);
    v = (visits){0};
    assert_int_equal(store_poa_each_below(txn, &leaf, note, &v), POA_OK);
    assert_int_equal(v.n, 0);

    v = (visits){.stop_at = 2};
    assert_int_equal(store_poa_each_below(txn, &root, note, &v), POA_E_REVOKED);
    assert_int_equal(v.n, 2);
    store_read_end(txn);
}

static void a_walk_ends_where_no_chain_can_be(void **state)
{
    rig *r = *state;
    for (unsigned n = 1; n <= POA_CHAIN_LINKS_HARD; n++)
        put(r, n, n - 1);
    store_txn *txn = rig_read(r);
    const poa_id none = {{0}};
    visits v = {0};
    assert_int_equal(store_poa_each_below(txn, &none, note, &v), POA_OK);
    assert_int_equal(v.n, POA_CHAIN_LINKS_HARD);
    store_read_end(txn);

    /* An index that runs in a circle. */
    store_key circle = {.len = 0};
    const poa_id last = rig_id(POA_CHAIN_LINKS_HARD);
    const poa_id first = rig_id(1);
    store_key_id(&circle, &last);
    store_key_id(&circle, &first);
    rig_overwrite(r, STORE_POA_CHILDREN, store_key_span(&circle), "", 0);
    txn = rig_read(r);
    v = (visits){0};
    assert_int_equal(store_poa_each_below(txn, &none, note, &v), POA_F_STORE);
    store_read_end(txn);

    store_key odd = {.len = 0};
    store_key_id(&odd, &none);
    store_key_u8(&odd, 1);
    rig_overwrite(r, STORE_POA_CHILDREN, store_key_span(&odd), "", 0);
    txn = rig_read(r);
    poa_id ids[4];
    size_t count = 0;
    assert_int_equal(store_poa_children(txn, &none, NULL, ids, 4, &count), POA_F_STORE);
    store_read_end(txn);
}

static poa_err read_two(store_txn *txn)
{
    const poa_id id = rig_id(2);
    store_poa got;
    bool found = false;
    return store_poa_get(txn, &id, &got, &found);
}

static void a_damaged_poa_is_a_fault(void **state)
{
    rig *r = *state;
    put(r, 2, 1);
    const poa_id id = rig_id(2);
    rig_damage(r, STORE_POAS, store_id_span(&id), read_two);
}

static void a_text_is_kept_once(void **state)
{
    rig *r = *state;
    static char most[STORE_TEXT_BYTES_MAX + 1];
    memset(most, 'x', sizeof most);
    store_txn txn = rig_write(r);
    poa_id id;
    poa_id again;
    assert_int_equal(store_text_put(&txn, POA_SPAN("a~b"), &id), POA_OK);
    assert_int_equal(store_text_put(&txn, POA_SPAN("a~b"), &again), POA_OK);
    assert_true(poa_id_equal(&id, &again));
    assert_int_equal(store_text_put(&txn, POA_SPAN("a~c"), &again), POA_OK);
    assert_false(poa_id_equal(&id, &again));
    assert_int_equal(store_text_put(&txn, (poa_span){0}, NULL), POA_F_USAGE);
    assert_int_equal(store_text_put(&txn, (poa_span){most, STORE_TEXT_BYTES_MAX + 1}, NULL), POA_F_USAGE);
    assert_int_equal(store_text_put(&txn, (poa_span){most, STORE_TEXT_BYTES_MAX}, &again), POA_OK);
    rig_commit(&txn);

    /* SHA-256 of "a~b", from sha256sum. */
    static const uint8_t want[] = {0x94, 0x15, 0x28, 0xe5, 0xe7, 0x7c, 0x9a, 0x1f, 0x3e, 0x2f, 0xcb,
                                   0xc9, 0x5f, 0x20, 0x55, 0x6f, 0x54, 0xf2, 0x4d, 0x70, 0xd5, 0x78,
                                   0x2e, 0x4c, 0xf8, 0x48, 0xb2, 0x54, 0x88, 0x5b, 0xc0, 0xe5};
    assert_memory_equal(id.bytes, want, sizeof want);

    store_txn *read = rig_read(r);
    poa_span text;
    bool found = false;
    assert_int_equal(store_text_get(read, &id, &text, &found), POA_OK);
    assert_true(found);
    assert_int_equal(text.len, 3);
    assert_memory_equal(text.ptr, "a~b", 3);
    assert_int_equal(store_text_get(read, &again, &text, &found), POA_OK);
    assert_int_equal(text.len, STORE_TEXT_BYTES_MAX);
    again.bytes[0] ^= 1;
    assert_int_equal(store_text_get(read, &again, &text, &found), POA_OK);
    assert_false(found);
    store_read_end(read);
}

static void a_changed_text_is_a_fault(void **state)
{
    rig *r = *state;
    store_txn txn = rig_write(r);
    poa_id id;
    assert_int_equal(store_text_put(&txn, POA_SPAN("a~b"), &id), POA_OK);
    rig_commit(&txn);

    size_t len = 0;
    char *record = rig_record(r, STORE_TEXTS, store_id_span(&id), &len);
    for (size_t bit = 0; bit < len * 8; bit++) {
        record[bit / 8] = (char)(record[bit / 8] ^ 1 << bit % 8);
        rig_overwrite(r, STORE_TEXTS, store_id_span(&id), record, len);
        store_txn *read = rig_read(r);
        poa_span text;
        bool found = false;
        assert_int_equal(store_text_get(read, &id, &text, &found), POA_F_STORE);
        store_read_end(read);
        record[bit / 8] = (char)(record[bit / 8] ^ 1 << bit % 8);
    }
    free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_is_got, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_first_sight_stays, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(bounds_are_kept, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(children_come_in_pages, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(everything_below_is_visited, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_walk_ends_where_no_chain_can_be, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_poa_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_text_is_kept_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_changed_text_is_a_fault, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_poas", tests, NULL, NULL);
}
