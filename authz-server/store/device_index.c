#include "store/device_index.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/record.h"

#include <assert.h>
#include <string.h>

/* What an identifier is; hashed, so never renumber. */
enum { IDENTITY_SERIAL = 1, IDENTITY_LINK = 2, IDENTITY_KEY = 3 };

poa_span store_uuid_span(const store_uuid *id)
{
    return (poa_span){(const char *)id->bytes, sizeof id->bytes};
}

poa_err store_uuid_read(poa_span bytes, store_uuid *id)
{
    if (POA_GUARD(store_uuid_length, bytes.len != sizeof id->bytes))
        return POA_F_STORE;
    memcpy(id->bytes, bytes.ptr, sizeof id->bytes);
    return POA_OK;
}

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

static store_key *add(store_device_entries *entries, store_table table)
{
    assert(entries->count < STORE_DEVICE_ENTRIES_MAX);
    store_device_entry *entry = &entries->list[entries->count++];
    *entry = (store_device_entry){.table = table};
    return &entry->key;
}

static poa_err add_hashed(const store_txn *txn, store_device_entries *entries, store_table table, poa_span bytes)
{
    poa_id hash;
    const poa_err err = store_sha256(txn, bytes, &hash);
    if (!err)
        store_key_id(add(entries, table), &hash);
    return err;
}

static poa_err add_identity(const store_txn *txn, store_device_entries *entries, const poa_buf *b)
{
    return b->failed ? POA_F_NOMEM : add_hashed(txn, entries, STORE_DEVICE_IDENTITIES, poa_buf_span(b));
}

static poa_err add_serial(const store_txn *txn, const store_device *device, store_device_entries *entries)
{
    if (device->serial.len == 0)
        return POA_OK;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, IDENTITY_SERIAL);
    store_write_text(&b, device->manufacturer);
    store_write_text(&b, device->model);
    store_write_text(&b, device->serial);
    return add_identity(txn, entries, &b);
}

static poa_err add_link(const store_txn *txn, const store_device *device, store_device_entries *entries)
{
    if (device->id_link.len == 0)
        return POA_OK;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, IDENTITY_LINK);
    store_write_text(&b, device->id_link);
    return add_identity(txn, entries, &b);
}

static poa_err add_key(const store_txn *txn, const store_device *device, store_device_entries *entries)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, IDENTITY_KEY);
    store_write_id(&b, &device->key);
    return add_identity(txn, entries, &b);
}

/* The location and everything above it, by whole segments. */
static poa_err add_locations(const store_txn *txn, const store_device *device, store_device_entries *entries)
{
    for (size_t i = 1; i <= device->location.len; i++) {
        if (i < device->location.len && device->location.ptr[i] != '/')
            continue;
        const poa_err err = add_hashed(txn, entries, STORE_DEVICE_LOCATIONS, poa_span_head(device->location, i));
        if (err)
            return err;
        store_key_bytes(&entries->list[entries->count - 1].key, device->id.bytes, sizeof device->id.bytes);
    }
    return POA_OK;
}

static void add_leaf(const store_device *device, store_device_entries *entries)
{
    store_key *request = add(entries, STORE_DEVICE_REQUESTS);
    store_key_id(request, &device->leaf);
    store_key_id(request, &device->key);
    store_key *leaf = add(entries, STORE_DEVICE_LEAVES);
    store_key_id(leaf, &device->leaf);
    store_key_bytes(leaf, device->id.bytes, sizeof device->id.bytes);
}

poa_err store_device_entries_of(const store_txn *txn, const store_device *device, store_device_entries *out)
{
    *out = (store_device_entries){.id = device->id};
    poa_err err = add_serial(txn, device, out);
    if (!err)
        err = add_link(txn, device, out);
    if (!err)
        err = add_key(txn, device, out);
    if (!err)
        err = add_locations(txn, device, out);
    if (!err)
        add_leaf(device, out);
    return err;
}

/* A list has the UUID in its key, every other index in its value. */
static bool is_list(store_table table)
{
    return table == STORE_DEVICE_LOCATIONS || table == STORE_DEVICE_LEAVES;
}

poa_err store_device_entries_put(store_txn *txn, const store_device_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        const store_device_entry *entry = &entries->list[i];
        const poa_span value = is_list(entry->table) ? (poa_span){0} : store_uuid_span(&entries->id);
        const poa_err err = store_kv_put(txn, entry->table, store_key_span(&entry->key), value);
        if (err)
            return err;
    }
    return POA_OK;
}

poa_err store_device_entries_del(store_txn *txn, const store_device_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        const store_device_entry *entry = &entries->list[i];
        const poa_err err = store_kv_del(txn, entry->table, store_key_span(&entry->key));
        if (err)
            return err;
    }
    return POA_OK;
}

/* Whose is this identifier, if anybody's but id's? */
static poa_err other_holder(store_txn *txn, const store_key *key, const store_uuid *id, store_uuid *other, bool *found)
{
    poa_span value;
    poa_err err = store_kv_get(txn, STORE_DEVICE_IDENTITIES, store_key_span(key), &value, found);
    if (err || !*found)
        return err;
    store_uuid holder;
    err = store_uuid_read(value, &holder);
    if (err)
        return err;
    *found = memcmp(holder.bytes, id->bytes, sizeof id->bytes) != 0;
    if (*found)
        *other = holder;
    return POA_OK;
}

poa_err store_device_entries_conflict(store_txn *txn, const store_device_entries *entries, store_uuid *other,
                                      bool *found)
{
    bool held = false;
    for (size_t i = 0; i < entries->count && !held; i++) {
        if (entries->list[i].table != STORE_DEVICE_IDENTITIES)
            continue;
        const poa_err err = other_holder(txn, &entries->list[i].key, &entries->id, other, &held);
        if (err)
            return err;
    }
    *found = held;
    return POA_OK;
}
