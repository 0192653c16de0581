#include "api/quota.h"

#include "chain.h"
#include "store/quotas.h"

static poa_err used(void *self, const poa_id *poa, size_t index, uint64_t *count)
{
    return store_quota_used(self, poa, (uint32_t)index, count);
}

poa_quota api_quota_of(store_txn *txn)
{
    return (poa_quota){.self = txn, .used = used};
}

poa_err api_quota_charge(const poa_chain *chain, const poa_decision *decision, store_txn *txn)
{
    for (size_t i = 0; i < decision->links; i++) {
        const poa_power *power = poa_powers_at(poa_chain_powers(chain, i), decision->applied[i]);
        int64_t limit = 0;
        const uint64_t max = poa_power_max_devices(power, &limit) ? (uint64_t)limit : UINT64_MAX;
        const poa_err err = store_quota_charge(txn, &poa_chain_link(chain, i)->id, (uint32_t)decision->applied[i], max);
        if (err)
            return err;
    }
    return POA_OK;
}
