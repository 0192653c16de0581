#include "store_device_rig.h"

#include "cleanup.h"
#include "poa/request.h"

#include <string.h>

/* A span of its own for each n below 32: a letter and the digit. */
static poa_span name_of(char letter, unsigned n)
{
    static char names[26][32][2];
    char *name = names[letter - 'A'][n % 32];
    name[0] = letter;
    name[1] = "0123456789abcdefghijklmnopqrstuv"[n % 32];
    return (poa_span){name, 2};
}

store_device device_expected(unsigned n)
{
    return (store_device){
        .id = rig_uuid(n),
        .state = STORE_DEVICE_EXPECTED,
        .location = POA_SPAN("mine-7/hall-2/bay-4"),
        .manufacturer = POA_SPAN("Maker"),
        .model = POA_SPAN("XY-1"),
        .serial = name_of('S', n),
        .effect = POA_EFFECT_UNTIL_EXP,
        .on_revoke = POA_ON_REVOKE_CASCADE,
        .credential_lifetime_s = STORE_NO_LIMIT,
        .created_s = 1000,
        .updated_s = 1000,
        .actor = POA_SPAN("planner.example"),
        .cause = STORE_CAUSE_ANNOUNCED,
        .changed_s = 1000,
        .changed_by = POA_SPAN("planner.example"),
    };
}

store_device device_sample(unsigned n)
{
    return (store_device){
        .id = rig_uuid(n),
        .state = STORE_DEVICE_ACTIVE,
        .location = POA_SPAN("mine-7/hall-2/bay-4"),
        .manufacturer = POA_SPAN("Maker"),
        .model = POA_SPAN("XY-1"),
        .serial = name_of('S', n),
        .id_link = name_of('L', n),
        .evidence = POA_EVIDENCE_DEVICE_KEY | POA_EVIDENCE_IDEVID,
        .leaf = rig_id(700),
        .chain = rig_id(701),
        .power = 3,
        .effect = POA_EFFECT_PERMANENT,
        .on_revoke = POA_ON_REVOKE_CASCADE,
        .credential_lifetime_s = 604800,
        .key = rig_id(n),
        .certificates = {POA_SPAN("\x30\x03own"), POA_SPAN("\x30\x02\0\0")},
        .certificate_count = 2,
        .certificate_serial = POA_SPAN("\x01\x00\x02"),
        .not_after_s = 9000,
        .created_s = 1000,
        .updated_s = 1001,
        .actor = POA_SPAN("technician.example"),
        .cause = STORE_CAUSE_APPROVED,
        .changed_s = 1002,
        .changed_by = POA_SPAN("foreman.example"),
        .idevid = rig_id(100 + n),
        .idevid_path = {rig_id(702), rig_id(703)},
        .idevid_path_len = 2,
        .product_instance_uri = name_of('P', n),
        .spiffe_id = name_of('I', n),
        .link_evidence = STORE_LINK_IDEVID,
        .collected_s = 990,
        .ticket = POA_SPAN("head.claims.signature"),
        .approved_by = POA_SPAN("foreman.example"),
        .due_s = 5000,
        .trust_s = 2000,
        .trust_reason = STORE_TRUST_RESTART,
        .grace = true,
        .boot_counter = 17,
        .firmware = rig_id(704),
        .notices = STORE_NOTICE_30_DAYS | STORE_NOTICE_1_DAY,
        .replaces = rig_uuid(400),
        .replaced_by = rig_uuid(401),
    };
}

poa_err device_try_put(rig *r, const store_device *device)
{
    store_txn txn = rig_write(r);
    const poa_err err = store_device_put(&txn, device);
    if (err)
        store_write_abort(&txn);
    else
        rig_commit(&txn);
    return err;
}

void device_put(rig *r, const store_device *device)
{
    assert_int_equal(device_try_put(r, device), POA_OK);
}

static bool span_equal(poa_span a, poa_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void assert_same_base(const store_device *a, const store_device *b)
{
    assert_true(store_uuid_equal(&a->id, &b->id));
    assert_int_equal(a->state, b->state);
    assert_true(span_equal(a->location, b->location));
    assert_true(span_equal(a->manufacturer, b->manufacturer));
    assert_true(span_equal(a->model, b->model));
    assert_true(span_equal(a->serial, b->serial));
    assert_true(span_equal(a->id_link, b->id_link));
    assert_int_equal(a->evidence, b->evidence);
    assert_true(poa_id_equal(&a->leaf, &b->leaf));
    assert_true(poa_id_equal(&a->chain, &b->chain));
    assert_int_equal(a->power, b->power);
    assert_int_equal(a->effect, b->effect);
    assert_int_equal(a->on_revoke, b->on_revoke);
    assert_true(a->credential_lifetime_s == b->credential_lifetime_s);
    assert_true(poa_id_equal(&a->key, &b->key));
    assert_int_equal(a->certificate_count, b->certificate_count);
    for (size_t i = 0; i < a->certificate_count; i++)
        assert_true(span_equal(a->certificates[i], b->certificates[i]));
    assert_true(span_equal(a->certificate_serial, b->certificate_serial));
    assert_int_equal(a->not_after_s, b->not_after_s);
    assert_int_equal(a->created_s, b->created_s);
    assert_int_equal(a->updated_s, b->updated_s);
    assert_true(span_equal(a->actor, b->actor));
}

static void assert_same_identity(const store_device *a, const store_device *b)
{
    assert_true(poa_id_equal(&a->came_leaf, &b->came_leaf));
    assert_true(poa_id_equal(&a->came_key, &b->came_key));
    assert_true(poa_id_equal(&a->idevid, &b->idevid));
    assert_int_equal(a->idevid_path_len, b->idevid_path_len);
    for (size_t i = 0; i < a->idevid_path_len; i++)
        assert_true(poa_id_equal(&a->idevid_path[i], &b->idevid_path[i]));
    assert_true(span_equal(a->product_instance_uri, b->product_instance_uri));
    assert_true(span_equal(a->spiffe_id, b->spiffe_id));
    assert_int_equal(a->link_evidence, b->link_evidence);
    assert_int_equal(a->collected_s, b->collected_s);
    assert_true(span_equal(a->request, b->request));
    assert_true(span_equal(a->ticket, b->ticket));
}

static void assert_same_life(const store_device *a, const store_device *b)
{
    assert_int_equal(a->cause, b->cause);
    assert_int_equal(a->changed_s, b->changed_s);
    assert_true(span_equal(a->changed_by, b->changed_by));
    assert_int_equal(a->until_s, b->until_s);
    assert_true(span_equal(a->approved_by, b->approved_by));
    assert_int_equal(a->due_s, b->due_s);
    assert_int_equal(a->trust_s, b->trust_s);
    assert_int_equal(a->trust_reason, b->trust_reason);
    assert_int_equal(a->grace, b->grace);
    assert_true(a->boot_counter == b->boot_counter);
    assert_true(poa_id_equal(&a->firmware, &b->firmware));
    assert_int_equal(a->notices, b->notices);
    assert_true(store_uuid_equal(&a->replaces, &b->replaces));
    assert_true(store_uuid_equal(&a->replaced_by, &b->replaced_by));
    assert_int_equal(a->released, b->released);
}

void assert_same_device(const store_device *a, const store_device *b)
{
    assert_same_base(a, b);
    assert_same_identity(a, b);
    assert_same_life(a, b);
}

size_t device_page(rig *r, const store_device_query *query, store_uuid *ids, size_t cap)
{
    store_txn *txn = rig_read(r);
    size_t count = 0;
    assert_int_equal(store_device_page(txn, query, ids, cap, &count), POA_OK);
    store_read_end(txn);
    return count;
}

size_t table_entries(rig *r, store_table table)
{
    store_txn *txn = rig_read(r);
    MDB_stat stat;
    assert_int_equal(mdb_stat(txn->mdb, r->s->tables[table], &stat), 0);
    store_read_end(txn);
    return stat.ms_entries;
}
