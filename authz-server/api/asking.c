#include "api/asking.h"

#include "api/chains.h"
#include "api/source.h"
#include "guard.h"
#include "reason.h"
#include "store/texts.h"

poa_err api_asking_refused(api_exchange *x, poa_err err)
{
    if (poa_err_is_fault(err))
        return api_note(x, err);
    (void)api_note(x, err);
    (void)snprintf(x->detail, sizeof x->detail, "what the PoA under which it was asked grants now");
    x->code = poa_reason_wrap(&x->why, POA_E_DEVICE_NOT_GRANTED, err);
    return x->code;
}

poa_err api_asking_chain(api_exchange *x, store_txn *txn, const store_device *device, poa_chain **chain)
{
    poa_span text = {0};
    bool found = false;
    poa_err err = store_text_get(txn, &device->chain, &text, &found);
    if (err || !found)
        return api_note(x, err ? err : POA_F_STORE);
    err = api_chains_verify(x->service->chains, x->service->ctx, text, x->snapshot->policy, x->now_s, chain, &x->why);
    return err ? api_asking_refused(x, err) : POA_OK;
}

poa_err api_asking_alive(api_exchange *x, store_txn *txn, const poa_chain *chain, int64_t now_s)
{
    int64_t mark_s = 0;
    poa_err err = api_time_mark(x->service, txn, &mark_s);
    if (err)
        return api_note(x, err);
    const poa_revocation_source source = api_source_of(txn);
    poa_revocation_hit hit;
    err = poa_chain_alive(x->service->ctx, chain, now_s, mark_s, &source, &hit, &x->why);
    return err ? api_asking_refused(x, err) : POA_OK;
}

bool api_asking_has_key(const poa_chain *chain, const poa_id *key)
{
    for (size_t i = 0; i < poa_chain_len(chain); i++) {
        const poa_link *link = poa_chain_link(chain, i);
        if (poa_id_equal(&link->kid, key) || poa_id_equal(poa_key_thumbprint(link->agent_key), key))
            return true;
    }
    return false;
}
