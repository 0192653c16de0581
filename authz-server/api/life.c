#include "api/life.h"

#include "api/event.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/audit.h"
#include "store/certificates.h"

#include <stdlib.h>

/* CRLReason (RFC 5280 section 5.3.1). */
enum { REASON_NONE = -1, REASON_SUPERSEDED = 4, REASON_CESSATION = 5, REASON_HOLD = STORE_REASON_HOLD };

/* A set of states, a bit each. */
#define IN(state) (1u << STORE_DEVICE_##state)
#define NEW       0

/**
 * rule - what is to be known of a state.
 * @before:  states that it may follow
 * @reason:  why its certificates are on the CRL
 * @expires: it ends by itself, at until_s
 * @due:     the device has to re-establish trust
 */
static const struct rule {
    unsigned before;
    int reason;
    bool expires;
    bool due;
} rules[] = {
    [STORE_DEVICE_EXPECTED] = {1u << NEW, REASON_NONE, .expires = true},
    [STORE_DEVICE_PENDING] = {1u << NEW | IN(EXPECTED), REASON_NONE, .expires = true},
    [STORE_DEVICE_ACTIVE] = {1u << NEW | IN(EXPECTED) | IN(PENDING) | IN(REVIEW) | IN(SUSPENDED), REASON_NONE,
                             .due = true},
    [STORE_DEVICE_REVIEW] = {IN(ACTIVE), REASON_NONE, .expires = true, .due = true},
    [STORE_DEVICE_SUSPENDED] = {IN(ACTIVE) | IN(REVIEW), REASON_HOLD},
    [STORE_DEVICE_REPLACED] = {IN(ACTIVE) | IN(REVIEW) | IN(SUSPENDED), REASON_SUPERSEDED},
    [STORE_DEVICE_DECOMMISSIONED] = {IN(ACTIVE) | IN(REVIEW) | IN(SUSPENDED), REASON_CESSATION},
};

bool api_life_allowed(store_device_state from, store_device_state to)
{
    const size_t at = (size_t)to;
    if (at >= POA_COUNT(rules) || (size_t)from >= POA_COUNT(rules))
        return false;
    return !POA_GUARD(life_impossible, !(rules[at].before & 1u << from));
}

bool api_life_possible(const store_device *device, store_device_state to)
{
    return api_life_allowed(device->state, to) &&
           !(to == STORE_DEVICE_ACTIVE && POA_GUARD(life_released, device->released != 0));
}

void api_life_next(store_device_state from, poa_buf *json)
{
    const char *comma = "";
    poa_buf_text(json, "[");
    for (size_t to = 1; to < POA_COUNT(rules); to++) {
        if (!api_life_allowed(from, (store_device_state)to))
            continue;
        poa_buf_printf(json, "%s\"%s\"", comma, store_device_state_name((store_device_state)to));
        comma = ",";
    }
    poa_buf_text(json, "]");
}

/* ---- what goes with a change ---- */

static poa_err change_certificates(store_txn *txn, const store_uuid *id, store_device_state from,
                                   const api_life_step *step)
{
    const int reason = rules[step->to].reason;
    if (reason != REASON_NONE)
        return store_certificates_revoke(txn, id, (unsigned)reason, step->now_s);
    if (step->to == STORE_DEVICE_ACTIVE && from == STORE_DEVICE_SUSPENDED)
        return store_certificates_release(txn, id);
    return POA_OK;
}

static const char *kind_of(store_device_state from, const api_life_step *step)
{
    static const char *const kinds[] = {
        [STORE_DEVICE_EXPECTED] = "device.expected",
        [STORE_DEVICE_PENDING] = "device.pending",
        [STORE_DEVICE_ACTIVE] = "device.active",
        [STORE_DEVICE_REVIEW] = "device.review",
        [STORE_DEVICE_SUSPENDED] = "device.suspended",
        [STORE_DEVICE_REPLACED] = "device.replaced",
        [STORE_DEVICE_DECOMMISSIONED] = "device.decommissioned",
    };
    const bool again = from == STORE_DEVICE_REVIEW || from == STORE_DEVICE_SUSPENDED;
    if (step->to != STORE_DEVICE_ACTIVE || !again)
        return kinds[step->to];
    return step->cause == STORE_CAUSE_RATIFIED ? "device.ratified" : "device.resumed";
}

static poa_err tell(const api_service *service, store_txn *txn, const store_device *device, store_device_state from,
                    const api_life_step *step)
{
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_printf(&members, "\"cause\":\"%s\",\"by\":", store_device_cause_name(step->cause));
    poa_buf_json_text(&members, step->by);
    if (from != (store_device_state)NEW)
        poa_buf_printf(&members, ",\"from\":\"%s\"", store_device_state_name(from));
    if (step->poa)
        poa_buf_printf(&members, ",\"poa_id\":\"%s\"", poa_id_print(step->poa).chars);
    if (device->until_s > 0)
        poa_buf_printf(&members, ",\"until\":%lld", (long long)device->until_s);
    if (device->due_s > 0)
        poa_buf_printf(&members, ",\"due\":%lld", (long long)device->due_s);
    if (step->reason.len > 0) {
        poa_buf_text(&members, ",\"reason\":");
        poa_buf_json_text(&members, step->reason);
    }
    return api_event_members(service, txn, kind_of(from, step), device, &members);
}

/* The store would do so at the put, but a copy is wanted before it. */
static void note_origin(store_device *device)
{
    if (!store_id_is_none(&device->came_leaf))
        return;
    device->came_leaf = device->leaf;
    device->came_key = device->key;
}

static void set(store_device *device, const api_life_step *step)
{
    note_origin(device);
    const struct rule *rule = &rules[step->to];
    device->state = step->to;
    device->cause = step->cause;
    device->changed_by = step->by;
    device->changed_s = step->now_s;
    device->updated_s = step->now_s;
    device->until_s = rule->expires ? step->until_s : 0;
    if (!rule->due)
        device->due_s = 0;
    else if (step->due_s > 0)
        device->due_s = step->due_s;
    device->grace = false;
}

/* The first put takes away what was read in the transaction, so all of them work on a copy. */
static poa_err change(const api_service *service, store_txn *txn, store_device *device, store_device_state from,
                      const api_life_step *step)
{
    if (!api_life_allowed(from, step->to) || step->reason.len > API_LIFE_REASON_MAX)
        return POA_F_USAGE;
    store_device next = *device;
    set(&next, step);
    POA_CLEANUP(poa_freep) store_device *copy = NULL;
    poa_err err = store_device_copy(&next, &copy);
    if (!err)
        err = store_device_put(txn, copy);
    if (!err)
        err = change_certificates(txn, &copy->id, from, step);
    if (!err)
        err = tell(service, txn, copy, from, step);
    if (!err)
        *device = next;
    return err;
}

poa_err api_life_begin(const api_service *service, store_txn *txn, store_device *device, const api_life_step *step)
{
    return change(service, txn, device, (store_device_state)NEW, step);
}

poa_err api_life_move(const api_service *service, store_txn *txn, store_device *device, const api_life_step *step)
{
    if (device->state == (store_device_state)NEW || !api_life_possible(device, step->to))
        return POA_F_USAGE;
    return change(service, txn, device, device->state, step);
}

/* ---- the audit entry of what the server does by itself ---- */

poa_err api_life_audit(const api_service *service, store_txn *txn, const store_device *device,
                       const api_life_step *step)
{
    POA_CLEANUP(poa_buf_clear) poa_buf kind = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf reason = {0};
    poa_buf_printf(&kind, "device.%s", store_device_state_name(step->to));
    poa_buf_printf(&reason, "{\"cause\":\"%s\",\"by\":", store_device_cause_name(step->cause));
    poa_buf_json_text(&reason, step->by);
    poa_buf_text(&reason, "}");
    if (kind.failed || reason.failed)
        return POA_F_NOMEM;
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    store_audit_entry entry = {
        .time_s = step->now_s,
        .kind = poa_buf_span(&kind),
        .policy = *poa_policy_document_id(snapshot->policy),
        .code = POA_OK,
        .reason = poa_buf_span(&reason),
        .has_device = true,
        .device = device->id,
    };
    if (step->poa) {
        entry.poas[0] = *step->poa;
        entry.poa_count = 1;
    }
    return store_audit_append(txn, &entry, NULL);
}
