#ifndef STORE_DEVICES_H
#define STORE_DEVICES_H

#include "poa/decision.h"
#include "store/store.h"

#include <stdlib.h>

/*
 * Table `devices`: one record per device, and the indexes that find it.
 */

#define STORE_CERTIFICATES_MAX      4
#define STORE_CERTIFICATE_BYTES_MAX 16384
#define STORE_SERIAL_BYTES_MAX      20  /* of a certificate, RFC 5280 section 4.1.2.2 */
#define STORE_LOCATION_BYTES_MAX    519 /* 8 segments of 64 bytes and the slashes between */
#define STORE_NO_LIMIT              INT64_MAX

/*
 * X(symbol, value, name): states of a device's life. Values are stored: add, never renumber.
 */
#define STORE_DEVICE_STATE_LIST(X)            \
    X(STORE_DEVICE_EXPECTED, 1, "expected")   \
    X(STORE_DEVICE_PENDING, 2, "pending")     \
    X(STORE_DEVICE_ACTIVE, 3, "active")       \
    X(STORE_DEVICE_REVIEW, 4, "review")       \
    X(STORE_DEVICE_SUSPENDED, 5, "suspended") \
    X(STORE_DEVICE_REPLACED, 6, "replaced")   \
    X(STORE_DEVICE_DECOMMISSIONED, 7, "decommissioned")

typedef enum store_device_state {
#define X(symbol, value, name) symbol = (value),
    STORE_DEVICE_STATE_LIST(X)
#undef X
} store_device_state;

/**
 * store_device - one device.
 * @id:            UUID, given by the caller: the key
 * @location:      site path, 1 to 8 segments of 1 to 64 bytes
 * @manufacturer, @model: at most POA_LABEL_BYTES_MAX bytes; empty: not stated
 * @serial:        at most POA_SERIAL_BYTES_MAX bytes; @id_link: at most POA_ID_LINK_BYTES_MAX; empty: not stated
 * @evidence:      set of enum poa_evidence (poa/request.h) that was established
 * @leaf:          PoA id of the leaf under which it came in
 * @chain:         SHA-256 of the chain text (table texts)
 * @power:         index of the leaf's power that applied, below POA_POWERS_MAX
 * @effect, @on_revoke, @credential_lifetime_s: of that power; STORE_NO_LIMIT where it states none
 * @key:           SHA-256 of the device's SubjectPublicKeyInfo, from its CSR
 * @certificates:  DER, the device's own first, at most STORE_CERTIFICATES_MAX of at most STORE_CERTIFICATE_BYTES_MAX
 * bytes; none before it has one
 * @certificate_serial: at most STORE_SERIAL_BYTES_MAX bytes, big-endian; empty without certificate
 * @not_after_s:   end of its certificate; 0 without
 * @created_s, @updated_s: seconds since 1970
 * @actor:         sub of the agent who brought it in, 1 to POA_NAME_BYTES_MAX bytes
 */
typedef struct store_device {
    store_uuid id;
    store_device_state state;
    poa_span location;
    poa_span manufacturer;
    poa_span model;
    poa_span serial;
    poa_span id_link;
    unsigned evidence;
    poa_id leaf;
    poa_id chain;
    uint32_t power;
    enum poa_effect effect;
    enum poa_on_revoke on_revoke;
    int64_t credential_lifetime_s;
    poa_id key;
    poa_span certificates[STORE_CERTIFICATES_MAX];
    size_t certificate_count;
    poa_span certificate_serial;
    int64_t not_after_s;
    int64_t created_s;
    int64_t updated_s;
    poa_span actor;
} store_device;

/* "active" and so on; "" for a value that is no state. */
const char *store_device_state_name(store_device_state state);
/* The state of that name; false where there is none. */
bool store_device_state_by_name(poa_span name, store_device_state *state);

/**
 * store_device_put() - write a record, new or in place of the one with the same id, and its indexes.
 *
 * Return: POA_OK; POA_E_DEVICE_EXISTS when another record holds one of its identifiers; POA_F_STORE, POA_F_NOMEM,
 * POA_F_USAGE (a bound above is broken).
 */
POA_MUST_USE poa_err store_device_put(store_txn *txn, const store_device *device);

/* Delete a record and its indexes: of an onboarding that was refused or lapsed. Its identifiers are free again. */
POA_MUST_USE poa_err store_device_delete(store_txn *txn, const store_uuid *id);

POA_MUST_USE poa_err store_device_get(store_txn *txn, const store_uuid *id, store_device *device, bool *found);

/**
 * store_device_conflict() - does another record hold an identifier of @device?
 * @device: id, manufacturer, model, serial, id_link, key matter
 * @other:  that record's id
 *
 * docs/store.md says what the same device is.
 */
POA_MUST_USE poa_err store_device_conflict(store_txn *txn, const store_device *device, store_uuid *other, bool *found);

/* The device that came in under this leaf with this key: the same request came before. */
POA_MUST_USE poa_err store_device_by_request(store_txn *txn, const poa_id *leaf, const poa_id *key,
                                             store_device *device, bool *found);

/**
 * store_device_query - which devices a page is taken from; with neither locations nor leaf, all.
 * @locations: at or below any of these; @location_count: at most STORE_QUERY_LOCATIONS_MAX
 * @leaf:      that came in under this PoA; NULL: any. Not together with locations
 * @after:     go on behind this id; NULL from the first
 */
#define STORE_QUERY_LOCATIONS_MAX 512
typedef struct store_device_query {
    const poa_span *locations;
    size_t location_count;
    const poa_id *leaf;
    const store_uuid *after;
} store_device_query;

/**
 * store_device_page() - ids of devices in the order of their bytes, each once.
 * @ids:   room for @cap
 * @count: how many were written; fewer than @cap: there are no more
 */
POA_MUST_USE poa_err store_device_page(store_txn *txn, const store_device_query *query, store_uuid *ids, size_t cap,
                                       size_t *count);

/**
 * store_device_copy() - a copy that outlives the transaction; one block, ended with free().
 *
 * Return: POA_OK, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE poa_err store_device_copy(const store_device *device, store_device **out);

#endif
