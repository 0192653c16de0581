#include "api/device_change.h"

#include "api/admission.h"
#include "api/device_json.h"
#include "api/effects.h"
#include "api/known_device.h"
#include "guard.h"
#include "span.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static api_device_change *change_of(api_change *change)
{
    return (api_device_change *)(void *)change; /* change is its first member */
}

static void end_change(api_change *change)
{
    api_device_change *c = change_of(change);
    json_decref(c->body);
    free(c->device);
    poa_buf_clear(&c->note);
    poa_buf_clear(&c->audited);
}

poa_err api_device_granted(api_device_change *c, const char *action)
{
    api_exchange *x = c->change.x;
    return api_decide_known(x, c->device, poa_span_of(action), c->change.now_s, &c->decision, &x->why);
}

/* Any refusal will do: what is told is another thing than its code. */
static const poa_err no_reason = POA_E_DEVICE_EXISTS;

poa_err api_device_impossible(api_device_change *c, const char *format, ...)
{
    api_exchange *x = c->change.x;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(x->detail, sizeof x->detail, format, args);
    va_end(args);
    c->impossible = true;
    return no_reason;
}

/* ---- in a transaction ---- */

static poa_err find(api_device_change *c, store_txn *txn)
{
    free(POA_TAKE(c->device));
    store_device device;
    bool found = false;
    const poa_err err = store_device_get(txn, &c->id, &device, &found);
    if (err)
        return err;
    c->absent = !found;
    return found ? store_device_copy(&device, &c->device) : no_reason;
}

static poa_err check(api_change *change, store_txn *txn)
{
    api_device_change *c = change_of(change);
    c->impossible = false;
    poa_err err = find(c, txn);
    if (!err)
        err = c->verb->granted(c, txn);
    return err ? err : c->verb->possible(c, txn);
}

/*
 * What a revocation does to the device comes first where its walk is not there yet: nobody takes a device out of its
 * way by being quicker.
 */
static poa_err catch_up(api_device_change *c, store_txn *txn)
{
    api_service *service = c->change.x->service;
    enum api_effect ahead = API_EFFECT_NONE;
    poa_err err = api_effect_ahead(service, txn, c->device, c->change.now_s, &ahead, NULL);
    if (err || !POA_GUARD(device_change_ahead, ahead > API_EFFECT_NOTICE))
        return err;
    store_device device = *c->device;
    err = api_effect_now(service, txn, &device, c->change.now_s);
    if (!err)
        err = find(c, txn);
    return err ? err : c->verb->possible(c, txn);
}

static poa_err apply(api_change *change, store_txn *txn)
{
    api_device_change *c = change_of(change);
    poa_buf_clear(&c->note);
    poa_buf_clear(&c->audited);
    poa_err err = catch_up(c, txn);
    if (!err)
        err = c->verb->make(c, txn);
    if (err)
        return err;
    if (c->reason.len > 0) {
        poa_buf_text(&c->note, c->note.len > 0 ? ",\"reason\":" : "\"reason\":");
        poa_buf_json_text(&c->note, c->reason);
    }
    poa_buf_text(&c->audited, "{");
    poa_buf_add(&c->audited, poa_buf_span(&c->note));
    poa_buf_text(&c->audited, "}");
    if (c->note.failed || c->audited.failed)
        return POA_F_NOMEM;
    change->audit.has_device = true;
    change->audit.device = c->id;
    if (c->note.len > 0)
        change->audit.reason = poa_buf_span(&c->audited);
    return POA_OK;
}

/* ---- the reply ---- */

static void reply_absent(api_exchange *x)
{
    (void)api_note(x, POA_OK);
    http_reply_problem(x->request, 404, "there is no such device");
}

/* The powers permit it, so the log says permit: it is the state that does not. */
static void reply_impossible(const api_device_change *c)
{
    api_exchange *x = c->change.x;
    (void)api_note(x, POA_OK);
    x->why = (poa_reason){.hop = POA_HOP_NONE};
    api_reply_impossible(x, c->device->state, x->detail);
}

static void reply(api_change *change, poa_err err)
{
    api_device_change *c = change_of(change);
    if (err && c->absent) {
        reply_absent(change->x);
        return;
    }
    if (err && c->impossible) {
        reply_impossible(c);
        return;
    }
    if (err) {
        api_refuse(change->x);
        return;
    }
    poa_buf body = {0};
    poa_buf_text(&body, "{\"device\":");
    api_device_json(&body, c->device);
    poa_buf_text(&body, "}\n");
    api_reply_json(change->x, 200, &body);
}

/* ---- the handler ---- */

/* No body at all is an object without members. */
static poa_err read_body(api_device_change *c)
{
    api_exchange *x = c->change.x;
    if (http_request_body(x->request).len == 0)
        c->body = json_object();
    else if (api_body(x, &c->body))
        return x->code;
    if (!c->body)
        return api_deny(x, POA_F_NOMEM, "");
    poa_members members = poa_members_of(c->body, "", &x->why);
    if (c->verb->read)
        c->verb->read(c, &members);
    return api_note(x, poa_members_end(&members));
}

/* What can be said before the writer is troubled. */
static poa_err prepare(api_device_change *c)
{
    api_exchange *x = c->change.x;
    c->absent = !api_uuid_parse(http_request_capture(x->request, 0), &c->id);
    if (c->absent)
        return no_reason;
    memcpy(x->device, api_uuid_print(&c->id).chars, sizeof x->device);
    if (read_body(c))
        return x->code;
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_err err = store_read_begin(x->service->store, &txn);
    c->change.now_s = x->now_s;
    if (!err)
        err = check(&c->change, txn);
    return api_note(x, err);
}

void api_device_change_run(api_service *service, http_request *request, const api_device_verb *verb)
{
    api_exchange *x = api_exchange_begin(service, request);
    if (!x)
        return;
    if (api_present(x, API_CHANGE)) {
        api_refuse(x);
        return;
    }
    api_device_change *c = calloc(1, sizeof *c);
    if (!c) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    c->verb = verb;
    c->change =
        (api_change){.x = x, .kind = verb->kind, .check = check, .apply = apply, .reply = reply, .end = end_change};
    const poa_err err = prepare(c);
    if (!err) {
        api_change_run(&c->change);
        return;
    }
    reply(&c->change, err);
    end_change(&c->change);
    free(c);
}
