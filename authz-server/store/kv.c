#include "store/kv.h"

#include "guard.h"
#include "span.h"

#include <assert.h>
#include <string.h>

void store_key_bytes(store_key *key, const void *bytes, size_t len)
{
    assert(len <= sizeof key->bytes - key->len);
    memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

static void add_number(store_key *key, uint64_t value, size_t len)
{
    char bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(value >> ((len - 1 - i) * 8) & 0xff);
    store_key_bytes(key, bytes, len);
}

void store_key_u8(store_key *key, unsigned value)
{
    add_number(key, value, 1);
}

void store_key_u32(store_key *key, uint32_t value)
{
    add_number(key, value, 4);
}

void store_key_u64(store_key *key, uint64_t value)
{
    add_number(key, value, 8);
}

void store_key_id(store_key *key, const poa_id *id)
{
    store_key_bytes(key, id->bytes, sizeof id->bytes);
}

poa_span store_id_span(const poa_id *id)
{
    return (poa_span){(const char *)id->bytes, sizeof id->bytes};
}

poa_span store_key_span(const store_key *key)
{
    return (poa_span){key->bytes, key->len};
}

uint64_t store_key_read_u64(poa_span bytes)
{
    assert(bytes.len >= 8);
    uint64_t value = 0;
    for (size_t i = bytes.len - 8; i < bytes.len; i++)
        value = value << 8 | (unsigned char)bytes.ptr[i];
    return value;
}

poa_id store_key_read_id(poa_span bytes)
{
    poa_id id;
    assert(bytes.len >= sizeof id.bytes);
    memcpy(id.bytes, bytes.ptr, sizeof id.bytes);
    return id;
}

/* LMDB reads its arguments only, but says so nowhere in its types. */
static MDB_val val_of(poa_span span)
{
    union {
        const char *borrowed;
        void *mutable;
    } data = {.borrowed = span.ptr ? span.ptr : ""};
    return (MDB_val){.mv_size = span.len, .mv_data = data.mutable};
}

static poa_span span_of(const MDB_val *val)
{
    return (poa_span){val->mv_data, val->mv_size};
}

poa_err store_kv_get(store_txn *txn, store_table table, poa_span key, poa_span *value, bool *found)
{
    MDB_val k = val_of(key);
    MDB_val v;
    const int rc = mdb_get(txn->mdb, txn->s->tables[table], &k, &v);
    if (rc == MDB_NOTFOUND) {
        *found = false;
        return POA_OK;
    }
    const poa_err err = store_txn_result(txn, rc);
    if (err)
        return err;
    *value = span_of(&v);
    *found = true;
    return POA_OK;
}

poa_err store_kv_put(store_txn *txn, store_table table, poa_span key, poa_span value)
{
    if (POA_GUARD(store_put_outside_apply, !txn->may_put))
        return POA_F_USAGE;
    MDB_val k = val_of(key);
    MDB_val v = val_of(value);
    return store_txn_result(txn, mdb_put(txn->mdb, txn->s->tables[table], &k, &v, 0));
}

poa_err store_kv_add(store_txn *txn, store_table table, poa_span key, poa_span value, bool *added)
{
    if (POA_GUARD(store_add_outside_apply, !txn->may_put))
        return POA_F_USAGE;
    MDB_val k = val_of(key);
    MDB_val v = val_of(value);
    const int rc = mdb_put(txn->mdb, txn->s->tables[table], &k, &v, MDB_NOOVERWRITE);
    if (rc == MDB_KEYEXIST) {
        *added = false;
        return POA_OK;
    }
    const poa_err err = store_txn_result(txn, rc);
    if (err)
        return err;
    *added = true;
    return POA_OK;
}

poa_err store_kv_del(store_txn *txn, store_table table, poa_span key)
{
    if (POA_GUARD(store_delete_outside_apply, !txn->may_put))
        return POA_F_USAGE;
    MDB_val k = val_of(key);
    const int rc = mdb_del(txn->mdb, txn->s->tables[table], &k, NULL);
    return rc == MDB_NOTFOUND ? POA_F_STORE : store_txn_result(txn, rc);
}

poa_err store_kv_empty(store_txn *txn, store_table table)
{
    if (POA_GUARD(store_empty_outside_apply, !txn->may_put))
        return POA_F_USAGE;
    return store_txn_result(txn, mdb_drop(txn->mdb, txn->s->tables[table], 0));
}

poa_err store_cursor_open(store_txn *txn, store_table table, store_cursor *out)
{
    MDB_cursor *mdb = NULL;
    const poa_err err = store_txn_result(txn, mdb_cursor_open(txn->mdb, txn->s->tables[table], &mdb));
    if (err)
        return err;
    *out = (store_cursor){txn, mdb};
    return POA_OK;
}

void store_cursor_close(store_cursor *c)
{
    if (c->mdb)
        mdb_cursor_close(c->mdb);
    c->mdb = NULL;
}

/* Move the cursor; found when there is a key there and it begins with prefix. */
static poa_err move(store_cursor *c, MDB_val *key, MDB_cursor_op op, poa_span prefix, store_pair *pair, bool *found)
{
    MDB_val value;
    const int rc = mdb_cursor_get(c->mdb, key, &value, op);
    if (rc == MDB_NOTFOUND) {
        *found = false;
        return POA_OK;
    }
    const poa_err err = store_txn_result(c->txn, rc);
    if (err)
        return err;
    *found = poa_span_starts(span_of(key), prefix);
    if (*found)
        *pair = (store_pair){span_of(key), span_of(&value)};
    return POA_OK;
}

poa_err store_cursor_seek(store_cursor *c, poa_span prefix, poa_span after, store_pair *pair, bool *found)
{
    store_key from = {.len = 0};
    store_key_bytes(&from, prefix.ptr ? prefix.ptr : "", prefix.len);
    store_key_bytes(&from, after.ptr ? after.ptr : "", after.len);
    if (from.len == 0) {
        MDB_val first;
        return move(c, &first, MDB_FIRST, prefix, pair, found);
    }

    MDB_val key = val_of(store_key_span(&from));
    const poa_err err = move(c, &key, MDB_SET_RANGE, prefix, pair, found);
    if (err || !*found || after.len == 0 || !poa_span_equal(pair->key, store_key_span(&from)))
        return err;
    return store_cursor_next(c, prefix, pair, found);
}

poa_err store_cursor_next(store_cursor *c, poa_span prefix, store_pair *pair, bool *found)
{
    MDB_val key;
    return move(c, &key, MDB_NEXT, prefix, pair, found);
}
