#include "store_rig.h"

#include "bounds.h"
#include "store/certificates.h"
#include "store/events.h"
#include "store/meta.h"

#include <string.h>

/* What there is one of. */

static void a_damaged_meta_is_a_fault(void **state)
{
    rig *r = *state;
    static const char *const keys[] = {"epoch",  "time",       "audit",      "ready",
                                       "spread", "crl_number", "crl_change", "events"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        rig_overwrite(r, STORE_META, (poa_span){keys[i], strlen(keys[i])}, "\1\0", 2);
    store_txn *txn = rig_read(r);
    uint64_t number = 7;
    int64_t time_s = 7;
    poa_id hash;
    assert_int_equal(store_epoch(txn, &number), POA_F_STORE);
    assert_int_equal(store_time_mark(txn, &time_s), POA_F_STORE);
    assert_int_equal(store_audit_head(txn, &number, &hash), POA_F_STORE);
    assert_int_equal(store_ready_s(txn, &time_s), POA_F_STORE);
    store_spread spread = {.before_s = 7};
    assert_int_equal(store_spread_get(txn, &spread), POA_F_STORE);
    assert_int_equal(spread.before_s, 7);
    assert_int_equal(store_crl_change(txn, &number), POA_F_STORE);
    assert_int_equal(store_crl_number_next(txn, &number), POA_F_STORE);
    assert_int_equal(store_event_last(txn, &number), POA_F_STORE);
    assert_int_equal(number, 7);
    assert_int_equal(time_s, 7);
    store_read_end(txn);

    store_txn without = rig_write(r);
    assert_int_equal(store_kv_del(&without, STORE_META, POA_SPAN("epoch")), POA_OK);
    assert_int_equal(store_epoch(&without, &number), POA_F_STORE);
    store_write_abort(&without);

    rig_overwrite(r, STORE_META, POA_SPAN("store"), "\1short", 6);
    rig_close(r);
    char why[STORE_WHY_BYTES];
    store *s = NULL;
    assert_int_equal(rig_try_open(r, 0, &s, why), POA_F_STORE);
}

static void the_time_mark_only_rises(void **state)
{
    rig *r = *state;
    static const struct {
        int64_t now_s;
        int64_t mark_s;
    } cases[] = {{100, 100}, {100, 100}, {99, 100}, {0, 100}, {101, 101}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store_txn txn = rig_write(r);
        int64_t mark_s = 0;
        assert_int_equal(store_time_mark_raise(&txn, cases[i].now_s), POA_OK);
        assert_int_equal(store_time_mark(&txn, &mark_s), POA_OK);
        assert_int_equal(mark_s, cases[i].mark_s);
        rig_commit(&txn);
    }
    rig_close(r);
    rig_open(r, 0);
    store_txn txn = rig_write(r);
    int64_t mark_s = 0;
    assert_int_equal(store_time_mark(&txn, &mark_s), POA_OK);
    assert_int_equal(mark_s, 101);
    assert_int_equal(store_time_mark_raise(&txn, -1), POA_F_USAGE);
    assert_int_equal(store_time_mark_raise(&txn, INT64_MAX), POA_F_USAGE);
    assert_int_equal(store_time_mark_reset(&txn, 5), POA_OK);
    assert_int_equal(store_time_mark(&txn, &mark_s), POA_OK);
    assert_int_equal(mark_s, 5);
    rig_commit(&txn);
}

static void readiness_is_only_raised(void **state)
{
    rig *r = *state;
    static const struct {
        int64_t now_s;
        int64_t ready_s;
    } cases[] = {{0, 0}, {100, 100}, {99, 100}, {101, 101}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store_txn txn = rig_write(r);
        int64_t ready_s = 7;
        assert_int_equal(store_ready_note(&txn, cases[i].now_s), POA_OK);
        assert_int_equal(store_ready_s(&txn, &ready_s), POA_OK);
        assert_int_equal(ready_s, cases[i].ready_s);
        rig_commit(&txn);
    }
    store_txn txn = rig_write(r);
    assert_int_equal(store_ready_note(&txn, -1), POA_F_USAGE);
    assert_int_equal(store_ready_note(&txn, POA_TIME_MAX + 1), POA_F_USAGE);
    store_write_abort(&txn);
}

static void a_spread_is_kept(void **state)
{
    rig *r = *state;
    const store_spread want = {.before_s = 1000, .base_s = 2000, .width_s = 3600};
    const store_spread bad[] = {{.before_s = -1}, {.base_s = POA_TIME_MAX + 1}, {.width_s = -1}};
    store_txn txn = rig_write(r);
    store_spread got = want;
    assert_int_equal(store_spread_get(&txn, &got), POA_OK);
    assert_int_equal(got.before_s, 0);
    assert_int_equal(store_spread_put(&txn, &want), POA_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(store_spread_put(&txn, &bad[i]), POA_F_USAGE);
    rig_commit(&txn);
    rig_close(r);
    rig_open(r, 0);
    store_txn *read = rig_read(r);
    assert_int_equal(store_spread_get(read, &got), POA_OK);
    assert_int_equal(got.before_s, want.before_s);
    assert_int_equal(got.base_s, want.base_s);
    assert_int_equal(got.width_s, want.width_s);
    store_read_end(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_damaged_meta_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_time_mark_only_rises, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(readiness_is_only_raised, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_spread_is_kept, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_meta", tests, NULL, NULL);
}
