#include "store/migrate.h"

#include "cleanup.h"
#include "guard.h"
#include "store/kv.h"
#include "store/meta_table.h"
#include "store/migrate_2.h"

#include <stdio.h>

typedef poa_err (*step)(store_txn *txn, const poa_random *random);

/* Step 0: an empty environment becomes a store. */
static poa_err make(store_txn *txn, const poa_random *random)
{
    store_uuid id;
    if (!random->fill(random->self, id.bytes, sizeof id.bytes))
        return POA_F_CRYPTO;
    return store_meta_begin(txn, &id);
}

/* Step 1: docs/store.md says what format 2 brought. */
static poa_err add_lives(store_txn *txn, const poa_random *random)
{
    (void)random;
    return store_migrate_2(txn);
}

/* steps[n] makes format n + 1 out of format n. What a step that was released makes is never changed. */
static const step steps[STORE_FORMAT] = {make, add_lives};

static const char *const names[STORE_TABLES] = {
#define X(symbol, name) name,
    STORE_TABLE_LIST(X)
#undef X
};

/* Has the environment anything in it? */
static poa_err is_empty(store_txn *txn, bool *empty)
{
    MDB_dbi unnamed;
    poa_err err = store_txn_result(txn, mdb_dbi_open(txn->mdb, NULL, 0, &unnamed));
    if (err)
        return err;
    MDB_stat stat;
    err = store_txn_result(txn, mdb_stat(txn->mdb, unnamed, &stat));
    *empty = !err && stat.ms_entries == 0;
    return err;
}

/* The format of what is there: 0 when nothing is, UINT32_MAX when it is no store. */
static poa_err read_format(store_txn *txn, uint32_t *format)
{
    bool empty = false;
    const poa_err err = is_empty(txn, &empty);
    *format = 0;
    if (err || empty)
        return err;

    const int rc = mdb_dbi_open(txn->mdb, names[STORE_META], 0, &txn->s->tables[STORE_META]);
    if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE) {
        *format = UINT32_MAX;
        return POA_OK;
    }
    const poa_err failed = store_txn_result(txn, rc);
    return failed ? failed : store_meta_format(txn, format);
}

static poa_err open_tables(store_txn *txn)
{
    for (size_t i = 0; i < STORE_TABLES; i++) {
        const int rc = mdb_dbi_open(txn->mdb, names[i], MDB_CREATE, &txn->s->tables[i]);
        const poa_err err = store_txn_result(txn, rc);
        if (err)
            return err;
    }
    return POA_OK;
}

static poa_err judge_format(uint32_t format, char why[STORE_WHY_BYTES])
{
    if (POA_GUARD(store_format_foreign, format == UINT32_MAX)) {
        (void)snprintf(why, STORE_WHY_BYTES, "the directory holds a database that is no store of this program");
        return POA_F_STORE;
    }
    if (POA_GUARD(store_format_newer, format > STORE_FORMAT)) {
        (void)snprintf(why, STORE_WHY_BYTES,
                       "the store has format %u, written by a newer version; this one knows up to %d", format,
                       STORE_FORMAT);
        return POA_F_STORE;
    }
    return POA_OK;
}

/* One transaction: what is left to do is one step further. */
static poa_err advance(store_txn *txn, const poa_random *random, uint32_t *format, char why[STORE_WHY_BYTES])
{
    poa_err err = read_format(txn, format);
    if (!err)
        err = judge_format(*format, why);
    if (!err)
        err = open_tables(txn);
    if (err || *format == STORE_FORMAT)
        return err;

    err = steps[*format](txn, random);
    if (err)
        return err;
    ++*format;
    return store_meta_set_format(txn, *format);
}

static poa_err run_step(store *s, const poa_random *random, uint32_t *format, char why[STORE_WHY_BYTES])
{
    store_txn txn;
    poa_err err = store_write_begin(s, &txn);
    if (!err) {
        err = advance(&txn, random, format, why);
        if (err)
            store_write_abort(&txn);
        else
            err = store_write_commit(&txn);
    }
    if (err && why[0] == '\0')
        (void)snprintf(why, STORE_WHY_BYTES, "cannot read or make the tables of the store: %s",
                       txn.rc != MDB_SUCCESS ? mdb_strerror(txn.rc) : poa_err_describe(err)->condition);
    return err;
}

poa_err store_migrate(store *s, const poa_random *random, char why[STORE_WHY_BYTES])
{
    uint32_t format = 0;
    do {
        const poa_err err = run_step(s, random, &format, why);
        if (err)
            return err;
    } while (format < STORE_FORMAT);
    return POA_OK;
}
