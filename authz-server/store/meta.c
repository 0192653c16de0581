#include "store/meta.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "store/certificates.h"
#include "store/events.h"
#include "store/kv.h"
#include "store/meta_table.h"
#include "store/record.h"

#include <string.h>

enum { META_VERSION = 1 };

static const poa_span key_format = POA_SPAN_INIT("format");
static const poa_span key_store = POA_SPAN_INIT("store");
static const poa_span key_epoch = POA_SPAN_INIT("epoch");
static const poa_span key_time = POA_SPAN_INIT("time");
static const poa_span key_audit = POA_SPAN_INIT("audit");
static const poa_span key_ready = POA_SPAN_INIT("ready");
static const poa_span key_spread = POA_SPAN_INIT("spread");
static const poa_span key_crl_number = POA_SPAN_INIT("crl_number");
static const poa_span key_crl_change = POA_SPAN_INIT("crl_change");
static const poa_span key_events = POA_SPAN_INIT("events");

static poa_err put(store_txn *txn, poa_span key, const poa_buf *value)
{
    if (value->failed)
        return POA_F_NOMEM;
    return store_kv_put(txn, STORE_META, key, poa_buf_span(value));
}

/* All of these stand in every store: what is absent reads as an empty record, which is a broken one. */
static poa_err get(store_txn *txn, poa_span key, store_reader *r)
{
    poa_span value = {0};
    bool found = false;
    const poa_err err = store_kv_get(txn, STORE_META, key, &value, &found);
    if (!err)
        *r = store_reader_of(value, META_VERSION);
    return err;
}

static poa_err put_number(store_txn *txn, poa_span key, uint64_t number)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, META_VERSION);
    store_write_u64(&b, number);
    return put(txn, key, &b);
}

static poa_err get_number(store_txn *txn, poa_span key, uint64_t max, uint64_t *number)
{
    store_reader r;
    poa_err err = get(txn, key, &r);
    if (err)
        return err;
    const uint64_t value = store_read_u64(&r, 0, max);
    err = store_reader_end(&r);
    if (err)
        return err;
    *number = value;
    return POA_OK;
}

/* Raise a number by one. */
static poa_err next_number(store_txn *txn, poa_span key, uint64_t *number)
{
    uint64_t last = 0;
    poa_err err = get_number(txn, key, UINT64_MAX, &last);
    if (err)
        return err;
    if (POA_GUARD(store_number_exhausted, last == UINT64_MAX))
        return POA_F_STORE;
    err = put_number(txn, key, last + 1);
    if (!err)
        *number = last + 1;
    return err;
}

static poa_err put_store_id(store_txn *txn, const store_uuid *id)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, META_VERSION);
    store_write_uuid(&b, id);
    return put(txn, key_store, &b);
}

poa_err store_meta_begin(store_txn *txn, const store_uuid *id)
{
    static const poa_id none;
    poa_err err = put_store_id(txn, id);
    if (!err)
        err = put_number(txn, key_epoch, 0);
    if (!err)
        err = put_number(txn, key_time, 0);
    if (!err)
        err = store_meta_set_audit_head(txn, 0, &none);
    return err;
}

poa_err store_meta_begin_2(store_txn *txn)
{
    static const store_spread none;
    const poa_span numbers[] = {key_ready, key_crl_number, key_crl_change, key_events};
    poa_err err = store_spread_put(txn, &none);
    for (size_t i = 0; i < POA_COUNT(numbers) && !err; i++)
        err = put_number(txn, numbers[i], 0);
    return err;
}

poa_err store_meta_id(store_txn *txn, store_uuid *id)
{
    store_reader r;
    poa_err err = get(txn, key_store, &r);
    if (err)
        return err;
    const store_uuid value = store_read_uuid(&r);
    err = store_reader_end(&r);
    if (err)
        return err;
    *id = value;
    return POA_OK;
}

poa_err store_meta_format(store_txn *txn, uint32_t *format)
{
    poa_span value;
    bool found = false;
    const poa_err err = store_kv_get(txn, STORE_META, key_format, &value, &found);
    if (err)
        return err;
    store_reader r = {.rest = value, .failed = !found};
    const uint64_t number = store_read_u32(&r, 1, UINT32_MAX);
    *format = store_reader_end(&r) == POA_OK ? (uint32_t)number : UINT32_MAX;
    return POA_OK;
}

poa_err store_meta_set_format(store_txn *txn, uint32_t format)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u32(&b, format);
    return put(txn, key_format, &b);
}

poa_err store_epoch(store_txn *txn, uint64_t *epoch)
{
    return get_number(txn, key_epoch, UINT64_MAX, epoch);
}

poa_err store_meta_next_epoch(store_txn *txn, uint64_t *epoch)
{
    return next_number(txn, key_epoch, epoch);
}

poa_err store_time_mark(store_txn *txn, int64_t *time_s)
{
    uint64_t value = 0;
    const poa_err err = get_number(txn, key_time, POA_TIME_MAX, &value);
    if (err)
        return err;
    *time_s = (int64_t)value;
    return POA_OK;
}

poa_err store_time_mark_reset(store_txn *txn, int64_t now_s)
{
    if (POA_GUARD(store_mark_range, now_s < 0 || now_s > POA_TIME_MAX))
        return POA_F_USAGE;
    return put_number(txn, key_time, (uint64_t)now_s);
}

poa_err store_time_mark_raise(store_txn *txn, int64_t now_s)
{
    int64_t mark_s = 0;
    const poa_err err = store_time_mark(txn, &mark_s);
    if (err || (now_s >= 0 && now_s <= mark_s))
        return err;
    return store_time_mark_reset(txn, now_s);
}

poa_err store_ready_s(store_txn *txn, int64_t *time_s)
{
    uint64_t value = 0;
    const poa_err err = get_number(txn, key_ready, POA_TIME_MAX, &value);
    if (!err)
        *time_s = (int64_t)value;
    return err;
}

poa_err store_ready_reset(store_txn *txn, int64_t now_s)
{
    if (POA_GUARD(store_ready_range, now_s < 0 || now_s > POA_TIME_MAX))
        return POA_F_USAGE;
    return put_number(txn, key_ready, (uint64_t)now_s);
}

poa_err store_ready_note(store_txn *txn, int64_t now_s)
{
    int64_t last_s = 0;
    const poa_err err = store_ready_s(txn, &last_s);
    return err || (now_s >= 0 && now_s <= last_s) ? err : store_ready_reset(txn, now_s);
}

static poa_err read_spread(store_reader *r, store_spread *out)
{
    store_spread spread;
    spread.before_s = store_read_time(r);
    spread.base_s = store_read_time(r);
    spread.width_s = store_read_time(r);
    const poa_err err = store_reader_end(r);
    if (!err)
        *out = spread;
    return err;
}

poa_err store_spread_get(store_txn *txn, store_spread *spread)
{
    store_reader r;
    const poa_err err = get(txn, key_spread, &r);
    return err ? err : read_spread(&r, spread);
}

poa_err store_spread_put(store_txn *txn, const store_spread *spread)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, META_VERSION);
    store_write_time(&b, spread->before_s);
    store_write_time(&b, spread->base_s);
    store_write_time(&b, spread->width_s);
    if (b.failed)
        return POA_F_NOMEM;
    store_reader r = store_reader_of(poa_buf_span(&b), META_VERSION);
    store_spread back;
    return read_spread(&r, &back) == POA_OK ? put(txn, key_spread, &b) : POA_F_USAGE;
}

poa_err store_crl_change(store_txn *txn, uint64_t *change)
{
    return get_number(txn, key_crl_change, UINT64_MAX, change);
}

poa_err store_meta_crl_changed(store_txn *txn)
{
    uint64_t change = 0;
    return next_number(txn, key_crl_change, &change);
}

poa_err store_crl_number_next(store_txn *txn, uint64_t *number)
{
    return next_number(txn, key_crl_number, number);
}

poa_err store_event_last(store_txn *txn, uint64_t *id)
{
    return get_number(txn, key_events, UINT64_MAX, id);
}

poa_err store_meta_next_event(store_txn *txn, uint64_t *id)
{
    return next_number(txn, key_events, id);
}

poa_err store_audit_head(store_txn *txn, uint64_t *count, poa_id *hash)
{
    store_reader r;
    poa_err err = get(txn, key_audit, &r);
    if (err)
        return err;
    const uint64_t entries = store_read_u64(&r, 0, UINT64_MAX);
    const poa_id last = store_read_id(&r);
    err = store_reader_end(&r);
    if (err)
        return err;
    *count = entries;
    *hash = last;
    return POA_OK;
}

poa_err store_meta_set_audit_head(store_txn *txn, uint64_t count, const poa_id *hash)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, META_VERSION);
    store_write_u64(&b, count);
    store_write_id(&b, hash);
    return put(txn, key_audit, &b);
}
