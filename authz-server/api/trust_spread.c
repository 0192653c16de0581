#include "api/trust.h"

#include "api/event.h"
#include "api/keeper.h"
#include "api/trust_schedule.h"
#include "cleanup.h"
#include "guard.h"
#include "store/events.h"
#include "store/meta.h"
#include "store/trust.h"

#include <stdlib.h>

enum { BEAT_S = 10, GAP_S = 30, PAGE = 64 };

/* ---- orders ---- */

/* All that are overdue now are to come within a window. Nobody is told of an order that moves nobody. */
static poa_err order(const api_service *service, store_txn *txn, int64_t now_s, int64_t since_s)
{
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    const int64_t window_s = api_trust_schedule_window(poa_policy_get(snapshot->policy));
    store_due first;
    size_t count = 0;
    poa_err err = store_device_due(txn, now_s, NULL, &first, 1, &count);
    if (err || count == 0)
        return err;
    const store_spread spread = {.before_s = now_s, .base_s = now_s, .width_s = window_s};
    err = store_spread_put(txn, &spread);
    return err ? err
               : api_event(service, txn, "trust.spread", NULL, "\"since\":%lld,\"until\":%lld", (long long)since_s,
                           (long long)(now_s + window_s));
}

poa_err api_trust_noted(const api_service *service, store_txn *txn, int64_t now_s)
{
    store_trust_watch watch;
    poa_err err = store_trust_watch_get(txn, &watch);
    if (err)
        return err;
    const int64_t silent_s = watch.silent_s;
    watch.trusted_s = now_s > watch.trusted_s ? now_s : watch.trusted_s;
    if (silent_s > 0) {
        watch.spared_s = silent_s;
        watch.silent_s = 0;
    }
    err = store_trust_watch_put(txn, &watch);
    return err || silent_s == 0 ? err : order(service, txn, now_s, silent_s);
}

/* The clock ran ahead for a while, and was put right: what was noted then would hide every gap and silence until now.
 */
static poa_err forget_future(store_txn *txn, int64_t now_s)
{
    poa_err err = store_ready_reset(txn, now_s);
    return err ? err : store_trust_watch_put(txn, &(store_trust_watch){.trusted_s = now_s});
}

poa_err api_trust_heartbeat(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    (void)more;
    int64_t last_s = 0;
    poa_err err = store_ready_s(txn, &last_s);
    if (!err && last_s > now_s + GAP_S)
        return forget_future(txn, now_s);
    if (err || (last_s > 0 && now_s - last_s < BEAT_S))
        return err;
    if (POA_GUARD(trust_gap, last_s > 0 && now_s - last_s > GAP_S))
        err = order(service, txn, now_s, last_s);
    return err ? err : store_ready_note(txn, now_s);
}

/* ---- what was ordered ---- */

static poa_err move(const api_service *service, store_txn *txn, const store_spread *spread, const store_uuid *id,
                    size_t *moved)
{
    store_device found;
    bool is_there = false;
    poa_err err = store_device_get(txn, id, &found, &is_there);
    if (err || !is_there)
        return err ? err : POA_F_STORE;
    /* It stands in the list for another reason than trust. */
    if (found.due_s == 0 || found.due_s >= spread->before_s)
        return POA_OK;
    POA_CLEANUP(poa_freep) store_device *device = NULL;
    err = store_device_copy(&found, &device);
    if (!err)
        err = api_trust_schedule_spread(&service->random, spread->base_s, spread->width_s, &device->due_s);
    if (err)
        return err;
    device->grace = false;
    ++*moved;
    return store_device_put(txn, device);
}

poa_err api_trust_spread(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    (void)now_s;
    store_spread spread;
    poa_err err = store_spread_get(txn, &spread);
    if (err || spread.before_s == 0)
        return err;
    /* What was moved is not before that time any more, so the list itself says what is left. */
    store_due entries[PAGE];
    store_due after = {0};
    size_t count = PAGE, moved = 0;
    for (bool first = true; !err && count == PAGE && moved < API_KEEPER_STEP_MAX; first = false) {
        err = store_device_due(txn, spread.before_s, first ? NULL : &after, entries, PAGE, &count);
        for (size_t i = 0; !err && i < count; i++)
            err = move(service, txn, &spread, &entries[i].device, &moved);
        if (count > 0)
            after = entries[count - 1];
    }
    if (err)
        return err;
    *more = count == PAGE;
    return *more ? POA_OK : store_spread_put(txn, &(store_spread){0});
}

/* ---- another policy ---- */

static poa_err call(const api_service *service, const poa_policy_settings *settings, store_txn *txn, int64_t base_s,
                    const store_uuid *id)
{
    store_device found;
    bool is_there = false;
    poa_err err = store_device_get(txn, id, &found, &is_there);
    if (err || !is_there)
        return err ? err : POA_F_STORE;
    if (found.state != STORE_DEVICE_ACTIVE)
        return POA_OK;
    POA_CLEANUP(poa_freep) store_device *device = NULL;
    err = store_device_copy(&found, &device);
    if (err)
        return err;
    /* One from before there were due times gets its first. */
    if (device->due_s == 0)
        err = api_trust_schedule_first(&service->random, settings, base_s, device->not_after_s, &device->due_s);
    else
        err = api_trust_schedule_sooner(&service->random, settings, base_s, &device->due_s);
    if (err || device->due_s == found.due_s)
        return err;
    return store_device_put(txn, device);
}

static poa_err recall_page(const api_service *service, const poa_policy_settings *settings, store_txn *txn,
                           store_trust_recall *recall, bool first, bool *more)
{
    store_uuid ids[API_KEEPER_STEP_MAX];
    size_t count = 0;
    const store_device_query query = {.after = first ? NULL : &recall->after};
    poa_err err = store_device_page(txn, &query, ids, POA_COUNT(ids), &count);
    for (size_t i = 0; !err && i < count; i++)
        err = call(service, settings, txn, recall->base_s, &ids[i]);
    if (err)
        return err;
    *more = count == POA_COUNT(ids);
    if (*more)
        recall->after = ids[count - 1];
    else
        recall->base_s = 0;
    return store_trust_recall_put(txn, recall);
}

poa_err api_trust_recall(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    const poa_id *document = poa_policy_document_id(snapshot->policy);
    store_trust_recall recall;
    const poa_err err = store_trust_recall_get(txn, &recall);
    if (err)
        return err;
    const bool fresh = !poa_id_equal(&recall.policy, document);
    if (!fresh && recall.base_s == 0)
        return POA_OK;
    if (fresh)
        recall = (store_trust_recall){.policy = *document, .base_s = now_s};
    return recall_page(service, poa_policy_get(snapshot->policy), txn, &recall, fresh, more);
}

/* ---- events ---- */

poa_err api_trust_trim(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    (void)now_s;
    size_t removed = 0;
    const poa_err err = store_event_trim(txn, service->config->limits.events_kept, API_KEEPER_STEP_MAX, &removed);
    *more = !err && removed == API_KEEPER_STEP_MAX;
    return err;
}
