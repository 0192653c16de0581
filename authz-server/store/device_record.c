#include "store/device_record.h"

#include "bounds.h"
#include "guard.h"
#include "poa/request.h"
#include "span.h"
#include "store/record.h"

enum {
    VERSION_1 = 1,
    VERSION_2 = 2,
    EVIDENCE_ALL = POA_EVIDENCE_DEVICE_KEY | POA_EVIDENCE_IDEVID | POA_EVIDENCE_ATTESTATION | POA_EVIDENCE_APPROVAL,
    NOTICES_ALL = STORE_NOTICE_30_DAYS | STORE_NOTICE_7_DAYS | STORE_NOTICE_1_DAY,
};

#define X(symbol, value, name) | 1u << (value)
static const unsigned identifiers_all = 0u STORE_IDENTIFIER_LIST(X);
#undef X

/* Enumerations of the library are stored as value + 1, so their values stay. */
_Static_assert(POA_EFFECT_UNTIL_EXP == 0 && POA_EFFECT_PERMANENT == 1, "stored");
_Static_assert(POA_ON_REVOKE_STOP_NEW == 0 && POA_ON_REVOKE_REVIEW == 1 && POA_ON_REVOKE_CASCADE == 2, "stored");
_Static_assert(EVIDENCE_ALL == 15 && NOTICES_ALL == 7, "stored");

/* ---- writing ---- */

/* What version 1 had already, in its order. */
static void write_base(poa_buf *b, const store_device *d)
{
    store_write_u8(b, d->state);
    store_write_text(b, d->location);
    store_write_text(b, d->manufacturer);
    store_write_text(b, d->model);
    store_write_text(b, d->serial);
    store_write_text(b, d->id_link);
    store_write_u8(b, d->evidence);
    store_write_id(b, &d->leaf);
    store_write_id(b, &d->chain);
    store_write_u32(b, d->power);
    store_write_u8(b, (uint64_t)d->effect + 1);
    store_write_u8(b, (uint64_t)d->on_revoke + 1);
    store_write_u64(b, (uint64_t)d->credential_lifetime_s);
    store_write_id(b, &d->key);
    store_write_u8(b, d->certificate_count);
    for (size_t i = 0; i < d->certificate_count && i < STORE_CERTIFICATES_MAX; i++)
        store_write_blob(b, d->certificates[i]);
    store_write_bytes(b, d->certificate_serial);
    store_write_time(b, d->not_after_s);
    store_write_time(b, d->created_s);
    store_write_time(b, d->updated_s);
    store_write_text(b, d->actor);
}

static void write_identity(poa_buf *b, const store_device *d)
{
    store_write_id(b, &d->came_leaf);
    store_write_id(b, &d->came_key);
    store_write_id(b, &d->idevid);
    store_write_u8(b, d->idevid_path_len);
    for (size_t i = 0; i < d->idevid_path_len && i < STORE_IDEVID_PATH_MAX; i++)
        store_write_id(b, &d->idevid_path[i]);
    store_write_text(b, d->product_instance_uri);
    store_write_text(b, d->spiffe_id);
    store_write_u8(b, d->link_evidence);
    store_write_time(b, d->collected_s);
    store_write_blob(b, d->request);
    store_write_blob(b, d->ticket);
}

static void write_life(poa_buf *b, const store_device *d)
{
    store_write_u8(b, d->cause);
    store_write_time(b, d->changed_s);
    store_write_text(b, d->changed_by);
    store_write_time(b, d->until_s);
    store_write_text(b, d->approved_by);
    store_write_time(b, d->due_s);
    store_write_time(b, d->trust_s);
    store_write_u8(b, d->trust_reason);
    store_write_u8(b, d->grace);
    store_write_u64(b, d->boot_counter);
    store_write_id(b, &d->firmware);
    store_write_u8(b, d->notices);
    store_write_uuid(b, &d->replaces);
    store_write_uuid(b, &d->replaced_by);
    store_write_u8(b, d->released);
}

/* ---- reading ---- */

static void read_certificates(store_reader *r, store_device *d)
{
    d->certificate_count = (size_t)store_read_u8(r, 0, STORE_CERTIFICATES_MAX);
    for (size_t i = 0; i < d->certificate_count; i++)
        d->certificates[i] = store_read_blob(r, 1, STORE_CERTIFICATE_BYTES_MAX);
    d->certificate_serial = store_read_bytes(r, 0, STORE_SERIAL_BYTES_MAX);
    d->not_after_s = store_read_time(r);
}

static void read_base(store_reader *r, store_device *d)
{
    d->state = (store_device_state)store_read_u8(r, STORE_DEVICE_EXPECTED, STORE_DEVICE_DECOMMISSIONED);
    d->location = store_read_text(r, 1, STORE_LOCATION_BYTES_MAX);
    d->manufacturer = store_read_text(r, 0, POA_LABEL_BYTES_MAX);
    d->model = store_read_text(r, 0, POA_LABEL_BYTES_MAX);
    d->serial = store_read_text(r, 0, POA_SERIAL_BYTES_MAX);
    d->id_link = store_read_text(r, 0, POA_ID_LINK_BYTES_MAX);
    d->evidence = (unsigned)store_read_u8(r, 0, EVIDENCE_ALL);
    d->leaf = store_read_id(r);
    d->chain = store_read_id(r);
    d->power = (uint32_t)store_read_u32(r, 0, POA_POWERS_MAX - 1);
    d->effect = (enum poa_effect)(store_read_u8(r, 1, POA_EFFECT_PERMANENT + 1) - 1);
    d->on_revoke = (enum poa_on_revoke)(store_read_u8(r, 1, POA_ON_REVOKE_CASCADE + 1) - 1);
    d->credential_lifetime_s = (int64_t)store_read_u64(r, POA_CREDENTIAL_S_MIN, STORE_NO_LIMIT);
    d->key = store_read_id(r);
    read_certificates(r, d);
    d->created_s = store_read_time(r);
    d->updated_s = store_read_time(r);
    d->actor = store_read_text(r, 1, POA_NAME_BYTES_MAX);
}

static void read_identity(store_reader *r, store_device *d)
{
    d->came_leaf = store_read_id(r);
    d->came_key = store_read_id(r);
    d->idevid = store_read_id(r);
    d->idevid_path_len = (size_t)store_read_u8(r, 0, STORE_IDEVID_PATH_MAX);
    for (size_t i = 0; i < d->idevid_path_len; i++)
        d->idevid_path[i] = store_read_id(r);
    d->product_instance_uri = store_read_text(r, 0, STORE_URI_BYTES_MAX);
    d->spiffe_id = store_read_text(r, 0, STORE_URI_BYTES_MAX);
    d->link_evidence = (store_link_evidence)store_read_u8(r, STORE_LINK_NONE, STORE_LINK_IDEVID);
    d->collected_s = store_read_time(r);
    d->request = store_read_blob(r, 0, STORE_REQUEST_BYTES_MAX);
    d->ticket = store_read_blob(r, 0, STORE_TICKET_BYTES_MAX);
}

static void read_life(store_reader *r, store_device *d)
{
    d->cause = (store_device_cause)store_read_u8(r, STORE_CAUSE_ANNOUNCED, STORE_CAUSE_DECOMMISSIONED);
    d->changed_s = store_read_time(r);
    d->changed_by = store_read_text(r, 1, POA_NAME_BYTES_MAX);
    d->until_s = store_read_time(r);
    d->approved_by = store_read_text(r, 0, POA_NAME_BYTES_MAX);
    d->due_s = store_read_time(r);
    d->trust_s = store_read_time(r);
    d->trust_reason = (store_trust_reason)store_read_u8(r, STORE_TRUST_NONE, STORE_TRUST_REKEY);
    d->grace = store_read_u8(r, 0, 1) == 1;
    d->boot_counter = store_read_u64(r, 0, UINT64_MAX);
    d->firmware = store_read_id(r);
    d->notices = (unsigned)store_read_u8(r, 0, NOTICES_ALL);
    d->replaces = store_read_uuid(r);
    d->replaced_by = store_read_uuid(r);
    d->released = (unsigned)store_read_u8(r, 0, identifiers_all);
}

/* ---- what fields say about each other ---- */

bool store_location_is_valid(poa_span location)
{
    poa_fields segments = poa_fields_of(location, '/');
    poa_span segment;
    size_t count = 0;
    while (poa_fields_next(&segments, &segment)) {
        count++;
        if (segment.len == 0 || segment.len > POA_SEGMENT_BYTES_MAX || count > POA_LOCATION_SEGMENTS_MAX)
            return false;
    }
    return true;
}

/* An expected device came in under nothing yet; every other under a leaf, with a key. */
static bool has_come_in(const store_device *d)
{
    return !store_id_is_none(&d->leaf) && !store_id_is_none(&d->chain) && !store_id_is_none(&d->key) &&
           !store_id_is_none(&d->came_leaf) && !store_id_is_none(&d->came_key);
}

static bool is_only_expected(const store_device *d)
{
    return store_id_is_none(&d->leaf) && store_id_is_none(&d->chain) && store_id_is_none(&d->key) &&
           store_id_is_none(&d->came_leaf) && store_id_is_none(&d->came_key) && d->power == 0 &&
           d->certificate_count == 0;
}

static bool has_half_a_certificate(const store_device *d)
{
    const bool has = d->certificate_count > 0;
    return has != (d->certificate_serial.len > 0) || (!has && d->not_after_s != 0);
}

static poa_err judge(const store_device *d)
{
    if (POA_GUARD(store_device_location, !store_location_is_valid(d->location)) ||
        POA_GUARD(store_device_origin, d->state == STORE_DEVICE_EXPECTED ? !is_only_expected(d) : !has_come_in(d)) ||
        POA_GUARD(store_device_certificate, has_half_a_certificate(d)) ||
        POA_GUARD(store_device_link, (d->id_link.len > 0) != (d->link_evidence != STORE_LINK_NONE)) ||
        POA_GUARD(store_device_idevid, store_id_is_none(&d->idevid) && d->idevid_path_len > 0) ||
        POA_GUARD(store_device_trust, (d->trust_s != 0) != (d->trust_reason != STORE_TRUST_NONE)) ||
        POA_GUARD(store_device_released, (d->released & ~identifiers_all) != 0))
        return POA_F_STORE;
    return POA_OK;
}

static poa_err finish(const store_reader *r, const store_device *d, store_device *out)
{
    poa_err err = store_reader_end(r);
    if (!err)
        err = judge(d);
    if (!err)
        *out = *d;
    return err;
}

poa_err store_device_decode(const store_uuid *id, poa_span value, store_device *out)
{
    store_reader r = store_reader_of(value, VERSION_2);
    store_device d = {.id = *id};
    read_base(&r, &d);
    read_identity(&r, &d);
    read_life(&r, &d);
    return finish(&r, &d, out);
}

poa_err store_device_decode_v1(const store_uuid *id, poa_span value, store_device *out)
{
    store_reader r = store_reader_of(value, VERSION_1);
    store_device d = {.id = *id};
    read_base(&r, &d);
    d.came_leaf = d.leaf;
    d.came_key = d.key;
    d.cause = STORE_CAUSE_ONBOARDED;
    d.changed_s = d.created_s;
    d.changed_by = d.actor;
    d.link_evidence = d.id_link.len > 0 ? STORE_LINK_TYPED : STORE_LINK_NONE;
    return finish(&r, &d, out);
}

poa_err store_device_encode(const store_device *device, poa_buf *b, store_device *own)
{
    store_write_u8(b, VERSION_2);
    write_base(b, device);
    write_identity(b, device);
    write_life(b, device);
    if (b->failed)
        return POA_F_NOMEM;
    return store_device_decode(&device->id, poa_buf_span(b), own) == POA_OK ? POA_OK : POA_F_USAGE;
}
