#include "api/contest.h"

#include "api/event.h"
#include "api/life.h"
#include "cleanup.h"
#include "guard.h"
#include "poa/request.h"
#include "span.h"

#include <stdlib.h>

static bool has_idevid(const store_device *device)
{
    return (device->evidence & POA_EVIDENCE_IDEVID) != 0;
}

/* What an IDevID certifies, and the key that has it, is claimed by both; a label may be typed beside any IDevID. */
static bool is_certified(const store_device *newcomer, const store_device *record)
{
    const bool same_serial = newcomer->serial.len > 0 && poa_span_equal(newcomer->serial, record->serial) &&
                             poa_span_equal(newcomer->manufacturer, record->manufacturer) &&
                             poa_span_equal(newcomer->model, record->model);
    return same_serial || poa_id_equal(&newcomer->key, &record->key);
}

static bool is_stronger(const store_device *newcomer, const store_device *record)
{
    if (has_idevid(newcomer) && !has_idevid(record) && !POA_GUARD(contest_uncertified, !is_certified(newcomer, record)))
        return true;
    const bool same_link = newcomer->id_link.len > 0 && poa_span_equal(newcomer->id_link, record->id_link);
    return same_link && newcomer->link_evidence >= STORE_LINK_TICKET && record->link_evidence < STORE_LINK_TICKET;
}

poa_err api_contest_find(store_txn *txn, const store_device *newcomer, api_contest *out)
{
    store_uuid others[STORE_DEVICE_CONFLICTS_MAX];
    api_contest contest = {.others = 0};
    poa_err err = store_device_conflicts(txn, newcomer, others, &contest.others);
    for (size_t i = 0; !err && i < contest.others; i++) {
        store_device record;
        bool found = false;
        err = store_device_get(txn, &others[i], &record, &found);
        if (err || !found || record.state != STORE_DEVICE_ACTIVE)
            continue;
        if (!POA_GUARD(contest_weaker, !is_stronger(newcomer, &record)))
            contest.ids[contest.count++] = others[i];
    }
    if (!err)
        *out = contest;
    return err;
}

/* ---- the alarm ---- */

static void add_text(poa_buf *b, const char *name, poa_span text)
{
    if (text.len == 0)
        return;
    poa_buf_printf(b, ",\"%s\":", name);
    poa_buf_json_text(b, text);
}

static void add_side(poa_buf *b, const char *name, const store_device *device)
{
    poa_buf_printf(b, ",\"%s\":{\"poa_id\":\"%s\"", name, poa_id_print(&device->leaf).chars);
    add_text(b, "by", device->actor);
    add_text(b, "location", device->location);
    add_text(b, "manufacturer", device->manufacturer);
    add_text(b, "serial", device->serial);
    add_text(b, "id_link", device->id_link);
    add_text(b, "link_evidence", poa_span_of(store_link_evidence_name(device->link_evidence)));
    poa_buf_printf(b, ",\"idevid\":%s}", has_idevid(device) ? "true" : "false");
}

static poa_err raise_one(const api_service *service, store_txn *txn, const store_device *newcomer,
                         const store_device *record, const api_life_step *step)
{
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_printf(&members, "\"cause\":\"%s\"", store_device_cause_name(step->cause));
    add_side(&members, "record", record);
    add_side(&members, "newcomer", newcomer);
    store_device moved = *record;
    const poa_err err = api_life_move(service, txn, &moved, step);
    return err ? err : api_event_members(service, txn, "device.conflict", record, &members);
}

poa_err api_contest_raise(const api_service *service, store_txn *txn, const store_device *newcomer,
                          const api_contest *contest, int64_t now_s, int64_t until_s)
{
    const api_life_step step = {
        .to = STORE_DEVICE_REVIEW,
        .cause = STORE_CAUSE_CONFLICT,
        .by = newcomer->actor,
        .now_s = now_s,
        .until_s = until_s,
    };
    for (size_t i = 0; i < contest->count; i++) {
        POA_CLEANUP(poa_freep) store_device *record = NULL;
        store_device read;
        bool found = false;
        poa_err err = store_device_get(txn, &contest->ids[i], &read, &found);
        if (!err)
            err = found ? store_device_copy(&read, &record) : POA_F_STORE;
        if (!err)
            err = raise_one(service, txn, newcomer, record, &step);
        if (err)
            return err;
    }
    return POA_OK;
}
