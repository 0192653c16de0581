#ifndef POA_CHAIN_H
#define POA_CHAIN_H

#include "poa/context.h"
#include "poa/policy.h"
#include "poa/reason.h"

/**
 * poa_chain - PoAs root first, parsed. Immutable, reference-counted, shared by threads.
 *
 * A chain comes from poa_chain_verify(), or from poa_chain_read(), which verifies nothing: what needs a verified chain
 * refuses the other with POA_F_USAGE.
 */
typedef struct poa_chain poa_chain;

/**
 * poa_chain_verify() - steps 1 to 6 of section 4: these bytes are a well-formed chain, signed, linked, narrowing, under
 * this policy.
 * @text:   the chain's text form: compact JWS joined by `~`; copied
 * @now_s:  seconds since the epoch; decides only whether a pinned key is past its accept_until
 * @out:    set on POA_OK only; ends with poa_chain_free(). It keeps the policy alive
 * @why:    set on a refusal; may be NULL
 *
 * A pure fact: the verdict may be kept by the exact bytes and poa_policy_version(), if the kept chain is asked
 * poa_chain_alive() at each use, which looks at accept_until again.
 *
 * Return: POA_OK; a code of the groups envelope to ceiling; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_chain_verify(const poa_ctx *ctx, poa_span text, const poa_policy *policy,
                                              int64_t now_s, poa_chain **out, poa_reason *why);

/**
 * poa_chain_read() - parse a chain WITHOUT verifying it: steps 1 to 3, claims and powers by themselves.
 *
 * For inspection, and for the next sub-grant. Nothing in it may be believed. Return: as poa_chain_verify().
 */
POA_API POA_MUST_USE poa_err poa_chain_read(const poa_ctx *ctx, poa_span text, poa_chain **out, poa_reason *why);

/**
 * poa_chain_check_links() - everything of step 5 about a chain that was read: each child's signature by the key that
 * the link above it names, and that it only narrows that link. The root's own signature is not checked: only a policy
 * can say whose key it should be.
 *
 * Return: POA_OK or as poa_chain_verify().
 */
POA_API POA_MUST_USE poa_err poa_chain_check_links(const poa_ctx *ctx, const poa_chain *chain, poa_reason *why);

POA_API poa_chain *poa_chain_ref(const poa_chain *chain);
POA_API void poa_chain_free(poa_chain *chain);

/** poa_chain_text() - the exact bytes; live as long as the chain. */
POA_API poa_span poa_chain_text(const poa_chain *chain);

/** poa_chain_is_verified() - did poa_chain_verify() make it? */
POA_API bool poa_chain_is_verified(const poa_chain *chain);

/** poa_chain_policy() - the policy that it was verified under; NULL for a chain that was only read. Borrowed. */
POA_API const poa_policy *poa_chain_policy(const poa_chain *chain);

/** poa_chain_owner() - the owner to whom the root's key is pinned; NULL for a chain that was only read. Borrowed. */
POA_API const poa_policy_owner *poa_chain_owner(const poa_chain *chain);

/**
 * poa_link - one PoA of a chain, as its claims say. Borrowed from the chain.
 * @id:             the PoA id (section 3)
 * @kid:            thumbprint of the principal's key
 * @aud:            audience entries
 * @nbf_s:          equals iat_s where the claim is absent
 * @agent_key:      the agent's public key, from cnf
 * @principal_name: ptr NULL where absent; likewise agent_name
 * @powers:         authorization_details as compact JSON
 * @has_status:     it carries a Token Status List reference
 */
typedef struct poa_link {
    poa_id id;
    poa_id kid;
    poa_alg alg;
    poa_span iss;
    poa_span sub;
    poa_span aud[8];
    size_t aud_len;
    int transferable;
    int64_t iat_s;
    int64_t nbf_s;
    int64_t exp_s;
    poa_span jti;
    const poa_key *agent_key;
    poa_span principal_name;
    poa_span agent_name;
    poa_span powers;
    bool has_status;
} poa_link;

/** poa_chain_len() - number of links, 1 to 9. */
POA_API size_t poa_chain_len(const poa_chain *chain);

/** poa_chain_link() - link i, root 0; NULL beyond the leaf. */
POA_API const poa_link *poa_chain_link(const poa_chain *chain, size_t i);

/** poa_chain_leaf() - the last link. */
POA_API const poa_link *poa_chain_leaf(const poa_chain *chain);

/**
 * poa_chain_describe() - the effective powers of the leaf, and which link caused each bound, as JSON.
 *
 * {"aud":[…],"nbf":{"value":…,"hop":…},"exp":{"value":…,"hop":…},"transferable":…,"powers":[…]}: the leaf's audience,
 * the latest start and the earliest end of all links, and for each power of the leaf its `type` and per member
 * {"value":…,"hop":…}, hop null where the value is the default, or null where nothing bounds it.
 *
 * Return: malloc'ed text, or NULL when memory is out.
 */
POA_API POA_MUST_USE char *poa_chain_describe(const poa_chain *chain);

/**
 * poa_chain_taken() - what link i took away from the link above it, as JSON.
 *
 * An array with an object for each power of link i: {"type":…,"parent":…,"narrowed":{member:{"from":…,"to":…}}}, where
 * parent is the index of the power above that it lies inside; both null where it lies in none (a chain that was only
 * read). For the root {"type":…,"granted":…} with the power as it stands. Beyond the leaf the array is empty.
 *
 * Return: malloc'ed text, or NULL when memory is out.
 */
POA_API POA_MUST_USE char *poa_chain_taken(const poa_chain *chain, size_t i);

#endif
