#include "store/events.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/device_record.h"
#include "store/kv.h"
#include "store/meta_table.h"
#include "store/record.h"

enum { EVENTS_VERSION = 1 };

static void encode(poa_buf *b, const store_event *e)
{
    store_write_u8(b, EVENTS_VERSION);
    store_write_time(b, e->time_s);
    store_write_text(b, e->kind);
    store_write_uuid(b, &e->device);
    store_write_text(b, e->location);
    store_write_blob(b, e->data);
}

static poa_err decode(uint64_t id, poa_span value, store_event *out)
{
    store_reader r = store_reader_of(value, EVENTS_VERSION);
    store_event e = {.id = id};
    e.time_s = store_read_time(&r);
    e.kind = store_read_text(&r, 1, STORE_EVENT_KIND_MAX);
    e.device = store_read_uuid(&r);
    e.location = store_read_text(&r, 0, STORE_LOCATION_BYTES_MAX);
    e.data = store_read_blob(&r, 0, STORE_EVENT_DATA_MAX);
    const poa_err err = store_reader_end(&r);
    if (err)
        return err;
    if (POA_GUARD(store_event_kind, !store_is_kind(e.kind)) ||
        POA_GUARD(store_event_location, e.location.len > 0 && !store_location_is_valid(e.location)) ||
        POA_GUARD(store_event_nowhere, store_uuid_is_none(&e.device) != (e.location.len == 0)))
        return POA_F_STORE;
    *out = e;
    return POA_OK;
}

static store_key key_of(uint64_t id)
{
    store_key key = {.len = 0};
    store_key_u64(&key, id);
    return key;
}

poa_err store_event_append(store_txn *txn, const store_event *event, uint64_t *id)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    encode(&b, event);
    if (b.failed)
        return POA_F_NOMEM;
    store_event back;
    if (decode(0, poa_buf_span(&b), &back) != POA_OK)
        return POA_F_USAGE;

    uint64_t next = 0;
    poa_err err = store_meta_next_event(txn, &next);
    if (err)
        return err;
    const store_key key = key_of(next);
    bool added = false;
    err = store_kv_add(txn, STORE_EVENTS, store_key_span(&key), poa_buf_span(&b), &added);
    if (err)
        return err;
    if (POA_GUARD(store_event_overwrite, !added))
        return POA_F_STORE;
    if (id)
        *id = next;
    return POA_OK;
}

/* The first behind after. */
static poa_err seek(store_txn *txn, uint64_t after, uint64_t *id, poa_span *value, bool *found)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    const store_key from = key_of(after);
    store_pair pair;
    poa_err err = store_cursor_open(txn, STORE_EVENTS, &c);
    if (!err)
        err = store_cursor_seek(&c, (poa_span){0}, store_key_span(&from), &pair, found);
    if (err || !*found)
        return err;
    if (POA_GUARD(store_event_key_length, pair.key.len != sizeof *id))
        return POA_F_STORE;
    *id = store_key_read_u64(pair.key);
    *value = pair.value;
    return POA_OK;
}

poa_err store_event_next(store_txn *txn, uint64_t after, store_event *event, bool *gap, bool *found)
{
    uint64_t last = 0;
    uint64_t id = 0;
    poa_span value;
    bool there = false;
    poa_err err = store_event_last(txn, &last);
    if (!err)
        err = seek(txn, after, &id, &value, &there);
    if (!err && there)
        err = decode(id, value, event);
    if (err)
        return err;
    *gap = there ? id - after > 1 : after < last;
    *found = there;
    return POA_OK;
}

poa_err store_event_trim(store_txn *txn, uint64_t keep, size_t max, size_t *removed)
{
    uint64_t last = 0;
    poa_err err = store_event_last(txn, &last);
    if (err)
        return err;
    size_t n = 0;
    for (bool found = true; n < max; n++) {
        uint64_t id = 0;
        poa_span value;
        err = seek(txn, 0, &id, &value, &found);
        if (err)
            return err;
        if (!found || last - id < keep)
            break;
        const store_key key = key_of(id);
        err = store_kv_del(txn, STORE_EVENTS, store_key_span(&key));
        if (err)
            return err;
    }
    *removed = n;
    return POA_OK;
}
