#include "api/administration.h"
#include "api/announcement.h"
#include "api/device_json.h"
#include "api/event.h"
#include "api/life.h"
#include "api/lines.h"
#include "api/routes.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/*
 * POST /v1/tickets announces a device, POST /v1/tickets:batch many, DELETE /v1/tickets/{id} withdraws one.
 */

static void *begin(api_service *service, http_request *request, size_t size)
{
    api_exchange *x = api_exchange_begin(service, request);
    if (!x)
        return NULL;
    if (api_present(x, API_CHANGE)) {
        api_refuse(x);
        return NULL;
    }
    api_change *change = calloc(1, size);
    if (!change) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return NULL;
    }
    change->x = x;
    return change;
}

/* ---- announce ---- */

struct announcing {
    api_change change;
    api_announcement announcement;
};

static api_announcement *announcement_of(api_change *change)
{
    return &((struct announcing *)(void *)change)->announcement; /* change is its first member */
}

static void end_announcing(api_change *change)
{
    api_announcement_clear(announcement_of(change));
}

static poa_err check(api_change *change, store_txn *txn)
{
    return api_announcement_check(change->x, announcement_of(change), txn);
}

static poa_err apply(api_change *change, store_txn *txn)
{
    return api_announcement_apply(change, announcement_of(change), txn);
}

static void reply(api_change *change, poa_err err)
{
    const api_announcement *a = announcement_of(change);
    if (err) {
        api_refuse(change->x);
        return;
    }
    poa_buf body = {0};
    poa_buf_text(&body, "{");
    poa_buf_add(&body, poa_buf_span(&a->members));
    poa_buf_text(&body, "}\n");
    api_reply_json(change->x, a->status, &body);
}

void api_tickets_post(http_request *request, void *arg)
{
    struct announcing *o = begin(arg, request, sizeof *o);
    if (!o)
        return;
    api_exchange *x = o->change.x;
    o->change.kind = "device.expected";
    o->change.check = check;
    o->change.apply = apply;
    o->change.reply = reply;
    o->change.end = end_announcing;
    const poa_err err = api_announcement_prepare(x, http_request_body(request), &o->announcement);
    if (!err) {
        api_change_run(&o->change);
        return;
    }
    (void)api_note(x, err);
    api_refuse(x);
    end_announcing(&o->change);
    free(o);
}

/* ---- announce many ---- */

static poa_err prepare_line(api_change *change, poa_span line)
{
    change->kind = "device.expected";
    change->check = check;
    change->apply = apply;
    change->end = end_announcing;
    return api_announcement_prepare(change->x, line, announcement_of(change));
}

static poa_err answer(api_change *change, unsigned *status, poa_buf *members)
{
    const api_announcement *a = announcement_of(change);
    *status = a->status;
    poa_buf_add(members, poa_buf_span(&a->members));
    return POA_OK;
}

void api_tickets_batch_post(http_request *request, void *arg)
{
    static const api_line_kind kind = {.opened = "device.expected.batch",
                                       .size = sizeof(struct announcing),
                                       .prepare = prepare_line,
                                       .answer = answer};
    api_lines_run(arg, request, &kind);
}

/* ---- withdraw ---- */

/**
 * withdrawal - one on its way.
 * @device: a copy of the record; owned
 * @absent: nobody expects such a device
 */
struct withdrawal {
    api_change change;
    store_uuid id;
    store_device *device;
    bool absent;
};

static struct withdrawal *withdrawal_of(api_change *change)
{
    return (struct withdrawal *)(void *)change; /* change is its first member */
}

static void end_withdrawal(api_change *change)
{
    free(withdrawal_of(change)->device);
}

/* One that came in meanwhile is no expected one any more; who may not withdraw learns nothing else. */
static poa_err check_withdrawal(api_change *change, store_txn *txn)
{
    struct withdrawal *w = withdrawal_of(change);
    store_device device;
    bool found = false;
    free(POA_TAKE(w->device));
    poa_err err = store_device_get(txn, &w->id, &device, &found);
    w->absent = !err && (!found || device.state != STORE_DEVICE_EXPECTED);
    if (err || w->absent)
        return err ? err : api_deny(change->x, POA_E_DEVICE_NOT_GRANTED, "");
    err = api_administer(change->x, POA_SPAN("approve"), device.location, (poa_span){0});
    return err ? err : store_device_copy(&device, &w->device);
}

static poa_err apply_withdrawal(api_change *change, store_txn *txn)
{
    const struct withdrawal *w = withdrawal_of(change);
    change->audit.has_device = true;
    change->audit.device = w->id;
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_text(&members, "\"from\":\"expected\",\"by\":");
    poa_buf_json_text(&members, poa_chain_leaf(change->x->chain)->sub);
    const poa_err err = store_device_delete(txn, &w->id);
    return err ? err : api_event_members(change->x->service, txn, "onboarding.refused", w->device, &members);
}

static void reply_withdrawal(api_change *change, poa_err err)
{
    if (err && withdrawal_of(change)->absent)
        http_reply_problem(change->x->request, 404, "no such device is expected");
    else if (err)
        api_refuse(change->x);
    else
        http_reply_constant(change->x->request, 204, NULL, (poa_span){0});
}

void api_ticket_delete(http_request *request, void *arg)
{
    struct withdrawal *w = begin(arg, request, sizeof *w);
    if (!w)
        return;
    if (!api_uuid_parse(http_request_capture(request, 0), &w->id)) {
        http_reply_problem(request, 404, "no such device is expected");
        free(w);
        return;
    }
    w->change.kind = "device.withdrawn";
    w->change.check = check_withdrawal;
    w->change.apply = apply_withdrawal;
    w->change.reply = reply_withdrawal;
    w->change.end = end_withdrawal;
    api_change_run(&w->change);
}
