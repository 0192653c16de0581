#include "store_device_rig.h"

#include "bounds.h"
#include "cleanup.h"
#include "store/events.h"
#include "store/expiries.h"
#include "store/outcomes.h"
#include "store/walks.h"

#include <string.h>

/* What orchestrators are told, what is still to be worked through, how onboardings ended. */

static store_event sample(void)
{
    return (store_event){
        .time_s = 1000,
        .kind = POA_SPAN("device.suspended"),
        .device = rig_uuid(1),
        .location = POA_SPAN("mine-7/hall-2"),
        .data = POA_SPAN("{\"cause\":\"trust_missed\"}"),
    };
}

static poa_err try_append(rig *r, const store_event *event, uint64_t *id)
{
    store_txn txn = rig_write(r);
    const poa_err err = store_event_append(&txn, event, id);
    if (err)
        store_write_abort(&txn);
    else
        rig_commit(&txn);
    return err;
}

static void append(rig *r, uint64_t want)
{
    const store_event event = sample();
    uint64_t id = 0;
    assert_int_equal(try_append(r, &event, &id), POA_OK);
    assert_int_equal(id, want);
}

/* The number of the event behind after, 0: none; and whether one is missing. */
static uint64_t next(rig *r, uint64_t after, bool *gap)
{
    store_txn *txn = rig_read(r);
    store_event event;
    bool found = false;
    assert_int_equal(store_event_next(txn, after, &event, gap, &found), POA_OK);
    store_read_end(txn);
    return found ? event.id : 0;
}

static void events_are_numbered_and_kept(void **state)
{
    rig *r = *state;
    bool gap = true;
    assert_int_equal(next(r, 0, &gap), 0);
    assert_false(gap);
    for (uint64_t id = 1; id <= 5; id++)
        append(r, id);
    const store_event plain = {.time_s = 7, .kind = POA_SPAN("policy.changed")};
    assert_int_equal(try_append(r, &plain, NULL), POA_OK);
    rig_close(r);
    rig_open(r, 0);
    append(r, 7);

    store_txn *txn = rig_read(r);
    const store_event want = sample();
    store_event got;
    bool found = false;
    assert_int_equal(store_event_next(txn, 4, &got, &gap, &found), POA_OK);
    assert_true(found);
    assert_false(gap);
    assert_int_equal(got.id, 5);
    assert_int_equal(got.time_s, want.time_s);
    assert_int_equal(got.kind.len, want.kind.len);
    assert_memory_equal(got.kind.ptr, want.kind.ptr, want.kind.len);
    assert_true(store_uuid_equal(&got.device, &want.device));
    assert_int_equal(got.location.len, want.location.len);
    assert_memory_equal(got.location.ptr, want.location.ptr, want.location.len);
    assert_int_equal(got.data.len, want.data.len);
    assert_memory_equal(got.data.ptr, want.data.ptr, want.data.len);
    assert_int_equal(store_event_next(txn, 5, &got, &gap, &found), POA_OK);
    assert_int_equal(got.id, 6);
    assert_true(store_uuid_is_none(&got.device));
    assert_null(got.location.ptr);
    assert_null(got.data.ptr);
    uint64_t last = 0;
    assert_int_equal(store_event_last(txn, &last), POA_OK);
    assert_int_equal(last, 7);
    store_read_end(txn);
    assert_int_equal(next(r, 7, &gap), 0);
    assert_false(gap);
    assert_int_equal(next(r, 99, &gap), 0); /* of another store, say */
    assert_false(gap);
    assert_int_equal(next(r, UINT64_MAX, &gap), 0);
}

static size_t trim(rig *r, uint64_t keep, size_t max)
{
    store_txn txn = rig_write(r);
    size_t removed = 99;
    assert_int_equal(store_event_trim(&txn, keep, max, &removed), POA_OK);
    rig_commit(&txn);
    return removed;
}

static void the_oldest_go_and_are_missed(void **state)
{
    rig *r = *state;
    bool gap = false;
    assert_int_equal(trim(r, 0, 10), 0);
    for (uint64_t id = 1; id <= 10; id++)
        append(r, id);
    assert_int_equal(trim(r, 10, 100), 0);
    assert_int_equal(trim(r, 7, 2), 2);
    assert_int_equal(trim(r, 7, 100), 1);
    assert_int_equal(trim(r, 7, 0), 0);
    assert_int_equal(table_entries(r, STORE_EVENTS), 7);
    assert_int_equal(next(r, 0, &gap), 4);
    assert_true(gap);
    assert_int_equal(next(r, 2, &gap), 4);
    assert_true(gap);
    assert_int_equal(next(r, 3, &gap), 4); /* the last that it saw is gone, but none behind it */
    assert_false(gap);
    assert_int_equal(trim(r, 0, 100), 7);
    assert_int_equal(next(r, 9, &gap), 0);
    assert_true(gap);
    assert_int_equal(next(r, 10, &gap), 0);
    assert_false(gap);
    append(r, 11); /* numbers are not given again */
}

static void an_event_keeps_its_bounds(void **state)
{
    rig *r = *state;
    static char most[STORE_EVENT_DATA_MAX + 1];
    memset(most, 'a', sizeof most);
    store_event bad[9];
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        bad[i] = sample();
    bad[0].time_s = -1;
    bad[1].kind = (poa_span){0};
    bad[2].kind = (poa_span){most, STORE_EVENT_KIND_MAX + 1};
    bad[3].kind = POA_SPAN("Device");
    bad[4].device = (store_uuid){{0}};
    bad[5].location = (poa_span){0};
    bad[6].location = POA_SPAN("a//b");
    bad[7].data = (poa_span){most, STORE_EVENT_DATA_MAX + 1};
    bad[8].location = (poa_span){most, STORE_LOCATION_BYTES_MAX + 1};
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        if (try_append(r, &bad[i], NULL) != POA_F_USAGE)
            fail_msg("case %zu", i);
    store_event full = sample();
    full.kind.ptr = full.data.ptr = most;
    full.kind.len = STORE_EVENT_KIND_MAX;
    full.data.len = STORE_EVENT_DATA_MAX;
    uint64_t id = 0;
    assert_int_equal(try_append(r, &full, &id), POA_OK);
    assert_int_equal(id, 1); /* what was refused took no number */
}

/* Record 1 under a key that is a byte too long, before all others. */
static void keep_under_odd_key(rig *r, store_table table)
{
    size_t len = 0;
    POA_CLEANUP(poa_freep) char *record = rig_record(r, table, POA_SPAN("\0\0\0\0\0\0\0\1"), &len);
    rig_overwrite(r, table, POA_SPAN("\0\0\0\0\0\0\0\0\1"), record, len);
}

static poa_err read_event(store_txn *txn)
{
    store_event event;
    bool gap = false;
    bool found = false;
    return store_event_next(txn, 0, &event, &gap, &found);
}

static void a_damaged_event_is_a_fault(void **state)
{
    rig *r = *state;
    append(r, 1);
    rig_damage(r, STORE_EVENTS, POA_SPAN("\0\0\0\0\0\0\0\1"), read_event);
    rig_overwrite(r, STORE_EVENTS, POA_SPAN("\0\0\0\0\0\0\0\2"), "", 0);
    const store_event event = sample();
    assert_int_equal(try_append(r, &event, NULL), POA_F_STORE); /* nothing is written over */
    keep_under_odd_key(r, STORE_EVENTS);
    store_txn *txn = rig_read(r);
    assert_int_equal(read_event(txn), POA_F_STORE);
    store_read_end(txn);
}

/* ---- walks ---- */

static void a_walk_goes_on_after_a_restart(void **state)
{
    rig *r = *state;
    store_walk walk = {.epoch = 300, .started_s = 1000};
    store_walk earlier = {.epoch = 2, .started_s = 900};
    store_txn txn = rig_write(r);
    assert_int_equal(store_walk_put(&txn, &walk), POA_OK);
    assert_int_equal(store_walk_put(&txn, &earlier), POA_OK);
    walk.leaf = rig_id(5);
    walk.device = rig_uuid(6);
    walk.touched = UINT64_MAX;
    assert_int_equal(store_walk_put(&txn, &walk), POA_OK);
    earlier.epoch = 0;
    assert_int_equal(store_walk_put(&txn, &earlier), POA_F_USAGE);
    earlier.epoch = 3;
    earlier.started_s = -1;
    assert_int_equal(store_walk_put(&txn, &earlier), POA_F_USAGE);
    rig_commit(&txn);
    rig_close(r);
    rig_open(r, 0);

    txn = rig_write(r);
    store_walk got;
    bool found = false;
    assert_int_equal(store_walk_next(&txn, 0, &got, &found), POA_OK);
    assert_true(found);
    assert_int_equal(got.epoch, 2);
    assert_int_equal(got.started_s, 900);
    assert_true(store_id_is_none(&got.leaf) && store_uuid_is_none(&got.device) && got.touched == 0);
    assert_int_equal(store_walk_next(&txn, 2, &got, &found), POA_OK);
    assert_int_equal(got.epoch, 300);
    assert_true(poa_id_equal(&got.leaf, &walk.leaf) && store_uuid_equal(&got.device, &walk.device));
    assert_true(got.touched == UINT64_MAX);
    assert_int_equal(store_walk_next(&txn, 300, &got, &found), POA_OK);
    assert_false(found);
    assert_int_equal(store_walk_end(&txn, 300), POA_OK);
    assert_int_equal(store_walk_end(&txn, 300), POA_F_USAGE);
    assert_int_equal(store_walk_next(&txn, 2, &got, &found), POA_OK);
    assert_false(found);
    rig_commit(&txn);
}

static poa_err read_walk(store_txn *txn)
{
    store_walk walk;
    bool found = false;
    return store_walk_next(txn, 0, &walk, &found);
}

static void a_damaged_walk_is_a_fault(void **state)
{
    rig *r = *state;
    const store_walk walk = {.epoch = 1, .started_s = 1000, .leaf = rig_id(1), .touched = 3};
    store_txn txn = rig_write(r);
    assert_int_equal(store_walk_put(&txn, &walk), POA_OK);
    rig_commit(&txn);
    rig_damage(r, STORE_WALKS, POA_SPAN("\0\0\0\0\0\0\0\1"), read_walk);
    keep_under_odd_key(r, STORE_WALKS);
    store_txn *read = rig_read(r);
    assert_int_equal(read_walk(read), POA_F_STORE);
    store_read_end(read);
}

/* ---- outcomes ---- */

static store_outcome refusal(void)
{
    return (store_outcome){
        .id = rig_uuid(1),
        .kind = STORE_OUTCOME_REFUSED,
        .leaf = rig_id(2),
        .key = rig_id(3),
        .by = POA_SPAN("foreman.example"),
        .reason = POA_SPAN("wrong hall"),
        .time_s = 1000,
        .expires_s = 2000,
    };
}

static poa_err try_put(rig *r, const store_outcome *outcome)
{
    store_txn txn = rig_write(r);
    const poa_err err = store_outcome_put(&txn, outcome);
    if (err)
        store_write_abort(&txn);
    else
        rig_commit(&txn);
    return err;
}

static bool get_outcome(rig *r, unsigned n, store_outcome *out, store_txn **txn)
{
    const store_uuid id = rig_uuid(n);
    bool found = false;
    *txn = rig_read(r);
    assert_int_equal(store_outcome_get(*txn, &id, out, &found), POA_OK);
    return found;
}

static void an_outcome_is_told_until_it_expires(void **state)
{
    rig *r = *state;
    const store_outcome want = refusal();
    assert_int_equal(try_put(r, &want), POA_OK);
    assert_int_equal(try_put(r, &want), POA_F_USAGE); /* it ended once */
    rig_close(r);
    rig_open(r, 0);

    store_txn *read = NULL;
    store_outcome got;
    assert_true(get_outcome(r, 1, &got, &read));
    assert_true(store_uuid_equal(&got.id, &want.id));
    assert_int_equal(got.kind, want.kind);
    assert_true(poa_id_equal(&got.leaf, &want.leaf) && poa_id_equal(&got.key, &want.key));
    assert_int_equal(got.by.len, want.by.len);
    assert_memory_equal(got.by.ptr, want.by.ptr, want.by.len);
    assert_int_equal(got.reason.len, want.reason.len);
    assert_memory_equal(got.reason.ptr, want.reason.ptr, want.reason.len);
    assert_int_equal(got.time_s, want.time_s);
    assert_int_equal(got.expires_s, want.expires_s);
    store_read_end(read);
    assert_false(get_outcome(r, 2, &got, &read));
    store_read_end(read);

    for (int64_t now_s = 2000; now_s <= 2001; now_s++) {
        store_txn txn = rig_write(r);
        size_t removed = 0;
        assert_int_equal(store_purge(&txn, now_s, 10, &removed), POA_OK);
        rig_commit(&txn);
        assert_int_equal(removed, now_s == 2001);
    }
    assert_false(get_outcome(r, 1, &got, &read));
    store_read_end(read);
    assert_int_equal(table_entries(r, STORE_EXPIRIES), 0);
}

static void an_outcome_keeps_its_bounds(void **state)
{
    rig *r = *state;
    static char most[POA_NAME_BYTES_MAX + 1];
    memset(most, 'a', sizeof most);
    store_outcome bad[7];
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        bad[i] = refusal();
    bad[0].kind = (enum store_outcome_kind)0;
    bad[1].kind = (enum store_outcome_kind)3;
    bad[2].by = (poa_span){0};
    bad[3].by = (poa_span){most, POA_NAME_BYTES_MAX + 1};
    bad[4].reason = (poa_span){most, STORE_OUTCOME_REASON_MAX + 1};
    bad[5].time_s = -1;
    bad[6].expires_s = POA_TIME_MAX + 1;
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        if (try_put(r, &bad[i]) != POA_F_USAGE)
            fail_msg("case %zu", i);
    store_outcome full = refusal();
    full.kind = STORE_OUTCOME_LAPSED;
    full.by = full.reason = (poa_span){most, POA_NAME_BYTES_MAX};
    assert_int_equal(try_put(r, &full), POA_OK);
}

static poa_err read_outcome(store_txn *txn)
{
    const store_uuid id = rig_uuid(1);
    store_outcome got;
    bool found = false;
    return store_outcome_get(txn, &id, &got, &found);
}

static void a_damaged_outcome_is_a_fault(void **state)
{
    rig *r = *state;
    const store_outcome outcome = refusal();
    assert_int_equal(try_put(r, &outcome), POA_OK);
    rig_damage(r, STORE_OUTCOMES, (poa_span){(const char *)outcome.id.bytes, sizeof outcome.id.bytes}, read_outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_are_numbered_and_kept, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_oldest_go_and_are_missed, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_event_keeps_its_bounds, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_event_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_walk_goes_on_after_a_restart, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_walk_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_outcome_is_told_until_it_expires, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_outcome_keeps_its_bounds, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_outcome_is_a_fault, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_events", tests, NULL, NULL);
}
