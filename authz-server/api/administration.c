#include "api/administration.h"

#include "chain.h"
#include "guard.h"
#include "poa/decision.h"
#include "span.h"
#include "store/poas.h"

static bool is_same_owner(const api_exchange *x, poa_span owner)
{
    const poa_policy_owner *mine = poa_chain_owner(x->chain);
    return mine->administers_all || owner.len == 0 ||
           !POA_GUARD(administers_other_owner, !poa_span_equal(mine->iss, owner));
}

bool api_administers_link(const api_exchange *x, poa_span action, const poa_chain *chain, size_t hop)
{
    if (!is_same_owner(x, poa_chain_owner(chain)->iss))
        return false;
    for (size_t i = 0; i < poa_chain_len(x->chain); i++)
        if (POA_GUARD(administers_beyond_reach,
                      !poa_powers_reach(poa_chain_powers(x->chain, i), action, poa_chain_powers(chain, hop))))
            return false;
    return true;
}

static poa_err decide(const api_exchange *x, poa_span action, poa_span location, poa_reason *why)
{
    const poa_request request = {
        .type = POA_SPAN("administration"),
        .action = action,
        .location = location,
        .address = x->address,
        .now_s = x->now_s,
    };
    poa_decision decision;
    return poa_decide(x->chain, &request, NULL, &decision, why);
}

bool api_administers(const api_exchange *x, poa_span action, poa_span location, poa_span owner)
{
    return is_same_owner(x, owner) && decide(x, action, location, NULL) == POA_OK;
}

poa_err api_administer(api_exchange *x, poa_span action, poa_span location, poa_span owner)
{
    if (!is_same_owner(x, owner))
        return api_deny(x, POA_E_ACTION_NOT_GRANTED, "/authorization_details");
    return api_note(x, decide(x, action, location, &x->why));
}

poa_err api_device_owner(store_txn *txn, const store_device *device, poa_span *owner)
{
    if (store_id_is_none(&device->leaf)) {
        *owner = (poa_span){0};
        return POA_OK;
    }
    store_poa poa;
    bool found = false;
    const poa_err err = store_poa_get(txn, &device->leaf, &poa, &found);
    if (err || !found)
        return err ? err : POA_F_STORE;
    *owner = poa.root_iss;
    return POA_OK;
}
