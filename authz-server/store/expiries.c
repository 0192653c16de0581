#include "store/expiries.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/expiries_table.h"
#include "store/kv.h"
#include "store/meta.h"
#include "store/walks.h"

enum { TIME_BYTES = 8, EPOCH_BYTES = 8, PUT_OFF_S = 86400 };

poa_err store_expiry_add(store_txn *txn, int64_t time_s, store_expiry_kind kind, poa_span key)
{
    store_key entry = {.len = 0};
    store_key_u64(&entry, (uint64_t)time_s);
    store_key_u8(&entry, kind);
    store_key_bytes(&entry, key.ptr, key.len);
    return store_kv_put(txn, STORE_EXPIRIES, store_key_span(&entry), (poa_span){0});
}

/* The first entry, copied, if its time came before now. */
static poa_err first_due(store_txn *txn, int64_t now_s, store_key *entry, bool *found)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    poa_err err = store_cursor_open(txn, STORE_EXPIRIES, &c);
    store_pair pair;
    if (!err)
        err = store_cursor_seek(&c, (poa_span){0}, (poa_span){0}, &pair, found);
    if (err || !*found)
        return err;
    if (POA_GUARD(store_expiry_key_length, pair.key.len <= TIME_BYTES || pair.key.len > STORE_KEY_BYTES_MAX))
        return POA_F_STORE;
    *found = store_key_read_u64(poa_span_head(pair.key, TIME_BYTES)) < (uint64_t)now_s;
    *entry = (store_key){.len = 0};
    store_key_bytes(entry, pair.key.ptr, pair.key.len);
    return POA_OK;
}

static poa_err is_walked(store_txn *txn, uint64_t epoch, bool *walked)
{
    store_walk walk = {.epoch = 0};
    bool found = false;
    const poa_err err = store_walk_next(txn, epoch - 1, &walk, &found);
    *walked = found && walk.epoch == epoch;
    return err;
}

/* Without its statement a walk would end before it reached all devices, so the statement waits for it. */
static poa_err drop_statement(store_txn *txn, poa_span key, int64_t now_s)
{
    const uint64_t epoch = key.len == EPOCH_BYTES ? store_key_read_u64(key) : 0;
    if (POA_GUARD(store_expiry_epoch, epoch == 0))
        return POA_F_STORE;
    bool walked = false;
    const poa_err err = is_walked(txn, epoch, &walked);
    if (err)
        return err;
    if (!POA_GUARD(store_expiry_walked, walked))
        return store_statement_drop(txn, epoch);
    const int64_t later_s = now_s > POA_TIME_MAX - PUT_OFF_S ? POA_TIME_MAX : now_s + PUT_OFF_S;
    return store_expiry_add(txn, later_s, STORE_EXPIRY_STATEMENT, key);
}

static poa_err drop_record(store_txn *txn, unsigned kind, poa_span key, int64_t now_s)
{
    switch (kind) {
    case STORE_EXPIRY_NONCE:
        return store_kv_del(txn, STORE_NONCES, key);
    case STORE_EXPIRY_COMMIT:
        return store_kv_del(txn, STORE_COMMITS, key);
    case STORE_EXPIRY_STATEMENT:
        return drop_statement(txn, key, now_s);
    case STORE_EXPIRY_CERTIFICATE:
        return store_certificate_drop(txn, key);
    case STORE_EXPIRY_OUTCOME:
        return store_kv_del(txn, STORE_OUTCOMES, key);
    default:
        return POA_F_STORE;
    }
}

static poa_err drop(store_txn *txn, const store_key *entry, int64_t now_s)
{
    const poa_span bytes = store_key_span(entry);
    const unsigned kind = (unsigned char)bytes.ptr[TIME_BYTES];
    const poa_err err = drop_record(txn, kind, poa_span_skip(bytes, TIME_BYTES + 1), now_s);
    return err ? err : store_kv_del(txn, STORE_EXPIRIES, bytes);
}

poa_err store_purge(store_txn *txn, int64_t now_s, size_t max, size_t *removed)
{
    if (POA_GUARD(store_purge_range, now_s < 0 || now_s > POA_TIME_MAX))
        return POA_F_USAGE;
    size_t n = 0;
    bool due = true;
    while (due && n < max) {
        store_key entry;
        poa_err err = first_due(txn, now_s, &entry, &due);
        if (!err && due)
            err = drop(txn, &entry, now_s);
        if (err)
            return err;
        n += due;
    }

    const poa_err err = n > 0 ? store_time_mark_raise(txn, now_s) : POA_OK;
    if (!err)
        *removed = n;
    return err;
}
