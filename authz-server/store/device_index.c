#include "store/device_index.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/record.h"

#include <assert.h>
#include <string.h>

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

/* ---- identifiers ---- */

/* The bytes that an identifier is hashed from; none where the record does not state it. */
static void write_identifier(poa_buf *b, const store_device *device, store_identifier identifier)
{
    store_write_u8(b, identifier);
    switch (identifier) {
    case STORE_IDENTIFIER_SERIAL:
        store_write_text(b, device->manufacturer);
        store_write_text(b, device->model);
        store_write_text(b, device->serial);
        return;
    case STORE_IDENTIFIER_ID_LINK:
        store_write_text(b, device->id_link);
        return;
    case STORE_IDENTIFIER_KEY:
        store_write_id(b, &device->key);
        return;
    case STORE_IDENTIFIER_IDEVID:
        store_write_id(b, &device->idevid);
        return;
    case STORE_IDENTIFIER_PRODUCT_INSTANCE:
        store_write_text(b, device->product_instance_uri);
        return;
    case STORE_IDENTIFIER_SPIFFE:
        store_write_text(b, device->spiffe_id);
        return;
    }
}

static bool states_identifier(const store_device *device, store_identifier identifier)
{
    switch (identifier) {
    case STORE_IDENTIFIER_SERIAL:
        return device->serial.len > 0;
    case STORE_IDENTIFIER_ID_LINK:
        return device->id_link.len > 0;
    case STORE_IDENTIFIER_KEY:
        return !store_id_is_none(&device->key);
    case STORE_IDENTIFIER_IDEVID:
        return !store_id_is_none(&device->idevid);
    case STORE_IDENTIFIER_PRODUCT_INSTANCE:
        return device->product_instance_uri.len > 0;
    case STORE_IDENTIFIER_SPIFFE:
        return device->spiffe_id.len > 0;
    }
    return false;
}

static poa_err add_identifier(const store_txn *txn, const store_device *device, store_identifier identifier,
                              store_device_entries *entries)
{
    if (!states_identifier(device, identifier) || (device->released & 1u << identifier))
        return POA_OK;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    write_identifier(&b, device, identifier);
    return b.failed ? POA_F_NOMEM : add_hashed(txn, entries, STORE_DEVICE_IDENTITIES, poa_buf_span(&b));
}

poa_err store_device_identities_of(const store_txn *txn, const store_device *device, store_device_entries *out)
{
    static const store_identifier all[] = {
#define X(symbol, value, name) symbol,
        STORE_IDENTIFIER_LIST(X)
#undef X
    };
    _Static_assert(POA_COUNT(all) == STORE_DEVICE_CONFLICTS_MAX, "each may be another record's");
    *out = (store_device_entries){.id = device->id};
    poa_err err = POA_OK;
    for (size_t i = 0; i < POA_COUNT(all) && !err; i++)
        err = add_identifier(txn, device, all[i], out);
    return err;
}

/* ---- lists ---- */

/* Lists end with the id of the record. */
static void end_with_id(store_device_entries *entries)
{
    store_key_bytes(&entries->list[entries->count - 1].key, entries->id.bytes, sizeof entries->id.bytes);
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
        end_with_id(entries);
    }
    return POA_OK;
}

/* An expected device came in under nothing yet. */
static void add_leaf(const store_device *device, store_device_entries *entries)
{
    if (device->state == STORE_DEVICE_EXPECTED)
        return;
    store_key *request = add(entries, STORE_DEVICE_REQUESTS);
    store_key_id(request, &device->came_leaf);
    store_key_id(request, &device->came_key);
    store_key_id(add(entries, STORE_DEVICE_LEAVES), &device->leaf);
    end_with_id(entries);
}

static void add_state(const store_device *device, store_device_entries *entries)
{
    store_key_u8(add(entries, STORE_DEVICE_STATES), device->state);
    end_with_id(entries);
}

/* The earlier of the times that are set. */
static int64_t first_time(const store_device *device)
{
    if (device->due_s == 0 || device->until_s == 0)
        return device->due_s + device->until_s;
    return device->due_s < device->until_s ? device->due_s : device->until_s;
}

static void add_due(const store_device *device, store_device_entries *entries)
{
    if (first_time(device) == 0)
        return;
    store_key_u64(add(entries, STORE_DEVICE_DUE), (uint64_t)first_time(device));
    end_with_id(entries);
}

poa_err store_device_entries_of(const store_txn *txn, const store_device *device, store_device_entries *out)
{
    poa_err err = store_device_identities_of(txn, device, out);
    if (!err)
        err = add_locations(txn, device, out);
    if (err)
        return err;
    add_leaf(device, out);
    add_state(device, out);
    add_due(device, out);
    return POA_OK;
}

/* ---- in the tables ---- */

/* Has the UUID in its value; every other index, a list, has it in its key. */
static bool names_one(store_table table)
{
    return table == STORE_DEVICE_IDENTITIES || table == STORE_DEVICE_REQUESTS;
}

static bool has_entry(const store_device_entries *entries, const store_device_entry *entry)
{
    for (size_t i = 0; i < entries->count; i++)
        if (entries->list[i].table == entry->table &&
            poa_span_equal(store_key_span(&entries->list[i].key), store_key_span(&entry->key)))
            return true;
    return false;
}

poa_err store_device_entries_change(store_txn *txn, const store_device_entries *old, const store_device_entries *new)
{
    for (size_t i = 0; i < old->count; i++) {
        if (has_entry(new, &old->list[i]))
            continue;
        const poa_err err = store_kv_del(txn, old->list[i].table, store_key_span(&old->list[i].key));
        if (err)
            return err;
    }
    for (size_t i = 0; i < new->count; i++) {
        if (has_entry(old, &new->list[i]))
            continue;
        const poa_span value = names_one(new->list[i].table) ? store_uuid_span(&new->id) : (poa_span){0};
        const poa_err err = store_kv_put(txn, new->list[i].table, store_key_span(&new->list[i].key), value);
        if (err)
            return err;
    }
    return POA_OK;
}

/* Whose is this, if anybody's but id's? */
static poa_err other_holder(store_txn *txn, const store_device_entry *entry, const store_uuid *id, store_uuid *other,
                            bool *found)
{
    poa_span value;
    poa_err err = store_kv_get(txn, entry->table, store_key_span(&entry->key), &value, found);
    if (err || !*found)
        return err;
    err = store_uuid_read(value, other);
    if (!err)
        *found = !store_uuid_equal(other, id);
    return err;
}

static bool is_among(const store_uuid *id, const store_uuid *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (store_uuid_equal(id, &list[i]))
            return true;
    return false;
}

poa_err store_device_entries_holders(store_txn *txn, const store_device_entries *entries, store_uuid *others,
                                     size_t cap, size_t *count)
{
    size_t n = 0;
    for (size_t i = 0; i < entries->count && n < cap; i++) {
        if (!names_one(entries->list[i].table))
            continue;
        store_uuid other;
        bool found = false;
        const poa_err err = other_holder(txn, &entries->list[i], &entries->id, &other, &found);
        if (err)
            return err;
        if (found && !is_among(&other, others, n))
            others[n++] = other;
    }
    *count = n;
    return POA_OK;
}
