#include "api/trust.h"

#include "api/effects.h"
#include "api/event.h"
#include "api/keeper.h"
#include "api/life.h"
#include "api/outcome.h"
#include "api/trust_schedule.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/events.h"
#include "store/meta.h"
#include "store/trust.h"

/*
 * A step looks at so many entries of the due list. Those in grace stand at its head until their grace is over, so while
 * more than these are overdue the others wait for their turn: time in their favour.
 */
enum { SCAN_MAX = 4096, PAGE = 64, LATE_S = 30, UNKNOWN = -1 };

struct sweep {
    api_service *service;
    store_txn *txn;
    int64_t now_s;
    const poa_policy_settings *settings;
    store_trust_watch watch;
    int missing; /* devices that should have come, as far as 2; UNKNOWN before anybody asked */
    size_t touched;
};

/* ---- is it the device that is missing, or everybody? ---- */

/*
 * Overdue already when the silence before began, spared when it ended, and not seen since: it had its second chance,
 * and says nothing about whether others could come.
 */
static bool was_spared(const struct sweep *s, const store_device *device)
{
    const int64_t seen_s = device->trust_s > device->changed_s ? device->trust_s : device->changed_s;
    return s->watch.spared_s > 0 && seen_s < s->watch.spared_s;
}

static poa_err count_page(struct sweep *s, const store_due *entries, size_t count)
{
    for (size_t i = 0; i < count && s->missing < 2; i++) {
        store_device device;
        bool found = false;
        const poa_err err = store_device_get(s->txn, &entries[i].device, &device, &found);
        if (err)
            return err;
        const bool due = found && device.state == STORE_DEVICE_ACTIVE && device.due_s > 0 && device.due_s <= s->now_s;
        s->missing += due && !was_spared(s, &device);
    }
    return POA_OK;
}

static poa_err count_missing(struct sweep *s)
{
    store_due entries[PAGE];
    size_t count = PAGE;
    poa_err err = POA_OK;
    s->missing = 0;
    for (size_t seen = 0; !err && count == PAGE && seen < SCAN_MAX && s->missing < 2; seen += count) {
        const store_due after = seen > 0 ? entries[PAGE - 1] : (store_due){0};
        err = store_device_due(s->txn, s->now_s + 1, seen > 0 ? &after : NULL, entries, PAGE, &count);
        if (!err)
            err = count_page(s, entries, count);
    }
    return err;
}

static poa_err note_silence(struct sweep *s)
{
    if (s->watch.silent_s > 0)
        return POA_OK;
    s->watch.silent_s = s->now_s;
    const poa_err err = store_trust_watch_put(s->txn, &s->watch);
    return err ? err
               : api_event(s->service, s->txn, "trust.silence", NULL, "\"since\":%lld", (long long)s->watch.trusted_s);
}

static poa_err check_silence(struct sweep *s, const store_device *device, bool *silent)
{
    *silent = false;
    if (s->watch.trusted_s >= device->due_s)
        return POA_OK;
    const poa_err err = s->missing == UNKNOWN ? count_missing(s) : POA_OK;
    if (err)
        return err;
    *silent = POA_GUARD(trust_silence, s->missing >= 2);
    return POA_OK;
}

/* ---- what becomes of one ---- */

/* It was not looked at when it fell due: the whole grace begins now. */
static poa_err begin_grace(struct sweep *s, store_device *found)
{
    POA_CLEANUP(poa_freep) store_device *device = NULL;
    poa_err err = store_device_copy(found, &device);
    if (err)
        return err;
    device->grace = true;
    if (s->now_s - device->due_s > LATE_S)
        device->due_s = s->now_s;
    err = store_device_put(s->txn, device);
    s->touched++;
    return err ? err
               : api_event(s->service, s->txn, "device.grace", device, "\"due\":%lld,\"until\":%lld",
                           (long long)device->due_s,
                           (long long)api_trust_schedule_deadline(s->settings, device->due_s));
}

static poa_err suspend(struct sweep *s, store_device *found)
{
    POA_CLEANUP(poa_freep) store_device *device = NULL;
    poa_err err = store_device_copy(found, &device);
    if (err)
        return err;
    const api_life_step step = {
        .to = STORE_DEVICE_SUSPENDED, .cause = STORE_CAUSE_TRUST_MISSED, .by = POA_SPAN("server"), .now_s = s->now_s};
    err = api_life_move(s->service, s->txn, device, &step);
    if (!err)
        err = api_life_audit(s->service, s->txn, device, &step);
    s->touched++;
    return err;
}

static poa_err trust_due(struct sweep *s, store_device *device)
{
    if (!device->grace)
        return begin_grace(s, device);
    if (POA_GUARD(trust_grace, s->now_s < api_trust_schedule_deadline(s->settings, device->due_s)))
        return POA_OK;
    bool silent = false;
    const poa_err err = check_silence(s, device, &silent);
    if (err)
        return err;
    return silent ? note_silence(s) : suspend(s, device);
}

/* It could not renew if it came; the end of the review is what counts. Once it is ratified it gets another due time. */
static poa_err excuse(struct sweep *s, store_device *found)
{
    POA_CLEANUP(poa_freep) store_device *device = NULL;
    const poa_err err = store_device_copy(found, &device);
    if (err)
        return err;
    device->due_s = 0;
    device->grace = false;
    s->touched++;
    return store_device_put(s->txn, device);
}

/* What waited for somebody, who did not come. */
static poa_err end_of_time(struct sweep *s, store_device *device)
{
    s->touched++;
    if (device->state == STORE_DEVICE_REVIEW)
        return api_review_end(s->service, s->txn, device);
    return api_onboarding_lapse(s->service, s->txn, device);
}

static poa_err look_at(struct sweep *s, const store_due *entry)
{
    store_device device;
    bool found = false;
    const poa_err err = store_device_get(s->txn, &entry->device, &device, &found);
    if (err || !found)
        return err ? err : POA_F_STORE;
    if (device.until_s > 0 && device.until_s <= s->now_s)
        return end_of_time(s, &device);
    if (device.due_s == 0 || device.due_s > s->now_s)
        return POA_OK;
    return device.state == STORE_DEVICE_ACTIVE ? trust_due(s, &device) : excuse(s, &device);
}

/* ---- the walk ---- */

static poa_err walk(struct sweep *s, bool *more)
{
    store_due after = {0};
    for (size_t seen = 0; seen < SCAN_MAX;) {
        store_due entries[PAGE];
        size_t count = 0;
        poa_err err = store_device_due(s->txn, s->now_s + 1, seen > 0 ? &after : NULL, entries, PAGE, &count);
        for (size_t i = 0; !err && i < count; i++, seen++) {
            err = look_at(s, &entries[i]);
            after = entries[i];
            *more = s->touched >= API_KEEPER_STEP_MAX;
            if (*more)
                return err;
        }
        if (err || count < PAGE)
            return err;
    }
    return POA_OK;
}

static poa_err is_time_sure(store_txn *txn, int64_t now_s, bool *sure)
{
    int64_t ready_s = 0;
    store_spread spread;
    poa_err err = store_ready_s(txn, &ready_s);
    if (!err)
        err = store_spread_get(txn, &spread);
    if (!err)
        *sure = !POA_GUARD(trust_sweep_early, spread.before_s > 0 || now_s - ready_s > LATE_S);
    return err;
}

poa_err api_trust_sweep(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    struct sweep s = {.service = service,
                      .txn = txn,
                      .now_s = now_s,
                      .settings = poa_policy_get(snapshot->policy),
                      .missing = UNKNOWN};
    bool sure = false;
    poa_err err = is_time_sure(txn, now_s, &sure);
    if (err || !sure)
        return err;
    err = store_trust_watch_get(txn, &s.watch);
    if (!err)
        err = walk(&s, more);
    return err || s.touched == 0 ? err : store_time_mark_raise(txn, now_s);
}
