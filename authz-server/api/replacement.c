#include "api/admission.h"
#include "api/device_json.h"
#include "api/life.h"
#include "api/routes.h"
#include "guard.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/*
 * POST /v1/devices/{id}/replacement: a new device takes the place of one that is dead, which signs nothing any more.
 *
 * @old:    a copy of its record, as of the transaction in hand; owned
 * @absent, @impossible: there is no such device; its state does not allow it
 */
struct replacement {
    api_change change;
    store_uuid id;
    store_device *old;
    api_onboard_request request; /* owned */
    api_admission admission;     /* owned */
    bool absent;
    bool impossible;
};

static struct replacement *replacement_of(api_change *change)
{
    return (struct replacement *)(void *)change; /* change is its first member */
}

static void end_replacement(api_change *change)
{
    struct replacement *r = replacement_of(change);
    api_admission_clear(&r->admission);
    api_onboard_request_clear(&r->request);
    free(r->old);
}

/* It is where the old one was. */
static poa_err take_location(struct replacement *r)
{
    const poa_span said = r->request.location;
    r->request.location = r->old->location;
    if (!POA_GUARD(replacement_elsewhere, said.ptr && !poa_span_equal(said, r->old->location)))
        return POA_OK;
    return api_deny(r->change.x, POA_E_IDENTITY_MISMATCH, "/location");
}

static poa_err find_old(struct replacement *r, store_txn *txn)
{
    store_device device;
    bool found = false;
    poa_err err = store_device_get(txn, &r->id, &device, &found);
    r->absent = !err && !found;
    if (err || !found)
        return err ? err : api_deny(r->change.x, POA_E_DEVICE_NOT_GRANTED, "");
    store_device *before = POA_TAKE(r->old);
    err = store_device_copy(&device, &r->old);
    r->admission.replaced = r->old;
    if (!err && before)
        r->request.location = r->old->location; /* it stood in the copy before */
    free(before);
    return err;
}

/*
 * The same again: this key took this place before. Else the old one must be replaceable; that is asked after what is
 * granted, so that who may not, learns no state.
 */
static poa_err check_place(struct replacement *r)
{
    api_exchange *x = r->change.x;
    const store_device *stored = r->admission.stored;
    if (stored && !POA_GUARD(replacement_other, memcmp(&stored->replaces, &r->id, sizeof r->id) != 0))
        return POA_OK;
    if (stored)
        return api_deny(x, POA_E_DEVICE_EXISTS, "/device");
    r->impossible = !api_life_allowed(r->old->state, STORE_DEVICE_REPLACED);
    return r->impossible ? api_deny(x, POA_E_DEVICE_NOT_GRANTED, "") : POA_OK;
}

static poa_err check(api_change *change, store_txn *txn)
{
    struct replacement *r = replacement_of(change);
    r->impossible = false;
    poa_err err = find_old(r, txn);
    if (!err)
        err = api_admission_check(&r->admission, txn, change->now_s);
    return err ? err : check_place(r);
}

static poa_err apply(api_change *change, store_txn *txn)
{
    struct replacement *r = replacement_of(change);
    const api_admission *a = &r->admission;
    const poa_err err = api_admission_apply(&r->admission, txn, change);
    if (err || a->stored || a->contest.count > 0)
        return err;
    store_device old = *r->old;
    old.replaced_by = a->id;
    const api_life_step step = {
        .to = STORE_DEVICE_REPLACED,
        .cause = STORE_CAUSE_REPLACED,
        .by = poa_chain_leaf(change->x->chain)->sub,
        .now_s = change->now_s,
    };
    return api_life_move(change->x->service, txn, &old, &step);
}

static void refuse(const struct replacement *r)
{
    api_exchange *x = r->change.x;
    if (r->absent)
        http_reply_problem(x->request, 404, "there is no such device");
    else if (r->impossible)
        api_reply_impossible(x, r->old->state, "it cannot be replaced");
    else
        api_refuse(x);
}

static void reply(api_change *change, poa_err err)
{
    const struct replacement *r = replacement_of(change);
    if (err)
        refuse(r);
    else
        api_admission_reply(&r->admission);
}

static poa_err prepare(struct replacement *r)
{
    api_exchange *x = r->change.x;
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    r->absent = !api_uuid_parse(http_request_capture(x->request, 0), &r->id);
    if (r->absent)
        return api_deny(x, POA_E_DEVICE_NOT_GRANTED, "");
    poa_err err = api_onboard_request_read(x, http_request_body(x->request), API_REPLACEMENT, &r->request);
    if (!err)
        err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = find_old(r, txn);
    if (!err)
        err = take_location(r);
    if (err)
        return err;
    store_read_end(POA_TAKE(txn)); /* one at a time: the admission takes its own */
    r->admission =
        (api_admission){.x = x, .chain = x->chain, .request = &r->request, .address = x->address, .replaced = r->old};
    err = api_admission_prepare(&r->admission);
    return err ? err : check_place(r);
}

void api_replacement_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    if (api_present(x, API_CHANGE)) {
        api_refuse(x);
        return;
    }
    struct replacement *r = calloc(1, sizeof *r);
    if (!r) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    r->change = (api_change){
        .x = x, .kind = "device.replaced", .check = check, .apply = apply, .reply = reply, .end = end_replacement};
    const poa_err err = prepare(r);
    if (!err) {
        api_change_run(&r->change);
        return;
    }
    (void)api_note(x, err);
    refuse(r);
    end_replacement(&r->change);
    free(r);
}
