#include "store/devices.h"

#include "cleanup.h"
#include "guard.h"
#include "poa/request.h"
#include "span.h"
#include "store/device_index.h"
#include "store/record.h"

#include <string.h>

enum {
    DEVICES_VERSION = 1,
    EVIDENCE_ALL = POA_EVIDENCE_DEVICE_KEY | POA_EVIDENCE_IDEVID | POA_EVIDENCE_ATTESTATION | POA_EVIDENCE_APPROVAL,
};

/* Enumerations of the library are stored as value + 1, so their values stay. */
_Static_assert(POA_EFFECT_UNTIL_EXP == 0 && POA_EFFECT_PERMANENT == 1, "stored");
_Static_assert(POA_ON_REVOKE_STOP_NEW == 0 && POA_ON_REVOKE_REVIEW == 1 && POA_ON_REVOKE_CASCADE == 2, "stored");
_Static_assert(EVIDENCE_ALL == 15, "stored");

static const struct {
    store_device_state state;
    const char *name;
} states[] = {
#define X(symbol, value, name) {symbol, name},
    STORE_DEVICE_STATE_LIST(X)
#undef X
};

const char *store_device_state_name(store_device_state state)
{
    for (size_t i = 0; i < POA_COUNT(states); i++)
        if (states[i].state == state)
            return states[i].name;
    return "";
}

bool store_device_state_by_name(poa_span name, store_device_state *state)
{
    for (size_t i = 0; i < POA_COUNT(states); i++) {
        if (poa_span_is(name, states[i].name)) {
            *state = states[i].state;
            return true;
        }
    }
    return false;
}

static void encode(poa_buf *b, const store_device *d)
{
    store_write_u8(b, DEVICES_VERSION);
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

static void read_certificates(store_reader *r, store_device *d)
{
    d->certificate_count = (size_t)store_read_u8(r, 0, STORE_CERTIFICATES_MAX);
    for (size_t i = 0; i < d->certificate_count; i++)
        d->certificates[i] = store_read_blob(r, 1, STORE_CERTIFICATE_BYTES_MAX);
    d->certificate_serial = store_read_bytes(r, 0, STORE_SERIAL_BYTES_MAX);
    d->not_after_s = store_read_time(r);
}

static poa_err decode(const store_uuid *id, poa_span value, store_device *out)
{
    store_reader r = store_reader_of(value, DEVICES_VERSION);
    store_device d = {.id = *id};
    d.state = (store_device_state)store_read_u8(&r, STORE_DEVICE_EXPECTED, STORE_DEVICE_DECOMMISSIONED);
    d.location = store_read_text(&r, 1, STORE_LOCATION_BYTES_MAX);
    d.manufacturer = store_read_text(&r, 0, POA_LABEL_BYTES_MAX);
    d.model = store_read_text(&r, 0, POA_LABEL_BYTES_MAX);
    d.serial = store_read_text(&r, 0, POA_SERIAL_BYTES_MAX);
    d.id_link = store_read_text(&r, 0, POA_ID_LINK_BYTES_MAX);
    d.evidence = (unsigned)store_read_u8(&r, 0, EVIDENCE_ALL);
    d.leaf = store_read_id(&r);
    d.chain = store_read_id(&r);
    d.power = (uint32_t)store_read_u32(&r, 0, POA_POWERS_MAX - 1);
    d.effect = (enum poa_effect)(store_read_u8(&r, 1, POA_EFFECT_PERMANENT + 1) - 1);
    d.on_revoke = (enum poa_on_revoke)(store_read_u8(&r, 1, POA_ON_REVOKE_CASCADE + 1) - 1);
    d.credential_lifetime_s = (int64_t)store_read_u64(&r, POA_CREDENTIAL_S_MIN, STORE_NO_LIMIT);
    d.key = store_read_id(&r);
    read_certificates(&r, &d);
    d.created_s = store_read_time(&r);
    d.updated_s = store_read_time(&r);
    d.actor = store_read_text(&r, 1, POA_NAME_BYTES_MAX);
    const poa_err err = store_reader_end(&r);
    if (err)
        return err;
    if (POA_GUARD(store_device_location, !store_location_is_valid(d.location)))
        return POA_F_STORE;
    *out = d;
    return POA_OK;
}

/* What is written is what would be read. *own gets spans into b, which no put moves. */
static poa_err encode_checked(const store_device *device, poa_buf *b, store_device *own)
{
    encode(b, device);
    if (b->failed)
        return POA_F_NOMEM;
    return decode(&device->id, poa_buf_span(b), own) == POA_OK ? POA_OK : POA_F_USAGE;
}

/* Take the indexes of the record down, if it is there. */
static poa_err unindex(store_txn *txn, const store_uuid *id, bool *found)
{
    store_device old;
    poa_err err = store_device_get(txn, id, &old, found);
    if (err || !*found)
        return err;
    store_device_entries entries;
    err = store_device_entries_of(txn, &old, &entries);
    return err ? err : store_device_entries_del(txn, &entries);
}

static poa_err put_indexed(store_txn *txn, const store_device *own, poa_span record)
{
    store_device_entries entries;
    store_uuid other;
    bool taken = false;
    poa_err err = store_device_entries_of(txn, own, &entries);
    if (!err)
        err = store_device_entries_conflict(txn, &entries, &other, &taken);
    if (err)
        return err;
    if (POA_GUARD(store_device_taken, taken))
        return POA_E_DEVICE_EXISTS;

    bool there = false;
    err = unindex(txn, &own->id, &there);
    if (!err)
        err = store_device_entries_put(txn, &entries);
    return err ? err : store_kv_put(txn, STORE_DEVICES, store_uuid_span(&own->id), record);
}

poa_err store_device_put(store_txn *txn, const store_device *device)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_device own;
    const poa_err err = encode_checked(device, &b, &own);
    return err ? err : put_indexed(txn, &own, poa_buf_span(&b));
}

poa_err store_device_delete(store_txn *txn, const store_uuid *id)
{
    const store_uuid own = *id;
    bool found = false;
    const poa_err err = unindex(txn, &own, &found);
    if (err)
        return err;
    return found ? store_kv_del(txn, STORE_DEVICES, store_uuid_span(&own)) : POA_F_USAGE;
}

poa_err store_device_get(store_txn *txn, const store_uuid *id, store_device *device, bool *found)
{
    poa_span value;
    bool there = false;
    poa_err err = store_kv_get(txn, STORE_DEVICES, store_uuid_span(id), &value, &there);
    if (!err && there)
        err = decode(id, value, device);
    if (!err)
        *found = there;
    return err;
}

poa_err store_device_conflict(store_txn *txn, const store_device *device, store_uuid *other, bool *found)
{
    store_device identity = {
        .id = device->id,
        .manufacturer = device->manufacturer,
        .model = device->model,
        .serial = device->serial,
        .id_link = device->id_link,
        .key = device->key,
    };
    store_device_entries entries;
    const poa_err err = store_device_entries_of(txn, &identity, &entries);
    return err ? err : store_device_entries_conflict(txn, &entries, other, found);
}

poa_err store_device_by_request(store_txn *txn, const poa_id *leaf, const poa_id *key, store_device *device,
                                bool *found)
{
    store_key request = {.len = 0};
    store_key_id(&request, leaf);
    store_key_id(&request, key);
    poa_span value;
    bool listed = false;
    poa_err err = store_kv_get(txn, STORE_DEVICE_REQUESTS, store_key_span(&request), &value, &listed);
    if (err || !listed) {
        *found = false;
        return err;
    }

    store_uuid id;
    bool there = false;
    err = store_uuid_read(value, &id);
    if (!err)
        err = store_device_get(txn, &id, device, &there);
    if (err)
        return err;
    if (POA_GUARD(store_device_lost, !there))
        return POA_F_STORE;
    *found = true;
    return POA_OK;
}

/* A record and the bytes that its spans point into, in one block. */
typedef struct device_copy {
    store_device device; /* first, so that free() of it ends the block */
    char bytes[];
} device_copy;

poa_err store_device_copy(const store_device *device, store_device **out)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_device own;
    poa_err err = encode_checked(device, &b, &own);
    if (err)
        return err;
    POA_CLEANUP(poa_freep) device_copy *copy = malloc(sizeof *copy + b.len);
    if (!copy)
        return POA_F_NOMEM;
    memcpy(copy->bytes, b.text, b.len);
    err = decode(&device->id, (poa_span){copy->bytes, b.len}, &copy->device);
    if (err)
        return err;
    *out = &POA_TAKE(copy)->device;
    return POA_OK;
}
