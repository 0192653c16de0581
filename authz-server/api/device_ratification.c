#include "api/device_change.h"
#include "api/event.h"
#include "api/life.h"
#include "api/routes.h"
#include "api/trust_schedule.h"
#include "chain.h"
#include "span.h"

/*
 * POST /v1/devices/{id}/ratification: {}, for who has `reestablish` over the record: takes the device over to the
 * asker's leaf PoA, so that it no longer hangs on the one under which it came in. It ends a review; a device that is
 * active stays so (before its leaf ends), one that is suspended, too: that is for a resumption to end. No quota: the
 * device is in.
 */

static poa_err may_ratify(api_device_change *c, store_txn *txn)
{
    (void)txn;
    return api_device_granted(c, "reestablish");
}

static poa_err can_be_ratified(api_device_change *c, store_txn *txn)
{
    (void)txn;
    const store_device_state state = c->device->state;
    if (state != STORE_DEVICE_ACTIVE && state != STORE_DEVICE_REVIEW && state != STORE_DEVICE_SUSPENDED)
        return api_device_impossible(c, "a device that is %s is not ratified", store_device_state_name(state));
    if (state == STORE_DEVICE_REVIEW && !api_life_possible(c->device, STORE_DEVICE_ACTIVE))
        return api_device_impossible(c, "an identifier of this device was released: it does not come back");
    return POA_OK;
}

/* The leaf, and what its power that applied says. */
static void take_over(api_device_change *c)
{
    const poa_chain *chain = c->change.x->chain;
    store_device *device = c->device;
    device->leaf = poa_chain_leaf(chain)->id;
    device->chain = c->change.audit.chain;
    device->power = (uint32_t)c->decision.applied[poa_chain_len(chain) - 1];
    device->effect = c->decision.effect;
    device->on_revoke = c->decision.on_revoke;
    device->credential_lifetime_s = c->decision.credential_lifetime_s;
    device->notices = 0;
    device->updated_s = c->change.now_s;
}

/*
 * When it has to come: as before, but no credential outlives a leaf under until_exp, so one that does is renewed long
 * before the leaf ends. A device in review could not renew its trust, and may have missed its time.
 */
static poa_err set_due(api_device_change *c)
{
    const api_exchange *x = c->change.x;
    store_device *device = c->device;
    const int64_t exp_s = poa_chain_leaf(x->chain)->exp_s;
    const bool outlives = device->effect == POA_EFFECT_UNTIL_EXP && device->not_after_s >= exp_s;
    const bool missed = device->due_s <= c->change.now_s;
    if (!outlives && !missed)
        return POA_OK;
    int64_t due_s = 0;
    const poa_err err = api_trust_schedule_first(&x->service->random, poa_policy_get(x->snapshot->policy),
                                                 c->change.now_s, outlives ? exp_s : device->not_after_s, &due_s);
    if (!err && (missed || due_s < device->due_s))
        device->due_s = due_s;
    return err;
}

/*
 * From now on the device counts as come in, also where its state stays. One that somebody has suspended, or that missed
 * its trust, keeps the cause; where a revocation, a conflict or a review without a decision was the cause, only a
 * resumption is wanting.
 */
static void answer_cause(api_device_change *c)
{
    store_device *device = c->device;
    const store_device_cause cause = device->cause;
    if (device->state == STORE_DEVICE_SUSPENDED && cause != STORE_CAUSE_POA_REVOKED &&
        cause != STORE_CAUSE_REVIEW_LAPSED && cause != STORE_CAUSE_CONFLICT)
        return;
    device->cause = STORE_CAUSE_RATIFIED;
    device->changed_s = c->change.now_s;
    device->changed_by = poa_chain_leaf(c->change.x->chain)->sub;
}

static poa_err keep_state(api_device_change *c, store_txn *txn)
{
    store_device *device = c->device;
    const poa_link *leaf = poa_chain_leaf(c->change.x->chain);
    answer_cause(c);
    const poa_err err = store_device_put(txn, device);
    if (err)
        return err;
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_printf(&members, "\"cause\":\"%s\",\"by\":", store_device_cause_name(STORE_CAUSE_RATIFIED));
    poa_buf_json_text(&members, leaf->sub);
    poa_buf_printf(&members, ",\"from\":\"%s\",\"poa_id\":\"%s\"", store_device_state_name(device->state),
                   poa_id_print(&leaf->id).chars);
    return api_event_members(c->change.x->service, txn, "device.ratified", device, &members);
}

static poa_err ratify(api_device_change *c, store_txn *txn)
{
    const poa_link *leaf = poa_chain_leaf(c->change.x->chain);
    poa_buf_printf(&c->note, "\"from\":\"%s\"", poa_id_print(&c->device->leaf).chars);
    take_over(c);
    const poa_err err = c->device->state == STORE_DEVICE_SUSPENDED ? POA_OK : set_due(c);
    if (err || c->device->state != STORE_DEVICE_REVIEW)
        return err ? err : keep_state(c, txn);
    const api_life_step step = {
        .to = STORE_DEVICE_ACTIVE,
        .cause = STORE_CAUSE_RATIFIED,
        .by = leaf->sub,
        .now_s = c->change.now_s,
        .poa = &leaf->id,
    };
    return api_life_move(c->change.x->service, txn, c->device, &step);
}

static const api_device_verb ratification = {
    .kind = "ratification",
    .granted = may_ratify,
    .possible = can_be_ratified,
    .make = ratify,
};

void api_device_ratification_post(http_request *request, void *arg)
{
    api_device_change_run(arg, request, &ratification);
}
