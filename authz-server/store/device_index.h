#ifndef STORE_DEVICE_INDEX_H
#define STORE_DEVICE_INDEX_H

#include "bounds.h"
#include "store/devices.h"
#include "store/kv.h"

/*
 * The indexes of `devices`. docs/store.md says what each is for.
 */

/* Serial, identification link, key; the request; the leaf; every prefix of the location. */
enum { STORE_DEVICE_ENTRIES_MAX = 3 + 1 + 1 + POA_LOCATION_SEGMENTS_MAX };

typedef struct store_device_entry {
    store_table table;
    store_key key;
} store_device_entry;

typedef struct store_device_entries {
    store_device_entry list[STORE_DEVICE_ENTRIES_MAX];
    size_t count;
    store_uuid id;
} store_device_entries;

/* All entries of a record, copied out of it. POA_OK, POA_F_NOMEM, POA_F_CRYPTO. */
POA_MUST_USE poa_err store_device_entries_of(const store_txn *txn, const store_device *device,
                                             store_device_entries *out);

POA_MUST_USE poa_err store_device_entries_put(store_txn *txn, const store_device_entries *entries);
POA_MUST_USE poa_err store_device_entries_del(store_txn *txn, const store_device_entries *entries);

/* Does an identifier among these belong to another record? Sets *other then. */
POA_MUST_USE poa_err store_device_entries_conflict(store_txn *txn, const store_device_entries *entries,
                                                   store_uuid *other, bool *found);

/* 1 to 8 segments of 1 to 64 bytes. */
bool store_location_is_valid(poa_span location);

poa_span store_uuid_span(const store_uuid *id);
/* POA_F_STORE when these are not the bytes of one. */
POA_MUST_USE poa_err store_uuid_read(poa_span bytes, store_uuid *id);

#endif
