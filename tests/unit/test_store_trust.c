#include "store_rig.h"

#include "bounds.h"
#include "span.h"
#include "store/trust.h"

static void absent_reads_as_zero(void **state)
{
    store_txn *txn = rig_read(*state);
    store_trust_watch watch = {1, 2, 3};
    store_trust_recall recall = {.base_s = 1};
    assert_int_equal(store_trust_watch_get(txn, &watch), POA_OK);
    assert_int_equal(watch.trusted_s + watch.silent_s + watch.spared_s, 0);
    assert_int_equal(store_trust_recall_get(txn, &recall), POA_OK);
    assert_int_equal(recall.base_s, 0);
    assert_true(store_id_is_none(&recall.policy));
    store_read_end(txn);
}

static void what_was_put_outlives_the_process(void **state)
{
    rig *r = *state;
    store_txn txn = rig_write(r);
    assert_int_equal(store_trust_watch_put(&txn, &(store_trust_watch){10, 20, 30}), POA_OK);
    const store_trust_recall put = {rig_id(7), 40, rig_uuid(8)};
    assert_int_equal(store_trust_recall_put(&txn, &put), POA_OK);
    rig_commit(&txn);
    rig_close(r);
    rig_open(r, 0);

    store_txn *read = rig_read(r);
    store_trust_watch watch;
    store_trust_recall recall;
    assert_int_equal(store_trust_watch_get(read, &watch), POA_OK);
    assert_int_equal(watch.trusted_s, 10);
    assert_int_equal(watch.silent_s, 20);
    assert_int_equal(watch.spared_s, 30);
    assert_int_equal(store_trust_recall_get(read, &recall), POA_OK);
    assert_true(poa_id_equal(&recall.policy, &put.policy));
    assert_int_equal(recall.base_s, 40);
    assert_memory_equal(recall.after.bytes, put.after.bytes, sizeof put.after.bytes);
    store_read_end(read);
}

static void a_time_that_is_none_is_not_put(void **state)
{
    store_txn txn = rig_write(*state);
    assert_int_equal(store_trust_watch_put(&txn, &(store_trust_watch){-1, 0, 0}), POA_F_USAGE);
    assert_int_equal(store_trust_watch_put(&txn, &(store_trust_watch){0, 0, POA_TIME_MAX + 1}), POA_F_USAGE);
    assert_int_equal(store_trust_recall_put(&txn, &(store_trust_recall){.base_s = -1}), POA_F_USAGE);
    assert_int_equal(store_trust_watch_put(&txn, &(store_trust_watch){0, 0, POA_TIME_MAX}), POA_OK);
    rig_commit(&txn);
}

static poa_err read_watch(store_txn *txn)
{
    store_trust_watch watch;
    return store_trust_watch_get(txn, &watch);
}

static poa_err read_recall(store_txn *txn)
{
    store_trust_recall recall;
    return store_trust_recall_get(txn, &recall);
}

static void damage_is_a_fault(void **state)
{
    rig *r = *state;
    store_txn txn = rig_write(r);
    assert_int_equal(store_trust_watch_put(&txn, &(store_trust_watch){10, 20, 30}), POA_OK);
    assert_int_equal(store_trust_recall_put(&txn, &(store_trust_recall){rig_id(7), 40, rig_uuid(8)}), POA_OK);
    rig_commit(&txn);
    rig_damage(r, STORE_META, POA_SPAN("trust_watch"), read_watch);
    rig_damage(r, STORE_META, POA_SPAN("trust_recall"), read_recall);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(absent_reads_as_zero),
        WITH_STORE(what_was_put_outlives_the_process),
        WITH_STORE(a_time_that_is_none_is_not_put),
        WITH_STORE(damage_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
