#include "poa/decision.h"

#include "chain.h"
#include "guard.h"

typedef struct counters {
    const poa_chain *chain;
    const poa_quota *quota;
} counters;

/* Is there room for one more device under this power? Without counters nothing is used up yet. */
static poa_err check_quota(void *arg, int hop, size_t index, int64_t max_devices)
{
    const counters *c = arg;
    if (!c->quota)
        return POA_OK;
    uint64_t used = 0;
    const poa_err err = c->quota->used(c->quota->self, &poa_chain_link(c->chain, (size_t)hop)->id, index, &used);
    if (err)
        return err;
    return POA_GUARD(quota_used_up, used >= (uint64_t)max_devices) ? POA_E_QUOTA_EXCEEDED : POA_OK;
}

/* What holds for the device comes from the leaf; evidence is owed to every link. */
static void apply(poa_decision *decision, size_t hop, const poa_power *power, size_t index)
{
    int64_t most = 0;
    decision->applied[hop] = index;
    decision->counted[hop] = poa_power_max_devices(power, &most);
    decision->evidence |= poa_power_evidence(power);
    decision->effect = poa_power_effect(power);
    decision->on_revoke = poa_power_on_revoke(power);
    decision->credential_lifetime_s = INT64_MAX;
    (void)poa_power_credential_lifetime(power, &decision->credential_lifetime_s);
}

poa_err poa_decide(const poa_chain *chain, const poa_request *request, const poa_quota *quota, poa_decision *out,
                   poa_reason *why)
{
    if (POA_GUARD(decide_unverified, !poa_chain_is_verified(chain)))
        return POA_F_USAGE;

    counters c = {.chain = chain, .quota = quota};
    poa_decision decision = {.links = poa_chain_len(chain)};
    for (size_t hop = 0; hop < decision.links; hop++) {
        const poa_powers *powers = poa_chain_powers(chain, hop);
        size_t index = 0;
        const poa_err err = poa_powers_match(powers, (int)hop, request, check_quota, &c, &index, why);
        if (err)
            return err;
        apply(&decision, hop, poa_powers_at(powers, index), index);
    }
    *out = decision;
    return POA_OK;
}
