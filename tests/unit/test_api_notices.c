#include "store_device_rig.h"

#include "api/notices.h"
#include "api_rig.h"
#include "cleanup.h"
#include "span.h"
#include "store/events.h"
#include "store/poas.h"

#include <string.h>

#define DAY  86400
#define NOW  API_RIG_NOW
#define LEAF 700 /* of the sample devices */

/* A store, and the process that keeps it: a restart forgets all but the store. */
typedef struct world {
    rig *r;
    api_rig a;
} world;

static void restart(world *w)
{
    api_rig_end(&w->a);
    api_rig_begin(&w->a, w->r, "");
}

static int begin(void **state)
{
    static world w;
    void *made = NULL;
    assert_int_equal(rig_setup(&made), 0);
    w.r = made;
    api_rig_begin(&w.a, w.r, "");
    *state = &w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    api_rig_end(&w->a);
    void *made = w->r;
    return rig_teardown(&made);
}

static void put_leaf(world *w, unsigned n, int64_t exp_s)
{
    const store_poa poa = {
        .id = rig_id(n),
        .root_iss = POA_SPAN("owner.example"),
        .iss = POA_SPAN("owner.example"),
        .sub = POA_SPAN("crew.example"),
        .iat_s = 100,
        .nbf_s = 100,
        .exp_s = exp_s,
        .cnf = rig_id(900),
        .kid = rig_id(901),
        .chain = rig_id(902),
        .first_seen_s = 150,
    };
    store_txn txn = rig_write(w->r);
    assert_int_equal(store_poa_put(&txn, &poa, NULL), POA_OK);
    rig_commit(&txn);
}

/* A device that ends with its leaf, without identifiers but for its key. */
static void put_device(world *w, unsigned n, unsigned leaf, enum poa_effect effect, store_device_state state)
{
    store_device device = device_sample(n);
    device.leaf = rig_id(leaf);
    device.serial = device.id_link = device.product_instance_uri = device.spiffe_id = (poa_span){0};
    device.link_evidence = STORE_LINK_NONE;
    device.idevid = rig_id(5000 + n);
    device.key = rig_id(3000 + n);
    device.effect = effect;
    device.state = state;
    device.notices = 0;
    device.grace = false;
    if (state != STORE_DEVICE_ACTIVE && state != STORE_DEVICE_REVIEW)
        device.due_s = 0;
    device_put(w->r, &device);
}

/* Step until there is no more to do; gives how many steps it took. */
static unsigned go_round(world *w, int64_t now_s)
{
    bool more = true;
    unsigned steps = 0;
    for (; more; steps++) {
        store_txn txn = rig_write(w->r);
        more = false;
        assert_int_equal(api_notices_step(&w->a.service, &txn, now_s, &more), POA_OK);
        rig_commit(&txn);
    }
    return steps;
}

/* The data of event n must be this; there is none when it is NULL. */
static void event_is(world *w, uint64_t n, const char *data)
{
    store_event event;
    bool gap = false;
    bool found = false;
    store_txn *txn = rig_read(w->r);
    assert_int_equal(store_event_next(txn, n - 1, &event, &gap, &found), POA_OK);
    assert_int_equal(found, data != NULL);
    if (data) {
        assert_true(poa_span_is(event.kind, "poa.expiring"));
        char *said = poa_span_dup(event.data);
        assert_non_null(strstr(said, data));
        free(said);
    }
    store_read_end(txn);
}

static void all_are_marked(world *w, unsigned count, unsigned notices)
{
    store_txn *txn = rig_read(w->r);
    for (unsigned i = 1; i <= count; i++) {
        const store_uuid id = rig_uuid(i);
        store_device device;
        bool found = false;
        assert_int_equal(store_device_get(txn, &id, &device, &found), POA_OK);
        assert_int_equal(device.notices, notices);
    }
    store_read_end(txn);
}

static void each_mark_is_told_once(void **state)
{
    static const struct {
        int64_t left_s;
        const char *data; /* NULL: nothing is told */
    } times[] = {
        {31 * DAY, NULL},     {30 * DAY, "\"days\":30,"}, {30 * DAY - 60, NULL},
        {8 * DAY, NULL},      {7 * DAY, "\"days\":7,"},   {7 * DAY - 60, NULL},
        {DAY, "\"days\":1,"}, {DAY - 60, NULL},           {60, NULL},
        {-60, NULL},
    };
    world *w = *state;
    const int64_t exp_s = NOW + 40 * DAY;
    put_leaf(w, LEAF, exp_s);
    put_device(w, 1, LEAF, POA_EFFECT_UNTIL_EXP, STORE_DEVICE_ACTIVE);
    put_device(w, 2, LEAF, POA_EFFECT_UNTIL_EXP, STORE_DEVICE_REVIEW);
    put_device(w, 3, LEAF, POA_EFFECT_UNTIL_EXP, STORE_DEVICE_SUSPENDED);
    put_device(w, 4, LEAF, POA_EFFECT_PERMANENT, STORE_DEVICE_ACTIVE);
    put_device(w, 5, LEAF, POA_EFFECT_UNTIL_EXP, STORE_DEVICE_DECOMMISSIONED);
    uint64_t told = 0;
    for (size_t i = 0; i < POA_COUNT(times); i++) {
        (void)go_round(w, exp_s - times[i].left_s);
        if (times[i].data)
            event_is(w, ++told, times[i].data);
        event_is(w, told + 1, NULL);
        restart(w);
    }
    event_is(w, 1, "\"devices\":3,\"more\":false");
}

static void who_is_late_hears_the_last_mark_alone(void **state)
{
    world *w = *state;
    put_leaf(w, LEAF, NOW + 5 * DAY);
    put_device(w, 1, LEAF, POA_EFFECT_UNTIL_EXP, STORE_DEVICE_ACTIVE);
    (void)go_round(w, NOW);
    event_is(w, 1, "\"days\":7,");
    /* One that comes in later is no reason to tell it again. */
    put_device(w, 2, LEAF, POA_EFFECT_UNTIL_EXP, STORE_DEVICE_ACTIVE);
    restart(w);
    (void)go_round(w, NOW + 60);
    event_is(w, 2, NULL);
    (void)go_round(w, NOW + 4 * DAY);
    event_is(w, 2, "\"days\":1,");
    event_is(w, 3, NULL);
}

/* More devices than go into a step: one event, and each of them says that it was told. */
static void a_large_leaf_takes_several_steps(void **state)
{
    enum { MANY = 700 };
    world *w = *state;
    put_leaf(w, LEAF, NOW + 20 * DAY);
    put_leaf(w, LEAF + 1, NOW + 20 * DAY);
    for (unsigned i = 1; i <= MANY; i++)
        put_device(w, i, LEAF + i % 2, POA_EFFECT_UNTIL_EXP, STORE_DEVICE_ACTIVE);
    bool more = false;
    store_txn txn = rig_write(w->r);
    assert_int_equal(api_notices_step(&w->a.service, &txn, NOW, &more), POA_OK);
    rig_commit(&txn);
    assert_true(more);
    restart(w);                            /* in the middle of a leaf */
    assert_int_equal(go_round(w, NOW), 2); /* 444 are left */
    event_is(w, 1, "\"devices\":350,");
    event_is(w, 2, "\"devices\":350,");
    event_is(w, 3, NULL);
    all_are_marked(w, MANY, STORE_NOTICE_30_DAYS);
}

/* A step that was undone told nobody; the next round does. */
static void what_was_undone_is_told_later(void **state)
{
    world *w = *state;
    put_leaf(w, LEAF, NOW + DAY);
    for (unsigned i = 1; i <= 300; i++)
        put_device(w, i, LEAF, POA_EFFECT_UNTIL_EXP, STORE_DEVICE_ACTIVE);
    bool more = false;
    store_txn txn = rig_write(w->r);
    assert_int_equal(api_notices_step(&w->a.service, &txn, NOW, &more), POA_OK);
    store_write_abort(&txn);
    event_is(w, 1, NULL);
    (void)go_round(w, NOW); /* the rest of the leaf */
    event_is(w, 1, "\"days\":1,");
    (void)go_round(w, NOW + 60);
    event_is(w, 1, "\"days\":1,");
    (void)go_round(w, NOW + 120);
    all_are_marked(w, 300, STORE_NOTICE_30_DAYS | STORE_NOTICE_7_DAYS | STORE_NOTICE_1_DAY);
    event_is(w, 2, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_mark_is_told_once, begin, end),
        cmocka_unit_test_setup_teardown(who_is_late_hears_the_last_mark_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_large_leaf_takes_several_steps, begin, end),
        cmocka_unit_test_setup_teardown(what_was_undone_is_told_later, begin, end),
    };
    return cmocka_run_group_tests_name("api notices", tests, NULL, NULL);
}
