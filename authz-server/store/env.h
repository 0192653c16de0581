#ifndef STORE_ENV_H
#define STORE_ENV_H

#include "store/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

/*
 * The inside of a store: for the tables and the writer.
 */

/* The number of the format that this program writes. docs/store.md, "Formats and migration". */
#define STORE_FORMAT 2

/* X(symbol, name): every table; docs/store.md says what is in it. */
#define STORE_TABLE_LIST(X)                               \
    X(STORE_META, "meta")                                 \
    X(STORE_TEXTS, "texts")                               \
    X(STORE_POAS, "poas")                                 \
    X(STORE_POA_CHILDREN, "poa_children")                 \
    X(STORE_STATEMENTS, "statements")                     \
    X(STORE_STATEMENT_TARGETS, "statement_targets")       \
    X(STORE_STATEMENT_JTIS, "statement_jtis")             \
    X(STORE_STATEMENT_IDS, "statement_ids")               \
    X(STORE_DEVICES, "devices")                           \
    X(STORE_DEVICE_IDENTITIES, "device_identities")       \
    X(STORE_DEVICE_REQUESTS, "device_requests")           \
    X(STORE_DEVICE_LOCATIONS, "device_locations")         \
    X(STORE_DEVICE_LEAVES, "device_leaves")               \
    X(STORE_DEVICE_STATES, "device_states")               \
    X(STORE_DEVICE_DUE, "device_due")                     \
    X(STORE_DEVICE_COUNTS, "device_counts")               \
    X(STORE_CERTIFICATES, "certificates")                 \
    X(STORE_DEVICE_CERTIFICATES, "device_certificates")   \
    X(STORE_CERTIFICATES_REVOKED, "certificates_revoked") \
    X(STORE_EVENTS, "events")                             \
    X(STORE_WALKS, "walks")                               \
    X(STORE_OUTCOMES, "outcomes")                         \
    X(STORE_QUOTAS, "quotas")                             \
    X(STORE_NONCES, "nonces")                             \
    X(STORE_COMMITS, "commits")                           \
    X(STORE_EXPIRIES, "expiries")                         \
    X(STORE_AUDIT, "audit")

typedef enum store_table {
#define X(symbol, name) symbol,
    STORE_TABLE_LIST(X)
#undef X
        STORE_TABLES
} store_table;

struct store_txn {
    store *s;
    MDB_txn *mdb;    /* owned */
    bool may_put;    /* a write transaction, and not in a check */
    int rc;          /* the first thing that LMDB could not do in it; 0: none */
    store_txn *next; /* in the pool */
};

struct store {
    MDB_env *env;
    MDB_dbi tables[STORE_TABLES];
    const poa_ctx *ctx;
    int dir; /* the directory, open and locked as long as the store is */
    store_uuid id;
    atomic_int health; /* enum store_health */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    store_txn *pool; /* read transactions that rest; owned */
    unsigned open;   /* transactions in use */
    bool resizing;   /* no new ones now */
};

/* Begin the write transaction in the caller's memory; waits while another one is open. POA_OK, POA_F_STORE,
 * POA_F_NOMEM. */
POA_MUST_USE poa_err store_write_begin(store *s, store_txn *txn);
/* Commit, synced. Ends the transaction whatever comes out; after a failure nothing of it is stored, txn->rc says why.
 */
POA_MUST_USE poa_err store_write_commit(store_txn *txn);
/* Undo all of it. */
void store_write_abort(store_txn *txn);

/* Note a result of LMDB in the transaction and say it in our words: POA_OK, POA_F_NOMEM, POA_F_STORE. */
poa_err store_txn_result(store_txn *txn, int rc);

/* A map size as LMDB takes it: whole pages, 0 is the default. */
size_t store_map_bytes(uint64_t wanted);

/* What a failure of LMDB says about the health of the store. */
store_health store_health_after(const store *s, int rc);

POA_MUST_USE poa_err store_sha256(const store_txn *txn, poa_span bytes, poa_id *out);

#endif
