#include "api/effects.h"

#include "api/life.h"
#include "api/outcome.h"
#include "api/trust_schedule.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/walks.h"

/* ---- what follows from what ---- */

/*
 * When it came in under the PoA under which it stands: one that was ratified came there when it was, and not when its
 * record was made, and where something else happened to it after that, nobody knows when that was: it counts as since.
 */
static bool came_in_since(const store_device *device, int64_t since_s)
{
    if (since_s < 0)
        return true;
    if (device->cause == STORE_CAUSE_RATIFIED)
        return device->changed_s >= since_s;
    return !poa_id_equal(&device->leaf, &device->came_leaf) || device->created_s >= since_s;
}

static enum api_effect effect_of_running(const poa_revocation_hit *hit, int64_t invalid_since_s,
                                         const store_device *device)
{
    switch (poa_revocation_effect(hit, device->on_revoke)) {
    case POA_ON_REVOKE_STOP_NEW:
        return API_EFFECT_NOTICE;
    case POA_ON_REVOKE_REVIEW:
        return device->state == STORE_DEVICE_ACTIVE ? API_EFFECT_REVIEW : API_EFFECT_NONE;
    case POA_ON_REVOKE_CASCADE:
        break;
    }
    return POA_GUARD(cascade_since, !came_in_since(device, invalid_since_s)) ? API_EFFECT_NOTICE : API_EFFECT_SUSPEND;
}

enum api_effect api_effect_of(const poa_revocation_hit *hit, int64_t invalid_since_s, const store_device *device)
{
    if (POA_GUARD(effect_standing, hit->standing == POA_STANDING_NONE))
        return API_EFFECT_NONE;
    switch (device->state) {
    case STORE_DEVICE_PENDING:
        /* Under a hold it waits on: nobody can approve it before the hold is lifted. */
        return hit->op == POA_OP_REVOKE ? API_EFFECT_LAPSE : API_EFFECT_NONE;
    case STORE_DEVICE_ACTIVE:
    case STORE_DEVICE_REVIEW:
        return effect_of_running(hit, invalid_since_s, device);
    case STORE_DEVICE_EXPECTED:
    case STORE_DEVICE_SUSPENDED:
    case STORE_DEVICE_REPLACED:
    case STORE_DEVICE_DECOMMISSIONED:
        break;
    }
    return API_EFFECT_NONE;
}

/* ---- doing it ---- */

static poa_err move(api_service *service, store_txn *txn, store_device *device, const api_life_step *step)
{
    const poa_err err = api_life_move(service, txn, device, step);
    return err ? err : api_life_audit(service, txn, device, step);
}

/* What changed above it is to reach it soon: in its next answer about trust. */
static poa_err bring_forward(api_service *service, store_txn *txn, const poa_policy *policy, const store_device *device,
                             int64_t now_s)
{
    store_device sooner = *device;
    const poa_err err = api_trust_schedule_sooner(&service->random, poa_policy_get(policy), now_s, &sooner.due_s);
    if (err || sooner.due_s == device->due_s)
        return err;
    return store_device_put(txn, &sooner);
}

poa_err api_effect_apply(api_service *service, store_txn *txn, const poa_policy *policy, enum api_effect effect,
                         const poa_id *poa, store_device *device, int64_t now_s)
{
    api_life_step step = {.cause = STORE_CAUSE_POA_REVOKED, .by = POA_SPAN("server"), .now_s = now_s, .poa = poa};
    switch (effect) {
    case API_EFFECT_NONE:
        return POA_OK;
    case API_EFFECT_NOTICE:
        return bring_forward(service, txn, policy, device, now_s);
    case API_EFFECT_REVIEW:
        step.to = STORE_DEVICE_REVIEW;
        step.until_s = now_s + poa_policy_get(policy)->review_deadline_s;
        return move(service, txn, device, &step);
    case API_EFFECT_SUSPEND:
        step.to = STORE_DEVICE_SUSPENDED;
        return move(service, txn, device, &step);
    case API_EFFECT_LAPSE:
        break;
    }
    return api_onboarding_lapse(service, txn, device);
}

poa_err api_review_end(api_service *service, store_txn *txn, store_device *device)
{
    const int64_t now_s = api_now(service);
    if (device->state != STORE_DEVICE_REVIEW || device->until_s == 0 ||
        POA_GUARD(review_deadline, now_s < device->until_s))
        return POA_OK;
    const api_life_step step = {
        .to = STORE_DEVICE_SUSPENDED, .cause = STORE_CAUSE_REVIEW_LAPSED, .by = POA_SPAN("server"), .now_s = now_s};
    return move(service, txn, device, &step);
}

/* ---- what walks will do ---- */

/* A device, its PoA, and what is known of both so far. */
struct ahead {
    api_service *service;
    store_txn *txn;
    const poa_policy *policy;
    const store_device *device;
    api_lineage line;
    api_leaf leaf;
    bool opened;
    int64_t now_s;
    enum api_effect effect;
    poa_id poa;
};

static poa_err open_leaf(struct ahead *a)
{
    if (a->opened)
        return POA_OK;
    a->opened = true;
    return api_leaf_open(a->service, a->txn, a->policy, &a->line, &a->device->chain, a->now_s, &a->leaf);
}

static poa_err weigh(struct ahead *a, const api_spoken *spoken)
{
    poa_revocation_hit hit;
    int64_t since_s = -1;
    poa_err err = open_leaf(a);
    if (!err)
        err = api_spoken_judge(spoken, &a->leaf, a->policy, &hit, &since_s);
    if (err)
        return err;
    const enum api_effect effect = api_effect_of(&hit, since_s, a->device);
    if (effect <= a->effect)
        return POA_OK;
    a->effect = effect;
    a->poa = a->line.links[hit.hop].id;
    return POA_OK;
}

static poa_err weigh_walk(struct ahead *a, uint64_t epoch)
{
    POA_CLEANUP(api_spoken_clear) api_spoken spoken = {.count = 0};
    bool found = false;
    const poa_err err = api_spoken_open(a->service, a->txn, epoch, &spoken, &found);
    return err || !found || !api_spoken_names(&spoken, &a->line) ? err : weigh(a, &spoken);
}

static poa_err weigh_walks(struct ahead *a)
{
    store_walk walk = {.epoch = 0};
    bool more = false;
    poa_err err = store_walk_next(a->txn, 0, &walk, &more);
    if (err || !more || store_id_is_none(&a->device->leaf))
        return err;
    bool found = false;
    err = api_lineage_of(a->txn, &a->device->leaf, &a->line, &found);
    if (!err && !found)
        err = POA_F_STORE; /* nobody can say what was said about it */
    while (!err && more) {
        err = weigh_walk(a, walk.epoch);
        if (!err)
            err = store_walk_next(a->txn, walk.epoch, &walk, &more);
    }
    return err;
}

poa_err api_effect_ahead(api_service *service, store_txn *txn, const store_device *device, int64_t now_s,
                         enum api_effect *effect, poa_id *poa)
{
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    struct ahead a = {.service = service, .txn = txn, .policy = snapshot->policy, .device = device, .now_s = now_s};
    const poa_err err = weigh_walks(&a);
    api_leaf_clear(&a.leaf);
    if (err)
        return err;
    *effect = a.effect;
    if (poa)
        *poa = a.poa;
    return POA_OK;
}

poa_err api_effect_now(api_service *service, store_txn *txn, store_device *device, int64_t now_s)
{
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    enum api_effect effect = API_EFFECT_NONE;
    poa_id poa;
    const store_uuid id = device->id;
    poa_err err = api_effect_ahead(service, txn, device, now_s, &effect, &poa);
    /* A notice asks it to come soon, and it is here. */
    if (err || effect <= API_EFFECT_NOTICE)
        return err;
    err = api_effect_apply(service, txn, snapshot->policy, effect, &poa, device, now_s);
    bool found = false;
    if (!err)
        err = store_device_get(txn, &id, device, &found);
    return err;
}
