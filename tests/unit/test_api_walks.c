#include "site.h"
#include "store_device_rig.h"

#include "api/chains.h"
#include "api/change.h"
#include "api/effects.h"
#include "api/walks.h"
#include "chain.h"
#include "cleanup.h"
#include "span.h"
#include "store/certificates.h"
#include "store/events.h"
#include "store/walks.h"

#include <stdlib.h>

enum { STEPS_MAX = 50 };

/* A site, a store, and a service on both without any thread. */
typedef struct world {
    site *s;
    rig *r;
    api_service service;
    int64_t now_s;
    unsigned devices; /* made so far */
} world;

static int64_t clock_of(void *arg)
{
    return ((const world *)arg)->now_s;
}

static int begin(void **state)
{
    static world w;
    void *made = NULL;
    assert_int_equal(site_open(&made), 0);
    w = (world){.s = made, .now_s = NOW};
    assert_int_equal(rig_setup(&made), 0);
    w.r = made;
    w.service = (api_service){.ctx = w.s->ctx, .store = w.r->s, .random = counting, .now_s = clock_of, .now_arg = &w};
    assert_int_equal(api_chains_new(16, &w.service.chains), POA_OK);
    assert_int_equal(api_slot_new(&w.service.slot), POA_OK);
    api_snapshot *snapshot = calloc(1, sizeof *snapshot);
    assert_non_null(snapshot);
    atomic_store(&snapshot->refs, 1);
    snapshot->policy = poa_policy_ref(w.s->policy);
    api_slot_set(w.service.slot, snapshot);
    *state = &w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    api_chains_free(w->service.chains);
    api_slot_free(w->service.slot);
    void *made = w->s;
    assert_int_equal(site_close(&made), 0);
    made = w->r;
    return rig_teardown(&made);
}

/* Devices under the leaf of a chain that a power of review let in; gives the number of the first. */
static unsigned put_devices(world *w, const poa_chain *chain, unsigned count)
{
    const unsigned first = w->devices + 1;
    store_txn txn = rig_write(w->r);
    poa_id text;
    assert_int_equal(api_keep_chain(chain, &txn, NOW, &text), POA_OK);
    for (unsigned i = 0; i < count; i++) {
        const unsigned n = ++w->devices;
        store_device device = device_sample(n);
        device.serial = device.id_link = device.product_instance_uri = device.spiffe_id = (poa_span){0};
        device.link_evidence = STORE_LINK_NONE;
        device.idevid = rig_id(10000 + n);
        device.key = rig_id(20000 + n);
        device.leaf = poa_chain_leaf(chain)->id;
        device.chain = text;
        device.on_revoke = POA_ON_REVOKE_REVIEW;
        device.created_s = NOW - 100;
        assert_int_equal(store_device_put(&txn, &device), POA_OK);
    }
    rig_commit(&txn);
    return first;
}

/* Accept a statement, as the route does; gives its epoch. */
static uint64_t say(world *w, enum who by, const poa_statement_request *request)
{
    POA_CLEANUP(poa_freep) char *text = statement_text(w->s, by, request);
    poa_statement *statement = NULL;
    assert_int_equal(poa_statement_read(w->s->ctx, poa_span_of(text), &statement, NULL), POA_OK);
    const poa_statement_facts *facts = poa_statement_get(statement);
    const bool lifts = facts->target_kind == POA_TARGET_HOLD;
    store_statement record = {
        .id = facts->id,
        .op = facts->op,
        .kind = facts->target_kind,
        .target = lifts ? (poa_id){{0}} : facts->target,
        .hold = lifts ? facts->hold : (poa_span){0},
        .jti = facts->jti,
        .signer = facts->kid,
        .accepted_s = NOW,
        .text = poa_span_of(text),
    };
    store_txn txn = rig_write(w->r);
    assert_int_equal(store_statement_add(&txn, &record, &record.epoch, NULL), POA_OK);
    assert_int_equal(api_walk_begin(&w->service, &txn, w->s->policy, &record, facts), POA_OK);
    rig_commit(&txn);
    poa_statement_free(statement);
    return record.epoch;
}

static uint64_t revoke(world *w, enum who by, const poa_chain *chain, size_t hop)
{
    poa_statement_request request = statement_request(by, POA_OP_REVOKE);
    request.target = poa_chain_link(chain, hop)->id;
    return say(w, by, &request);
}

static bool is_walking(world *w)
{
    store_walk walk;
    bool found = false;
    store_txn *txn = rig_read(w->r);
    assert_int_equal(store_walk_next(txn, 0, &walk, &found), POA_OK);
    store_read_end(txn);
    return found;
}

/* One step; where @kept is false it is undone, as when the process is killed before the commit. */
static bool step(world *w, bool kept)
{
    bool more = false;
    store_txn txn = rig_write(w->r);
    assert_int_equal(api_walks_step(&w->service, &txn, w->now_s, &more), POA_OK);
    if (kept)
        rig_commit(&txn);
    else
        store_write_abort(&txn);
    return more;
}

static unsigned walk(world *w)
{
    unsigned steps = 0;
    while (step(w, true))
        assert_in_range(++steps, 1, STEPS_MAX);
    assert_false(is_walking(w));
    return steps;
}

static store_device_state state_of(world *w, unsigned n)
{
    const store_uuid id = rig_uuid(n);
    store_device device;
    bool found = false;
    store_txn *txn = rig_read(w->r);
    assert_int_equal(store_device_get(txn, &id, &device, &found), POA_OK);
    assert_true(found);
    store_read_end(txn);
    return device.state;
}

static void all_are(world *w, unsigned first, unsigned count, store_device_state state)
{
    for (unsigned n = first; n < first + count; n++)
        if (state_of(w, n) != state)
            fail_msg("device %u is %s", n, store_device_state_name(state_of(w, n)));
}

/* How many events of a kind there are. */
static unsigned events(world *w, const char *kind)
{
    unsigned count = 0;
    bool found = true;
    store_event event = {.id = 0};
    store_txn *txn = rig_read(w->r);
    while (found) {
        bool gap = false;
        assert_int_equal(store_event_next(txn, event.id, &event, &gap, &found), POA_OK);
        count += found && poa_span_is(event.kind, kind) ? 1 : 0;
    }
    store_read_end(txn);
    return count;
}

/* ---- */

static poa_chain *beside(const world *w)
{
    const grant grants[] = {{.from = OWNER, .to = CONTRACTOR}, {.from = CONTRACTOR, .to = SIBLING}};
    return chain_of(w->s, grants, POA_COUNT(grants));
}

static void what_is_below_is_reached_and_nothing_else(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    POA_CLEANUP(poa_chain_freep) poa_chain *other = beside(w);
    const unsigned mine = put_devices(w, chain, 5), theirs = put_devices(w, other, 5);
    (void)revoke(w, OWNER, chain, 1);
    assert_true(is_walking(w));
    assert_int_equal(events(w, "poa.revoked"), 1);
    (void)walk(w);
    all_are(w, mine, 5, STORE_DEVICE_REVIEW);
    all_are(w, theirs, 5, STORE_DEVICE_ACTIVE);
    assert_int_equal(events(w, "device.review"), 5);
}

/* Batches, of which every other one is lost: each device is changed once, and its change is told once. */
static void lost_steps_are_made_again(void **state)
{
    enum { MANY = 700 };
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const unsigned first = put_devices(w, chain, MANY);
    (void)revoke(w, OWNER, chain, 0);
    unsigned steps = 0;
    for (; is_walking(w); steps++) {
        assert_in_range(steps, 0, STEPS_MAX);
        (void)step(w, false);
        (void)step(w, true);
    }
    assert_true(steps >= 3);
    all_are(w, first, MANY, STORE_DEVICE_REVIEW);
    assert_int_equal(events(w, "device.review"), MANY);
}

static void one_that_can_count_on_nothing_is_only_told(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const unsigned first = put_devices(w, chain, 2);
    (void)revoke(w, STRANGER, chain, 1); /* as if its signer had shown a chain of its own */
    (void)revoke(w, TECHNICIAN, chain, 1);
    assert_false(is_walking(w));
    assert_int_equal(events(w, "poa.revoked"), 2);
    all_are(w, first, 2, STORE_DEVICE_ACTIVE);
}

static void by_a_key(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const unsigned first = put_devices(w, chain, 2);
    poa_statement_request request = statement_request(STRANGER, POA_OP_REVOKE);
    request.target_kind = POA_TARGET_KEY;
    request.target = *thumbprint(w->s, FOREMAN);
    (void)say(w, STRANGER, &request);
    (void)walk(w);
    all_are(w, first, 2, STORE_DEVICE_ACTIVE);
    (void)say(w, FOREMAN, &request); /* a key about itself */
    (void)walk(w);
    all_are(w, first, 2, STORE_DEVICE_REVIEW);
}

/* Under a hold they are asked to come soon; lifting it takes nothing and gives nothing. */
static void a_hold_and_its_end(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const unsigned first = put_devices(w, chain, 2);
    poa_statement_request request = statement_request(OWNER, POA_OP_SUSPEND);
    request.target = poa_chain_link(chain, 0)->id;
    const uint64_t epoch = say(w, OWNER, &request);
    (void)walk(w);
    all_are(w, first, 2, STORE_DEVICE_ACTIVE);

    store_statement hold;
    bool found = false;
    store_txn *txn = rig_read(w->r);
    assert_int_equal(store_statement_get(txn, epoch, &hold, &found), POA_OK);
    POA_CLEANUP(poa_freep) char *jti = poa_span_dup(hold.jti);
    store_read_end(txn);
    poa_statement_request lift = statement_request(OWNER, POA_OP_RESUME);
    lift.target_kind = POA_TARGET_HOLD;
    lift.hold = poa_span_of(jti);
    (void)say(w, OWNER, &lift);
    assert_true(is_walking(w));
    (void)walk(w);
    all_are(w, first, 2, STORE_DEVICE_ACTIVE);
}

/* ---- quicker than the walk ---- */

static enum api_effect ahead_of(world *w, unsigned n)
{
    const store_uuid id = rig_uuid(n);
    store_device device;
    bool found = false;
    enum api_effect effect = API_EFFECT_NONE;
    store_txn *txn = rig_read(w->r);
    assert_int_equal(store_device_get(txn, &id, &device, &found), POA_OK);
    assert_int_equal(api_effect_ahead(&w->service, txn, &device, NOW, &effect, NULL), POA_OK);
    store_read_end(txn);
    return effect;
}

static void who_comes_before_the_walk_does_not_escape_it(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    POA_CLEANUP(poa_chain_freep) poa_chain *other = beside(w);
    const unsigned mine = put_devices(w, chain, 2), theirs = put_devices(w, other, 1);
    assert_int_equal(ahead_of(w, mine), API_EFFECT_NONE);
    (void)revoke(w, FOREMAN, chain, 2);
    poa_statement_request stronger = statement_request(OWNER, POA_OP_REVOKE);
    stronger.target = poa_chain_link(chain, 1)->id;
    stronger.reason = POA_SPAN("keyCompromise");
    (void)say(w, OWNER, &stronger);
    assert_int_equal(ahead_of(w, mine), API_EFFECT_SUSPEND);
    assert_int_equal(ahead_of(w, theirs), API_EFFECT_NONE);

    for (unsigned n = mine; n <= theirs; n += theirs - mine) {
        const store_uuid id = rig_uuid(n);
        store_device device;
        bool found = false;
        store_txn txn = rig_write(w->r);
        assert_int_equal(store_device_get(&txn, &id, &device, &found), POA_OK);
        assert_int_equal(api_effect_now(&w->service, &txn, &device, NOW), POA_OK);
        assert_int_equal(device.state, n == mine ? STORE_DEVICE_SUSPENDED : STORE_DEVICE_ACTIVE);
        rig_commit(&txn);
    }
    assert_int_equal(state_of(w, mine + 1), STORE_DEVICE_ACTIVE);
    (void)walk(w);
    all_are(w, mine, 2, STORE_DEVICE_SUSPENDED);
    assert_int_equal(events(w, "device.suspended"), 2);
    all_are(w, theirs, 1, STORE_DEVICE_ACTIVE);
}

static void a_review_ends_in_time(void **state)
{
    static const struct {
        int64_t after_s;
        store_device_state want;
    } times[] = {{-1, STORE_DEVICE_REVIEW}, {0, STORE_DEVICE_SUSPENDED}, {0, STORE_DEVICE_SUSPENDED}};
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const unsigned n = put_devices(w, chain, 1);
    (void)revoke(w, OWNER, chain, 0);
    (void)walk(w);
    const int64_t end_s = NOW + poa_policy_get(w->s->policy)->review_deadline_s;
    for (size_t i = 0; i < POA_COUNT(times); i++) {
        const store_uuid id = rig_uuid(n);
        store_device device;
        bool found = false;
        w->now_s = end_s + times[i].after_s;
        store_txn txn = rig_write(w->r);
        assert_int_equal(store_device_get(&txn, &id, &device, &found), POA_OK);
        assert_int_equal(api_review_end(&w->service, &txn, &device), POA_OK);
        rig_commit(&txn);
        assert_int_equal(state_of(w, n), times[i].want);
    }
    assert_int_equal(events(w, "device.suspended"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_below_is_reached_and_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(lost_steps_are_made_again, begin, end),
        cmocka_unit_test_setup_teardown(one_that_can_count_on_nothing_is_only_told, begin, end),
        cmocka_unit_test_setup_teardown(by_a_key, begin, end),
        cmocka_unit_test_setup_teardown(a_hold_and_its_end, begin, end),
        cmocka_unit_test_setup_teardown(who_comes_before_the_walk_does_not_escape_it, begin, end),
        cmocka_unit_test_setup_teardown(a_review_ends_in_time, begin, end),
    };
    return cmocka_run_group_tests_name("api walks", tests, NULL, NULL);
}
