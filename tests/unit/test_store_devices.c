#include "store_rig.h"

#include "bounds.h"
#include "cleanup.h"
#include "poa/request.h"
#include "store/devices.h"

#include <stdlib.h>
#include <string.h>

/* Device n: with identifiers, key, leaf of its own. */
static store_device sample(unsigned n)
{
    static char serials[32][8];
    static const char *const digits = "0123456789abcdefghijklmnopqrstuv";
    serials[n % 32][0] = 'S';
    serials[n % 32][1] = digits[n % 32];
    return (store_device){
        .id = rig_uuid(n),
        .state = STORE_DEVICE_ACTIVE,
        .location = POA_SPAN("mine-7/hall-2/bay-4"),
        .manufacturer = POA_SPAN("Maker"),
        .model = POA_SPAN("XY-1"),
        .serial = {serials[n % 32], 2},
        .evidence = POA_EVIDENCE_DEVICE_KEY | POA_EVIDENCE_IDEVID,
        .leaf = rig_id(700),
        .chain = rig_id(701),
        .power = 3,
        .effect = POA_EFFECT_PERMANENT,
        .on_revoke = POA_ON_REVOKE_CASCADE,
        .credential_lifetime_s = 604800,
        .key = rig_id(n),
        .certificates = {POA_SPAN("\x30\x03own"), POA_SPAN("\x30\x02\0\0")},
        .certificate_count = 2,
        .certificate_serial = POA_SPAN("\x01\x00\x02"),
        .not_after_s = 9000,
        .created_s = 1000,
        .updated_s = 1001,
        .actor = POA_SPAN("technician.example"),
    };
}

static poa_err try_put(rig *r, const store_device *device)
{
    store_txn txn = rig_write(r);
    const poa_err err = store_device_put(&txn, device);
    if (err)
        store_write_abort(&txn);
    else
        rig_commit(&txn);
    return err;
}

static void put(rig *r, const store_device *device)
{
    assert_int_equal(try_put(r, device), POA_OK);
}

static bool span_equal(poa_span a, poa_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void assert_same(const store_device *a, const store_device *b)
{
    assert_memory_equal(a->id.bytes, b->id.bytes, sizeof a->id.bytes);
    assert_int_equal(a->state, b->state);
    assert_true(span_equal(a->location, b->location));
    assert_true(span_equal(a->manufacturer, b->manufacturer));
    assert_true(span_equal(a->model, b->model));
    assert_true(span_equal(a->serial, b->serial));
    assert_true(span_equal(a->id_link, b->id_link));
    assert_int_equal(a->evidence, b->evidence);
    assert_true(poa_id_equal(&a->leaf, &b->leaf));
    assert_true(poa_id_equal(&a->chain, &b->chain));
    assert_int_equal(a->power, b->power);
    assert_int_equal(a->effect, b->effect);
    assert_int_equal(a->on_revoke, b->on_revoke);
    assert_true(a->credential_lifetime_s == b->credential_lifetime_s);
    assert_true(poa_id_equal(&a->key, &b->key));
    assert_int_equal(a->certificate_count, b->certificate_count);
    for (size_t i = 0; i < a->certificate_count; i++)
        assert_true(span_equal(a->certificates[i], b->certificates[i]));
    assert_true(span_equal(a->certificate_serial, b->certificate_serial));
    assert_int_equal(a->not_after_s, b->not_after_s);
    assert_int_equal(a->created_s, b->created_s);
    assert_int_equal(a->updated_s, b->updated_s);
    assert_true(span_equal(a->actor, b->actor));
}

static void what_was_put_is_got(void **state)
{
    rig *r = *state;
    store_device want = sample(1);
    want.id_link = POA_SPAN("https://id.example/?s=1");
    put(r, &want);
    rig_close(r);
    rig_open(r, 0);

    store_txn *txn = rig_read(r);
    store_device got;
    bool found = false;
    assert_int_equal(store_device_get(txn, &want.id, &got, &found), POA_OK);
    assert_true(found);
    assert_same(&got, &want);

    store_device *copy = NULL;
    assert_int_equal(store_device_copy(&got, &copy), POA_OK);
    const store_uuid other = rig_uuid(2);
    assert_int_equal(store_device_get(txn, &other, &got, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);
    rig_close(r);
    assert_same(copy, &want); /* the map is gone */
    free(copy);
    rig_open(r, 0);
}

static void a_record_with_little_in_it(void **state)
{
    rig *r = *state;
    store_device want = sample(1);
    want.state = STORE_DEVICE_EXPECTED;
    want.manufacturer = want.model = want.serial = (poa_span){0};
    want.certificate_count = 0;
    want.certificate_serial = (poa_span){0};
    want.not_after_s = 0;
    want.evidence = 0;
    want.credential_lifetime_s = STORE_NO_LIMIT;
    put(r, &want);
    store_txn *txn = rig_read(r);
    store_device got;
    bool found = false;
    assert_int_equal(store_device_get(txn, &want.id, &got, &found), POA_OK);
    assert_same(&got, &want);
    assert_null(got.serial.ptr);
    store_read_end(txn);
}

static void each_identifier_is_held_once(void **state)
{
    rig *r = *state;
    store_device first = sample(1);
    first.id_link = POA_SPAN("https://id.example/1");
    put(r, &first);

    store_device same_serial = sample(2);
    same_serial.serial = first.serial;
    assert_int_equal(try_put(r, &same_serial), POA_E_DEVICE_EXISTS);
    store_device same_link = sample(2);
    same_link.id_link = first.id_link;
    assert_int_equal(try_put(r, &same_link), POA_E_DEVICE_EXISTS);
    store_device same_key = sample(2);
    same_key.key = first.key;
    assert_int_equal(try_put(r, &same_key), POA_E_DEVICE_EXISTS);

    store_txn *txn = rig_read(r);
    store_uuid other;
    bool found = false;
    assert_int_equal(store_device_conflict(txn, &same_serial, &other, &found), POA_OK);
    assert_true(found);
    assert_memory_equal(other.bytes, first.id.bytes, sizeof other.bytes);
    assert_int_equal(store_device_conflict(txn, &first, &other, &found), POA_OK);
    assert_false(found); /* its own */
    store_device neighbour = sample(2);
    assert_int_equal(store_device_conflict(txn, &neighbour, &other, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);

    /* The same serial of another model or maker is another device. */
    same_serial.model = POA_SPAN("XY-2");
    put(r, &same_serial);
    store_device other_maker = sample(3);
    other_maker.serial = first.serial;
    other_maker.manufacturer = POA_SPAN("Other");
    put(r, &other_maker);
    /* Where one ends and the next begins matters. */
    store_device shifted = sample(4);
    shifted.serial = first.serial;
    shifted.manufacturer = POA_SPAN("MakerX");
    shifted.model = POA_SPAN("Y-1");
    put(r, &shifted);
    /* Without a serial, maker and model may repeat. */
    store_device plain = sample(5);
    plain.serial = (poa_span){0};
    put(r, &plain);
    plain.id = rig_uuid(6);
    plain.key = rig_id(6);
    put(r, &plain);
}

static void identifiers_stay_burnt_in_every_state(void **state)
{
    rig *r = *state;
    store_device device = sample(1);
    store_device newcomer = sample(2);
    newcomer.serial = device.serial;
    for (int s = STORE_DEVICE_EXPECTED; s <= STORE_DEVICE_DECOMMISSIONED; s++) {
        device.state = (store_device_state)s;
        put(r, &device);
        assert_int_equal(try_put(r, &newcomer), POA_E_DEVICE_EXISTS);
    }
    store_txn txn = rig_write(r);
    assert_int_equal(store_device_delete(&txn, &device.id), POA_OK);
    rig_commit(&txn);
    put(r, &newcomer);
}

static size_t page(rig *r, const store_device_query *query, store_uuid *ids, size_t cap)
{
    store_txn *txn = rig_read(r);
    size_t count = 0;
    assert_int_equal(store_device_page(txn, query, ids, cap, &count), POA_OK);
    store_read_end(txn);
    return count;
}

static size_t count_at(rig *r, poa_span location)
{
    store_uuid ids[8];
    return page(r, &(store_device_query){.locations = &location, .location_count = 1}, ids, 8);
}

static void a_location_covers_whole_segments(void **state)
{
    rig *r = *state;
    static const poa_span locations[] = {
        POA_SPAN_INIT("mine-7"),         POA_SPAN_INIT("mine-7/hall-2"),  POA_SPAN_INIT("mine-7/hall-2/bay-4"),
        POA_SPAN_INIT("mine-7/hall-22"), POA_SPAN_INIT("mine-70/hall-2"),
    };
    for (unsigned n = 0; n < 5; n++) {
        store_device device = sample(n);
        device.location = locations[n];
        put(r, &device);
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
    store_device device = sample(9);
    device.location = (poa_span){deepest, STORE_LOCATION_BYTES_MAX};
    put(r, &device);
    assert_int_equal(count_at(r, (poa_span){deepest, POA_SEGMENT_BYTES_MAX}), 1);
    assert_int_equal(count_at(r, device.location), 1);
}

static void pages_go_on_where_they_ended(void **state)
{
    rig *r = *state;
    for (unsigned n = 0; n < 20; n++) {
        store_device device = sample(n);
        device.location = n % 2 ? POA_SPAN("mine-7/a") : POA_SPAN("mine-7/b");
        device.leaf = n < 5 ? rig_id(750) : rig_id(751);
        put(r, &device);
    }
    store_uuid ids[20];
    assert_int_equal(page(r, &(store_device_query){0}, ids, 20), 20);

    /* Overlapping locations name a device once; a device that comes in between is not missed behind the mark. */
    static const poa_span both[] = {POA_SPAN_INIT("mine-7/b"), POA_SPAN_INIT("mine-7"), POA_SPAN_INIT("mine-7/a")};
    store_device_query query = {.locations = both, .location_count = 3};
    assert_int_equal(page(r, &query, ids, 7), 7);
    for (unsigned n = 0; n < 7; n++)
        assert_memory_equal(ids[n].bytes, rig_uuid(n).bytes, 16);
    const store_uuid last = ids[6];
    query.after = &last;
    store_device late = sample(25);
    late.location = POA_SPAN("mine-7/a");
    put(r, &late);
    assert_int_equal(page(r, &query, ids, 20), 14);
    assert_memory_equal(ids[0].bytes, rig_uuid(7).bytes, 16);
    assert_memory_equal(ids[13].bytes, rig_uuid(25).bytes, 16);

    const poa_id leaf = rig_id(750);
    assert_int_equal(page(r, &(store_device_query){.leaf = &leaf}, ids, 20), 5);
    const poa_id unseen = rig_id(752);
    assert_int_equal(page(r, &(store_device_query){.leaf = &unseen}, ids, 20), 0);
    assert_int_equal(page(r, &(store_device_query){.leaf = &leaf}, ids, 0), 0);

    store_txn *txn = rig_read(r);
    size_t count = 0;
    query.leaf = &leaf;
    assert_int_equal(store_device_page(txn, &query, ids, 20, &count), POA_F_USAGE);
    query = (store_device_query){.locations = both, .location_count = STORE_QUERY_LOCATIONS_MAX + 1};
    assert_int_equal(store_device_page(txn, &query, ids, 20, &count), POA_F_USAGE);
    store_read_end(txn);
}

static void indexes_follow_a_change(void **state)
{
    rig *r = *state;
    const store_device before = sample(1);
    put(r, &before);

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

    store_device want = sample(1);
    want.location = POA_SPAN("mine-8");
    want.leaf = rig_id(760);
    want.key = rig_id(55);
    want.state = STORE_DEVICE_SUSPENDED;
    store_txn *read = rig_read(r);
    store_device got;
    assert_int_equal(store_device_by_request(read, &want.leaf, &want.key, &got, &found), POA_OK);
    assert_true(found);
    assert_same(&got, &want);
    assert_int_equal(store_device_by_request(read, &before.leaf, &before.key, &got, &found), POA_OK);
    assert_false(found);
    store_read_end(read);
    assert_int_equal(count_at(r, POA_SPAN("mine-7")), 0);
    assert_int_equal(count_at(r, POA_SPAN("mine-8")), 1);

    /* The key that it gave up is free, the one that it has is not. */
    store_device other = sample(2);
    other.key = rig_id(55);
    assert_int_equal(try_put(r, &other), POA_E_DEVICE_EXISTS);
    other.key = before.key;
    put(r, &other);

    /* What a delete leaves behind: nothing. */
    txn = rig_write(r);
    assert_int_equal(store_device_delete(&txn, &want.id), POA_OK);
    assert_int_equal(store_device_delete(&txn, &want.id), POA_F_USAGE);
    assert_int_equal(store_device_delete(&txn, &other.id), POA_OK);
    rig_commit(&txn);
    read = rig_read(r);
    for (int t = STORE_DEVICES; t <= STORE_DEVICE_LEAVES; t++) {
        MDB_stat stat;
        assert_int_equal(mdb_stat(read->mdb, r->s->tables[t], &stat), 0);
        assert_int_equal(stat.ms_entries, 0);
    }
    store_read_end(read);
}

static void bounds_are_kept(void **state)
{
    rig *r = *state;
    static char most[STORE_CERTIFICATE_BYTES_MAX + 1];
    memset(most, 'a', sizeof most);
    store_device bad[24];
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        bad[i] = sample(1);
    bad[0].state = (store_device_state)0;
    bad[1].state = (store_device_state)(STORE_DEVICE_DECOMMISSIONED + 1);
    bad[2].location = (poa_span){0};
    bad[3].location = POA_SPAN("a//b");
    bad[4].location = POA_SPAN("/a");
    bad[5].location = POA_SPAN("a/");
    bad[6].location = POA_SPAN("1/2/3/4/5/6/7/8/9");
    bad[7].location = (poa_span){most, POA_SEGMENT_BYTES_MAX + 1};
    bad[8].manufacturer = (poa_span){most, POA_LABEL_BYTES_MAX + 1};
    bad[9].model = (poa_span){most, POA_LABEL_BYTES_MAX + 1};
    bad[10].serial = (poa_span){most, POA_SERIAL_BYTES_MAX + 1};
    bad[11].id_link = (poa_span){most, POA_ID_LINK_BYTES_MAX + 1};
    bad[12].evidence = 16;
    bad[13].power = POA_POWERS_MAX;
    bad[14].effect = (enum poa_effect)2;
    bad[15].on_revoke = (enum poa_on_revoke)3;
    bad[16].credential_lifetime_s = POA_CREDENTIAL_S_MIN - 1;
    bad[17].certificate_count = STORE_CERTIFICATES_MAX + 1;
    bad[18].certificates[1] = (poa_span){most, STORE_CERTIFICATE_BYTES_MAX + 1};
    bad[19].certificates[0] = (poa_span){0};
    bad[20].certificate_serial = (poa_span){most, STORE_SERIAL_BYTES_MAX + 1};
    bad[21].not_after_s = -1;
    bad[22].actor = (poa_span){0};
    bad[23].evidence = 256 + 1; /* what would be left of it in one byte is fine */
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        if (try_put(r, &bad[i]) != POA_F_USAGE)
            fail_msg("case %zu", i);

    store_device most_of_all = sample(1);
    for (size_t i = 0; i < STORE_CERTIFICATES_MAX; i++)
        most_of_all.certificates[i] = (poa_span){most, STORE_CERTIFICATE_BYTES_MAX};
    most_of_all.certificate_count = STORE_CERTIFICATES_MAX;
    most_of_all.credential_lifetime_s = POA_CREDENTIAL_S_MIN;
    most_of_all.power = POA_POWERS_MAX - 1;
    put(r, &most_of_all);
}

static poa_err read_one(store_txn *txn)
{
    const store_uuid id = rig_uuid(1);
    store_device got;
    bool found = false;
    return store_device_get(txn, &id, &got, &found);
}

static void a_damaged_device_is_a_fault(void **state)
{
    rig *r = *state;
    const store_device device = sample(1);
    put(r, &device);
    rig_damage(r, STORE_DEVICES, (poa_span){(const char *)device.id.bytes, 16}, read_one);
}

static void a_damaged_index_is_a_fault(void **state)
{
    rig *r = *state;
    const store_device device = sample(1);
    put(r, &device);
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

static void states_have_names(void **state)
{
    (void)state;
    assert_string_equal(store_device_state_name(STORE_DEVICE_REVIEW), "review");
    assert_string_equal(store_device_state_name((store_device_state)0), "");
    store_device_state got = STORE_DEVICE_ACTIVE;
    assert_true(store_device_state_by_name(POA_SPAN("decommissioned"), &got));
    assert_int_equal(got, STORE_DEVICE_DECOMMISSIONED);
    assert_false(store_device_state_by_name(POA_SPAN("Active"), &got));
    assert_false(store_device_state_by_name(POA_SPAN(""), &got));
    assert_int_equal(got, STORE_DEVICE_DECOMMISSIONED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_is_got, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_record_with_little_in_it, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(each_identifier_is_held_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(identifiers_stay_burnt_in_every_state, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_location_covers_whole_segments, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(pages_go_on_where_they_ended, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(indexes_follow_a_change, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(bounds_are_kept, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_device_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_index_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests_name("store_devices", tests, NULL, NULL);
}
