#include "api/memory.h"

#include "api/nonces.h"
#include "api/replays.h"
#include "crypto.h"
#include "store/nonces.h"

/* Ours, young, and not used up by a change. */
static poa_err nonce_is_good(void *self, poa_span nonce, int64_t now_s)
{
    const api_memory *m = self;
    poa_err err = api_nonce_check(m->x->service->nonces, nonce, now_s, NULL);
    poa_id hash;
    bool used = true;
    if (!err)
        err = poa_sha256(m->x->service->ctx, nonce, &hash);
    if (!err)
        err = store_nonce_used(m->txn, &hash, &used);
    if (err)
        return err;
    return used ? POA_E_NONCE_INVALID : POA_OK;
}

static poa_err use_proof(void *self, const poa_id *key, poa_span jti, int64_t until_s)
{
    const api_memory *m = self;
    const int64_t skew_s = poa_policy_get(m->x->snapshot->policy)->clock_skew_s;
    return api_replays_use(m->x->service->replays, m->x->service->ctx, key, jti, m->x->now_s, until_s, skew_s);
}

poa_proof_memory api_memory_of(api_memory *m)
{
    return (poa_proof_memory){.self = m, .nonce = nonce_is_good, .use = use_proof};
}
