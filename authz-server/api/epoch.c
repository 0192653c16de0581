#include "api/epoch.h"

#include "base64url.h"
#include "store/meta.h"

#include <string.h>

poa_err api_epoch_begin(const api_service *service, const api_snapshot *snapshot, store_txn *txn, int64_t now_s,
                        poa_answer *answer)
{
    const poa_policy_settings *settings = poa_policy_get(snapshot->policy);
    *answer = (poa_answer){.iat_s = now_s, .exp_s = now_s + settings->max_revocation_age_s, .state = POA_STATE_UNKNOWN};
    const store_uuid name = store_id(service->store);
    poa_base64url_encode(name.bytes, sizeof name.bytes, answer->store);
    memcpy(answer->iss, settings->resource_owner.ptr, settings->resource_owner.len);
    return store_epoch(txn, &answer->epoch);
}

poa_err api_epoch_sign(const api_service *service, const api_snapshot *snapshot, store_txn *txn, int64_t now_s,
                       char **text, uint64_t *epoch)
{
    poa_answer answer;
    const poa_err err = api_epoch_begin(service, snapshot, txn, now_s, &answer);
    if (err)
        return err;
    answer.state = POA_STATE_LIST;
    *epoch = answer.epoch;
    return poa_answer_sign(&answer, &snapshot->answers, text);
}
