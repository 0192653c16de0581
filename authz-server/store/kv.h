#ifndef STORE_KV_H
#define STORE_KV_H

#include "store/env.h"

/*
 * Keys and values as bytes. All values are borrowed from the transaction. A put in a transaction that may not is
 * POA_F_USAGE; other failures are store_txn_result()'s.
 */

#define STORE_KEY_BYTES_MAX 73

/* A key under construction; numbers big-endian. */
typedef struct store_key {
    char bytes[STORE_KEY_BYTES_MAX];
    size_t len;
} store_key;

void store_key_bytes(store_key *key, const void *bytes, size_t len);
void store_key_u8(store_key *key, unsigned value);
void store_key_u32(store_key *key, uint32_t value);
void store_key_u64(store_key *key, uint64_t value);
void store_key_id(store_key *key, const poa_id *id);
/* An id alone as a key; lives as long as the id. */
poa_span store_id_span(const poa_id *id);
poa_span store_key_span(const store_key *key);

/* The number that a key ends with, the id that it begins with: of keys that were checked for their length. */
uint64_t store_key_read_u64(poa_span bytes);
poa_id store_key_read_id(poa_span bytes);

POA_MUST_USE poa_err store_kv_get(store_txn *txn, store_table table, poa_span key, poa_span *value, bool *found);
/* Write, in place of what is there. */
POA_MUST_USE poa_err store_kv_put(store_txn *txn, store_table table, poa_span key, poa_span value);
/* Write unless the key is there already. */
POA_MUST_USE poa_err store_kv_add(store_txn *txn, store_table table, poa_span key, poa_span value, bool *added);
/* Delete everything in a table. */
POA_MUST_USE poa_err store_kv_empty(store_txn *txn, store_table table);
/* Delete; a key that is not there is POA_F_STORE, because an index and its table no longer agree. */
POA_MUST_USE poa_err store_kv_del(store_txn *txn, store_table table, poa_span key);

typedef struct store_cursor {
    store_txn *txn;
    MDB_cursor *mdb; /* owned */
} store_cursor;

POA_MUST_USE poa_err store_cursor_open(store_txn *txn, store_table table, store_cursor *out);
void store_cursor_close(store_cursor *c);

typedef struct store_pair {
    poa_span key;
    poa_span value;
} store_pair;

/**
 * store_cursor_seek() - the first key that begins with @prefix and, where @after is not empty, is greater than @prefix
 * followed by @after. Together at most STORE_KEY_BYTES_MAX bytes.
 */
POA_MUST_USE poa_err store_cursor_seek(store_cursor *c, poa_span prefix, poa_span after, store_pair *pair, bool *found);
/* The key behind the one that was found last, if it begins with @prefix. */
POA_MUST_USE poa_err store_cursor_next(store_cursor *c, poa_span prefix, store_pair *pair, bool *found);

#endif
