#include "api/trust_may.h"

#include "api/trust_schedule.h"
#include "guard.h"
#include "store/poas.h"

poa_err api_trust_refusal_of(store_device_state state)
{
    switch (state) {
    case STORE_DEVICE_ACTIVE:
        return POA_OK;
    case STORE_DEVICE_EXPECTED:
    case STORE_DEVICE_PENDING:
    case STORE_DEVICE_REVIEW:
        return POA_E_APPROVAL_REQUIRED;
    case STORE_DEVICE_SUSPENDED:
        return POA_E_SUSPENDED;
    case STORE_DEVICE_REPLACED:
    case STORE_DEVICE_DECOMMISSIONED:
        return POA_E_REVOKED;
    }
    return POA_F_STORE;
}

static poa_err find_terms(store_txn *txn, const store_device *device, api_trust_terms *out)
{
    api_trust_terms terms = {device->leaf, device->effect, device->credential_lifetime_s, INT64_MAX};
    if (device->effect == POA_EFFECT_UNTIL_EXP) {
        store_poa leaf;
        bool found = false;
        const poa_err err = store_poa_get(txn, &device->leaf, &leaf, &found);
        if (err)
            return err;
        if (POA_GUARD(trust_leaf_unknown, !found))
            return POA_F_STORE;
        terms.end_s = leaf.exp_s;
    }
    *out = terms;
    return POA_OK;
}

bool api_trust_same_terms(const api_trust_terms *a, const api_trust_terms *b)
{
    return poa_id_equal(&a->leaf, &b->leaf) && a->effect == b->effect && a->lifetime_s == b->lifetime_s &&
           a->end_s == b->end_s;
}

/*
 * It counts every start, so a lower number is another time, or another device. Who did not hear the reply to its last
 * trust says the same again.
 */
static poa_err check_boot(api_trust *t, const store_device *device)
{
    const poa_trust_proof_facts *facts = t->request.facts;
    const uint64_t told = (uint64_t)facts->boot_counter;
    const bool again = told == device->boot_counter && facts->reason == POA_TRUST_RESTART && !t->request.late;
    if (device->trust_s == 0 || !POA_GUARD(trust_boot_counter, told < device->boot_counter || again))
        return POA_OK;
    return api_deny(t->change.x, POA_E_PROOF_REPLAYED, "/boot_counter");
}

static poa_err check_pause(api_trust *t, const store_device *device, int64_t now_s)
{
    const bool periodic = t->request.facts->reason == POA_TRUST_PERIODIC && !t->request.late;
    /* Who lost the reply to a rekey says it again at once. Who does so once more, waits: a rekey keeps its time, by
     * which nobody would ever wait. */
    const bool first = t->request.repeats && device->updated_s == device->trust_s;
    const int64_t last_s = t->request.repeats ? device->updated_s : device->trust_s;
    t->wait_s = first ? 0 : api_trust_schedule_wait(last_s, device->due_s, now_s, periodic && !t->request.repeats);
    /* No reason code says this: the reply is a 429, and nothing of it is stored. */
    return POA_GUARD(trust_too_often, t->wait_s > 0) ? POA_E_QUOTA_EXCEEDED : POA_OK;
}

static poa_err check_fresh_key(api_trust *t, store_txn *txn, const store_device *device)
{
    if (!t->request.csr || t->request.repeats)
        return POA_OK;
    store_device next = *device;
    next.key = *poa_csr_key_id(t->request.csr);
    store_uuid other;
    bool exists = false;
    const poa_err err = store_device_conflict(txn, &next, &other, &exists);
    if (err)
        return err;
    return POA_GUARD(trust_key_taken, exists) ? api_deny(t->change.x, POA_E_DEVICE_EXISTS, "/csr") : POA_OK;
}

poa_err api_trust_may(api_trust *t, store_txn *txn, const store_device *device, api_trust_terms *terms, int64_t now_s)
{
    api_exchange *x = t->change.x;
    poa_err err = api_trust_refusal_of(device->state);
    if (POA_GUARD(trust_state, err))
        return poa_err_is_fault(err) ? err : api_deny(x, err, "");
    err = find_terms(txn, device, terms);
    if (err)
        return err;
    if (POA_GUARD(trust_leaf_ended, terms->end_s <= now_s))
        return api_deny(x, POA_E_EXPIRED, "/exp");
    err = check_boot(t, device);
    if (!err)
        err = check_fresh_key(t, txn, device);
    return err ? err : check_pause(t, device, now_s);
}
