#include "store/trust.h"

#include "cleanup.h"
#include "store/kv.h"
#include "store/record.h"

enum { TRUST_VERSION = 1 };

static const poa_span key_watch = POA_SPAN_INIT("trust_watch");
static const poa_span key_recall = POA_SPAN_INIT("trust_recall");

static poa_err put(store_txn *txn, poa_span key, const poa_buf *value)
{
    return value->failed ? POA_F_NOMEM : store_kv_put(txn, STORE_META, key, poa_buf_span(value));
}

static poa_err read_watch(poa_span value, store_trust_watch *out)
{
    store_reader r = store_reader_of(value, TRUST_VERSION);
    store_trust_watch watch;
    watch.trusted_s = store_read_time(&r);
    watch.silent_s = store_read_time(&r);
    watch.spared_s = store_read_time(&r);
    const poa_err err = store_reader_end(&r);
    if (!err)
        *out = watch;
    return err;
}

poa_err store_trust_watch_get(store_txn *txn, store_trust_watch *watch)
{
    poa_span value = {0};
    bool found = false;
    const poa_err err = store_kv_get(txn, STORE_META, key_watch, &value, &found);
    if (err)
        return err;
    if (found)
        return read_watch(value, watch);
    *watch = (store_trust_watch){0};
    return POA_OK;
}

poa_err store_trust_watch_put(store_txn *txn, const store_trust_watch *watch)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, TRUST_VERSION);
    store_write_time(&b, watch->trusted_s);
    store_write_time(&b, watch->silent_s);
    store_write_time(&b, watch->spared_s);
    store_trust_watch back;
    if (!b.failed && read_watch(poa_buf_span(&b), &back) != POA_OK)
        return POA_F_USAGE;
    return put(txn, key_watch, &b);
}

static poa_err read_recall(poa_span value, store_trust_recall *out)
{
    store_reader r = store_reader_of(value, TRUST_VERSION);
    store_trust_recall recall;
    recall.policy = store_read_id(&r);
    recall.base_s = store_read_time(&r);
    recall.after = store_read_uuid(&r);
    const poa_err err = store_reader_end(&r);
    if (!err)
        *out = recall;
    return err;
}

poa_err store_trust_recall_get(store_txn *txn, store_trust_recall *recall)
{
    poa_span value = {0};
    bool found = false;
    const poa_err err = store_kv_get(txn, STORE_META, key_recall, &value, &found);
    if (err)
        return err;
    if (found)
        return read_recall(value, recall);
    *recall = (store_trust_recall){.base_s = 0};
    return POA_OK;
}

poa_err store_trust_recall_put(store_txn *txn, const store_trust_recall *recall)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, TRUST_VERSION);
    store_write_id(&b, &recall->policy);
    store_write_time(&b, recall->base_s);
    store_write_uuid(&b, &recall->after);
    store_trust_recall back;
    if (!b.failed && read_recall(poa_buf_span(&b), &back) != POA_OK)
        return POA_F_USAGE;
    return put(txn, key_recall, &b);
}
