#include "store/devices.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/device_index.h"
#include "store/device_record.h"

#include <string.h>

/* What a put needs to know of the record that it takes the place of; nothing of it is borrowed. */
typedef struct former {
    bool found;
    store_device_state state; /* 0: there is none */
    poa_id came_leaf;
    poa_id came_key;
    store_device_entries entries;
} former;

static poa_err look_at_former(store_txn *txn, const store_uuid *id, former *out)
{
    store_device old;
    *out = (former){.found = false};
    poa_err err = store_device_get(txn, id, &old, &out->found);
    if (err || !out->found)
        return err;
    out->state = old.state;
    out->came_leaf = old.came_leaf;
    out->came_key = old.came_key;
    return store_device_entries_of(txn, &old, &out->entries);
}

/* Where it came in is said once: a ratification or a new key does not change it. */
static store_device with_origin(const store_device *device, const former *old)
{
    store_device d = *device;
    if (!store_id_is_none(&old->came_leaf)) {
        d.came_leaf = old->came_leaf;
        d.came_key = old->came_key;
    } else if (store_id_is_none(&d.came_leaf) && store_id_is_none(&d.came_key)) {
        d.came_leaf = d.leaf;
        d.came_key = d.key;
    }
    return d;
}

static poa_err put_indexed(store_txn *txn, const former *old, const store_device *own, poa_span record)
{
    store_device_entries entries;
    store_uuid other;
    size_t others = 0;
    poa_err err = store_device_entries_of(txn, own, &entries);
    if (!err)
        err = store_device_entries_holders(txn, &entries, &other, 1, &others);
    if (err)
        return err;
    if (POA_GUARD(store_device_taken, others > 0))
        return POA_E_DEVICE_EXISTS;

    err = store_device_entries_change(txn, &old->entries, &entries);
    if (!err)
        err = store_device_count_move(txn, old->state, own->state);
    return err ? err : store_kv_put(txn, STORE_DEVICES, store_uuid_span(&own->id), record);
}

poa_err store_device_put(store_txn *txn, const store_device *device)
{
    former old;
    poa_err err = look_at_former(txn, &device->id, &old);
    if (err)
        return err;
    const store_device whole = with_origin(device, &old);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_device own;
    err = store_device_encode(&whole, &b, &own);
    return err ? err : put_indexed(txn, &old, &own, poa_buf_span(&b));
}

poa_err store_device_delete(store_txn *txn, const store_uuid *id)
{
    const store_uuid own = *id;
    former old;
    poa_err err = look_at_former(txn, &own, &old);
    if (err)
        return err;
    if (POA_GUARD(store_device_gone, !old.found))
        return POA_F_USAGE;

    static const store_device_entries none;
    err = store_device_entries_change(txn, &old.entries, &none);
    if (!err)
        err = store_device_count_move(txn, old.state, 0);
    return err ? err : store_kv_del(txn, STORE_DEVICES, store_uuid_span(&own));
}

poa_err store_device_get(store_txn *txn, const store_uuid *id, store_device *device, bool *found)
{
    poa_span value;
    bool there = false;
    poa_err err = store_kv_get(txn, STORE_DEVICES, store_uuid_span(id), &value, &there);
    if (!err && there)
        err = store_device_decode(id, value, device);
    if (!err)
        *found = there;
    return err;
}

poa_err store_device_conflicts(store_txn *txn, const store_device *device,
                               store_uuid others[STORE_DEVICE_CONFLICTS_MAX], size_t *count)
{
    store_device_entries entries;
    const poa_err err = store_device_identities_of(txn, device, &entries);
    return err ? err : store_device_entries_holders(txn, &entries, others, STORE_DEVICE_CONFLICTS_MAX, count);
}

poa_err store_device_conflict(store_txn *txn, const store_device *device, store_uuid *other, bool *found)
{
    store_uuid others[STORE_DEVICE_CONFLICTS_MAX];
    size_t count = 0;
    const poa_err err = store_device_conflicts(txn, device, others, &count);
    if (err)
        return err;
    if (count > 0)
        *other = others[0];
    *found = count > 0;
    return POA_OK;
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
    if (err)
        return err;
    if (!listed) {
        *found = false;
        return POA_OK;
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
    poa_err err = store_device_encode(device, &b, &own);
    if (err)
        return err;
    POA_CLEANUP(poa_freep) device_copy *copy = malloc(sizeof *copy + b.len);
    if (!copy)
        return POA_F_NOMEM;
    memcpy(copy->bytes, b.text, b.len);
    err = store_device_decode(&device->id, (poa_span){copy->bytes, b.len}, &copy->device);
    if (err)
        return err;
    *out = &POA_TAKE(copy)->device;
    return POA_OK;
}
