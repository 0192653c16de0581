#include "api_rig.h"

#include "api/keeper.h"
#include "store/meta.h"
#include "store/quotas.h"

#include <time.h>

enum { NEVER_MS = 3600000, PATIENCE = 5000 };

/* What the steps of a test do, and how often they ran. */
static struct play {
    atomic_uint first;
    atomic_uint second;
    atomic_uint more; /* how often the first has more to do */
    atomic_bool fails;
    _Atomic int64_t at_s;
} play;

static void nap(void)
{
    const struct timespec ms = {0, 1000000};
    (void)nanosleep(&ms, NULL);
}

static void wait_until(const atomic_uint *count, unsigned wanted)
{
    for (unsigned i = 0; atomic_load(count) < wanted; i++) {
        if (i == PATIENCE)
            fail_msg("%u of %u steps", atomic_load(count), wanted);
        nap();
    }
}

static poa_err count_first(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    (void)service;
    assert_false(*more);
    atomic_store(&play.at_s, now_s);
    const poa_id id = rig_id(1);
    const poa_err err = store_quota_charge(txn, &id, 0, UINT64_MAX);
    atomic_fetch_add(&play.first, 1);
    if (err)
        return err;
    *more = atomic_load(&play.more) > 0;
    if (*more)
        atomic_fetch_sub(&play.more, 1);
    return atomic_load(&play.fails) ? POA_F_NOMEM : POA_OK;
}

static poa_err count_second(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    (void)service;
    (void)txn;
    (void)now_s;
    (void)more;
    atomic_fetch_add(&play.second, 1);
    return POA_OK;
}

static const api_keeper_task tasks[] = {{"first", count_first}, {"second", count_second}, {NULL, NULL}};

static uint64_t charged(rig *r)
{
    store_txn *txn = rig_read(r);
    const poa_id id = rig_id(1);
    uint64_t count = 0;
    assert_int_equal(store_quota_used(txn, &id, 0, &count), POA_OK);
    store_read_end(txn);
    return count;
}

static void begin(api_rig *a, rig *r, unsigned tick_ms)
{
    play = (struct play){.more = 0};
    api_rig_begin(a, r, "");
    assert_int_equal(api_keeper_new(tasks, tick_ms, &a->service.keeper), POA_OK);
}

static void end(api_rig *a)
{
    api_keeper_stop(&a->service);
    api_keeper_free(a->service.keeper);
    api_rig_end(a);
}

static void each_tick_runs_each_task(void **state)
{
    api_rig a;
    begin(&a, *state, 10);
    assert_int_equal(api_keeper_start(&a.service), POA_OK);
    wait_until(&play.second, 3);
    api_keeper_stop(&a.service);
    assert_int_equal(atomic_load(&play.first), atomic_load(&play.second));
    assert_int_equal(atomic_load(&play.at_s), API_RIG_NOW);
    assert_int_equal(charged(*state), atomic_load(&play.first));
    end(&a);
}

static void what_has_more_to_do_goes_on_at_once_and_lets_others_between(void **state)
{
    api_rig a;
    begin(&a, *state, NEVER_MS);
    atomic_store(&play.more, 20);
    assert_int_equal(api_keeper_start(&a.service), POA_OK);
    wait_until(&play.second, 21);
    for (unsigned i = 0; i < 30; i++)
        nap();
    assert_int_equal(atomic_load(&play.first), 21);
    assert_int_equal(atomic_load(&play.second), 21);
    end(&a);
}

static void it_can_be_woken(void **state)
{
    api_rig a;
    begin(&a, *state, NEVER_MS);
    assert_int_equal(api_keeper_start(&a.service), POA_OK);
    wait_until(&play.second, 1);
    api_keeper_wake(&a.service);
    wait_until(&play.second, 2);
    end(&a);
}

static void a_step_that_fails_leaves_nothing_and_is_told_once(void **state)
{
    api_rig a;
    begin(&a, *state, 10);
    atomic_store(&play.fails, true);
    assert_int_equal(api_keeper_start(&a.service), POA_OK);
    wait_until(&play.second, 3);
    assert_int_equal(charged(*state), 0);
    assert_int_equal(atomic_load(&a.lines), 1);
    atomic_store(&play.fails, false);
    const unsigned ran = atomic_load(&play.second);
    wait_until(&play.second, ran + 2);
    api_keeper_stop(&a.service);
    assert_true(charged(*state) > 0);
    assert_int_equal(atomic_load(&a.lines), 1);
    end(&a);
}

static poa_err raise_mark(store_op *op, store_txn *txn)
{
    (void)op;
    return store_time_mark_raise(txn, API_RIG_NOW);
}

/* The policy's skew is 30 s: up to there the clock counts, a second more and nothing runs until it has caught up. */
static void nothing_runs_by_a_clock_that_is_behind(void **state)
{
    api_rig a;
    begin(&a, *state, 10);
    assert_int_equal(api_rig_write(&a, raise_mark), POA_OK);
    atomic_store(&a.now_s, API_RIG_NOW - 31);
    assert_int_equal(api_keeper_start(&a.service), POA_OK);
    for (unsigned i = 0; i < 60; i++)
        nap();
    assert_int_equal(atomic_load(&play.first), 0);
    atomic_store(&a.now_s, API_RIG_NOW - 30);
    wait_until(&play.first, 1);
    end(&a);
}

/* Something that was acted on in this process alone counts as well. */
static void nothing_runs_behind_what_was_decided(void **state)
{
    api_rig a;
    begin(&a, *state, 10);
    atomic_store(&a.service.acted_s, API_RIG_NOW + 31);
    assert_int_equal(api_keeper_start(&a.service), POA_OK);
    for (unsigned i = 0; i < 60; i++)
        nap();
    assert_int_equal(atomic_load(&play.first), 0);
    atomic_store(&a.now_s, API_RIG_NOW + 1);
    wait_until(&play.first, 1);
    end(&a);
}

static void nothing_runs_while_the_store_takes_no_changes(void **state)
{
    rig *r = *state;
    api_rig a;
    begin(&a, r, 10);
    atomic_store(&r->s->health, (int)STORE_BROKEN);
    assert_int_equal(api_keeper_start(&a.service), POA_OK);
    for (unsigned i = 0; i < 60; i++)
        nap();
    assert_int_equal(atomic_load(&play.first), 0);
    assert_int_equal(atomic_load(&a.lines), 0);
    end(&a);
}

static void it_may_be_stopped_before_it_began_and_twice(void **state)
{
    api_rig a;
    begin(&a, *state, 10);
    api_keeper_stop(&a.service);
    assert_int_equal(api_keeper_start(&a.service), POA_OK);
    api_keeper_stop(&a.service);
    api_keeper_stop(&a.service);
    end(&a);

    api_service none = {.keeper = NULL};
    api_keeper_wake(&none);
    api_keeper_stop(&none);
    api_keeper_free(NULL);
}

static void there_is_room_for_so_many_tasks(void **state)
{
    (void)state;
    api_keeper_task many[18] = {{NULL, NULL}};
    for (size_t i = 0; i < 17; i++)
        many[i] = tasks[0];
    api_keeper *keeper = NULL;
    assert_int_equal(api_keeper_new(many, 10, &keeper), POA_F_USAGE);
    many[16] = (api_keeper_task){NULL, NULL};
    assert_int_equal(api_keeper_new(many, 10, &keeper), POA_OK);
    api_keeper_free(keeper);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(each_tick_runs_each_task),
        WITH_STORE(what_has_more_to_do_goes_on_at_once_and_lets_others_between),
        WITH_STORE(it_can_be_woken),
        WITH_STORE(a_step_that_fails_leaves_nothing_and_is_told_once),
        WITH_STORE(nothing_runs_by_a_clock_that_is_behind),
        WITH_STORE(nothing_runs_behind_what_was_decided),
        WITH_STORE(nothing_runs_while_the_store_takes_no_changes),
        WITH_STORE(it_may_be_stopped_before_it_began_and_twice),
        cmocka_unit_test(there_is_room_for_so_many_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
