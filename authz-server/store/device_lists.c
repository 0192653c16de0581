#include "store/devices.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/device_index.h"
#include "store/record.h"

#include <string.h>

/* What is asked of all devices together: what falls due, which leaves there are, how many are in a state. */

enum { TIME_BYTES = 8, COUNTS_VERSION = 1 };

/* ---- due ---- */

static poa_err read_due(poa_span key, store_due *out)
{
    store_reader r = {.rest = key};
    store_due due;
    due.time_s = store_read_time(&r);
    due.device = store_read_uuid(&r);
    const poa_err err = store_reader_end(&r);
    if (!err)
        *out = due;
    return err;
}

poa_err store_device_due(store_txn *txn, int64_t before_s, const store_due *after, store_due *out, size_t cap,
                         size_t *count)
{
    store_key from = {.len = 0};
    if (after) {
        store_key_u64(&from, (uint64_t)after->time_s);
        store_key_bytes(&from, after->device.bytes, sizeof after->device.bytes);
    }
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    store_pair pair;
    bool found = false;
    size_t n = 0;
    poa_err err = store_cursor_open(txn, STORE_DEVICE_DUE, &c);
    if (!err && cap > 0)
        err = store_cursor_seek(&c, (poa_span){0}, store_key_span(&from), &pair, &found);
    while (!err && found && n < cap) {
        store_due due;
        err = read_due(pair.key, &due);
        if (err || due.time_s >= before_s)
            break;
        out[n++] = due;
        err = store_cursor_next(&c, (poa_span){0}, &pair, &found);
    }
    if (!err)
        *count = n;
    return err;
}

/* ---- leaves ---- */

poa_err store_leaf_next(store_txn *txn, const poa_id *after, poa_id *leaf, bool *found)
{
    /* Behind the last device that there could be under it. */
    store_key from = {.len = 0};
    if (after) {
        store_uuid last;
        memset(last.bytes, 0xff, sizeof last.bytes);
        store_key_id(&from, after);
        store_key_bytes(&from, last.bytes, sizeof last.bytes);
    }
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    store_pair pair;
    bool there = false;
    poa_err err = store_cursor_open(txn, STORE_DEVICE_LEAVES, &c);
    if (!err)
        err = store_cursor_seek(&c, (poa_span){0}, store_key_span(&from), &pair, &there);
    if (err)
        return err;
    if (there) {
        if (POA_GUARD(store_leaf_key_length, pair.key.len != sizeof leaf->bytes + sizeof(store_uuid)))
            return POA_F_STORE;
        *leaf = store_key_read_id(pair.key);
    }
    *found = there;
    return POA_OK;
}

/* ---- counters ---- */

static store_key state_key(store_device_state state)
{
    store_key key = {.len = 0};
    store_key_u8(&key, state);
    return key;
}

poa_err store_device_count(store_txn *txn, store_device_state state, uint64_t *count)
{
    const store_key key = state_key(state);
    poa_span value;
    bool found = false;
    poa_err err = store_kv_get(txn, STORE_DEVICE_COUNTS, store_key_span(&key), &value, &found);
    if (err)
        return err;
    if (!found) {
        *count = 0;
        return POA_OK;
    }
    store_reader r = store_reader_of(value, COUNTS_VERSION);
    const uint64_t number = store_read_u64(&r, 0, UINT64_MAX);
    err = store_reader_end(&r);
    if (!err)
        *count = number;
    return err;
}

static poa_err put_count(store_txn *txn, store_device_state state, uint64_t count)
{
    const store_key key = state_key(state);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, COUNTS_VERSION);
    store_write_u64(&b, count);
    return b.failed ? POA_F_NOMEM : store_kv_put(txn, STORE_DEVICE_COUNTS, store_key_span(&key), poa_buf_span(&b));
}

static poa_err count_down(store_txn *txn, store_device_state state)
{
    uint64_t count = 0;
    const poa_err err = store_device_count(txn, state, &count);
    if (err)
        return err;
    if (POA_GUARD(store_device_miscounted, count == 0))
        return POA_F_STORE;
    return put_count(txn, state, count - 1);
}

static poa_err count_up(store_txn *txn, store_device_state state)
{
    uint64_t count = 0;
    const poa_err err = store_device_count(txn, state, &count);
    return err ? err : put_count(txn, state, count + 1);
}

poa_err store_device_count_move(store_txn *txn, store_device_state from, store_device_state to)
{
    if (from == to)
        return POA_OK;
    poa_err err = from ? count_down(txn, from) : POA_OK;
    if (!err && to)
        err = count_up(txn, to);
    return err;
}
