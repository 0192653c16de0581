#ifndef STORE_RIG_H
#define STORE_RIG_H

#include "test.h"

#include "store/env.h"
#include "store/kv.h"

/* A real store in a directory of its own, for one test. */
typedef struct rig {
    char dir[64];
    poa_ctx *ctx;
    store *s;
} rig;

/* Set up and tear down of a cmocka test: *state is the rig, the store is open. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* Open the store again, with a map of that size (0: 1 GiB). */
void rig_open(rig *r, uint64_t map_bytes);
poa_err rig_try_open(rig *r, uint64_t map_bytes, store **s, char why[STORE_WHY_BYTES]);
void rig_close(rig *r);

/* Remove the directory of a store that is closed. */
void rig_remove(const char *dir);

/* Transactions that must begin and commit. */
store_txn rig_write(rig *r);
void rig_commit(store_txn *txn);
store_txn *rig_read(rig *r);

poa_id rig_id(unsigned n);
poa_id rig_none(void);
store_uuid rig_uuid(unsigned n);

/* The bytes of a record as stored; free() ends them. */
char *rig_record(rig *r, store_table table, poa_span key, size_t *len);
/* Write these bytes in place of a record. */
void rig_overwrite(rig *r, store_table table, poa_span key, const char *bytes, size_t len);

/* Reads the record in question and says how it went. */
typedef poa_err (*rig_reader)(store_txn *txn);

/*
 * Cut the record short at every length, add a byte, change its version: the reader must say POA_F_STORE each time. Then
 * turn every bit around: it may say anything but must come back.
 */
void rig_damage(rig *r, store_table table, poa_span key, rig_reader read);

#endif
