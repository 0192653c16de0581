#include "api/admission.h"
#include "api/lines.h"
#include "api/routes.h"

#include <stdlib.h>

/*
 * POST /v1/onboardings: one device, online. POST /v1/onboardings:batch: many that were collected offline.
 */
struct onboarding {
    api_change change;
    api_onboard_request request; /* owned */
    api_admission admission;     /* owned */
};

static struct onboarding *onboarding_of(api_change *change)
{
    return (struct onboarding *)(void *)change; /* change is its first member */
}

static void end_onboarding(api_change *change)
{
    struct onboarding *o = onboarding_of(change);
    api_admission_clear(&o->admission);
    api_onboard_request_clear(&o->request);
}

static poa_err check(api_change *change, store_txn *txn)
{
    return api_admission_check(&onboarding_of(change)->admission, txn, change->now_s);
}

static poa_err apply(api_change *change, store_txn *txn)
{
    return api_admission_apply(&onboarding_of(change)->admission, txn, change);
}

static void reply(api_change *change, poa_err err)
{
    if (err)
        api_refuse(change->x);
    else
        api_admission_reply(&onboarding_of(change)->admission);
}

/* ---- the handler ---- */

static poa_err prepare(struct onboarding *o, poa_span json, enum api_way way)
{
    api_exchange *x = o->change.x;
    const poa_err err = api_onboard_request_read(x, json, way, &o->request);
    if (err)
        return err;
    o->admission = (api_admission){.x = x, .chain = x->chain, .request = &o->request, .address = x->address};
    return api_admission_prepare(&o->admission);
}

void api_onboardings_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    if (api_present(x, API_CHANGE)) {
        api_refuse(x);
        return;
    }
    struct onboarding *o = calloc(1, sizeof *o);
    if (!o) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    o->change = (api_change){
        .x = x, .kind = "onboarding", .check = check, .apply = apply, .reply = reply, .end = end_onboarding};
    const poa_err err = prepare(o, http_request_body(request), API_ONLINE);
    if (err) {
        (void)api_note(x, err);
        api_refuse(x);
        end_onboarding(&o->change);
        free(o);
        return;
    }
    api_change_run(&o->change);
}

/* ---- a batch ---- */

static poa_err prepare_line(api_change *change, poa_span line)
{
    change->kind = "onboarding";
    change->check = check;
    change->apply = apply;
    change->end = end_onboarding;
    return prepare(onboarding_of(change), line, API_OFFLINE);
}

static poa_err answer(api_change *change, unsigned *status, poa_buf *members)
{
    const api_admission *a = &onboarding_of(change)->admission;
    if (a->status == 409)
        return api_deny(change->x, POA_E_DEVICE_EXISTS, "/device");
    *status = a->status;
    poa_buf_add(members, poa_buf_span(&a->members));
    return POA_OK;
}

void api_onboardings_batch_post(http_request *request, void *arg)
{
    static const api_line_kind kind = {
        .opened = "onboarding.batch", .size = sizeof(struct onboarding), .prepare = prepare_line, .answer = answer};
    api_lines_run(arg, request, &kind);
}
