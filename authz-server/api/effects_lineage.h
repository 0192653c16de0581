#ifndef API_EFFECTS_LINEAGE_H
#define API_EFFECTS_LINEAGE_H

#include "bounds.h"
#include "poa/revocation.h"
#include "store/store.h"

/*
 * What the store knows of the PoAs above a leaf. They stood in a chain that passed steps 1 to 6, and what was signed
 * stays signed: who granted what to whom is a fact, whatever the policy of today says of the chain.
 */

/** api_ancestor - one PoA of a line: its id, the principal's key, the agent's key. */
typedef struct api_ancestor {
    poa_id id;
    poa_id kid;
    poa_id cnf;
    int64_t iat_s;
} api_ancestor;

/**
 * api_lineage - the line of PoAs down to a leaf, root first. Copies; owns nothing.
 * @root_iss: the owner by name
 * @exp_s:    of the leaf
 */
typedef struct api_lineage {
    api_ancestor links[POA_CHAIN_LINKS_HARD];
    size_t len;
    char root_iss[POA_NAME_BYTES_MAX + 1];
    int64_t exp_s;
} api_lineage;

/**
 * api_lineage_of() - the line down to @leaf.
 * @found: false: it was never seen
 *
 * Return: POA_OK; POA_F_STORE, also when a PoA above a seen one is missing or the line is longer than a chain can be.
 */
POA_MUST_USE poa_err api_lineage_of(store_txn *txn, const poa_id *leaf, api_lineage *out, bool *found);

/**
 * api_lineage_named() - does a revoke or suspend name a PoA of this line, or a key of one of them?
 *
 * Costs no signature: what it does not name needs no chain to be verified. Says nothing about standing.
 */
bool api_lineage_named(const api_lineage *line, const poa_statement_facts *facts);

/**
 * api_lineage_judge() - poa_record_judge() for a line whose chain does not verify any more: an owner or a key of it was
 * taken out of the policy, or the policy allows less than it did.
 * @reach:      of an administrator's statement; empty: not one's
 * @accepted_s: when it was accepted
 * @hit:        set on POA_OK; its standing is POA_STANDING_NONE when it counts on no link
 *
 * That a chain is refused must not hide its devices from a cascade, so what cannot be judged exactly counts: of an
 * administrator the owner is compared and the locations are not, since only a chain that verifies tells them.
 *
 * Return: POA_OK; POA_F_STORE (the reach cannot be read), POA_F_NOMEM.
 */
POA_MUST_USE poa_err api_lineage_judge(const api_lineage *line, const poa_policy *policy,
                                       const poa_statement_facts *facts, poa_span reach, int64_t accepted_s,
                                       poa_revocation_hit *hit);

#endif
