#include "store/devices.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/device_index.h"

#include <string.h>

/*
 * Pages of devices. Every list that a page is taken from has the UUID at the end of its keys, in order, so the next
 * device is the smallest of what comes next in each: no state but the last id, and none twice where lists overlap.
 */

typedef struct source {
    store_cursor cursor;
    store_key *prefixes; /* owned; in each the next id is looked for */
    size_t count;
} source;

static void source_clear(source *s)
{
    store_cursor_close(&s->cursor);
    free(s->prefixes);
}

static poa_err add_locations(store_txn *txn, const store_device_query *query, source *s)
{
    for (size_t i = 0; i < query->location_count; i++) {
        poa_id hash;
        const poa_err err = store_sha256(txn, query->locations[i], &hash);
        if (err)
            return err;
        store_key_id(&s->prefixes[i], &hash);
    }
    s->count = query->location_count;
    return POA_OK;
}

static poa_err source_open(store_txn *txn, const store_device_query *query, source *s)
{
    const bool by_location = query->location_count > 0;
    s->prefixes = calloc(by_location ? query->location_count : 1, sizeof *s->prefixes);
    if (!s->prefixes)
        return POA_F_NOMEM;
    if (by_location) {
        const poa_err err = add_locations(txn, query, s);
        return err ? err : store_cursor_open(txn, STORE_DEVICE_LOCATIONS, &s->cursor);
    }
    s->count = 1;
    if (query->leaf) {
        store_key_id(&s->prefixes[0], query->leaf);
        return store_cursor_open(txn, STORE_DEVICE_LEAVES, &s->cursor);
    }
    if (query->state) {
        store_key_u8(&s->prefixes[0], query->state);
        return store_cursor_open(txn, STORE_DEVICE_STATES, &s->cursor);
    }
    return store_cursor_open(txn, STORE_DEVICES, &s->cursor);
}

/* The first id under one prefix behind after. */
static poa_err next_under(source *s, const store_key *prefix, poa_span after, store_uuid *id, bool *found)
{
    store_pair pair;
    const poa_err err = store_cursor_seek(&s->cursor, store_key_span(prefix), after, &pair, found);
    return err || !*found ? err : store_uuid_read(poa_span_skip(pair.key, prefix->len), id);
}

static bool is_before(const store_uuid *a, const store_uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) < 0;
}

/* The smallest id behind after in any of the lists. */
static poa_err next_id(source *s, poa_span after, store_uuid *id, bool *found)
{
    *found = false;
    for (size_t i = 0; i < s->count; i++) {
        store_uuid candidate;
        bool there = false;
        const poa_err err = next_under(s, &s->prefixes[i], after, &candidate, &there);
        if (err)
            return err;
        if (there && (!*found || is_before(&candidate, id))) {
            *id = candidate;
            *found = true;
        }
    }
    return POA_OK;
}

poa_err store_device_page(store_txn *txn, const store_device_query *query, store_uuid *ids, size_t cap, size_t *count)
{
    if (POA_GUARD(store_query_locations, query->location_count > STORE_QUERY_LOCATIONS_MAX) ||
        POA_GUARD(store_query_both, (query->location_count > 0) + (query->leaf != NULL) + (query->state != 0) > 1))
        return POA_F_USAGE;

    POA_CLEANUP(source_clear) source s = {.count = 0};
    poa_err err = source_open(txn, query, &s);
    const store_uuid *after = query->after;
    size_t n = 0;
    bool found = true;
    while (!err && found && n < cap) {
        err = next_id(&s, after ? store_uuid_span(after) : (poa_span){0}, &ids[n], &found);
        if (!err && found)
            after = &ids[n++];
    }
    if (!err)
        *count = n;
    return err;
}
