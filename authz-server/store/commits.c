#include "store/commits.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "store/expiries_table.h"
#include "store/kv.h"
#include "store/record.h"

enum { COMMITS_VERSION = 1 };

static void encode(poa_buf *b, const store_commit *commit)
{
    store_write_u8(b, COMMITS_VERSION);
    store_write_id(b, &commit->request);
    store_write_u16(b, commit->status);
    store_write_time(b, commit->expires_s);
    store_write_blob(b, commit->body);
}

static poa_err decode(poa_span value, store_commit *out)
{
    store_reader r = store_reader_of(value, COMMITS_VERSION);
    store_commit commit;
    commit.request = store_read_id(&r);
    commit.status = (unsigned)store_read_u16(&r, 100, 599);
    commit.expires_s = store_read_time(&r);
    commit.body = store_read_blob(&r, 0, STORE_COMMIT_BODY_MAX);
    const poa_err err = store_reader_end(&r);
    if (!err)
        *out = commit;
    return err;
}

/* SHA-256 over both, each with its length, so that no two pairs are the same bytes. */
static poa_err name_of(const store_txn *txn, poa_span point, poa_span key, poa_id *name)
{
    if (POA_GUARD(store_commit_point_bounds, point.len == 0 || point.len > POA_NAME_BYTES_MAX) ||
        POA_GUARD(store_commit_key_bounds, key.len == 0 || key.len > STORE_COMMIT_KEY_BYTES_MAX))
        return POA_F_USAGE;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_bytes(&b, point);
    store_write_bytes(&b, key);
    return b.failed ? POA_F_NOMEM : store_sha256(txn, poa_buf_span(&b), name);
}

poa_err store_commit_put(store_txn *txn, poa_span point, poa_span key, const store_commit *commit)
{
    poa_id name;
    poa_err err = name_of(txn, point, key, &name);
    if (err)
        return err;

    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    encode(&b, commit);
    if (b.failed)
        return POA_F_NOMEM;
    store_commit back;
    if (decode(poa_buf_span(&b), &back) != POA_OK)
        return POA_F_USAGE;

    bool added = false;
    err = store_kv_add(txn, STORE_COMMITS, store_id_span(&name), poa_buf_span(&b), &added);
    if (err)
        return err;
    if (POA_GUARD(store_commit_twice, !added))
        return POA_F_USAGE;
    return store_expiry_add(txn, back.expires_s, STORE_EXPIRY_COMMIT, store_id_span(&name));
}

poa_err store_commit_get(store_txn *txn, poa_span point, poa_span key, store_commit *commit, bool *found)
{
    poa_id name;
    poa_err err = name_of(txn, point, key, &name);
    if (err)
        return err;
    poa_span value;
    bool there = false;
    err = store_kv_get(txn, STORE_COMMITS, store_id_span(&name), &value, &there);
    if (!err && there)
        err = decode(value, commit);
    if (!err)
        *found = there;
    return err;
}
