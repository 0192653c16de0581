#include "api/device_change.h"
#include "api/life.h"
#include "api/routes.h"
#include "api/state.h"
#include "api/trust_schedule.h"
#include "chain.h"
#include "guard.h"
#include "span.h"
#include "store/poas.h"

/*
 * POST /v1/devices/{id}/suspension, /resumption, /decommission: {"reason":…}, for who has the action of the same kind
 * over the record. A state that the device is in already is no change: 409, also for its own retry, because whoever
 * asks twice sees in `state` that it holds.
 */

static void read_reason(api_device_change *c, poa_members *members)
{
    poa_members_text(members, "reason", false, API_LIFE_REASON_MAX, &c->reason);
}

static poa_err can_become(api_device_change *c, store_device_state to)
{
    const store_device_state from = c->device->state;
    if (api_life_allowed(from, to))
        return POA_OK;
    return api_device_impossible(c, "a device that is %s cannot become %s", store_device_state_name(from),
                                 store_device_state_name(to));
}

static poa_err go(api_device_change *c, store_txn *txn, store_device_state to, store_device_cause cause, int64_t due_s)
{
    const poa_link *leaf = poa_chain_leaf(c->change.x->chain);
    const api_life_step step = {
        .to = to,
        .cause = cause,
        .by = leaf->sub,
        .now_s = c->change.now_s,
        .reason = c->reason,
        .due_s = due_s,
        .poa = &leaf->id,
    };
    return api_life_move(c->change.x->service, txn, c->device, &step);
}

/* ---- suspension ---- */

static poa_err may_suspend(api_device_change *c, store_txn *txn)
{
    (void)txn;
    return api_device_granted(c, "suspend");
}

static poa_err can_be_suspended(api_device_change *c, store_txn *txn)
{
    (void)txn;
    return can_become(c, STORE_DEVICE_SUSPENDED);
}

static poa_err suspend(api_device_change *c, store_txn *txn)
{
    return go(c, txn, STORE_DEVICE_SUSPENDED, STORE_CAUSE_REQUESTED, 0);
}

static const api_device_verb suspension = {
    .kind = "suspension",
    .read = read_reason,
    .granted = may_suspend,
    .possible = can_be_suspended,
    .make = suspend,
};

void api_device_suspension_post(http_request *request, void *arg)
{
    api_device_change_run(arg, request, &suspension);
}

/* ---- resumption ---- */

static poa_err may_resume(api_device_change *c, store_txn *txn)
{
    (void)txn;
    return api_device_granted(c, "resume");
}

/* Under until_exp nothing runs on behind the end of the leaf. */
static poa_err leaf_ended(const api_device_change *c, store_txn *txn, bool *ended)
{
    store_poa leaf;
    bool found = false;
    const poa_err err = store_poa_get(txn, &c->device->leaf, &leaf, &found);
    if (err)
        return err;
    *ended = !found || (c->device->effect == POA_EFFECT_UNTIL_EXP && leaf.exp_s <= c->change.now_s);
    return POA_OK;
}

/*
 * A device comes back under the PoA under which it came in, so that one has to stand; else, and where a review ended
 * without anybody having ratified the device, somebody has to take it over first.
 */
static poa_err can_be_resumed(api_device_change *c, store_txn *txn)
{
    const store_device *device = c->device;
    if (device->state != STORE_DEVICE_SUSPENDED)
        return api_device_impossible(c, "a device that is %s is not resumed%s", store_device_state_name(device->state),
                                     device->state == STORE_DEVICE_REVIEW ? ": it is ratified" : "");
    if (!api_life_possible(device, STORE_DEVICE_ACTIVE))
        return api_device_impossible(c, "an identifier of this device was released: it does not come back");
    if (POA_GUARD(resume_unratified, device->cause == STORE_CAUSE_REVIEW_LAPSED))
        return api_device_impossible(c, "its review ended without a decision: ratify the device first");
    bool ended = false;
    poa_err err = leaf_ended(c, txn, &ended);
    if (!err && POA_GUARD(resume_leaf_ended, ended))
        return api_device_impossible(c, "the PoA of this device has expired: ratify the device first");
    api_poa_state state = {0};
    if (!err)
        err = api_poa_state_of(c->change.x, txn, &device->leaf, &state);
    const bool stands = state.state == POA_STATE_ACTIVE;
    const char *name = poa_answer_state_name(state.state);
    api_poa_state_clear(&state);
    if (!err && POA_GUARD(resume_leaf_stands, !stands))
        return api_device_impossible(c, "the PoA of this device is %s: ratify the device first", name);
    /* What a revocation did outlives it: its record may be gone by now, or its signer's key out of the policy. */
    if (!err && POA_GUARD(resume_revoked, device->cause == STORE_CAUSE_POA_REVOKED))
        return api_device_impossible(c, "a revocation suspended this device: ratify the device first");
    return err;
}

static poa_err resume(api_device_change *c, store_txn *txn)
{
    const api_exchange *x = c->change.x;
    int64_t due_s = 0;
    const poa_err err = api_trust_schedule_first(&x->service->random, poa_policy_get(x->snapshot->policy),
                                                 c->change.now_s, c->device->not_after_s, &due_s);
    return err ? err : go(c, txn, STORE_DEVICE_ACTIVE, STORE_CAUSE_RESUMED, due_s);
}

static const api_device_verb resumption = {
    .kind = "resumption",
    .read = read_reason,
    .granted = may_resume,
    .possible = can_be_resumed,
    .make = resume,
};

void api_device_resumption_post(http_request *request, void *arg)
{
    api_device_change_run(arg, request, &resumption);
}

/* ---- decommission ---- */

static poa_err may_decommission(api_device_change *c, store_txn *txn)
{
    (void)txn;
    return api_device_granted(c, "decommission");
}

static poa_err can_be_decommissioned(api_device_change *c, store_txn *txn)
{
    (void)txn;
    return can_become(c, STORE_DEVICE_DECOMMISSIONED);
}

static poa_err decommission(api_device_change *c, store_txn *txn)
{
    return go(c, txn, STORE_DEVICE_DECOMMISSIONED, STORE_CAUSE_DECOMMISSIONED, 0);
}

static const api_device_verb decommissioning = {
    .kind = "decommission",
    .read = read_reason,
    .granted = may_decommission,
    .possible = can_be_decommissioned,
    .make = decommission,
};

void api_device_decommission_post(http_request *request, void *arg)
{
    api_device_change_run(arg, request, &decommissioning);
}
