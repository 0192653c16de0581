#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

/*
 * Table `audit`: append-only, each entry with the SHA-256 of the one before.
 */

#define STORE_AUDIT_POAS_MAX      9 /* POA_CHAIN_LINKS_HARD */
#define STORE_AUDIT_KIND_MAX      32
#define STORE_AUDIT_REQUEST_MAX   64
#define STORE_AUDIT_REASON_MAX    8192
#define STORE_AUDIT_PROOF_JTI_MAX 256

/**
 * store_audit_entry - what happened.
 * @seq:       number from 1, @previous: SHA-256 of the entry before (zero for the first): given by store_audit_append()
 * @time_s:    seconds since 1970
 * @request:   request id, as in the log line; at most STORE_AUDIT_REQUEST_MAX bytes
 * @kind:      what was done, 1 to STORE_AUDIT_KIND_MAX bytes of [a-z0-9_.]
 * @poas:      PoA ids of the chain, root first, borrowed by append; @poa_count: at most STORE_AUDIT_POAS_MAX
 * @chain:     SHA-256 of the chain text; none where there is none
 * @proof:     SHA-256 of the proof; none where there is none; @proof_jti: its jti, or empty
 * @policy:    SHA-256 of the policy document decided under; none where there is none
 * @code:      the decision
 * @reason:    the reason as JSON text, or empty
 * @device:    UUID, where @has_device
 * @certificate_serial: at most 20 bytes; empty where there is none
 * @statement: id of the statement; none where there is none
 */
typedef struct store_audit_entry {
    uint64_t seq;
    poa_id previous;
    int64_t time_s;
    poa_span request;
    poa_span kind;
    poa_id poas[STORE_AUDIT_POAS_MAX];
    size_t poa_count;
    poa_id chain;
    poa_id proof;
    poa_span proof_jti;
    poa_id policy;
    poa_err code;
    poa_span reason;
    bool has_device;
    store_uuid device;
    poa_span certificate_serial;
    poa_id statement;
} store_audit_entry;

/**
 * store_audit_append() - add an entry behind the last.
 * @entry: seq and previous are ignored
 * @seq:   the number that it got; may be NULL
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE poa_err store_audit_append(store_txn *txn, const store_audit_entry *entry, uint64_t *seq);

POA_MUST_USE poa_err store_audit_get(store_txn *txn, uint64_t seq, store_audit_entry *entry, bool *found);

/**
 * store_audit_walk - how far a verification has come; begins zeroed.
 * @checked:  entries that hold so far
 * @hash:     SHA-256 of the last of them
 * @broken:   0, or the number of the first entry that was changed, removed or inserted
 * @complete: all entries and the head were seen
 */
typedef struct store_audit_walk {
    uint64_t checked;
    poa_id hash;
    uint64_t broken;
    bool complete;
} store_audit_walk;

/**
 * store_audit_verify() - check up to @max entries more; call it until walk->broken or walk->complete, with a
 * transaction of its own for each call, so that a long log holds no old pages.
 *
 * Return: POA_OK, whatever was found; POA_F_STORE when the table could not be read, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err store_audit_verify(store_txn *txn, store_audit_walk *walk, uint64_t max);

#endif
