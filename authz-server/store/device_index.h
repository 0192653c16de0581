#ifndef STORE_DEVICE_INDEX_H
#define STORE_DEVICE_INDEX_H

#include "bounds.h"
#include "store/devices.h"
#include "store/kv.h"

/*
 * The indexes of `devices`. docs/store.md says what each is for.
 */

/* Six identifiers; the request; the leaf; the state; the due time; every prefix of the location. */
enum { STORE_DEVICE_ENTRIES_MAX = STORE_DEVICE_CONFLICTS_MAX + 4 + POA_LOCATION_SEGMENTS_MAX };

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
/* Those of its identifiers alone, in the order of STORE_IDENTIFIER_LIST. */
POA_MUST_USE poa_err store_device_identities_of(const store_txn *txn, const store_device *device,
                                                store_device_entries *out);

/**
 * store_device_entries_change() - take down what is in @old alone, put up what is in @new alone.
 *
 * What is in both is not touched: most changes of a record leave most of its entries.
 */
POA_MUST_USE poa_err store_device_entries_change(store_txn *txn, const store_device_entries *old,
                                                 const store_device_entries *new);

/* The other records, each once, that hold identifiers or the request among these entries, at most @cap. */
POA_MUST_USE poa_err store_device_entries_holders(store_txn *txn, const store_device_entries *entries,
                                                  store_uuid *others, size_t cap, size_t *count);

/* One device fewer in state @from, one more in state @to; 0: in none. */
POA_MUST_USE poa_err store_device_count_move(store_txn *txn, store_device_state from, store_device_state to);

poa_span store_uuid_span(const store_uuid *id);
/* POA_F_STORE when these are not the bytes of one. */
POA_MUST_USE poa_err store_uuid_read(poa_span bytes, store_uuid *id);

#endif
