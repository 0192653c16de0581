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
#define STORE_IDEVID_PATH_MAX       8     /* CAs in the path of an IDevID, anchor included */
#define STORE_URI_BYTES_MAX         255   /* a ProductInstanceUri, a SPIFFE ID */
#define STORE_REQUEST_BYTES_MAX     16384 /* a CSR, DER, and who is to be charged */
#define STORE_TICKET_BYTES_MAX      8192  /* a ticket, a JWS */

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

/*
 * X(symbol, value, name): why a device is in its state. Values are stored: add, never renumber.
 */
#define STORE_DEVICE_CAUSE_LIST(X)                       \
    X(STORE_CAUSE_ANNOUNCED, 1, "announced")             \
    X(STORE_CAUSE_ONBOARDED, 2, "onboarded")             \
    X(STORE_CAUSE_AWAITS_APPROVAL, 3, "awaits_approval") \
    X(STORE_CAUSE_APPROVED, 4, "approved")               \
    X(STORE_CAUSE_REQUESTED, 5, "requested")             \
    X(STORE_CAUSE_POA_REVOKED, 6, "poa_revoked")         \
    X(STORE_CAUSE_REVIEW_LAPSED, 7, "review_lapsed")     \
    X(STORE_CAUSE_TRUST_MISSED, 8, "trust_missed")       \
    X(STORE_CAUSE_CONFLICT, 9, "conflict")               \
    X(STORE_CAUSE_RATIFIED, 10, "ratified")              \
    X(STORE_CAUSE_RESUMED, 11, "resumed")                \
    X(STORE_CAUSE_REPLACED, 12, "replaced")              \
    X(STORE_CAUSE_DECOMMISSIONED, 13, "decommissioned")

typedef enum store_device_cause {
#define X(symbol, value, name) symbol = (value),
    STORE_DEVICE_CAUSE_LIST(X)
#undef X
} store_device_cause;

/*
 * X(symbol, value, name): what ties the identification link on the label to the device's key, weakest first; 0: no
 * link.
 */
#define STORE_LINK_EVIDENCE_LIST(X)           \
    X(STORE_LINK_TYPED, 1, "typed")           \
    X(STORE_LINK_DEVICE_KEY, 2, "device_key") \
    X(STORE_LINK_TICKET, 3, "ticket")         \
    X(STORE_LINK_IDEVID, 4, "idevid")

typedef enum store_link_evidence {
    STORE_LINK_NONE = 0,
#define X(symbol, value, name) symbol = (value),
    STORE_LINK_EVIDENCE_LIST(X)
#undef X
} store_link_evidence;

/*
 * X(symbol, value, name): why a device re-established trust last; 0: it has not.
 */
#define STORE_TRUST_REASON_LIST(X)                       \
    X(STORE_TRUST_PERIODIC, 1, "periodic")               \
    X(STORE_TRUST_RESTART, 2, "restart")                 \
    X(STORE_TRUST_SOFTWARE_UPDATE, 3, "software-update") \
    X(STORE_TRUST_EPOCH_CHANGE, 4, "epoch-change")       \
    X(STORE_TRUST_REKEY, 5, "rekey")

typedef enum store_trust_reason {
    STORE_TRUST_NONE = 0,
#define X(symbol, value, name) symbol = (value),
    STORE_TRUST_REASON_LIST(X)
#undef X
} store_trust_reason;

/* Which ends of a leaf were announced for a device, a set. */
enum {
    STORE_NOTICE_30_DAYS = 1 << 0,
    STORE_NOTICE_7_DAYS = 1 << 1,
    STORE_NOTICE_1_DAY = 1 << 2,
};

/**
 * store_device - one device.
 * @id:            UUID, given by the caller: the key
 * @location:      site path, 1 to 8 segments of 1 to 64 bytes
 * @manufacturer, @model: at most POA_LABEL_BYTES_MAX bytes; empty: not stated
 * @serial:        at most POA_SERIAL_BYTES_MAX bytes; @id_link: at most POA_ID_LINK_BYTES_MAX; empty: not stated
 * @evidence:      set of enum poa_evidence (poa/request.h) that was established
 * @leaf:          PoA id of the leaf under which it stands: the one that it came in under, until it is ratified
 * @chain:         SHA-256 of the chain text (table texts)
 * @power:         index of the leaf's power that applied, below POA_POWERS_MAX
 * @effect, @on_revoke, @credential_lifetime_s: of that power; STORE_NO_LIMIT where it states none
 * @key:           SHA-256 of the device's SubjectPublicKeyInfo, from its CSR
 * @came_leaf, @came_key: leaf and key under which it came in, so that the same request finds it after a ratification or
 *                 with a new key. store_device_put() keeps those of the record that is there; where there are none yet
 *                 it takes the ones given, else leaf and key
 * @certificates:  DER, the device's own first, at most STORE_CERTIFICATES_MAX of at most STORE_CERTIFICATE_BYTES_MAX
 *                 bytes; none before it has one. store_certificate_add() notes the one that was issued
 * @certificate_serial: 1 to STORE_SERIAL_BYTES_MAX bytes, big-endian; empty without certificate
 * @not_after_s:   end of its certificate; 0 without
 * @created_s, @updated_s: seconds since 1970
 * @actor:         sub of the agent who brought it in, 1 to POA_NAME_BYTES_MAX bytes; of an expected device, of who
 *                 announced it
 * @cause, @changed_s, @changed_by: why and when it came into its state, and who did it: a sub; "device" for the device
 *                 itself, "server" for the server, 1 to POA_NAME_BYTES_MAX bytes
 * @idevid:        SHA-256 of the SubjectPublicKeyInfo in its IDevID, so that a re-issued one is the same; none without
 * @idevid_path:   the same of every CA in the path that was validated, anchor included; none without @idevid
 * @product_instance_uri, @spiffe_id: from the IDevID, at most STORE_URI_BYTES_MAX bytes; empty: none
 * @link_evidence: what ties the id_link to the key; STORE_LINK_NONE exactly where no id_link is stated
 * @collected_s:   when its request was collected, of one that came offline; 0: it came online
 * @request:       of a pending one: what is needed to finish it (api/pending.h), at most STORE_REQUEST_BYTES_MAX
 *                 bytes; else empty
 * @ticket:        the ticket that announced it, a JWS, at most STORE_TICKET_BYTES_MAX bytes; empty: unsigned, or none
 * @until_s:       of a pending or expected one when it lapses, of one in review when it is suspended; else 0
 * @approved_by:   sub of who approved, at most POA_NAME_BYTES_MAX bytes; empty: nobody had to
 * @due_s:         when it has to re-establish trust; 0: it has not to (any state but active and review)
 * @trust_s, @trust_reason: when and why it did so last; both 0: not since it came in
 * @grace:         the due time passed, and the grace has begun
 * @boot_counter:  the highest that it told; @firmware: SHA-256 that it told last, none: nothing told
 * @notices:       which ends of its leaf were announced
 * @replaces, @replaced_by: the other record of a hardware swap; zero: none
 * @released:      set of 1 << store_identifier: identifiers that an administrator set free
 *
 * An expected device has neither leaf, chain, key, power nor certificate: none or 0 there, and the effect, on_revoke
 * and lifetime of no power at all (until_exp, cascade, STORE_NO_LIMIT). Every other has leaf, chain and key.
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
    poa_id came_leaf;
    poa_id came_key;
    poa_span certificates[STORE_CERTIFICATES_MAX];
    size_t certificate_count;
    poa_span certificate_serial;
    int64_t not_after_s;
    int64_t created_s;
    int64_t updated_s;
    poa_span actor;
    store_device_cause cause;
    int64_t changed_s;
    poa_span changed_by;
    poa_id idevid;
    poa_id idevid_path[STORE_IDEVID_PATH_MAX];
    size_t idevid_path_len;
    poa_span product_instance_uri;
    poa_span spiffe_id;
    store_link_evidence link_evidence;
    int64_t collected_s;
    poa_span request;
    poa_span ticket;
    int64_t until_s;
    poa_span approved_by;
    int64_t due_s;
    int64_t trust_s;
    store_trust_reason trust_reason;
    bool grace;
    uint64_t boot_counter;
    poa_id firmware;
    unsigned notices;
    store_uuid replaces;
    store_uuid replaced_by;
    unsigned released;
} store_device;

/*
 * X(symbol, value, name): kinds of identifiers, as docs/store.md numbers them ("the same device"). Values are stored.
 */
#define STORE_IDENTIFIER_LIST(X)                                    \
    X(STORE_IDENTIFIER_SERIAL, 1, "serial")                         \
    X(STORE_IDENTIFIER_ID_LINK, 2, "id_link")                       \
    X(STORE_IDENTIFIER_KEY, 3, "key")                               \
    X(STORE_IDENTIFIER_IDEVID, 4, "idevid")                         \
    X(STORE_IDENTIFIER_PRODUCT_INSTANCE, 5, "product_instance_uri") \
    X(STORE_IDENTIFIER_SPIFFE, 6, "spiffe_id")

typedef enum store_identifier {
#define X(symbol, value, name) symbol = (value),
    STORE_IDENTIFIER_LIST(X)
#undef X
} store_identifier;

/* "active" and so on; "" for a value that is no state. */
const char *store_device_state_name(store_device_state state);
/* The state of that name; false where there is none. */
bool store_device_state_by_name(poa_span name, store_device_state *state);
/* Names of the other enumerations above; "" for a value that is none (0 included). */
const char *store_device_cause_name(store_device_cause cause);
const char *store_link_evidence_name(store_link_evidence evidence);
const char *store_trust_reason_name(store_trust_reason reason);
bool store_trust_reason_by_name(poa_span name, store_trust_reason *reason);
const char *store_identifier_name(store_identifier identifier);
bool store_identifier_by_name(poa_span name, store_identifier *identifier);

/**
 * store_device_put() - write a record, new or in place of the one with the same id, its indexes and the counters.
 *
 * Return: POA_OK; POA_E_DEVICE_EXISTS when another record holds one of its identifiers, or came in under its came_leaf
 * with its came_key; POA_F_STORE, POA_F_NOMEM, POA_F_USAGE (a bound above is broken).
 */
POA_MUST_USE poa_err store_device_put(store_txn *txn, const store_device *device);

/* Delete a record and its indexes: of an onboarding that was refused or lapsed, of an expected one that was withdrawn.
 * Its identifiers are free again. What is in `certificates` stays. POA_F_USAGE when there is no such record. */
POA_MUST_USE poa_err store_device_delete(store_txn *txn, const store_uuid *id);

POA_MUST_USE poa_err store_device_get(store_txn *txn, const store_uuid *id, store_device *device, bool *found);

/**
 * store_device_conflict() - does another record hold an identifier of @device?
 * @device: id, manufacturer, model, serial, id_link, key, idevid, product_instance_uri, spiffe_id and released matter;
 *          what is not stated there is not looked for
 * @other:  that record's id; of several, the one that holds the first of STORE_IDENTIFIER_LIST
 *
 * docs/store.md says what the same device is.
 */
POA_MUST_USE poa_err store_device_conflict(store_txn *txn, const store_device *device, store_uuid *other, bool *found);

/**
 * store_device_conflicts() - all other records that hold an identifier of @device.
 * @others: room for STORE_DEVICE_CONFLICTS_MAX ids, each once; @count: how many
 */
#define STORE_DEVICE_CONFLICTS_MAX 6
POA_MUST_USE poa_err store_device_conflicts(store_txn *txn, const store_device *device,
                                            store_uuid others[STORE_DEVICE_CONFLICTS_MAX], size_t *count);

/* The device that came in under this leaf with this key, whatever it has now: the same request came before. */
POA_MUST_USE poa_err store_device_by_request(store_txn *txn, const poa_id *leaf, const poa_id *key,
                                             store_device *device, bool *found);

/**
 * store_device_query - which devices a page is taken from; with none of these, all.
 *
 * At most one of the following decides which index is walked:
 * @locations: at or below any of these; @location_count: at most STORE_QUERY_LOCATIONS_MAX
 * @leaf:      that stand under this PoA; NULL: any
 * @state:     in this state; 0: any
 *
 * @after:     go on behind this id; NULL from the first
 */
#define STORE_QUERY_LOCATIONS_MAX 512
typedef struct store_device_query {
    const poa_span *locations;
    size_t location_count;
    const poa_id *leaf;
    store_device_state state;
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
 * store_due - one entry of the list of what has to happen to a device, and when: the earlier of its due_s and until_s
 * that are set (with grace, the end is the caller's to add; the entry stays at due_s).
 */
typedef struct store_due {
    int64_t time_s;
    store_uuid device;
} store_due;

/**
 * store_device_due() - devices of which something falls due before @before_s, earliest first.
 * @after: go on behind this entry; NULL from the first
 * @count: fewer than @cap: there are no more
 */
POA_MUST_USE poa_err store_device_due(store_txn *txn, int64_t before_s, const store_due *after, store_due *out,
                                      size_t cap, size_t *count);

/**
 * store_leaf_next() - the first leaf PoA, in the order of their bytes, behind @after under which any device stands.
 * @after: NULL from the first
 */
POA_MUST_USE poa_err store_leaf_next(store_txn *txn, const poa_id *after, poa_id *leaf, bool *found);

/* How many devices are in a state; kept as a counter, so it costs one read. */
POA_MUST_USE poa_err store_device_count(store_txn *txn, store_device_state state, uint64_t *count);

/**
 * store_device_copy() - a copy that outlives the transaction; one block, ended with free().
 *
 * Return: POA_OK, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE poa_err store_device_copy(const store_device *device, store_device **out);

#endif
