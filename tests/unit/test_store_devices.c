#include "store_device_rig.h"

#include "bounds.h"
#include "cleanup.h"
#include "poa/request.h"
#include "store/devices.h"

#include <stdlib.h>
#include <string.h>

static void what_was_put_is_got(void **state)
{
    rig *r = *state;
    store_device want = device_sample(1);
    device_put(r, &want);
    want.came_leaf = want.leaf;
    want.came_key = want.key;
    rig_close(r);
    rig_open(r, 0);

    store_txn *txn = rig_read(r);
    store_device got;
    bool found = false;
    assert_int_equal(store_device_get(txn, &want.id, &got, &found), POA_OK);
    assert_true(found);
    assert_same_device(&got, &want);

    store_device *copy = NULL;
    assert_int_equal(store_device_copy(&got, &copy), POA_OK);
    const store_uuid other = rig_uuid(2);
    assert_int_equal(store_device_get(txn, &other, &got, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);
    rig_close(r);
    assert_same_device(copy, &want); /* the map is gone */
    free(copy);
    rig_open(r, 0);
}

static store_device get_device(rig *r, store_txn **txn, unsigned n)
{
    const store_uuid id = rig_uuid(n);
    store_device got;
    bool found = false;
    *txn = rig_read(r);
    assert_int_equal(store_device_get(*txn, &id, &got, &found), POA_OK);
    assert_true(found);
    return got;
}

static void a_record_with_little_in_it(void **state)
{
    rig *r = *state;
    store_device want = device_expected(1);
    want.manufacturer = want.model = want.serial = (poa_span){0};
    device_put(r, &want);
    store_txn *txn = NULL;
    const store_device got = get_device(r, &txn, 1);
    assert_same_device(&got, &want);
    assert_null(got.serial.ptr);
    assert_int_equal(table_entries(r, STORE_DEVICE_IDENTITIES), 0);
    assert_int_equal(table_entries(r, STORE_DEVICE_REQUESTS), 0);
    assert_int_equal(table_entries(r, STORE_DEVICE_LEAVES), 0);
    store_read_end(txn);
}

/* What may be missing, and what may not, of a device that came in and of one that did not. */
static void an_expected_device_came_in_under_nothing(void **state)
{
    rig *r = *state;
    store_device bad[12];
    for (size_t i = 0; i < 6; i++)
        bad[i] = device_expected(1);
    for (size_t i = 6; i < POA_COUNT(bad); i++)
        bad[i] = device_sample(1);
    bad[0].leaf = rig_id(1);
    bad[1].chain = rig_id(1);
    bad[2].key = rig_id(1);
    bad[3].power = 1;
    bad[4].certificates[0] = bad[4].certificate_serial = POA_SPAN("c");
    bad[4].certificate_count = 1;
    bad[5].state = STORE_DEVICE_PENDING;
    bad[6].leaf = rig_none();
    bad[7].chain = rig_none();
    bad[8].key = rig_none();
    bad[9].state = STORE_DEVICE_EXPECTED;
    bad[10].came_leaf = rig_id(1); /* half an origin */
    bad[11].came_key = rig_id(1);
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        if (device_try_put(r, &bad[i]) != POA_F_USAGE)
            fail_msg("case %zu", i);
}

/* The request that brought it in finds it, whatever became of its leaf and key. */
static void where_it_came_in_is_kept(void **state)
{
    rig *r = *state;
    const store_device expected = device_expected(1);
    device_put(r, &expected);
    store_device device = device_sample(1);
    device_put(r, &device);
    const store_device first = device;
    device.leaf = rig_id(760); /* ratified */
    device.key = rig_id(55);   /* rekeyed */
    device_put(r, &device);
    device.came_leaf = rig_id(761); /* whatever the caller says */
    device.came_key = rig_id(762);
    device_put(r, &device);

    store_txn *txn = rig_read(r);
    store_device got;
    bool found = false;
    assert_int_equal(store_device_by_request(txn, &first.leaf, &first.key, &got, &found), POA_OK);
    assert_true(found);
    device.came_leaf = first.leaf;
    device.came_key = first.key;
    assert_same_device(&got, &device);
    assert_int_equal(store_device_by_request(txn, &device.leaf, &device.key, &got, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);

    /* Nobody else can come in by that request, although its key is free. */
    store_device other = device_sample(2);
    other.key = first.key;
    assert_int_equal(device_try_put(r, &other), POA_E_DEVICE_EXISTS);
    other.leaf = rig_id(763);
    device_put(r, &other);
}

/* Make identifier i of one record that of another. */
static void copy_identifier(store_device *to, const store_device *from, size_t i)
{
    switch (i) {
    case 0:
        to->serial = from->serial;
        return;
    case 1:
        to->id_link = from->id_link;
        return;
    case 2:
        to->key = from->key;
        return;
    case 3:
        to->idevid = from->idevid;
        return;
    case 4:
        to->product_instance_uri = from->product_instance_uri;
        return;
    default:
        to->spiffe_id = from->spiffe_id;
    }
}

static size_t count_conflicts(rig *r, const store_device *device, store_uuid others[STORE_DEVICE_CONFLICTS_MAX])
{
    store_txn *txn = rig_read(r);
    store_uuid other;
    size_t count = 0;
    bool found = false;
    assert_int_equal(store_device_conflicts(txn, device, others, &count), POA_OK);
    assert_int_equal(store_device_conflict(txn, device, &other, &found), POA_OK);
    store_read_end(txn);
    assert_int_equal(found, count > 0);
    assert_true(!found || store_uuid_equal(&other, &others[0]));
    return count;
}

static void each_identifier_is_held_once(void **state)
{
    rig *r = *state;
    const store_device first = device_sample(1);
    device_put(r, &first);
    store_uuid others[STORE_DEVICE_CONFLICTS_MAX];
    for (size_t i = 0; i < STORE_DEVICE_CONFLICTS_MAX; i++) {
        store_device same = device_sample(2);
        copy_identifier(&same, &first, i);
        assert_int_equal(device_try_put(r, &same), POA_E_DEVICE_EXISTS);
        assert_int_equal(count_conflicts(r, &same, others), 1);
        assert_true(store_uuid_equal(&others[0], &first.id));
    }
    assert_int_equal(count_conflicts(r, &first, others), 0); /* its own */
    const store_device neighbour = device_sample(2);
    assert_int_equal(count_conflicts(r, &neighbour, others), 0);
    const store_device nothing_stated = {.manufacturer = first.manufacturer, .model = first.model};
    assert_int_equal(count_conflicts(r, &nothing_stated, others), 0);
    const store_device expected = device_expected(1);
    assert_int_equal(count_conflicts(r, &expected, others), 0);
    store_device announced = expected;
    announced.id = rig_uuid(9);
    assert_int_equal(count_conflicts(r, &announced, others), 1);
}

static void all_holders_are_told_once(void **state)
{
    rig *r = *state;
    store_device newcomer = device_sample(20);
    for (unsigned n = 0; n < STORE_DEVICE_CONFLICTS_MAX; n++) {
        const store_device holder = device_sample(n + 1);
        device_put(r, &holder);
        copy_identifier(&newcomer, &holder, n);
    }
    store_uuid others[STORE_DEVICE_CONFLICTS_MAX];
    assert_int_equal(count_conflicts(r, &newcomer, others), STORE_DEVICE_CONFLICTS_MAX);
    for (unsigned n = 0; n < STORE_DEVICE_CONFLICTS_MAX; n++)
        assert_memory_equal(others[n].bytes, rig_uuid(n + 1).bytes, sizeof others[n].bytes);

    const store_device first = device_sample(1);
    store_device twice = device_sample(20);
    twice.key = first.key;
    twice.spiffe_id = first.spiffe_id;
    assert_int_equal(count_conflicts(r, &twice, others), 1);
}

static void a_serial_is_one_of_its_model(void **state)
{
    rig *r = *state;
    const store_device first = device_sample(1);
    device_put(r, &first);
    store_device other_model = device_sample(2);
    other_model.serial = first.serial;
    other_model.model = POA_SPAN("XY-2");
    device_put(r, &other_model);
    store_device other_maker = device_sample(3);
    other_maker.serial = first.serial;
    other_maker.manufacturer = POA_SPAN("Other");
    device_put(r, &other_maker);
    /* Where one ends and the next begins matters. */
    store_device shifted = device_sample(4);
    shifted.serial = first.serial;
    shifted.manufacturer = POA_SPAN("MakerX");
    shifted.model = POA_SPAN("Y-1");
    device_put(r, &shifted);
    /* Without a serial, maker and model may repeat. */
    store_device plain = device_sample(5);
    plain.serial = (poa_span){0};
    device_put(r, &plain);
    plain = device_sample(6);
    plain.serial = (poa_span){0};
    device_put(r, &plain);
}

static void what_is_released_is_free(void **state)
{
    rig *r = *state;
    store_device squatter = device_sample(1);
    device_put(r, &squatter);
    for (unsigned i = 0; i < STORE_DEVICE_CONFLICTS_MAX; i++) {
        store_device owner = device_sample(2);
        owner.leaf = rig_id(760);
        copy_identifier(&owner, &squatter, i);
        assert_int_equal(device_try_put(r, &owner), POA_E_DEVICE_EXISTS);
        squatter.released = 1u << (i + 1);
        device_put(r, &squatter);
        device_put(r, &owner);
        /* It is the owner's now. */
        store_device back = squatter;
        back.released = 0;
        assert_int_equal(device_try_put(r, &back), POA_E_DEVICE_EXISTS);
        store_txn txn = rig_write(r);
        assert_int_equal(store_device_delete(&txn, &owner.id), POA_OK);
        rig_commit(&txn);
    }
    static const unsigned bad[] = {1, 1 << 7, 1 << 8, 0x100 | 2};
    for (size_t i = 0; i < POA_COUNT(bad); i++) {
        squatter.released = bad[i];
        assert_int_equal(device_try_put(r, &squatter), POA_F_USAGE);
    }
}

static void identifiers_stay_burnt_in_every_state(void **state)
{
    rig *r = *state;
    store_device device = device_sample(1);
    store_device newcomer = device_sample(2);
    newcomer.serial = device.serial;
    for (int s = STORE_DEVICE_PENDING; s <= STORE_DEVICE_DECOMMISSIONED; s++) {
        device.state = (store_device_state)s;
        device_put(r, &device);
        assert_int_equal(device_try_put(r, &newcomer), POA_E_DEVICE_EXISTS);
    }
    store_txn txn = rig_write(r);
    assert_int_equal(store_device_delete(&txn, &device.id), POA_OK);
    rig_commit(&txn);
    device_put(r, &newcomer);
}

static void a_damaged_index_is_a_fault(void **state)
{
    rig *r = *state;
    const store_device device = device_sample(1);
    device_put(r, &device);
    store_key request = {.len = 0};
    store_key_id(&request, &device.leaf);
    store_key_id(&request, &device.key);
    store_device got;
    bool found = false;

    rig_overwrite(r, STORE_DEVICE_REQUESTS, store_key_span(&request), "short", 5);
    store_txn *txn = rig_read(r);
    assert_int_equal(store_device_by_request(txn, &device.leaf, &device.key, &got, &found), POA_F_STORE);
    store_read_end(txn);

    const store_uuid nobody = rig_uuid(99);
    rig_overwrite(r, STORE_DEVICE_REQUESTS, store_key_span(&request), (const char *)nobody.bytes, 16);
    txn = rig_read(r);
    assert_int_equal(store_device_by_request(txn, &device.leaf, &device.key, &got, &found), POA_F_STORE);
    store_read_end(txn);

    rig_overwrite(r, STORE_DEVICES, POA_SPAN("odd key"), "", 0);
    txn = rig_read(r);
    store_uuid ids[4];
    size_t count = 0;
    assert_int_equal(store_device_page(txn, &(store_device_query){0}, ids, 4, &count), POA_F_STORE);
    store_read_end(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_is_got, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_record_with_little_in_it, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_expected_device_came_in_under_nothing, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(where_it_came_in_is_kept, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(each_identifier_is_held_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(all_holders_are_told_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_serial_is_one_of_its_model, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(what_is_released_is_free, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(identifiers_stay_burnt_in_every_state, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_index_is_a_fault, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_devices", tests, NULL, NULL);
}
