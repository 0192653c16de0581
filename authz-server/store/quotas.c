#include "store/quotas.h"

#include "cleanup.h"
#include "guard.h"
#include "store/kv.h"
#include "store/record.h"

enum { QUOTAS_VERSION = 1 };

static store_key key_of(const poa_id *poa, uint32_t power)
{
    store_key key = {.len = 0};
    store_key_id(&key, poa);
    store_key_u32(&key, power);
    return key;
}

poa_err store_quota_used(store_txn *txn, const poa_id *poa, uint32_t power, uint64_t *used)
{
    const store_key key = key_of(poa, power);
    poa_span value;
    bool found = false;
    poa_err err = store_kv_get(txn, STORE_QUOTAS, store_key_span(&key), &value, &found);
    if (err)
        return err;
    if (!found) {
        *used = 0;
        return POA_OK;
    }
    store_reader r = store_reader_of(value, QUOTAS_VERSION);
    const uint64_t count = store_read_u64(&r, 0, UINT64_MAX);
    err = store_reader_end(&r);
    if (!err)
        *used = count;
    return err;
}

static poa_err put(store_txn *txn, const poa_id *poa, uint32_t power, uint64_t used)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, QUOTAS_VERSION);
    store_write_u64(&b, used);
    if (b.failed)
        return POA_F_NOMEM;
    const store_key key = key_of(poa, power);
    return store_kv_put(txn, STORE_QUOTAS, store_key_span(&key), poa_buf_span(&b));
}

poa_err store_quota_charge(store_txn *txn, const poa_id *poa, uint32_t power, uint64_t max)
{
    uint64_t used = 0;
    const poa_err err = store_quota_used(txn, poa, power, &used);
    if (err)
        return err;
    if (POA_GUARD(store_quota_full, used >= max))
        return POA_E_QUOTA_EXCEEDED;
    return put(txn, poa, power, used + 1);
}

poa_err store_quota_give_back(store_txn *txn, const poa_id *poa, uint32_t power)
{
    uint64_t used = 0;
    const poa_err err = store_quota_used(txn, poa, power, &used);
    if (err)
        return err;
    if (POA_GUARD(store_quota_empty, used == 0))
        return POA_F_USAGE;
    return put(txn, poa, power, used - 1);
}
