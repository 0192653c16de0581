#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "poa/context.h"
#include "poa/error.h"
#include "poa/id.h"
#include "poa/macros.h"
#include "poa/signer.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The server's store: one LMDB environment, opened once. docs/store.md says what is in it and what it promises.
 *
 * Rules that hold for every table:
 * - A record read from a transaction is borrowed from it: its spans are good until the transaction ends and, in a write
 *   transaction, until the next put or delete. A put may be given a record that was read in the same transaction.
 * - A zeroed poa_id stands for "none", an empty span for "not stated".
 * - POA_F_STORE: a record that breaks its layout, or LMDB could not do it. POA_F_CRYPTO: no hash to be had.
 * POA_F_NOMEM: memory ran out. POA_F_USAGE: a put in a read transaction or in a check, or a value outside the bounds
 * that its header states.
 * - Outputs are written on POA_OK only. Absence is no error: *found says it.
 */

#define STORE_MAP_BYTES_DEFAULT (UINT64_C(64) << 30) /* address space, not disk: the file grows with its content */
#define STORE_READERS_DEFAULT   126
#define STORE_ID_BYTES          16
#define STORE_WHY_BYTES         512

typedef struct store store;
/* A read or write transaction. Every table's functions take one. */
typedef struct store_txn store_txn;

/* A name made of 16 random bytes: the store's own, a device's UUID. */
typedef struct store_uuid {
    uint8_t bytes[16];
} store_uuid;

typedef enum store_health {
    STORE_OK = 0,
    STORE_FULL = 1,   /* no room or no memory for the last change; the writer keeps trying */
    STORE_BROKEN = 2, /* I/O error or damage: nothing is written until the process starts again */
} store_health;

/**
 * store_options - how to open.
 * @dir:        directory of the environment; made with mode 0700 where missing (its parent exists); one that exists
 * must be closed to group and others; borrowed
 * @map_bytes:  most that the file may grow to, rounded down to whole pages; 0 is STORE_MAP_BYTES_DEFAULT
 * @readers:    most read transactions at once; 0 is STORE_READERS_DEFAULT
 * @ctx:        for hashing; borrowed, outlives the store
 * @random:     gives a new store its id; used during store_open() only
 */
typedef struct store_options {
    const char *dir;
    uint64_t map_bytes;
    unsigned readers;
    const poa_ctx *ctx;
    const poa_random *random;
} store_options;

/**
 * store_open() - open the store, make it where there is none, bring an older format forward.
 * @why: on failure what is wrong, for the operator, one line; never NULL
 *
 * Readers left by dead processes are cleared. One process at a time: a second open of the same directory is refused.
 * Call it once per process, and not before a fork that goes on to use it.
 *
 * Return: POA_OK; POA_F_STORE (a newer format, no store, no access, in use); POA_F_NOMEM.
 */
POA_MUST_USE poa_err store_open(const store_options *options, store **out, char why[STORE_WHY_BYTES]);

/* End it, after the writer has stopped and every transaction was given back. NULL is fine. */
void store_close(store *s);

/* The random id of this store; the same for its whole life. */
store_uuid store_id(const store *s);

/* Can changes be stored, as far as the last one showed? Readiness asks this. Any thread. */
store_health store_health_now(const store *s);
static inline bool store_healthy(const store *s)
{
    return store_health_now(s) == STORE_OK;
}

/* Clear readers of dead processes; call it once a minute. Any thread. Gives how many there were. */
unsigned store_housekeep(store *s);

/**
 * store_resize() - let the file grow to @map_bytes from now on; less than its content is taken as that much.
 *
 * Waits until no transaction is open, and lets none begin meanwhile: the caller holds none, and no thread begins a
 * second one while it holds one. Any thread.
 *
 * Return: POA_OK, POA_F_STORE.
 */
POA_MUST_USE poa_err store_resize(store *s, uint64_t map_bytes);

/**
 * store_read_begin() - take a read transaction: a snapshot of the last commit.
 *
 * Give it back with store_read_end() at the end of the request; never keep it across a wait for the network. May be
 * ended on another thread than it was begun on, but is used by one at a time.
 *
 * Return: POA_OK; POA_F_STORE (too many at once, or LMDB refused); POA_F_NOMEM.
 */
POA_MUST_USE poa_err store_read_begin(store *s, store_txn **out);
void store_read_end(store_txn *txn);
static inline void store_read_endp(store_txn **txn)
{
    store_read_end(*txn);
}
/* POA_CLEANUP(store_read_endp) store_txn *txn = NULL; store_read_end(NULL) is fine. */

/* Is it "none"? */
bool store_id_is_none(const poa_id *id);
bool store_uuid_is_none(const store_uuid *id);
bool store_uuid_equal(const store_uuid *a, const store_uuid *b);

#endif
