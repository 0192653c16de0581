#include "api/admission.h"
#include "api/routes.h"

#include <stdlib.h>

/*
 * POST /v1/onboardings: one device, online.
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

static poa_err prepare(struct onboarding *o)
{
    api_exchange *x = o->change.x;
    const poa_err err = api_onboard_request_read(x, http_request_body(x->request), false, &o->request);
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
    const poa_err err = prepare(o);
    if (err) {
        (void)api_note(x, err);
        api_refuse(x);
        end_onboarding(&o->change);
        free(o);
        return;
    }
    api_change_run(&o->change);
}
