#include "store/outcomes.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "store/device_index.h"
#include "store/expiries_table.h"
#include "store/kv.h"
#include "store/record.h"

enum { OUTCOMES_VERSION = 1 };

static void encode(poa_buf *b, const store_outcome *o)
{
    store_write_u8(b, OUTCOMES_VERSION);
    store_write_u8(b, o->kind);
    store_write_id(b, &o->leaf);
    store_write_id(b, &o->key);
    store_write_text(b, o->by);
    store_write_text(b, o->reason);
    store_write_time(b, o->time_s);
    store_write_time(b, o->expires_s);
}

static poa_err decode(const store_uuid *id, poa_span value, store_outcome *out)
{
    store_reader r = store_reader_of(value, OUTCOMES_VERSION);
    store_outcome o = {.id = *id};
    o.kind = (enum store_outcome_kind)store_read_u8(&r, STORE_OUTCOME_REFUSED, STORE_OUTCOME_LAPSED);
    o.leaf = store_read_id(&r);
    o.key = store_read_id(&r);
    o.by = store_read_text(&r, 1, POA_NAME_BYTES_MAX);
    o.reason = store_read_text(&r, 0, STORE_OUTCOME_REASON_MAX);
    o.time_s = store_read_time(&r);
    o.expires_s = store_read_time(&r);
    const poa_err err = store_reader_end(&r);
    if (!err)
        *out = o;
    return err;
}

poa_err store_outcome_put(store_txn *txn, const store_outcome *outcome)
{
    const store_uuid id = outcome->id;
    const int64_t expires_s = outcome->expires_s;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    encode(&b, outcome);
    if (b.failed)
        return POA_F_NOMEM;
    store_outcome back;
    if (decode(&id, poa_buf_span(&b), &back) != POA_OK)
        return POA_F_USAGE;

    bool added = false;
    const poa_err err = store_kv_add(txn, STORE_OUTCOMES, store_uuid_span(&id), poa_buf_span(&b), &added);
    if (err)
        return err;
    if (POA_GUARD(store_outcome_twice, !added))
        return POA_F_USAGE;
    return store_expiry_add(txn, expires_s, STORE_EXPIRY_OUTCOME, store_uuid_span(&id));
}

poa_err store_outcome_get(store_txn *txn, const store_uuid *id, store_outcome *outcome, bool *found)
{
    poa_span value;
    bool there = false;
    poa_err err = store_kv_get(txn, STORE_OUTCOMES, store_uuid_span(id), &value, &there);
    if (!err && there)
        err = decode(id, value, outcome);
    if (!err)
        *found = there;
    return err;
}
