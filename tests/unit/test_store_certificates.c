#include "store_device_rig.h"

#include "bounds.h"
#include "cleanup.h"
#include "store/certificates.h"
#include "store/expiries.h"

#include <string.h>

/* Certificates that were issued, what bars them, and when they go. */

enum {
    DAY_S = 86400,
    REASON_UNSPECIFIED = 0,
    REASON_SUPERSEDED = 4,
    REASON_CESSATION = 5,
};

/* Certificate n of a device, from one of two CAs; its serial is n. */
static store_certificate sample(unsigned n, unsigned device, int64_t not_after_s)
{
    static const char serials[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    return (store_certificate){
        .serial = {serials + n, 1},
        .device = rig_uuid(device),
        .issuer = rig_id(n < 10 ? 900 : 901),
        .not_after_s = not_after_s,
    };
}

static poa_err try_add(rig *r, const store_certificate *c)
{
    store_txn txn = rig_write(r);
    const poa_err err = store_certificate_add(&txn, c);
    if (err)
        store_write_abort(&txn);
    else
        rig_commit(&txn);
    return err;
}

static void add(rig *r, unsigned n, unsigned device, int64_t not_after_s)
{
    const store_certificate c = sample(n, device, not_after_s);
    assert_int_equal(try_add(r, &c), POA_OK);
}

static void revoke(rig *r, unsigned device, unsigned reason, int64_t now_s)
{
    const store_uuid id = rig_uuid(device);
    store_txn txn = rig_write(r);
    assert_int_equal(store_certificates_revoke(&txn, &id, reason, now_s), POA_OK);
    rig_commit(&txn);
}

static void release(rig *r, unsigned device)
{
    const store_uuid id = rig_uuid(device);
    store_txn txn = rig_write(r);
    assert_int_equal(store_certificates_release(&txn, &id), POA_OK);
    rig_commit(&txn);
}

static size_t revoked(rig *r, unsigned issuer, poa_span after, store_certificate *out, size_t cap)
{
    const poa_id id = rig_id(issuer);
    store_txn *txn = rig_read(r);
    size_t count = 0;
    assert_int_equal(store_certificates_revoked(txn, &id, after, out, cap, &count), POA_OK);
    store_read_end(txn);
    return count;
}

/* Is the CRL of a CA this: digit, reason and time of each? */
static void expect_crl(rig *r, unsigned issuer, const char *serials, const unsigned *reasons, const int64_t *times)
{
    store_certificate list[16];
    assert_int_equal(revoked(r, issuer, (poa_span){0}, list, 16), strlen(serials));
    for (size_t i = 0; i < strlen(serials); i++) {
        assert_int_equal(list[i].serial.len, 1);
        assert_int_equal(list[i].serial.ptr[0], serials[i]);
        assert_int_equal(list[i].reason, reasons[i]);
        assert_int_equal(list[i].revoked_s, times[i]);
    }
}

static uint64_t change(rig *r)
{
    store_txn *txn = rig_read(r);
    uint64_t number = 0;
    assert_int_equal(store_crl_change(txn, &number), POA_OK);
    store_read_end(txn);
    return number;
}

static void all_of_a_device_are_barred(void **state)
{
    rig *r = *state;
    add(r, 1, 7, 1000);
    add(r, 2, 7, 2000);
    add(r, 3, 8, 2000);
    add(r, 11, 7, 2000); /* of another CA */
    assert_int_equal(change(r), 0);

    revoke(r, 7, REASON_SUPERSEDED, 1001); /* the first has ended */
    expect_crl(r, 900, "2", (unsigned[]){REASON_SUPERSEDED}, (int64_t[]){1001});
    expect_crl(r, 901, "b", (unsigned[]){REASON_SUPERSEDED}, (int64_t[]){1001});
    assert_int_equal(change(r), 2);
    revoke(r, 7, REASON_SUPERSEDED, 1000); /* its last second */
    expect_crl(r, 900, "12", (unsigned[]){REASON_SUPERSEDED, REASON_SUPERSEDED}, (int64_t[]){1000, 1001});
    assert_int_equal(change(r), 3);
    revoke(r, 9, REASON_SUPERSEDED, 1000); /* has none */
    assert_int_equal(change(r), 3);
}

static void a_hold_is_lifted_or_made_good(void **state)
{
    rig *r = *state;
    for (unsigned n = 1; n <= 3; n++)
        add(r, n, 7, 2000);
    store_txn txn = rig_write(r);
    assert_int_equal(store_certificate_revoke(&txn, POA_SPAN("2"), REASON_UNSPECIFIED, 50), POA_OK);
    rig_commit(&txn);
    expect_crl(r, 900, "2", (unsigned[]){REASON_UNSPECIFIED}, (int64_t[]){50});

    revoke(r, 7, STORE_REASON_HOLD, 100);
    expect_crl(r, 900, "123", (unsigned[]){STORE_REASON_HOLD, REASON_UNSPECIFIED, STORE_REASON_HOLD},
               (int64_t[]){100, 50, 100});
    const uint64_t held = change(r);
    revoke(r, 7, STORE_REASON_HOLD, 200); /* stays as it is */
    expect_crl(r, 900, "123", (unsigned[]){STORE_REASON_HOLD, REASON_UNSPECIFIED, STORE_REASON_HOLD},
               (int64_t[]){100, 50, 100});
    assert_int_equal(change(r), held);

    release(r, 7);
    expect_crl(r, 900, "2", (unsigned[]){REASON_UNSPECIFIED}, (int64_t[]){50});
    assert_int_equal(change(r), held + 2);
    release(r, 7);
    assert_int_equal(change(r), held + 2);

    revoke(r, 7, STORE_REASON_HOLD, 300);
    revoke(r, 7, REASON_CESSATION, 400); /* for good, since the hold */
    revoke(r, 7, REASON_SUPERSEDED, 500);
    release(r, 7);
    expect_crl(r, 900, "123", (unsigned[]){REASON_CESSATION, REASON_UNSPECIFIED, REASON_CESSATION},
               (int64_t[]){300, 50, 300});
    assert_int_equal(change(r), held + 6);
}

static void one_is_barred_alone(void **state)
{
    rig *r = *state;
    add(r, 1, 7, 2000);
    add(r, 2, 7, 2000);
    store_txn txn = rig_write(r);
    assert_int_equal(store_certificate_revoke(&txn, POA_SPAN("1"), REASON_SUPERSEDED, 100), POA_OK);
    assert_int_equal(store_certificate_revoke(&txn, POA_SPAN("2"), REASON_SUPERSEDED, 2001), POA_OK); /* has ended */
    assert_int_equal(store_certificate_revoke(&txn, POA_SPAN("3"), REASON_SUPERSEDED, 100), POA_F_USAGE);
    assert_int_equal(store_certificate_revoke(&txn, (poa_span){0}, REASON_SUPERSEDED, 100), POA_F_USAGE);
    assert_int_equal(store_certificate_revoke(&txn, POA_SPAN("123456789012345678901"), REASON_SUPERSEDED, 100),
                     POA_F_USAGE);
    rig_commit(&txn);
    expect_crl(r, 900, "1", (unsigned[]){REASON_SUPERSEDED}, (int64_t[]){100});
}

static void pages_of_a_crl_go_on(void **state)
{
    rig *r = *state;
    for (unsigned n = 0; n < 20; n++) {
        add(r, n, n, 2000);
        revoke(r, n, REASON_CESSATION, 100 + n);
    }
    store_certificate list[20];
    assert_int_equal(revoked(r, 900, (poa_span){0}, list, 0), 0);
    assert_int_equal(revoked(r, 900, (poa_span){0}, list, 4), 4);
    assert_int_equal(revoked(r, 900, list[3].serial, list, 4), 4);
    assert_int_equal(list[0].serial.ptr[0], '4');
    assert_int_equal(revoked(r, 900, list[3].serial, list, 4), 2);
    assert_int_equal(list[1].serial.ptr[0], '9');
    assert_int_equal(revoked(r, 901, (poa_span){0}, list, 20), 10);
    assert_int_equal(revoked(r, 902, (poa_span){0}, list, 20), 0);
    assert_int_equal(revoked(r, 900, POA_SPAN("12345678901234567890"), list, 20), 8); /* none, but a place */
}

static void bounds_are_kept(void **state)
{
    rig *r = *state;
    static const char longest[] = "123456789012345678901";
    store_certificate bad[9];
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        bad[i] = sample(1, 1, 2000);
    bad[0].serial = (poa_span){0};
    bad[1].serial = (poa_span){longest, STORE_SERIAL_BYTES_MAX + 1};
    bad[2].not_after_s = -1;
    bad[3].revoked_s = POA_TIME_MAX + 1;
    bad[4].reason = REASON_SUPERSEDED; /* of what is not revoked */
    bad[5].revoked_s = bad[6].revoked_s = bad[7].revoked_s = bad[8].revoked_s = 1;
    bad[5].reason = 7;
    bad[6].reason = 8;
    bad[7].reason = 11;
    bad[8].reason = 256 + 1;
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        if (try_add(r, &bad[i]) != POA_F_USAGE)
            fail_msg("case %zu", i);
    store_certificate most = sample(1, 1, POA_TIME_MAX);
    most.serial = (poa_span){longest, STORE_SERIAL_BYTES_MAX};
    most.revoked_s = 5;
    assert_int_equal(try_add(r, &most), POA_OK);
    assert_int_equal(change(r), 1);
    most.device = rig_uuid(2);
    assert_int_equal(try_add(r, &most), POA_F_USAGE); /* the serial is there */

    static const struct {
        unsigned reason;
        int64_t now_s;
    } wrong[] = {{7, 100},
                 {8, 100},
                 {11, 100},
                 {REASON_SUPERSEDED, 0},
                 {REASON_SUPERSEDED, -1},
                 {REASON_SUPERSEDED, POA_TIME_MAX + 1}};
    store_txn txn = rig_write(r);
    const store_uuid device = rig_uuid(1);
    for (size_t i = 0; i < POA_COUNT(wrong); i++) {
        assert_int_equal(store_certificates_revoke(&txn, &device, wrong[i].reason, wrong[i].now_s), POA_F_USAGE);
        assert_int_equal(store_certificate_revoke(&txn, most.serial, wrong[i].reason, wrong[i].now_s), POA_F_USAGE);
    }
    store_certificate list[1];
    size_t count = 0;
    const poa_span too_long = {longest, STORE_SERIAL_BYTES_MAX + 1};
    assert_int_equal(store_certificates_revoked(&txn, &most.issuer, too_long, list, 1, &count), POA_F_USAGE);
    store_write_abort(&txn);
}

static size_t purge(rig *r, int64_t now_s)
{
    store_txn txn = rig_write(r);
    size_t removed = 0;
    assert_int_equal(store_purge(&txn, now_s, 100, &removed), POA_OK);
    rig_commit(&txn);
    return removed;
}

/* RFC 5280 section 3.3: on a CRL that was made after its end. */
static void it_goes_a_week_after_its_end(void **state)
{
    rig *r = *state;
    add(r, 1, 7, 1000);
    add(r, 2, 7, 2000);
    revoke(r, 7, REASON_CESSATION, 500);
    const uint64_t before = change(r);
    assert_int_equal(purge(r, 1000 + 7 * DAY_S), 0);
    expect_crl(r, 900, "12", (unsigned[]){REASON_CESSATION, REASON_CESSATION}, (int64_t[]){500, 500});
    assert_int_equal(purge(r, 1001 + 7 * DAY_S), 1);
    expect_crl(r, 900, "2", (unsigned[]){REASON_CESSATION}, (int64_t[]){500});
    assert_int_equal(change(r), before + 1);
    assert_int_equal(purge(r, 2001 + 7 * DAY_S), 1);
    static const store_table tables[] = {STORE_CERTIFICATES, STORE_DEVICE_CERTIFICATES, STORE_CERTIFICATES_REVOKED,
                                         STORE_EXPIRIES};
    for (size_t i = 0; i < POA_COUNT(tables); i++)
        assert_int_equal(table_entries(r, tables[i]), 0);

    add(r, 1, 7, 1000); /* and one that was never revoked */
    assert_int_equal(purge(r, 2001 + 7 * DAY_S), 1);
    assert_int_equal(table_entries(r, STORE_DEVICE_CERTIFICATES), 0);
    assert_int_equal(change(r), before + 2);
}

static void crls_are_numbered(void **state)
{
    rig *r = *state;
    for (uint64_t want = 1; want <= 3; want++) {
        store_txn txn = rig_write(r);
        uint64_t number = 0;
        assert_int_equal(store_crl_number_next(&txn, &number), POA_OK);
        assert_int_equal(number, want);
        rig_commit(&txn);
        rig_close(r);
        rig_open(r, 0);
    }
    rig_overwrite(r, STORE_META, POA_SPAN("crl_number"), "\1\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    store_txn txn = rig_write(r);
    uint64_t number = 5;
    assert_int_equal(store_crl_number_next(&txn, &number), POA_F_STORE);
    assert_int_equal(number, 5);
    store_write_abort(&txn);
}

static poa_err read_one(store_txn *txn)
{
    const poa_id issuer = rig_id(900);
    store_certificate list[4];
    size_t count = 0;
    return store_certificates_revoked(txn, &issuer, (poa_span){0}, list, 4, &count);
}

static void a_damaged_certificate_is_a_fault(void **state)
{
    rig *r = *state;
    add(r, 1, 7, 2000);
    revoke(r, 7, STORE_REASON_HOLD, 100);
    rig_damage(r, STORE_CERTIFICATES, POA_SPAN("1"), read_one);
}

static poa_err revoke_all(store_txn *txn)
{
    const store_uuid device = rig_uuid(7);
    return store_certificates_revoke(txn, &device, REASON_CESSATION, 100);
}

static poa_err purge_all(store_txn *txn)
{
    size_t removed = 0;
    return store_purge(txn, POA_TIME_MAX, 10, &removed);
}

/* Entries of indexes that lead nowhere. */
static void a_damaged_index_is_a_fault(void **state)
{
    rig *r = *state;
    const store_uuid device = rig_uuid(7);
    const poa_id issuer = rig_id(900);
    const struct {
        store_table table;
        const void *start;
        size_t start_len;
        poa_span end;
        rig_reader read;
    } cases[] = {
        {STORE_DEVICE_CERTIFICATES, device.bytes, sizeof device.bytes, POA_SPAN("lost"), revoke_all},
        {STORE_DEVICE_CERTIFICATES, device.bytes, sizeof device.bytes, POA_SPAN(""), revoke_all},
        {STORE_DEVICE_CERTIFICATES, device.bytes, sizeof device.bytes, POA_SPAN("123456789012345678901"), revoke_all},
        {STORE_CERTIFICATES_REVOKED, issuer.bytes, sizeof issuer.bytes, POA_SPAN("lost"), read_one},
        {STORE_CERTIFICATES_REVOKED, issuer.bytes, sizeof issuer.bytes, POA_SPAN("2"), read_one}, /* not revoked */
        {STORE_CERTIFICATES_REVOKED, issuer.bytes, sizeof issuer.bytes, POA_SPAN(""), read_one},
        {STORE_EXPIRIES, "\0\0\0\0\0\0\0\1\4", 9, POA_SPAN("lost"), purge_all},
        {STORE_EXPIRIES, "\0\0\0\0\0\0\0\1\5", 9, POA_SPAN("lost"), purge_all},
    };
    add(r, 2, 8, 2000);
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        store_key key = {.len = 0};
        store_key_bytes(&key, cases[i].start, cases[i].start_len);
        store_key_bytes(&key, cases[i].end.ptr, cases[i].end.len);
        store_txn txn = rig_write(r);
        assert_int_equal(store_kv_put(&txn, cases[i].table, store_key_span(&key), (poa_span){0}), POA_OK);
        if (cases[i].read(&txn) != POA_F_STORE)
            fail_msg("case %zu", i);
        store_write_abort(&txn);
    }

    /* One that is longer than any key of ours. */
    char long_key[100];
    memset(long_key, 0, sizeof long_key);
    memcpy(long_key, device.bytes, sizeof device.bytes);
    rig_overwrite(r, STORE_DEVICE_CERTIFICATES, (poa_span){long_key, sizeof long_key}, "", 0);
    store_txn txn = rig_write(r);
    assert_int_equal(revoke_all(&txn), POA_F_STORE);
    store_write_abort(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_of_a_device_are_barred, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_hold_is_lifted_or_made_good, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(one_is_barred_alone, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(pages_of_a_crl_go_on, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(bounds_are_kept, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(it_goes_a_week_after_its_end, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(crls_are_numbered, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_certificate_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_index_is_a_fault, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("store_certificates", tests, NULL, NULL);
}
