#include "api/collected.h"

#include "crypto.h"
#include "guard.h"
#include "span.h"
#include "store/nonces.h"

static poa_err refuse(api_exchange *x, poa_err because, const char *detail)
{
    return api_evidence_refuse(x, because, "/device_proof", detail);
}

static poa_err check_life(api_exchange *x, int64_t created_s)
{
    for (size_t i = 0; i < poa_chain_len(x->chain); i++) {
        const poa_link *link = poa_chain_link(x->chain, i);
        if (POA_GUARD(collected_early, created_s < link->nbf_s))
            return refuse(x, POA_E_NOT_YET_VALID, "it was made before the PoA was valid");
        if (POA_GUARD(collected_late, created_s >= link->exp_s))
            return refuse(x, POA_E_EXPIRED, "it was made after the PoA had ended");
    }
    return POA_OK;
}

static poa_err check_age(api_exchange *x, int64_t created_s, int64_t now_s)
{
    const poa_policy_settings *settings = poa_policy_get(x->snapshot->policy);
    if (POA_GUARD(collected_ahead, created_s > now_s + settings->clock_skew_s))
        return refuse(x, POA_E_ISSUED_IN_FUTURE, "it is from the future");
    if (POA_GUARD(collected_old, created_s < now_s - settings->offline_age_s))
        return refuse(x, POA_E_PROOF_STALE, "it is older than the policy takes");
    return POA_OK;
}

/* One that serves once serves its device once. */
static poa_err hash_of(const api_exchange *x, const api_onboard_request *request, poa_id *hash)
{
    const poa_id *key = store_id_is_none(&request->idevid) ? poa_csr_key_id(request->csr) : &request->idevid;
    POA_CLEANUP(poa_buf_clear) poa_buf text = {0};
    poa_buf_text(&text, "poa-device+jwt ");
    poa_buf_base64url(&text, key->bytes, sizeof key->bytes);
    poa_buf_text(&text, " ");
    poa_buf_add(&text, poa_device_proof_get(request->shown.proof)->jti);
    return text.failed ? POA_F_NOMEM : poa_sha256(x->service->ctx, poa_buf_span(&text), hash);
}

poa_err api_collected_check(api_exchange *x, const api_onboard_request *request, store_txn *txn, int64_t now_s)
{
    if (!request->offline)
        return POA_OK;
    poa_id hash;
    bool used = false;
    poa_err err = check_life(x, request->collected_s);
    if (!err)
        err = check_age(x, request->collected_s, now_s);
    if (!err)
        err = hash_of(x, request, &hash);
    if (!err)
        err = store_nonce_used(txn, &hash, &used);
    if (!err && POA_GUARD(collected_again, used))
        return refuse(x, POA_E_PROOF_REPLAYED, "its jti was used before");
    return err;
}

poa_err api_collected_use(const api_exchange *x, const api_onboard_request *request, store_txn *txn)
{
    if (!request->offline)
        return POA_OK;
    const poa_policy_settings *settings = poa_policy_get(x->snapshot->policy);
    poa_id hash;
    const poa_err err = hash_of(x, request, &hash);
    const int64_t until_s = request->collected_s + settings->offline_age_s + settings->clock_skew_s;
    return err ? err : store_nonce_use(txn, &hash, until_s);
}
