#include "store/walks.h"

#include "cleanup.h"
#include "guard.h"
#include "store/kv.h"
#include "store/record.h"

enum { WALKS_VERSION = 1 };

static poa_err decode(uint64_t epoch, poa_span value, store_walk *out)
{
    store_reader r = store_reader_of(value, WALKS_VERSION);
    store_walk w = {.epoch = epoch};
    w.started_s = store_read_time(&r);
    w.leaf = store_read_id(&r);
    w.device = store_read_uuid(&r);
    w.touched = store_read_u64(&r, 0, UINT64_MAX);
    const poa_err err = store_reader_end(&r);
    if (!err)
        *out = w;
    return err;
}

static store_key key_of(uint64_t epoch)
{
    store_key key = {.len = 0};
    store_key_u64(&key, epoch);
    return key;
}

poa_err store_walk_put(store_txn *txn, const store_walk *walk)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, WALKS_VERSION);
    store_write_time(&b, walk->started_s);
    store_write_id(&b, &walk->leaf);
    store_write_uuid(&b, &walk->device);
    store_write_u64(&b, walk->touched);
    if (b.failed)
        return POA_F_NOMEM;
    store_walk back;
    if (POA_GUARD(store_walk_epoch, walk->epoch == 0) || decode(walk->epoch, poa_buf_span(&b), &back) != POA_OK)
        return POA_F_USAGE;
    const store_key key = key_of(walk->epoch);
    return store_kv_put(txn, STORE_WALKS, store_key_span(&key), poa_buf_span(&b));
}

poa_err store_walk_next(store_txn *txn, uint64_t after, store_walk *walk, bool *found)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    const store_key from = key_of(after);
    store_pair pair;
    bool there = false;
    poa_err err = store_cursor_open(txn, STORE_WALKS, &c);
    if (!err)
        err = store_cursor_seek(&c, (poa_span){0}, store_key_span(&from), &pair, &there);
    if (err)
        return err;
    if (there) {
        if (POA_GUARD(store_walk_key_length, pair.key.len != sizeof after))
            return POA_F_STORE;
        err = decode(store_key_read_u64(pair.key), pair.value, walk);
    }
    if (!err)
        *found = there;
    return err;
}

poa_err store_walk_end(store_txn *txn, uint64_t epoch)
{
    const store_key key = key_of(epoch);
    poa_span value;
    bool found = false;
    const poa_err err = store_kv_get(txn, STORE_WALKS, store_key_span(&key), &value, &found);
    if (err)
        return err;
    if (POA_GUARD(store_walk_ended, !found))
        return POA_F_USAGE;
    return store_kv_del(txn, STORE_WALKS, store_key_span(&key));
}
