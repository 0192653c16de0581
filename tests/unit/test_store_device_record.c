#include "store_device_rig.h"

#include "bounds.h"
#include "cleanup.h"
#include "poa/request.h"

#include <string.h>

static void bounds_are_kept(void **state)
{
    rig *r = *state;
    static char most[STORE_CERTIFICATE_BYTES_MAX + 1];
    memset(most, 'a', sizeof most);
    store_device bad[50];
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        bad[i] = device_sample(1);
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
    bad[23].evidence = 256 + 1;    /* what would be left of it in one byte is fine */
    bad[24].came_leaf = rig_id(1); /* half an origin */
    bad[25].idevid_path_len = STORE_IDEVID_PATH_MAX + 1;
    bad[26].idevid = rig_none();
    bad[27].product_instance_uri = (poa_span){most, STORE_URI_BYTES_MAX + 1};
    bad[28].spiffe_id = (poa_span){most, STORE_URI_BYTES_MAX + 1};
    bad[29].link_evidence = (store_link_evidence)(STORE_LINK_IDEVID + 1);
    bad[30].link_evidence = STORE_LINK_NONE;
    bad[31].id_link = (poa_span){0};
    bad[32].collected_s = -1;
    bad[33].request = (poa_span){most, STORE_REQUEST_BYTES_MAX + 1};
    bad[34].ticket = (poa_span){most, STORE_TICKET_BYTES_MAX + 1};
    bad[35].cause = (store_device_cause)0;
    bad[36].cause = (store_device_cause)(STORE_CAUSE_DECOMMISSIONED + 1);
    bad[37].changed_s = POA_TIME_MAX + 1;
    bad[38].changed_by = (poa_span){0};
    bad[39].until_s = -1;
    bad[40].approved_by = (poa_span){most, POA_NAME_BYTES_MAX + 1};
    bad[41].due_s = -1;
    bad[42].trust_s = 0;
    bad[43].trust_reason = STORE_TRUST_NONE;
    bad[44].trust_reason = (store_trust_reason)(STORE_TRUST_REKEY + 1);
    bad[45].notices = 8;
    bad[46].certificate_serial = (poa_span){0};
    bad[47].certificate_count = 0;
    bad[48].released = 1;
    bad[49].changed_by = (poa_span){most, POA_NAME_BYTES_MAX + 1};
    for (size_t i = 0; i < POA_COUNT(bad); i++)
        if (device_try_put(r, &bad[i]) != POA_F_USAGE)
            fail_msg("case %zu", i);

    store_device most_of_all = device_sample(1);
    for (size_t i = 0; i < STORE_CERTIFICATES_MAX; i++)
        most_of_all.certificates[i] = (poa_span){most, STORE_CERTIFICATE_BYTES_MAX};
    most_of_all.certificate_count = STORE_CERTIFICATES_MAX;
    most_of_all.credential_lifetime_s = POA_CREDENTIAL_S_MIN;
    for (size_t i = 0; i < STORE_IDEVID_PATH_MAX; i++)
        most_of_all.idevid_path[i] = rig_id((unsigned)i);
    most_of_all.idevid_path_len = STORE_IDEVID_PATH_MAX;
    most_of_all.product_instance_uri = most_of_all.spiffe_id = (poa_span){most, STORE_URI_BYTES_MAX};
    most_of_all.state = STORE_DEVICE_PENDING;
    most_of_all.request = (poa_span){most, STORE_REQUEST_BYTES_MAX};
    most_of_all.ticket = (poa_span){most, STORE_TICKET_BYTES_MAX};
    most_of_all.changed_by = most_of_all.approved_by = (poa_span){most, POA_NAME_BYTES_MAX};
    most_of_all.boot_counter = UINT64_MAX;
    most_of_all.notices = 7;
    most_of_all.released = 126;
    most_of_all.power = POA_POWERS_MAX - 1;
    device_put(r, &most_of_all);
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
    const store_device device = device_sample(1);
    device_put(r, &device);
    rig_damage(r, STORE_DEVICES, (poa_span){(const char *)device.id.bytes, 16}, read_one);
}

static void values_have_names(void **state)
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

    assert_string_equal(store_device_cause_name(STORE_CAUSE_TRUST_MISSED), "trust_missed");
    assert_string_equal(store_device_cause_name((store_device_cause)14), "");
    assert_string_equal(store_link_evidence_name(STORE_LINK_DEVICE_KEY), "device_key");
    assert_string_equal(store_link_evidence_name(STORE_LINK_NONE), "");
    assert_string_equal(store_trust_reason_name(STORE_TRUST_SOFTWARE_UPDATE), "software-update");
    assert_string_equal(store_trust_reason_name(STORE_TRUST_NONE), "");
    store_trust_reason reason = STORE_TRUST_PERIODIC;
    assert_true(store_trust_reason_by_name(POA_SPAN("epoch-change"), &reason));
    assert_int_equal(reason, STORE_TRUST_EPOCH_CHANGE);
    assert_false(store_trust_reason_by_name(POA_SPAN("epoch_change"), &reason));
    assert_string_equal(store_identifier_name(STORE_IDENTIFIER_PRODUCT_INSTANCE), "product_instance_uri");
    assert_string_equal(store_identifier_name((store_identifier)7), "");
    store_identifier identifier = STORE_IDENTIFIER_KEY;
    assert_true(store_identifier_by_name(POA_SPAN("idevid"), &identifier));
    assert_int_equal(identifier, STORE_IDENTIFIER_IDEVID);
    assert_false(store_identifier_by_name(POA_SPAN(""), &identifier));
    assert_int_equal(identifier, STORE_IDENTIFIER_IDEVID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bounds_are_kept, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_device_is_a_fault, rig_setup, rig_teardown),
        cmocka_unit_test(values_have_names),
    };
    return cmocka_run_group_tests_name("store_device_record", tests, NULL, NULL);
}
