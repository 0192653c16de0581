#include "store/store.h"

#include "cleanup.h"
#include "guard.h"
#include "store/env.h"
#include "store/meta_table.h"
#include "store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for the tables of formats to come. */
enum { TABLES_MAX = 64 };

POA_CLEANUP_DEFINE(store, store_close)

static poa_err refuse(char why[STORE_WHY_BYTES], const char *what, const char *dir, const char *reason)
{
    (void)snprintf(why, STORE_WHY_BYTES, "%s %s: %s", what, dir, reason);
    return POA_F_STORE;
}

/* Open the directory and keep every other process out of it. */
static poa_err take_directory(store *s, const char *dir, char why[STORE_WHY_BYTES])
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return refuse(why, "cannot make the directory", dir, strerror(errno));
    s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir < 0)
        return refuse(why, "cannot open the directory", dir, strerror(errno));

    struct stat st;
    if (fstat(s->dir, &st) != 0)
        return refuse(why, "cannot look at the directory", dir, strerror(errno));
    if (POA_GUARD(store_directory_open_to_others, (st.st_mode & 077) != 0))
        return refuse(why, "the directory", dir, "is open to others; make its mode 0700");
    if (flock(s->dir, LOCK_EX | LOCK_NB) != 0)
        return refuse(why, "the store in", dir,
                      errno == EWOULDBLOCK ? "is in use by another process" : strerror(errno));
    return POA_OK;
}

static poa_err open_environment(store *s, const store_options *options, char why[STORE_WHY_BYTES])
{
    int rc = mdb_env_create(&s->env);
    if (rc == MDB_SUCCESS)
        rc = mdb_env_set_mapsize(s->env, store_map_bytes(options->map_bytes));
    if (rc == MDB_SUCCESS)
        rc = mdb_env_set_maxreaders(s->env, options->readers == 0 ? STORE_READERS_DEFAULT : options->readers);
    if (rc == MDB_SUCCESS)
        rc = mdb_env_set_maxdbs(s->env, TABLES_MAX);
    if (rc == MDB_SUCCESS)
        rc = mdb_env_open(s->env, options->dir, MDB_NOTLS, 0600);
    if (rc != MDB_SUCCESS) {
        (void)refuse(why, "cannot open the store in", options->dir, mdb_strerror(rc));
        return rc == ENOMEM ? POA_F_NOMEM : POA_F_STORE;
    }
    return POA_OK;
}

/* A file that was made just now is only there after a power cut when its directory was synced too. */
static poa_err sync_directory(const store *s, char why[STORE_WHY_BYTES])
{
    const int parent = openat(s->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent >= 0) {
        (void)fsync(parent); /* best effort: it may belong to somebody else */
        (void)close(parent);
    }
    if (fsync(s->dir) != 0)
        return refuse(why, "cannot sync the directory", "of the store", strerror(errno));
    return POA_OK;
}

static poa_err read_id(store *s, char why[STORE_WHY_BYTES])
{
    store_txn *txn = NULL;
    poa_err err = store_read_begin(s, &txn);
    if (!err)
        err = store_meta_id(txn, &s->id);
    store_read_end(txn);
    if (err)
        (void)refuse(why, "cannot read", "the id of the store", poa_err_describe(err)->condition);
    return err;
}

poa_err store_open(const store_options *options, store **out, char why[STORE_WHY_BYTES])
{
    why[0] = '\0';
    POA_CLEANUP(store_closep) store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)snprintf(why, STORE_WHY_BYTES, "out of memory");
        return POA_F_NOMEM;
    }
    s->dir = -1;
    s->ctx = options->ctx;
    (void)pthread_mutex_init(&s->lock, NULL); /* with default attributes neither can fail */
    (void)pthread_cond_init(&s->changed, NULL);

    poa_err err = take_directory(s, options->dir, why);
    if (!err)
        err = open_environment(s, options, why);
    if (!err)
        (void)store_housekeep(s);
    if (!err)
        err = store_migrate(s, options->random, why);
    if (!err)
        err = sync_directory(s, why);
    if (!err)
        err = read_id(s, why);
    if (err)
        return err;

    *out = POA_TAKE(s);
    return POA_OK;
}

void store_close(store *s)
{
    if (!s)
        return;
    while (s->pool) {
        store_txn *txn = s->pool;
        s->pool = txn->next;
        mdb_txn_abort(txn->mdb);
        free(txn);
    }
    if (s->env)
        mdb_env_close(s->env);
    if (s->dir >= 0)
        (void)close(s->dir); /* gives the lock back too */
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

store_uuid store_id(const store *s)
{
    return s->id;
}

store_health store_health_now(const store *s)
{
    return (store_health)atomic_load(&s->health);
}

unsigned store_housekeep(store *s)
{
    int dead = 0;
    return mdb_reader_check(s->env, &dead) == MDB_SUCCESS && dead > 0 ? (unsigned)dead : 0;
}
