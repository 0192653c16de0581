#include "poa/revocation.h"

#include "chain.h"
#include "guard.h"
#include "reason.h"

/* ---- step 7 ---- */

/* The skew is for clocks that go before ours; it never lengthens exp. */
static poa_err check_times(const poa_link *link, int hop, int64_t now_s, int64_t skew_s, poa_reason *why)
{
    if (POA_GUARD(time_iat, link->iat_s - skew_s > now_s))
        return poa_deny(why, POA_E_ISSUED_IN_FUTURE, hop, "/iat");
    if (POA_GUARD(time_nbf, link->nbf_s - skew_s > now_s))
        return poa_deny(why, POA_E_NOT_YET_VALID, hop, "/nbf");
    if (POA_GUARD(time_exp, now_s >= link->exp_s))
        return poa_deny(why, POA_E_EXPIRED, hop, "/exp");
    return POA_OK;
}

/* A chain may have been kept since its root's key was pinned. */
static poa_err check_pin(const poa_chain *chain, int64_t now_s, poa_reason *why)
{
    const poa_policy_owner *owner =
        poa_policy_pin(poa_chain_policy(chain), &poa_chain_link(chain, 0)->kid, now_s, NULL);
    if (POA_GUARD(root_still_pinned, owner != poa_chain_owner(chain)))
        return poa_deny(why, POA_E_ROOT_UNTRUSTED, 0, "/header/kid");
    return POA_OK;
}

poa_err poa_chain_in_time(const poa_chain *chain, int64_t now_s, int64_t mark_s, poa_reason *why)
{
    if (!poa_chain_is_verified(chain))
        return POA_F_USAGE;
    poa_err err = check_pin(chain, now_s, why);
    if (err)
        return err;
    const int64_t skew_s = poa_policy_get(poa_chain_policy(chain))->clock_skew_s;
    if (POA_GUARD(clock_behind_mark, mark_s - skew_s > now_s))
        return poa_deny(why, POA_E_CLOCK_UNSURE, POA_HOP_NONE, "%s", "");
    for (size_t i = 0; i < poa_chain_len(chain); i++) {
        err = check_times(poa_chain_link(chain, i), (int)i, now_s, skew_s, why);
        if (err)
            return err;
    }
    return POA_OK;
}

/* ---- steps 7 and 8 ---- */

poa_err poa_chain_alive(const poa_ctx *ctx, const poa_chain *chain, int64_t now_s, int64_t mark_s,
                        const poa_revocation_source *source, poa_revocation_hit *hit, poa_reason *why)
{
    const poa_err err = poa_chain_in_time(chain, now_s, mark_s, why);
    return err ? err : poa_chain_not_revoked(ctx, chain, now_s, source, hit, why);
}
