#ifndef STORE_POAS_H
#define STORE_POAS_H

#include "store/store.h"

/*
 * Table `poas`: every PoA seen in a chain that passed steps 1 to 6 (protocol section 4), and who is below whom.
 */

/**
 * store_poa - one PoA as seen.
 * @id:           PoA id (protocol section 3): the key
 * @parent:       id of the PoA above; none for a root
 * @root_iss:     iss of the root of its chain: the owner
 * @iss, @sub:    identifiers, 1 to POA_NAME_BYTES_MAX bytes
 * @iat_s, @nbf_s, @exp_s: seconds since 1970, 0 to POA_TIME_MAX
 * @transferable: 0 to POA_TRANSFERABLE_MAX
 * @cnf:          thumbprint of the agent's key
 * @kid:          thumbprint of the principal's key
 * @chain:        SHA-256 of the chain text in which it was seen first (table texts)
 * @first_seen_s: when
 */
typedef struct store_poa {
    poa_id id;
    poa_id parent;
    poa_span root_iss;
    poa_span iss;
    poa_span sub;
    int64_t iat_s;
    int64_t nbf_s;
    int64_t exp_s;
    unsigned transferable;
    poa_id cnf;
    poa_id kid;
    poa_id chain;
    int64_t first_seen_s;
} store_poa;

/**
 * store_poa_put() - keep a PoA; one that is there already stays as it is.
 * @added: was it new? May be NULL
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE (a bound above is broken).
 */
POA_MUST_USE poa_err store_poa_put(store_txn *txn, const store_poa *poa, bool *added);

POA_MUST_USE poa_err store_poa_get(store_txn *txn, const poa_id *id, store_poa *poa, bool *found);

/**
 * store_poa_children() - a page of the PoAs granted directly under one.
 * @parent: id, or none for the roots
 * @after:  go on behind this id; NULL from the first
 * @ids:    room for @cap ids, in the order of their bytes
 * @count:  how many were written; fewer than @cap: there are no more
 */
POA_MUST_USE poa_err store_poa_children(store_txn *txn, const poa_id *parent, const poa_id *after, poa_id *ids,
                                        size_t cap, size_t *count);

/**
 * store_poa_visit - called for a PoA below another.
 * @depth: 1 for a child, 2 for a grandchild, ...
 * Return: POA_OK to go on; anything else ends the walk, which returns it.
 */
typedef poa_err (*store_poa_visit)(void *ctx, const poa_id *id, unsigned depth);

/**
 * store_poa_each_below() - visit everything below @id, each before its own children; @id itself is not visited.
 *
 * It need not have been seen; below "none" is everything. The visitor only reads.
 *
 * Return: POA_OK; what the visitor returned; POA_F_STORE, also when it is deeper than a chain can be.
 */
POA_MUST_USE poa_err store_poa_each_below(store_txn *txn, const poa_id *id, store_poa_visit visit, void *ctx);

#endif
