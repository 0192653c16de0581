#include "store_rig.h"

#include "bounds.h"
#include "store/audit.h"
#include "store/meta.h"
#include "store/meta_table.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 5 };

static store_audit_entry sample(unsigned n)
{
    store_audit_entry e = {
        .time_s = 1000 + n,
        .request = POA_SPAN("req-1"),
        .kind = POA_SPAN("onboarding"),
        .poa_count = 2,
        .chain = rig_id(1),
        .proof = rig_id(2),
        .proof_jti = POA_SPAN("jti-of-the-proof"),
        .policy = rig_id(3),
        .code = POA_E_QUOTA_EXCEEDED,
        .reason = POA_SPAN("{\"decision\":\"deny\"}"),
        .has_device = true,
        .device = rig_uuid(4),
        .certificate_serial = POA_SPAN("\0\1\2"),
        .statement = rig_id(5),
    };
    e.poas[0] = rig_id(10);
    e.poas[1] = rig_id(11);
    return e;
}

static void append(rig *r, unsigned n)
{
    const store_audit_entry e = sample(n);
    store_txn txn = rig_write(r);
    uint64_t seq = 0;
    assert_int_equal(store_audit_append(&txn, &e, &seq), POA_OK);
    assert_int_equal(seq, n);
    rig_commit(&txn);
}

static int setup_log(void **state)
{
    rig_setup(state);
    for (unsigned n = 1; n <= ENTRIES; n++)
        append(*state, n);
    return 0;
}

static store_audit_walk verify(rig *r)
{
    store_txn *txn = rig_read(r);
    store_audit_walk walk = {0};
    assert_int_equal(store_audit_verify(txn, &walk, UINT64_MAX), POA_OK);
    store_read_end(txn);
    return walk;
}

static store_key key_of(uint64_t seq)
{
    store_key key = {.len = 0};
    store_key_u64(&key, seq);
    return key;
}

static void what_was_appended_is_got(void **state)
{
    rig *r = *state;
    rig_close(r);
    rig_open(r, 0);
    store_txn *txn = rig_read(r);
    store_audit_entry got;
    bool found = false;
    assert_int_equal(store_audit_get(txn, 2, &got, &found), POA_OK);
    assert_true(found);
    const store_audit_entry want = sample(2);
    assert_int_equal(got.seq, 2);
    assert_int_equal(got.time_s, 1002);
    assert_memory_equal(got.request.ptr, "req-1", 5);
    assert_memory_equal(got.kind.ptr, "onboarding", 10);
    assert_int_equal(got.poa_count, 2);
    assert_memory_equal(got.poas, want.poas, 2 * sizeof *want.poas);
    assert_true(poa_id_equal(&got.chain, &want.chain));
    assert_true(poa_id_equal(&got.proof, &want.proof));
    assert_memory_equal(got.proof_jti.ptr, want.proof_jti.ptr, want.proof_jti.len);
    assert_true(poa_id_equal(&got.policy, &want.policy));
    assert_int_equal(got.code, POA_E_QUOTA_EXCEEDED);
    assert_memory_equal(got.reason.ptr, want.reason.ptr, want.reason.len);
    assert_true(got.has_device);
    assert_memory_equal(got.device.bytes, want.device.bytes, 16);
    assert_int_equal(got.certificate_serial.len, 3);
    assert_true(poa_id_equal(&got.statement, &want.statement));

    uint64_t count = 0;
    poa_id head;
    assert_int_equal(store_audit_head(txn, &count, &head), POA_OK);
    assert_int_equal(count, ENTRIES);
    assert_int_equal(store_audit_get(txn, ENTRIES + 1, &got, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);
}

static void faults_are_entries_too(void **state)
{
    rig *r = *state;
    for (const poa_err_info *row = poa_err_next(NULL); row; row = poa_err_next(row)) {
        store_txn txn = rig_write(r);
        store_audit_entry e = sample(1);
        e.code = row->code;
        e.poa_count = 0;
        e.has_device = false;
        e.request = e.proof_jti = e.reason = e.certificate_serial = (poa_span){0};
        uint64_t seq = 0;
        store_audit_entry got;
        bool found = false;
        assert_int_equal(store_audit_append(&txn, &e, &seq), POA_OK);
        assert_int_equal(store_audit_get(&txn, seq, &got, &found), POA_OK);
        assert_int_equal(got.code, row->code);
        store_write_abort(&txn);
    }
}

static void bounds_are_kept(void **state)
{
    rig *r = *state;
    static char most[STORE_AUDIT_REASON_MAX + 1];
    memset(most, 'a', sizeof most);
    store_audit_entry bad[12];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        bad[i] = sample(1);
    bad[0].kind = (poa_span){0};
    bad[1].kind = POA_SPAN("Onboarding");
    bad[2].kind = (poa_span){most, STORE_AUDIT_KIND_MAX + 1};
    bad[3].request = (poa_span){most, STORE_AUDIT_REQUEST_MAX + 1};
    bad[4].reason = (poa_span){most, STORE_AUDIT_REASON_MAX + 1};
    bad[5].poa_count = STORE_AUDIT_POAS_MAX + 1;
    bad[6].time_s = -1;
    bad[7].code = (poa_err)9999;
    bad[8].proof_jti = (poa_span){most, STORE_AUDIT_PROOF_JTI_MAX + 1};
    bad[9].certificate_serial = (poa_span){most, 21};
    bad[10].request = POA_SPAN("a\nb");
    bad[11].kind = POA_SPAN("a b");
    store_txn txn = rig_write(r);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (store_audit_append(&txn, &bad[i], NULL) != POA_F_USAGE)
            fail_msg("case %zu", i);
    store_audit_entry full = sample(1);
    full.poa_count = STORE_AUDIT_POAS_MAX;
    full.reason = (poa_span){most, STORE_AUDIT_REASON_MAX};
    uint64_t seq = 0;
    assert_int_equal(store_audit_append(&txn, &full, &seq), POA_OK);
    assert_int_equal(seq, ENTRIES + 1);
    rig_commit(&txn);
    assert_true(verify(r).complete);
}

static void a_whole_log_holds(void **state)
{
    rig *r = *state;
    const store_audit_walk walk = verify(r);
    assert_true(walk.complete);
    assert_int_equal(walk.broken, 0);
    assert_int_equal(walk.checked, ENTRIES);

    /* In pieces, each with a transaction of its own, while it grows. */
    store_audit_walk slow = {0};
    for (unsigned n = 0; n < 3; n++) {
        store_txn *txn = rig_read(r);
        assert_int_equal(store_audit_verify(txn, &slow, 2), POA_OK);
        store_read_end(txn);
        assert_false(slow.complete);
        append(r, ENTRIES + 1 + n);
    }
    store_txn *txn = rig_read(r);
    assert_int_equal(store_audit_verify(txn, &slow, 100), POA_OK);
    store_read_end(txn);
    assert_true(slow.complete);
    assert_int_equal(slow.checked, ENTRIES + 3);
}

static void an_empty_log_holds(void **state)
{
    rig *r = *state;
    assert_true(verify(r).complete);
}

static void every_flipped_bit_is_found(void **state)
{
    rig *r = *state;
    for (uint64_t seq = 1; seq <= ENTRIES; seq += ENTRIES - 1) {
        const store_key key = key_of(seq);
        size_t len = 0;
        char *record = rig_record(r, STORE_AUDIT, store_key_span(&key), &len);
        for (size_t bit = 0; bit < len * 8; bit++) {
            record[bit / 8] = (char)(record[bit / 8] ^ 1 << bit % 8);
            store_txn txn = rig_write(r);
            assert_int_equal(store_kv_put(&txn, STORE_AUDIT, store_key_span(&key), (poa_span){record, len}), POA_OK);
            store_audit_walk walk = {0};
            assert_int_equal(store_audit_verify(&txn, &walk, 100), POA_OK);
            if (walk.complete || (walk.broken != seq && walk.broken != seq + 1))
                fail_msg("bit %zu of entry %d", bit, (int)seq);
            store_write_abort(&txn);
            record[bit / 8] = (char)(record[bit / 8] ^ 1 << bit % 8);
        }
        free(record);
    }
    assert_true(verify(r).complete);
}

static void a_removed_entry_is_found(void **state)
{
    rig *r = *state;
    for (uint64_t seq = 1; seq <= ENTRIES; seq++) {
        const store_key key = key_of(seq);
        store_txn txn = rig_write(r);
        assert_int_equal(store_kv_del(&txn, STORE_AUDIT, store_key_span(&key)), POA_OK);
        store_audit_walk walk = {0};
        assert_int_equal(store_audit_verify(&txn, &walk, 100), POA_OK);
        assert_int_equal(walk.broken, seq);
        assert_false(walk.complete);
        store_write_abort(&txn);
    }
}

static void moved_and_added_entries_are_found(void **state)
{
    rig *r = *state;
    const store_key second = key_of(2);
    const store_key third = key_of(3);
    const store_key behind = key_of(ENTRIES + 1);
    size_t len = 0;
    char *record = rig_record(r, STORE_AUDIT, store_key_span(&third), &len);

    /* The third in the second's place. */
    store_txn txn = rig_write(r);
    assert_int_equal(store_kv_put(&txn, STORE_AUDIT, store_key_span(&second), (poa_span){record, len}), POA_OK);
    store_audit_walk walk = {0};
    assert_int_equal(store_audit_verify(&txn, &walk, 100), POA_OK);
    assert_int_equal(walk.broken, 2);
    store_write_abort(&txn);

    /* One behind the head. */
    txn = rig_write(r);
    assert_int_equal(store_kv_put(&txn, STORE_AUDIT, store_key_span(&behind), (poa_span){record, len}), POA_OK);
    walk = (store_audit_walk){0};
    assert_int_equal(store_audit_verify(&txn, &walk, 100), POA_OK);
    assert_int_equal(walk.broken, ENTRIES + 1);
    /* Which an append would have to write over. */
    const store_audit_entry e = sample(1);
    assert_int_equal(store_audit_append(&txn, &e, NULL), POA_F_STORE);
    store_write_abort(&txn);

    /* The last number that there is. */
    txn = rig_write(r);
    assert_int_equal(store_meta_set_audit_head(&txn, UINT64_MAX, &walk.hash), POA_OK);
    assert_int_equal(store_audit_append(&txn, &e, NULL), POA_F_STORE);
    store_write_abort(&txn);

    /* A head that was set back. */
    txn = rig_write(r);
    assert_int_equal(store_meta_set_audit_head(&txn, 2, &walk.hash), POA_OK);
    store_audit_walk other = {0};
    assert_int_equal(store_audit_verify(&txn, &other, 100), POA_OK);
    assert_int_equal(other.broken, 2);
    assert_int_equal(store_audit_verify(&txn, &walk, 100), POA_OK);
    assert_false(walk.complete);
    walk = (store_audit_walk){.checked = ENTRIES};
    assert_int_equal(store_audit_verify(&txn, &walk, 100), POA_OK);
    assert_int_equal(walk.broken, 3);
    store_write_abort(&txn);
    free(record);
}

static poa_err read_third(store_txn *txn)
{
    store_audit_entry got;
    bool found = false;
    return store_audit_get(txn, 3, &got, &found);
}

static void a_damaged_entry_is_a_fault(void **state)
{
    rig *r = *state;
    const store_key key = key_of(3);
    rig_damage(r, STORE_AUDIT, store_key_span(&key), read_third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_appended_is_got, setup_log, rig_teardown),
        cmocka_unit_test_setup_teardown(faults_are_entries_too, setup_log, rig_teardown),
        cmocka_unit_test_setup_teardown(bounds_are_kept, setup_log, rig_teardown),
        cmocka_unit_test_setup_teardown(a_whole_log_holds, setup_log, rig_teardown),
        cmocka_unit_test_setup_teardown(an_empty_log_holds, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(every_flipped_bit_is_found, setup_log, rig_teardown),
        cmocka_unit_test_setup_teardown(a_removed_entry_is_found, setup_log, rig_teardown),
        cmocka_unit_test_setup_teardown(moved_and_added_entries_are_found, setup_log, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_entry_is_a_fault, setup_log, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_audit", tests, NULL, NULL);
}
