#include "accept.h"

#include "chain.h"
#include "cleanup.h"
#include "guard.h"
#include "reach.h"
#include "reason.h"
#include "span.h"
#include "statement.h"

/* ---- whose signature it is ---- */

/* The key with this thumbprint among the root's and each agent's. */
static const poa_key *find_key(const poa_chain *chain, const poa_id *kid)
{
    const poa_key *root = poa_chain_root_key(chain);
    if (poa_id_equal(kid, poa_key_thumbprint(root)))
        return root;
    for (size_t i = 0; i < poa_chain_len(chain); i++) {
        const poa_key *agent = poa_chain_link(chain, i)->agent_key;
        if (poa_id_equal(kid, poa_key_thumbprint(agent)))
            return agent;
    }
    return NULL;
}

static poa_err check_signature(const poa_ctx *ctx, const poa_statement *statement, const poa_policy *policy,
                               const poa_key *key, poa_reason *why)
{
    const poa_alg alg = poa_statement_get(statement)->alg;
    poa_err err = POA_OK;
    if (POA_GUARD(statement_alg_listed, !poa_policy_allows(policy, alg)))
        err = poa_deny(why, POA_E_ALG_NOT_ALLOWED, POA_HOP_NONE, "/header/alg");
    else
        err = poa_jws_verify(ctx, poa_statement_jws(statement), alg, key, POA_HOP_NONE, why);
    return err ? poa_reason_wrap(why, POA_E_STATEMENT_INVALID, err) : POA_OK;
}

/* ---- administrators ---- */

/* Narrowing makes the links above grant what the leaf grants. */
static bool may(const poa_chain *chain, enum poa_statement_op op)
{
    const poa_span action = poa_span_of(poa_statement_op_name(op));
    const poa_powers *powers = poa_chain_powers(chain, poa_chain_len(chain) - 1);
    for (size_t i = 0; i < poa_powers_count(powers); i++) {
        const poa_power *power = poa_powers_at(powers, i);
        if (poa_span_is(poa_span_of(poa_power_type(power)), "administration") && poa_power_has_action(power, action))
            return true;
    }
    return false;
}

/* Steps 1 to 8; it is the leaf's agent who signed; and the power. */
static poa_err check_chain(const poa_ctx *ctx, const poa_statement_facts *facts, const poa_acceptance *under,
                           poa_chain **out)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    poa_err err = poa_chain_verify(ctx, facts->chain, under->policy, under->now_s, &chain, NULL);
    if (err)
        return err;
    err = poa_chain_alive(ctx, chain, under->now_s, under->mark_s, under->source, NULL, NULL);
    if (err)
        return err;
    const poa_key *agent = poa_chain_leaf(chain)->agent_key;
    if (POA_GUARD(administrator_kid, !poa_id_equal(&facts->kid, poa_key_thumbprint(agent))))
        return POA_E_KID_MISMATCH;
    if (POA_GUARD(administrator_power, !may(chain, facts->op)))
        return POA_E_ACTION_NOT_GRANTED;
    *out = POA_TAKE(chain);
    return POA_OK;
}

/* A refusal about the chain that a statement carries: what failed in it is the inner code, where it was is /chain. */
static poa_err refuse_administrator(poa_reason *why, poa_err inner)
{
    if (poa_err_is_fault(inner))
        return inner;
    return poa_reason_wrap(why, POA_E_STATEMENT_UNAUTHORIZED, poa_deny(why, inner, POA_HOP_NONE, "/chain"));
}

static poa_err accept_administrator(const poa_ctx *ctx, const poa_statement *statement, const poa_acceptance *under,
                                    char **reach, poa_reason *why)
{
    const poa_statement_facts *facts = poa_statement_get(statement);
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    poa_err err = check_chain(ctx, facts, under, &chain);
    if (err)
        return refuse_administrator(why, err);
    err = check_signature(ctx, statement, under->policy, poa_chain_leaf(chain)->agent_key, why);
    if (err)
        return err;
    return poa_reach_write(chain, reach);
}

poa_err poa_administrator_reach(const poa_ctx *ctx, const poa_statement_facts *facts, const poa_acceptance *under,
                                char **reach, poa_reason *why)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    const poa_err err = check_chain(ctx, facts, under, &chain);
    return err ? refuse_administrator(why, err) : poa_reach_write(chain, reach);
}

/* ---- keys ---- */

static const poa_key *find_shown(const poa_id *kid, const poa_chain *const *shown, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const poa_key *key = find_key(shown[i], kid);
        if (key)
            return key;
    }
    return NULL;
}

poa_err poa_statement_accept_among(const poa_ctx *ctx, const poa_statement *statement, const poa_acceptance *under,
                                   const poa_chain *const *shown, size_t count, char **reach, poa_reason *why)
{
    const poa_statement_facts *facts = poa_statement_get(statement);
    poa_err refused = poa_deny(why, POA_E_STATEMENT_UNAUTHORIZED, POA_HOP_NONE, "/header/kid");
    if (facts->chain.ptr)
        refused = accept_administrator(ctx, statement, under, reach, why);
    if (refused != POA_E_STATEMENT_UNAUTHORIZED)
        return refused;

    const poa_key *key = NULL;
    if (!poa_policy_pin(under->policy, &facts->kid, under->now_s, &key))
        key = find_shown(&facts->kid, shown, count);
    if (!key) /* no guard: without a key there is nothing to go on with */
        return refused;
    const poa_err err = check_signature(ctx, statement, under->policy, key, why);
    if (err)
        return err;
    *reach = NULL;
    return POA_OK;
}

poa_err poa_statement_accept(const poa_ctx *ctx, const poa_statement *statement, const poa_acceptance *under,
                             char **reach, poa_reason *why)
{
    const poa_chain *shown = under->shown;
    if (!shown)
        return poa_statement_accept_among(ctx, statement, under, NULL, 0, reach, why);
    if (!poa_chain_is_verified(shown) ||
        !poa_id_equal(poa_policy_version(poa_chain_policy(shown)), poa_policy_version(under->policy)))
        return POA_F_USAGE;
    return poa_statement_accept_among(ctx, statement, under, &shown, 1, reach, why);
}
