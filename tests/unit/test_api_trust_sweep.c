#include "api_rig.h"
#include "store_device_rig.h"

#include "api/trust.h"
#include "span.h"
#include "store/events.h"
#include "store/meta.h"
#include "store/trust.h"

#include <string.h>

/* The tasks of the keeper about trust, each by itself; the clock is each test's. */
enum { NOW = API_RIG_NOW, PERIOD = 400, WINDOW = 100, GRACE = 50 };

#define TRUST ",'trust':{'period':400,'grace':50}"

typedef poa_err (*task)(api_service *service, store_txn *txn, int64_t now_s, bool *more);

/* Device n, active, seen last and due at these times. */
static void put_due(rig *r, unsigned n, int64_t trust_s, int64_t due_s)
{
    store_device device = device_sample(n);
    device.state = STORE_DEVICE_ACTIVE;
    device.changed_s = device.trust_s = trust_s;
    device.due_s = due_s;
    device.grace = false;
    device_put(r, &device);
}

static store_device *get(rig *r, unsigned n)
{
    store_txn *txn = rig_read(r);
    store_device device, *copy = NULL;
    bool found = false;
    const store_uuid id = rig_uuid(n);
    assert_int_equal(store_device_get(txn, &id, &device, &found), POA_OK);
    assert_true(found);
    assert_int_equal(store_device_copy(&device, &copy), POA_OK);
    store_read_end(txn);
    return copy;
}

static void assert_state(rig *r, unsigned n, store_device_state state, bool grace)
{
    store_device *device = get(r, n);
    assert_int_equal(device->state, state);
    assert_int_equal(device->grace, grace);
    free(device);
}

static int64_t due_of(rig *r, unsigned n)
{
    store_device *device = get(r, n);
    const int64_t due_s = device->due_s;
    free(device);
    return due_s;
}

/* One step in a transaction of its own. */
static bool step(api_rig *a, rig *r, task run, int64_t now_s)
{
    bool more = false;
    atomic_store(&a->now_s, now_s);
    store_txn txn = rig_write(r);
    assert_int_equal(run(&a->service, &txn, now_s, &more), POA_OK);
    rig_commit(&txn);
    return more;
}

/* What the keeper does at a tick. */
static void tick(api_rig *a, rig *r, int64_t now_s)
{
    (void)step(a, r, api_trust_heartbeat, now_s);
    while (step(a, r, api_trust_spread, now_s))
        continue;
    while (step(a, r, api_trust_sweep, now_s))
        continue;
}

/* Ticks without a gap, up to this time. */
static void pass(api_rig *a, rig *r, int64_t from_s, int64_t to_s)
{
    for (int64_t at_s = from_s; at_s < to_s; at_s += 10)
        tick(a, r, at_s);
    tick(a, r, to_s);
}

static unsigned events_of(rig *r, const char *kind)
{
    unsigned count = 0;
    store_txn *txn = rig_read(r);
    store_event event = {.id = 0};
    bool gap = false, found = true;
    while (found) {
        assert_int_equal(store_event_next(txn, event.id, &event, &gap, &found), POA_OK);
        count += found && poa_span_is(event.kind, kind);
    }
    store_read_end(txn);
    return count;
}

static void noted(api_rig *a, rig *r, int64_t now_s)
{
    store_txn txn = rig_write(r);
    assert_int_equal(api_trust_noted(&a->service, &txn, now_s), POA_OK);
    rig_commit(&txn);
}

static void due_then_grace_then_suspended(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    put_due(r, 1, NOW - 100, NOW + 20);
    pass(&a, r, NOW, NOW + 19);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, false);
    tick(&a, r, NOW + 20);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, true);
    assert_int_equal(events_of(r, "device.grace"), 1);
    pass(&a, r, NOW + 29, NOW + 20 + GRACE - 1);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, true);
    tick(&a, r, NOW + 20 + GRACE);
    store_device *device = get(r, 1);
    assert_int_equal(device->state, STORE_DEVICE_SUSPENDED);
    assert_int_equal(device->cause, STORE_CAUSE_TRUST_MISSED);
    assert_true(poa_span_is(device->changed_by, "server"));
    assert_int_equal(device->due_s, 0);
    free(device);
    assert_int_equal(events_of(r, "device.grace"), 1);
    assert_int_equal(events_of(r, "device.suspended"), 1);
    api_rig_end(&a);
}

/* Whoever looks late begins the grace late: nobody is suspended who was not told a whole grace before. */
static void a_grace_that_was_not_told_begins_when_it_is(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    put_due(r, 1, NOW - 500, NOW - 200);
    store_txn txn = rig_write(r);
    assert_int_equal(store_ready_note(&txn, NOW), POA_OK);
    rig_commit(&txn);
    tick(&a, r, NOW);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, true);
    assert_int_equal(due_of(r, 1), NOW);
    pass(&a, r, NOW + 10, NOW + GRACE - 1);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, true);
    tick(&a, r, NOW + GRACE);
    assert_state(r, 1, STORE_DEVICE_SUSPENDED, false);
    api_rig_end(&a);
}

static void a_gap_moves_what_has_passed_and_nothing_else(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    put_due(r, 1, NOW - 100, NOW + 5);
    put_due(r, 2, NOW - 100, NOW + 20);
    put_due(r, 3, NOW - 100, NOW + 100000);
    tick(&a, r, NOW);
    tick(&a, r, NOW + 6);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, true);
    tick(&a, r, NOW + 50000);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, false);
    for (unsigned n = 1; n <= 2; n++)
        assert_in_range(due_of(r, n), NOW + 50000, NOW + 50000 + WINDOW);
    assert_int_equal(due_of(r, 3), NOW + 100000);
    assert_int_equal(events_of(r, "trust.spread"), 1);
    api_rig_end(&a);
}

static void thirty_seconds_are_no_gap(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    put_due(r, 1, NOW - 100, NOW + 5);
    tick(&a, r, NOW);
    tick(&a, r, NOW + 30);
    assert_int_equal(due_of(r, 1), NOW + 5);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, true);
    assert_int_equal(events_of(r, "trust.spread"), 0);
    tick(&a, r, NOW + 61);
    assert_int_equal(events_of(r, "trust.spread"), 1);
    assert_state(r, 1, STORE_DEVICE_ACTIVE, false);
    api_rig_end(&a);
}

/* More than a step moves; the process ends after each, and nobody is looked at before the last is done. */
static void a_spread_goes_on_where_it_was(void **state)
{
    rig *r = *state;
    api_rig a;
    for (unsigned n = 0; n < 600; n++) {
        store_device device = device_sample(n);
        char serial[16], link[64];
        (void)snprintf(serial, sizeof serial, "SN-%u", n);
        (void)snprintf(link, sizeof link, "https://x.example/%u", n);
        device.serial = poa_span_of(serial);
        device.id_link = device.product_instance_uri = device.spiffe_id = poa_span_of(link);
        device.due_s = NOW - 1000 + n;
        device_put(r, &device);
    }
    api_rig_begin(&a, r, TRUST);
    store_txn txn = rig_write(r);
    assert_int_equal(store_ready_note(&txn, NOW - 3600), POA_OK);
    rig_commit(&txn);
    (void)step(&a, r, api_trust_heartbeat, NOW);
    unsigned steps = 0;
    bool more = true;
    while (more) {
        (void)step(&a, r, api_trust_sweep, NOW);
        more = step(&a, r, api_trust_spread, NOW);
        steps++;
        api_rig_end(&a);
        rig_close(r);
        rig_open(r, 0);
        api_rig_begin(&a, r, TRUST);
    }
    assert_in_range(steps, 3, 4);
    for (unsigned n = 0; n < 600; n++) {
        assert_in_range(due_of(r, n), NOW, NOW + WINDOW);
        assert_state(r, n, STORE_DEVICE_ACTIVE, false);
    }
    assert_int_equal(events_of(r, "device.grace"), 0);
    assert_int_equal(events_of(r, "trust.spread"), 1);
    api_rig_end(&a);
}

static void when_nobody_comes_nobody_is_suspended(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    for (unsigned n = 1; n <= 3; n++)
        put_due(r, n, NOW - 100, NOW + 10 * n);
    noted(&a, r, NOW - 50);
    pass(&a, r, NOW, NOW + 5000);
    for (unsigned n = 1; n <= 3; n++)
        assert_state(r, n, STORE_DEVICE_ACTIVE, true);
    assert_int_equal(events_of(r, "trust.silence"), 1);
    assert_int_equal(events_of(r, "trust.spread"), 0);

    /* The first one is back. */
    put_due(r, 1, NOW + 5001, NOW + 90000);
    noted(&a, r, NOW + 5001);
    tick(&a, r, NOW + 5002);
    assert_int_equal(events_of(r, "trust.spread"), 1);
    for (unsigned n = 2; n <= 3; n++) {
        assert_state(r, n, STORE_DEVICE_ACTIVE, false);
        assert_in_range(due_of(r, n), NOW + 5001, NOW + 5001 + WINDOW);
    }
    /* Who does not come now either had its second chance, whoever else is due when. */
    pass(&a, r, NOW + 5010, NOW + 5001 + WINDOW + GRACE + 10);
    for (unsigned n = 2; n <= 3; n++)
        assert_state(r, n, STORE_DEVICE_SUSPENDED, false);
    assert_int_equal(events_of(r, "trust.silence"), 1);
    api_rig_end(&a);
}

static void one_that_is_missing_while_others_come_is_missing(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    for (unsigned n = 1; n <= 2; n++)
        put_due(r, n, NOW - 100, NOW + 10);
    tick(&a, r, NOW);
    noted(&a, r, NOW + 11);
    pass(&a, r, NOW + 9, NOW + 10 + GRACE);
    for (unsigned n = 1; n <= 2; n++)
        assert_state(r, n, STORE_DEVICE_SUSPENDED, false);
    assert_int_equal(events_of(r, "trust.silence"), 0);
    api_rig_end(&a);
}

static void a_device_in_review_has_not_to_come(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    store_device device = device_sample(1);
    device.state = STORE_DEVICE_REVIEW;
    device.due_s = NOW + 10;
    device.until_s = NOW + 1000;
    device.grace = false;
    device_put(r, &device);
    pass(&a, r, NOW, NOW + 900);
    assert_state(r, 1, STORE_DEVICE_REVIEW, false);
    assert_int_equal(due_of(r, 1), 0);
    assert_int_equal(events_of(r, "device.grace"), 0);
    pass(&a, r, NOW + 910, NOW + 1000);
    assert_state(r, 1, STORE_DEVICE_SUSPENDED, false);
    api_rig_end(&a);
}

static void another_policy_asks_all_to_come_soon(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    put_due(r, 1, NOW - 100, NOW + 100000);
    put_due(r, 2, NOW - 100, NOW + 3);
    put_due(r, 3, NOW - 100, 0);
    assert_false(step(&a, r, api_trust_recall, NOW));
    assert_in_range(due_of(r, 1), NOW, NOW + WINDOW);
    assert_in_range(due_of(r, 2), NOW, NOW + 3);
    /* One from before there were due times: its certificate has ended, so the policy alone says when. */
    assert_in_range(due_of(r, 3), NOW + 320, NOW + 480);
    put_due(r, 1, NOW - 100, NOW + 100000);
    assert_false(step(&a, r, api_trust_recall, NOW + 1));
    assert_int_equal(due_of(r, 1), NOW + 100000);
    api_rig_end(&a);

    api_rig_begin(&a, r, TRUST ",'max_revocation_age':61");
    assert_false(step(&a, r, api_trust_recall, NOW + 2));
    assert_in_range(due_of(r, 1), NOW + 2, NOW + 2 + WINDOW);
    api_rig_end(&a);
}

/* Else a gap, or a silence, would not be seen for as long as the clock had run ahead. */
static void what_a_clock_that_ran_ahead_noted_is_forgotten(void **state)
{
    rig *r = *state;
    api_rig a;
    api_rig_begin(&a, r, TRUST);
    tick(&a, r, NOW + 86400);
    noted(&a, r, NOW + 86400);
    tick(&a, r, NOW);
    store_txn *txn = rig_read(r);
    int64_t ready_s = 0;
    store_trust_watch watch;
    assert_int_equal(store_ready_s(txn, &ready_s), POA_OK);
    assert_int_equal(store_trust_watch_get(txn, &watch), POA_OK);
    store_read_end(txn);
    assert_int_equal(ready_s, NOW);
    assert_int_equal(watch.trusted_s, NOW);
    api_rig_end(&a);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(due_then_grace_then_suspended),
        WITH_STORE(a_grace_that_was_not_told_begins_when_it_is),
        WITH_STORE(a_gap_moves_what_has_passed_and_nothing_else),
        WITH_STORE(thirty_seconds_are_no_gap),
        WITH_STORE(a_spread_goes_on_where_it_was),
        WITH_STORE(when_nobody_comes_nobody_is_suspended),
        WITH_STORE(one_that_is_missing_while_others_come_is_missing),
        WITH_STORE(a_device_in_review_has_not_to_come),
        WITH_STORE(another_policy_asks_all_to_come_soon),
        WITH_STORE(what_a_clock_that_ran_ahead_noted_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
