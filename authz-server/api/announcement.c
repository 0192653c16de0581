#include "api/announcement.h"

#include "api/administration.h"
#include "api/agreement.h"
#include "api/device_json.h"
#include "api/life.h"
#include "api/onboard_request.h"
#include "api/uuid.h"
#include "guard.h"
#include "json.h"
#include "policy_read.h"
#include "power.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

void api_announcement_clear(api_announcement *a)
{
    json_decref(a->body);
    api_evidence_clear(&a->shown);
    free(a->stored);
    poa_buf_clear(&a->members);
    *a = (api_announcement){0};
}

/* ---- what is announced ---- */

static poa_err read_members(api_exchange *x, api_announcement *a)
{
    poa_members m = poa_members_of(a->body, "", &x->why);
    const json_t *device = poa_members_take(&m, "device", true);
    poa_members_text(&m, "location", true, POA_JSON_BYTES_MAX, &a->location);
    if (!m.err && !poa_location_is_valid(a->location))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "location");
    poa_members_int(&m, "until", x->now_s + 1, POA_TIME_MAX, &a->until_s);
    const json_t *ticket = poa_members_take(&m, "ticket", false);
    if (ticket && (!json_is_string(ticket) || json_string_length(ticket) > STORE_TICKET_BYTES_MAX))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "ticket");
    a->ticket = poa_json_span(ticket);
    const poa_err err = poa_members_end(&m);
    return err ? err : api_device_typed(device, "/device", &a->device, &x->why);
}

static void take(api_agreement *g, const char *member, poa_span ticket, poa_span *typed)
{
    const api_said said[] = {{"ticket", ticket}, {"request", *typed}};
    api_agree(g, member, said, POA_COUNT(said));
    if (typed->len == 0 && ticket.len > 0)
        *typed = ticket;
}

static poa_err read_ticket(api_exchange *x, api_announcement *a)
{
    poa_err err = api_evidence_ticket(x, a->ticket, &a->shown);
    if (err)
        return err;
    const poa_ticket_facts *ticket = poa_ticket_get(a->shown.ticket);
    api_agreement g = {.first = NULL};
    take(&g, "serial", ticket->serial, &a->device.serial);
    take(&g, "manufacturer", a->shown.announcer->name, &a->device.manufacturer);
    take(&g, "model", ticket->model, &a->device.model);
    take(&g, "id_link", ticket->id_link, &a->device.id_link);
    return api_agreement_end(&g, x);
}

poa_err api_announcement_prepare(api_exchange *x, poa_span json, api_announcement *a)
{
    poa_err err = poa_json_parse(json, &a->body);
    if (err)
        return api_deny(x, err, "");
    err = api_note(x, read_members(x, a));
    if (!err)
        err = api_administer(x, POA_SPAN("approve"), a->location, (poa_span){0});
    if (!err && a->ticket.ptr)
        err = read_ticket(x, a);
    if (!err)
        err = api_uuid_make(&x->service->random, &a->id);
    return err;
}

/* ---- its record ---- */

static store_device record_of(const api_exchange *x, const api_announcement *a)
{
    return (store_device){
        .id = a->id,
        .location = a->location,
        .manufacturer = a->device.manufacturer,
        .model = a->device.model,
        .serial = a->device.serial,
        .id_link = a->device.id_link,
        .link_evidence = a->device.id_link.len > 0 ? STORE_LINK_TYPED : STORE_LINK_NONE,
        .effect = POA_EFFECT_UNTIL_EXP,
        .on_revoke = POA_ON_REVOKE_CASCADE,
        .credential_lifetime_s = STORE_NO_LIMIT,
        .ticket = a->ticket,
        .actor = poa_chain_leaf(x->chain)->sub,
    };
}

static bool is_same(const store_device *record, const store_device *wanted, int64_t until_s)
{
    return record->state == STORE_DEVICE_EXPECTED && record->until_s == until_s &&
           poa_span_equal(record->location, wanted->location) &&
           poa_span_equal(record->manufacturer, wanted->manufacturer) && poa_span_equal(record->model, wanted->model) &&
           poa_span_equal(record->serial, wanted->serial) && poa_span_equal(record->id_link, wanted->id_link) &&
           poa_span_equal(record->ticket, wanted->ticket) && poa_span_equal(record->actor, wanted->actor);
}

poa_err api_announcement_check(api_exchange *x, api_announcement *a, store_txn *txn)
{
    free(POA_TAKE(a->stored));
    const store_device wanted = record_of(x, a);
    store_uuid other;
    store_device record;
    bool exists = false;
    poa_err err = api_administer(x, POA_SPAN("approve"), a->location, (poa_span){0});
    if (!err)
        err = store_device_conflict(txn, &wanted, &other, &exists);
    if (!err && exists)
        err = store_device_get(txn, &other, &record, &exists);
    if (err || !exists)
        return err;
    if (POA_GUARD(announced_exists, !is_same(&record, &wanted, a->until_s)))
        return api_deny(x, POA_E_DEVICE_EXISTS, "/device");
    return store_device_copy(&record, &a->stored);
}

static poa_err show(api_announcement *a, const store_device *device, unsigned status)
{
    a->status = status;
    poa_buf_clear(&a->members);
    poa_buf_text(&a->members, "\"device\":");
    api_device_json(&a->members, device);
    return a->members.failed ? POA_F_NOMEM : POA_OK;
}

poa_err api_announcement_apply(api_change *change, api_announcement *a, store_txn *txn)
{
    change->audit.has_device = true;
    change->audit.device = a->stored ? a->stored->id : a->id;
    if (a->stored)
        return show(a, a->stored, 200);
    store_device device = record_of(change->x, a);
    device.created_s = change->now_s;
    const api_life_step step = {
        .to = STORE_DEVICE_EXPECTED,
        .cause = STORE_CAUSE_ANNOUNCED,
        .by = device.actor,
        .now_s = change->now_s,
        .until_s = a->until_s,
    };
    const poa_err err = api_life_begin(change->x->service, txn, &device, &step);
    return err ? err : show(a, &device, 201);
}
