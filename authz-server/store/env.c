#include "store/env.h"

#include "crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

/* Less room than this on the file system, and a write that came out short is a full disk. */
enum { ROOM_BYTES = 1 << 20 };

/* A transaction begins: not while the map is being moved. */
static void enter(store *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->resizing)
        pthread_cond_wait(&s->changed, &s->lock);
    s->open++;
    pthread_mutex_unlock(&s->lock);
}

static void leave(store *s)
{
    pthread_mutex_lock(&s->lock);
    s->open--;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

poa_err store_txn_result(store_txn *txn, int rc)
{
    if (rc == MDB_SUCCESS)
        return POA_OK;
    if (txn->rc == MDB_SUCCESS)
        txn->rc = rc;
    return rc == ENOMEM ? POA_F_NOMEM : POA_F_STORE;
}

poa_err store_sha256(const store_txn *txn, poa_span bytes, poa_id *out)
{
    return poa_sha256(txn->s->ctx, bytes, out);
}

bool store_id_is_none(const poa_id *id)
{
    static const poa_id none;
    return poa_id_equal(id, &none);
}

bool store_uuid_equal(const store_uuid *a, const store_uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool store_uuid_is_none(const store_uuid *id)
{
    static const store_uuid none;
    return store_uuid_equal(id, &none);
}

/* A transaction that rests, or NULL. */
static store_txn *take_resting(store *s)
{
    pthread_mutex_lock(&s->lock);
    store_txn *txn = s->pool;
    if (txn)
        s->pool = txn->next;
    pthread_mutex_unlock(&s->lock);
    return txn;
}

static poa_err begin_new(store *s, store_txn **out)
{
    store_txn *txn = calloc(1, sizeof *txn);
    if (!txn)
        return POA_F_NOMEM;
    txn->s = s;
    const poa_err err = store_txn_result(txn, mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn->mdb));
    if (err) {
        free(txn);
        return err;
    }
    *out = txn;
    return POA_OK;
}

static poa_err begin(store *s, store_txn **out)
{
    store_txn *txn = take_resting(s);
    if (!txn)
        return begin_new(s, out);

    txn->rc = MDB_SUCCESS;
    const poa_err err = store_txn_result(txn, mdb_txn_renew(txn->mdb));
    if (err) {
        mdb_txn_abort(txn->mdb);
        free(txn);
        return err;
    }
    *out = txn;
    return POA_OK;
}

poa_err store_read_begin(store *s, store_txn **out)
{
    enter(s);
    const poa_err err = begin(s, out);
    if (err)
        leave(s);
    return err;
}

void store_read_end(store_txn *txn)
{
    if (!txn)
        return;
    store *s = txn->s;
    mdb_txn_reset(txn->mdb);
    pthread_mutex_lock(&s->lock);
    txn->next = s->pool;
    s->pool = txn;
    pthread_mutex_unlock(&s->lock);
    leave(s);
}

poa_err store_write_begin(store *s, store_txn *txn)
{
    enter(s);
    *txn = (store_txn){.s = s, .may_put = true};
    const poa_err err = store_txn_result(txn, mdb_txn_begin(s->env, NULL, 0, &txn->mdb));
    if (err)
        leave(s);
    return err;
}

poa_err store_write_commit(store_txn *txn)
{
    const poa_err err = store_txn_result(txn, mdb_txn_commit(txn->mdb));
    txn->mdb = NULL;
    leave(txn->s);
    return err;
}

void store_write_abort(store_txn *txn)
{
    mdb_txn_abort(txn->mdb);
    txn->mdb = NULL;
    leave(txn->s);
}

poa_err store_resize(store *s, uint64_t map_bytes)
{
    pthread_mutex_lock(&s->lock);
    while (s->resizing)
        pthread_cond_wait(&s->changed, &s->lock);
    s->resizing = true;
    while (s->open > 0)
        pthread_cond_wait(&s->changed, &s->lock);

    const int rc = mdb_env_set_mapsize(s->env, store_map_bytes(map_bytes));
    /* Without a map nothing can be read either; LMDB has taken the old one down. */
    if (rc != MDB_SUCCESS)
        atomic_store(&s->health, STORE_BROKEN);

    s->resizing = false;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return rc == MDB_SUCCESS ? POA_OK : POA_F_STORE;
}

size_t store_map_bytes(uint64_t wanted)
{
    enum { PAGE = 4096 };
    const uint64_t bytes = wanted == 0 ? STORE_MAP_BYTES_DEFAULT : wanted;
    return (size_t)(bytes < PAGE ? PAGE : bytes - bytes % PAGE);
}

/* Has the file system no room left? LMDB says EIO of a write that came out short. */
static bool disk_is_full(const store *s)
{
    struct statvfs fs;
    return fstatvfs(s->dir, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < ROOM_BYTES;
}

store_health store_health_after(const store *s, int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return STORE_OK;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
        return STORE_FULL;
    case EIO:
        return disk_is_full(s) ? STORE_FULL : STORE_BROKEN;
    default:
        return STORE_BROKEN;
    }
}
