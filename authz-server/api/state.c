#include "api/state.h"

#include "api/chains.h"
#include "api/source.h"
#include "store/poas.h"
#include "store/texts.h"

void api_poa_state_clear(api_poa_state *state)
{
    poa_chain_free(state->chain);
    *state = (api_poa_state){0};
}

/* The chain in which it was seen, if it still passes steps 1 to 6 under the policy of now. */
static poa_err find_chain(api_exchange *x, store_txn *txn, const poa_id *id, poa_chain **chain)
{
    store_poa poa;
    bool found = false;
    poa_err err = store_poa_get(txn, id, &poa, &found);
    if (err || !found)
        return err;
    poa_span text = {0};
    err = store_text_get(txn, &poa.chain, &text, &found);
    if (err)
        return err;
    if (!found)
        return POA_F_STORE;
    err = api_chains_verify(x->service->chains, x->service->ctx, text, x->snapshot->policy, x->now_s, chain, NULL);
    return poa_err_is_fault(err) ? err : POA_OK;
}

static bool find_hop(const poa_chain *chain, const poa_id *id, size_t *hop)
{
    for (size_t i = 0; i < poa_chain_len(chain); i++) {
        if (poa_id_equal(&poa_chain_link(chain, i)->id, id)) {
            *hop = i;
            return true;
        }
    }
    return false;
}

/* The highest link that does not stand decides, down to the PoA itself. */
static poa_err judge(api_exchange *x, store_txn *txn, api_poa_state *state)
{
    const poa_revocation_source source = api_source_of(txn);
    state->state = POA_STATE_ACTIVE;
    for (size_t i = 0; i <= state->hop; i++) {
        const poa_err err = poa_link_state(x->service->ctx, state->chain, i, x->now_s, &source, &state->hit, NULL);
        if (poa_err_is_fault(err))
            return err;
        if (err == POA_OK)
            continue;
        if (err == POA_E_REVOCATION_UNKNOWN)
            state->state = POA_STATE_UNKNOWN;
        else
            state->state = err == POA_E_SUSPENDED ? POA_STATE_SUSPENDED : POA_STATE_REVOKED;
        state->inherited = i < state->hop;
        state->from = poa_chain_link(state->chain, i)->id;
        return POA_OK;
    }
    return POA_OK;
}

poa_err api_poa_state_of(api_exchange *x, store_txn *txn, const poa_id *id, api_poa_state *state)
{
    api_poa_state found = {.state = POA_STATE_UNKNOWN};
    poa_err err = find_chain(x, txn, id, &found.chain);
    if (!err && found.chain && find_hop(found.chain, id, &found.hop))
        err = judge(x, txn, &found);
    if (err) {
        api_poa_state_clear(&found);
        return err;
    }
    *state = found;
    return POA_OK;
}
