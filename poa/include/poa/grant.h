#ifndef POA_GRANT_H
#define POA_GRANT_H

#include "poa/chain.h"
#include "poa/signer.h"

/**
 * poa_grant - what a new PoA shall say (section 2). All borrowed.
 * @iss:          the principal; in a sub-grant ptr NULL or the parent's sub
 * @sub:          the agent
 * @agent_key:    the agent's public key, for cnf
 * @aud:          aud_len entries, 1 to 8
 * @transferable: 0 to 8
 * @nbf_s:        a negative number leaves the claim out
 * @powers:       authorization_details: a JSON array in text
 * @principal_name, @agent_name: ptr NULL leaves them out
 */
typedef struct poa_grant {
    poa_span iss;
    poa_span sub;
    const poa_key *agent_key;
    const poa_span *aud;
    size_t aud_len;
    int transferable;
    int64_t iat_s;
    int64_t nbf_s;
    int64_t exp_s;
    poa_span powers;
    poa_span principal_name;
    poa_span agent_name;
} poa_grant;

/**
 * poa_grant_sign() - mint a PoA: a root, or with a parent chain a sub-grant under its leaf.
 * @parent: NULL for a root; else a chain that was read or verified
 * @signer: the principal; for a sub-grant its key must be the leaf's cnf
 * @random: gives the jti its 16 bytes
 * @limits: the chain must keep to these; NULL for the defaults
 * @text:   the whole new chain in text form, malloc'ed
 * @why:    set on a refusal, the hop that of the new link; may be NULL
 *
 * Refuses what a verifier would refuse, with the same reason: the new token is read and checked by the same code.
 *
 * Return: POA_OK; a code of the groups envelope to powers; POA_F_NOMEM, POA_F_CRYPTO, POA_F_SIGNER.
 */
POA_API POA_MUST_USE poa_err poa_grant_sign(const poa_ctx *ctx, const poa_chain *parent, const poa_grant *grant,
                                            const poa_signer *signer, const poa_random *random,
                                            const poa_limits *limits, char **text, poa_reason *why);

#endif
