#include "store_device_rig.h"

#include "bounds.h"
#include "cleanup.h"

#include <string.h>

/* The indexes by which devices are found, and the lists that are taken from them. */

static size_t count_at(rig *r, poa_span location)
{
    store_uuid ids[8];
    return device_page(r, &(store_device_query){.locations = &location, .location_count = 1}, ids, 8);
}

static void a_location_covers_whole_segments(void **state)
{
    rig *r = *state;
    static const poa_span locations[] = {
        POA_SPAN_INIT("mine-7"),         POA_SPAN_INIT("mine-7/hall-2"),  POA_SPAN_INIT("mine-7/hall-2/bay-4"),
        POA_SPAN_INIT("mine-7/hall-22"), POA_SPAN_INIT("mine-70/hall-2"),
    };
    for (unsigned n = 0; n < 5; n++) {
        store_device device = device_sample(n);
        device.location = locations[n];
        device_put(r, &device);
    }
    assert_int_equal(count_at(r, POA_SPAN("mine-7")), 4);
    assert_int_equal(count_at(r, POA_SPAN("mine-7/hall-2")), 2);
    assert_int_equal(count_at(r, POA_SPAN("mine-7/hall-2/bay-4")), 1);
    assert_int_equal(count_at(r, POA_SPAN("mine-7/hall")), 0);
    assert_int_equal(count_at(r, POA_SPAN("mine")), 0);
    assert_int_equal(count_at(r, POA_SPAN("mine-7/")), 0);
    assert_int_equal(count_at(r, POA_SPAN("hall-2")), 0);

    /* The deepest there can be. */
    static char deepest[STORE_LOCATION_BYTES_MAX + 1];
    memset(deepest, 'a', sizeof deepest);
    for (size_t i = POA_SEGMENT_BYTES_MAX; i < STORE_LOCATION_BYTES_MAX; i += POA_SEGMENT_BYTES_MAX + 1)
        deepest[i] = '/';
    store_device device = device_sample(9);
    device.location = (poa_span){deepest, STORE_LOCATION_BYTES_MAX};
    device_put(r, &device);
    assert_int_equal(count_at(r, (poa_span){deepest, POA_SEGMENT_BYTES_MAX}), 1);
    assert_int_equal(count_at(r, device.location), 1);
}

static void pages_go_on_where_they_ended(void **state)
{
    rig *r = *state;
    for (unsigned n = 0; n < 20; n++) {
        store_device device = device_sample(n);
        device.location = n % 2 ? POA_SPAN("mine-7/a") : POA_SPAN("mine-7/b");
        device.leaf = n < 5 ? rig_id(750) : rig_id(751);
        device_put(r, &device);
    }
    store_uuid ids[20];
    assert_int_equal(device_page(r, &(store_device_query){0}, ids, 20), 20);

    /* Overlapping locations name a device once; a device that comes in between is not missed behind the mark. */
    static const poa_span both[] = {POA_SPAN_INIT("mine-7/b"), POA_SPAN_INIT("mine-7"), POA_SPAN_INIT("mine-7/a")};
    store_device_query query = {.locations = both, .location_count = 3};
    assert_int_equal(device_page(r, &query, ids, 7), 7);
    for (unsigned n = 0; n < 7; n++)
        assert_memory_equal(ids[n].bytes, rig_uuid(n).bytes, 16);
    const store_uuid last = ids[6];
    query.after = &last;
    store_device late = device_sample(25);
    late.location = POA_SPAN("mine-7/a");
    device_put(r, &late);
    assert_int_equal(device_page(r, &query, ids, 20), 14);
    assert_memory_equal(ids[0].bytes, rig_uuid(7).bytes, 16);
    assert_memory_equal(ids[13].bytes, rig_uuid(25).bytes, 16);

    const poa_id leaf = rig_id(750);
    assert_int_equal(device_page(r, &(store_device_query){.leaf = &leaf}, ids, 20), 5);
    const poa_id unseen = rig_id(752);
    assert_int_equal(device_page(r, &(store_device_query){.leaf = &unseen}, ids, 20), 0);
    assert_int_equal(device_page(r, &(store_device_query){.leaf = &leaf}, ids, 0), 0);

    store_txn *txn = rig_read(r);
    size_t count = 0;
    query.leaf = &leaf;
    assert_int_equal(store_device_page(txn, &query, ids, 20, &count), POA_F_USAGE);
    query = (store_device_query){.locations = both, .location_count = STORE_QUERY_LOCATIONS_MAX + 1};
    assert_int_equal(store_device_page(txn, &query, ids, 20, &count), POA_F_USAGE);
    store_read_end(txn);
}

static size_t count_under(rig *r, unsigned leaf)
{
    store_uuid ids[32];
    const poa_id id = rig_id(leaf);
    return device_page(r, &(store_device_query){.leaf = &id}, ids, 32);
}

/* The counter of a state, which must say what a walk finds. */
static size_t count_in(rig *r, store_device_state state)
{
    store_uuid ids[32];
    const size_t walked = device_page(r, &(store_device_query){.state = state}, ids, 32);
    store_txn *txn = rig_read(r);
    uint64_t counted = 99;
    assert_int_equal(store_device_count(txn, state, &counted), POA_OK);
    store_read_end(txn);
    assert_int_equal(counted, walked);
    return walked;
}

static void indexes_follow_a_change(void **state)
{
    rig *r = *state;
    const store_device before = device_sample(1);
    device_put(r, &before);

    /* Read, change and put in one transaction: spans into the map that the put itself moves. */
    store_txn txn = rig_write(r);
    store_device moved;
    bool found = false;
    assert_int_equal(store_device_get(&txn, &before.id, &moved, &found), POA_OK);
    moved.location = POA_SPAN("mine-8");
    moved.leaf = rig_id(760);
    moved.key = rig_id(55);
    moved.state = STORE_DEVICE_SUSPENDED;
    assert_int_equal(store_device_put(&txn, &moved), POA_OK);
    rig_commit(&txn);

    store_device want = device_sample(1);
    want.location = POA_SPAN("mine-8");
    want.leaf = rig_id(760);
    want.key = rig_id(55);
    want.state = STORE_DEVICE_SUSPENDED;
    want.came_leaf = before.leaf;
    want.came_key = before.key;
    store_txn *read = rig_read(r);
    store_device got;
    assert_int_equal(store_device_get(read, &want.id, &got, &found), POA_OK);
    assert_same_device(&got, &want);
    store_read_end(read);
    assert_int_equal(count_at(r, POA_SPAN("mine-7")), 0);
    assert_int_equal(count_at(r, POA_SPAN("mine-8")), 1);
    assert_int_equal(count_under(r, 700), 0);
    assert_int_equal(count_under(r, 760), 1);
    assert_int_equal(count_in(r, STORE_DEVICE_ACTIVE), 0);
    assert_int_equal(count_in(r, STORE_DEVICE_SUSPENDED), 1);

    /* The key that it gave up is free, the one that it has is not. */
    store_device other = device_sample(2);
    other.key = rig_id(55);
    assert_int_equal(device_try_put(r, &other), POA_E_DEVICE_EXISTS);
    other.key = before.key;
    other.leaf = rig_id(761);
    device_put(r, &other);

    /* What a delete leaves behind: nothing. */
    txn = rig_write(r);
    assert_int_equal(store_device_delete(&txn, &want.id), POA_OK);
    assert_int_equal(store_device_delete(&txn, &want.id), POA_F_USAGE);
    assert_int_equal(store_device_delete(&txn, &other.id), POA_OK);
    rig_commit(&txn);
    for (int t = STORE_DEVICES; t <= STORE_DEVICE_DUE; t++)
        assert_int_equal(table_entries(r, (store_table)t), 0);
    assert_int_equal(count_in(r, STORE_DEVICE_ACTIVE), 0);
    assert_int_equal(count_in(r, STORE_DEVICE_SUSPENDED), 0);
}

static void states_are_listed_and_counted(void **state)
{
    rig *r = *state;
    const store_device expected = device_expected(1);
    device_put(r, &expected);
    assert_int_equal(count_in(r, STORE_DEVICE_EXPECTED), 1);
    for (unsigned n = 1; n < 15; n++) {
        store_device device = device_sample(n);
        device.state = (store_device_state)(STORE_DEVICE_PENDING + n % 6);
        device_put(r, &device);
        device_put(r, &device); /* nothing changes */
    }
    assert_int_equal(count_in(r, STORE_DEVICE_EXPECTED), 0);
    for (int s = STORE_DEVICE_PENDING; s <= STORE_DEVICE_DECOMMISSIONED; s++)
        assert_int_equal(count_in(r, (store_device_state)s),
                         s == STORE_DEVICE_ACTIVE || s == STORE_DEVICE_REVIEW ? 3 : 2);

    /* A put that is refused counts nothing. */
    store_device same = device_sample(20);
    same.key = rig_id(1);
    assert_int_equal(device_try_put(r, &same), POA_E_DEVICE_EXISTS);
    assert_int_equal(count_in(r, STORE_DEVICE_ACTIVE), 3);

    /* Pages of a state go on. */
    store_uuid ids[3];
    store_device_query query = {.state = STORE_DEVICE_ACTIVE};
    assert_int_equal(device_page(r, &query, ids, 2), 2);
    query.after = &ids[1];
    assert_int_equal(device_page(r, &query, &ids[2], 1), 1);
    assert_memory_equal(ids[2].bytes, rig_uuid(13).bytes, 16);

    static const poa_span location = POA_SPAN_INIT("mine-7");
    const poa_id leaf = rig_id(700);
    const store_device_query both[] = {
        {.state = STORE_DEVICE_ACTIVE, .leaf = &leaf},
        {.state = STORE_DEVICE_ACTIVE, .locations = &location, .location_count = 1},
    };
    store_txn *txn = rig_read(r);
    size_t count = 0;
    for (size_t i = 0; i < POA_COUNT(both); i++)
        assert_int_equal(store_device_page(txn, &both[i], ids, 3, &count), POA_F_USAGE);
    store_read_end(txn);
}

static size_t due(rig *r, int64_t before_s, const store_due *after, store_due *out, size_t cap)
{
    store_txn *txn = rig_read(r);
    size_t count = 0;
    assert_int_equal(store_device_due(txn, before_s, after, out, cap, &count), POA_OK);
    store_read_end(txn);
    return count;
}

static void what_falls_due_comes_in_order(void **state)
{
    rig *r = *state;
    static const struct {
        int64_t due_s;
        int64_t until_s;
        int64_t listed_s;
    } cases[] = {{300, 0, 300}, {0, 200, 200}, {400, 100, 100}, {100, 400, 100}, {0, 0, 0}, {POA_TIME_MAX, 0, 999}};
    for (unsigned n = 0; n < POA_COUNT(cases); n++) {
        store_device device = device_sample(n);
        device.due_s = cases[n].due_s;
        device.until_s = cases[n].until_s;
        device_put(r, &device);
    }
    static const unsigned order[] = {2, 3, 1, 0};
    store_due list[8];
    assert_int_equal(due(r, POA_TIME_MAX, NULL, list, 8), 4);
    for (size_t i = 0; i < POA_COUNT(order); i++) {
        assert_int_equal(list[i].time_s, cases[order[i]].listed_s);
        assert_memory_equal(list[i].device.bytes, rig_uuid(order[i]).bytes, 16);
    }
    assert_int_equal(due(r, INT64_MAX, NULL, list, 8), 5);
    assert_int_equal(due(r, 300, NULL, list, 8), 3);
    assert_int_equal(due(r, 301, NULL, list, 8), 4);
    assert_int_equal(due(r, 100, NULL, list, 8), 0);
    assert_int_equal(due(r, 301, NULL, list, 0), 0);

    /* A page goes on in the middle of a second. */
    assert_int_equal(due(r, 301, NULL, list, 1), 1);
    const store_due after = list[0];
    assert_int_equal(due(r, 301, &after, list, 8), 3);
    assert_memory_equal(list[0].device.bytes, rig_uuid(3).bytes, 16);

    store_device moved = device_sample(2);
    moved.due_s = 350;
    device_put(r, &moved);
    assert_int_equal(due(r, 1000, NULL, list, 8), 4);
    assert_memory_equal(list[3].device.bytes, rig_uuid(2).bytes, 16);
    assert_int_equal(table_entries(r, STORE_DEVICE_DUE), 5);
}

static void leaves_are_walked_one_by_one(void **state)
{
    rig *r = *state;
    static const unsigned leaves[] = {700, 300, 700, 500};
    for (unsigned n = 0; n < POA_COUNT(leaves); n++) {
        store_device device = device_sample(n);
        device.leaf = rig_id(leaves[n]);
        memset(device.id.bytes, n == 3 ? 0xff : (int)n, sizeof device.id.bytes); /* the last id that there can be */
        device_put(r, &device);
    }
    store_txn *txn = rig_read(r);
    static const unsigned order[] = {300, 500, 700};
    poa_id leaf;
    bool found = false;
    for (size_t i = 0; i < POA_COUNT(order); i++) {
        const poa_id want = rig_id(order[i]);
        assert_int_equal(store_leaf_next(txn, i > 0 ? &leaf : NULL, &leaf, &found), POA_OK);
        assert_true(found);
        assert_true(poa_id_equal(&leaf, &want));
    }
    assert_int_equal(store_leaf_next(txn, &leaf, &leaf, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);
}

static void a_damaged_list_is_a_fault(void **state)
{
    rig *r = *state;
    const store_device device = device_sample(1);
    device_put(r, &device);
    const char active = STORE_DEVICE_ACTIVE;
    rig_overwrite(r, STORE_DEVICE_COUNTS, (poa_span){&active, 1}, "\1\0\0\0\0\0\0\0\0", 9);
    store_device suspended = device;
    suspended.state = STORE_DEVICE_SUSPENDED;
    assert_int_equal(device_try_put(r, &suspended), POA_F_STORE); /* one that was never counted */
    rig_overwrite(r, STORE_DEVICE_COUNTS, (poa_span){&active, 1}, "\1\0", 2);
    rig_overwrite(r, STORE_DEVICE_DUE, POA_SPAN("\0\0\0\0\0\0\0\1"), "", 0);
    rig_overwrite(r, STORE_DEVICE_LEAVES, POA_SPAN("\0short"), "", 0);
    rig_overwrite(r, STORE_DEVICE_STATES, POA_SPAN("\3\0\0"), "", 0);

    store_txn *txn = rig_read(r);
    uint64_t number = 0;
    store_due one;
    store_uuid id;
    size_t count = 0;
    poa_id leaf;
    bool found = false;
    assert_int_equal(store_device_count(txn, STORE_DEVICE_ACTIVE, &number), POA_F_STORE);
    assert_int_equal(store_device_due(txn, 1000, NULL, &one, 1, &count), POA_F_STORE);
    assert_int_equal(store_leaf_next(txn, NULL, &leaf, &found), POA_F_STORE);
    const store_device_query active_ones = {.state = STORE_DEVICE_ACTIVE};
    assert_int_equal(store_device_page(txn, &active_ones, &id, 1, &count), POA_F_STORE);
    store_read_end(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_location_covers_whole_segments, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(pages_go_on_where_they_ended, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(indexes_follow_a_change, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(states_are_listed_and_counted, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(what_falls_due_comes_in_order, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(leaves_are_walked_one_by_one, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_list_is_a_fault, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_device_lists", tests, NULL, NULL);
}
