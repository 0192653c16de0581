#include "api/outcome.h"

#include "api/device_json.h"
#include "api/event.h"
#include "api/pending.h"
#include "cleanup.h"
#include "span.h"
#include "store/audit.h"

/* How long it is remembered. */
#define KEPT_S ((int64_t)30 * 86400)

static const char *state_of(enum store_outcome_kind kind)
{
    switch (kind) {
    case STORE_OUTCOME_REFUSED:
        return "refused";
    case STORE_OUTCOME_LAPSED:
        return "lapsed";
    }
    return "";
}

static void add_by(poa_buf *b, poa_span by, poa_span reason)
{
    poa_buf_text(b, "\"by\":");
    poa_buf_json_text(b, by);
    if (reason.len == 0)
        return;
    poa_buf_text(b, ",\"reason\":");
    poa_buf_json_text(b, reason);
}

void api_outcome_show(const store_outcome *outcome, poa_buf *members)
{
    poa_buf_printf(members, "\"onboarding\":{\"id\":\"%s\",\"state\":\"%s\",\"time\":%lld,",
                   api_uuid_print(&outcome->id).chars, state_of(outcome->kind), (long long)outcome->time_s);
    add_by(members, outcome->by, outcome->reason);
    poa_buf_text(members, "}");
}

static poa_err tell(api_service *service, store_txn *txn, const store_device *device, const api_outcome_note *note)
{
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_printf(&members, "\"from\":\"%s\",", store_device_state_name(device->state));
    add_by(&members, note->by, note->reason);
    const bool refused = note->kind == STORE_OUTCOME_REFUSED;
    return api_event_members(service, txn, refused ? "onboarding.refused" : "onboarding.lapsed", device, &members);
}

static poa_err keep(store_txn *txn, const store_device *device, const api_outcome_note *note, poa_buf *members)
{
    const store_outcome outcome = {
        .id = device->id,
        .kind = note->kind,
        .leaf = device->leaf,
        .key = device->key,
        .by = note->by,
        .reason = note->reason,
        .time_s = note->now_s,
        .expires_s = note->now_s + KEPT_S,
    };
    if (members)
        api_outcome_show(&outcome, members);
    if (members && members->failed)
        return POA_F_NOMEM;
    return store_outcome_put(txn, &outcome);
}

poa_err api_outcome_end(api_service *service, store_txn *txn, const store_device *device, const api_outcome_note *note,
                        poa_buf *members)
{
    api_pending pending;
    poa_err err = api_pending_read(device->request, &pending);
    if (!err)
        err = api_pending_give_back(&pending, txn);
    if (!err)
        err = keep(txn, device, note, members);
    if (!err)
        err = store_device_delete(txn, &device->id);
    return err ? err : tell(service, txn, device, note);
}

/* ---- nobody answered ---- */

static poa_err audit(api_service *service, store_txn *txn, const store_device *device, int64_t now_s)
{
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    const store_audit_entry entry = {
        .time_s = now_s,
        .kind = POA_SPAN("onboarding.lapsed"),
        .policy = *poa_policy_document_id(snapshot->policy),
        .code = POA_OK,
        .has_device = true,
        .device = device->id,
    };
    return store_audit_append(txn, &entry, NULL);
}

/* An expected device that never came was nobody's onboarding: its record just goes. */
static poa_err end_expected(api_service *service, store_txn *txn, const store_device *device,
                            const api_outcome_note *note)
{
    const poa_err err = store_device_delete(txn, &device->id);
    return err ? err : tell(service, txn, device, note);
}

poa_err api_onboarding_lapse(api_service *service, store_txn *txn, const store_device *device)
{
    if (device->state != STORE_DEVICE_PENDING && device->state != STORE_DEVICE_EXPECTED)
        return POA_F_USAGE;
    POA_CLEANUP(poa_freep) store_device *copy = NULL;
    const api_outcome_note note = {.kind = STORE_OUTCOME_LAPSED, .by = POA_SPAN("server"), .now_s = api_now(service)};
    poa_err err = store_device_copy(device, &copy);
    if (!err && copy->state == STORE_DEVICE_PENDING)
        err = api_outcome_end(service, txn, copy, &note, NULL);
    else if (!err)
        err = end_expected(service, txn, copy, &note);
    return err ? err : audit(service, txn, copy, note.now_s);
}
