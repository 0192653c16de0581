#include "api/administration.h"
#include "api/admission.h"
#include "api/device_json.h"
#include "api/outcome.h"
#include "api/routes.h"
#include "guard.h"
#include "poa/decision.h"
#include "span.h"

/*
 * GET /v1/onboardings/{id}: how far it is, for who asked, who may read the device, and who may approve it.
 */

static poa_err may_read(api_exchange *x, const store_device *device)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("read"),
        .location = device->location,
        .device = api_device_identity(device),
        .evidence = device->evidence,
        .id_link_vouched = device->link_evidence >= STORE_LINK_TICKET,
        .address = x->address,
        .now_s = x->now_s,
    };
    poa_decision decision;
    return api_note(x, poa_decide(x->chain, &request, NULL, &decision, &x->why));
}

static bool is_asker(const api_exchange *x, const poa_id *leaf)
{
    return !POA_GUARD(poll_other_leaf, !poa_id_equal(&poa_chain_leaf(x->chain)->id, leaf));
}

static poa_err may_see(api_exchange *x, store_txn *txn, const store_device *device)
{
    if (is_asker(x, &device->came_leaf))
        return POA_OK;
    poa_span owner = {0};
    poa_err err = api_device_owner(txn, device, &owner);
    if (err || !api_administer(x, POA_SPAN("approve"), device->location, owner))
        return err;
    return may_read(x, device);
}

static poa_err show_record(api_exchange *x, store_txn *txn, const store_device *device, unsigned *status,
                           poa_buf *members)
{
    const poa_err err = may_see(x, txn, device);
    if (err)
        return err;
    *status = 200;
    if (device->state != STORE_DEVICE_PENDING)
        return api_admission_show(device, members);
    *status = 202;
    api_admission_show_waiting(device, members);
    return POA_OK;
}

/* Only who asked is told of what is no device. */
static poa_err show_outcome(api_exchange *x, store_txn *txn, const store_uuid *id, unsigned *status, poa_buf *members)
{
    store_outcome outcome;
    bool found = false;
    const poa_err err = store_outcome_get(txn, id, &outcome, &found);
    if (err || !found || !is_asker(x, &outcome.leaf))
        return err;
    *status = 200;
    api_outcome_show(&outcome, members);
    return POA_OK;
}

/* @status stays 0 when there is no such onboarding. */
static poa_err show(api_exchange *x, unsigned *status, poa_buf *members)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    store_uuid id;
    store_device device;
    bool found = false;
    if (!api_uuid_parse(http_request_capture(x->request, 0), &id))
        return POA_OK;
    poa_err err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = store_device_get(txn, &id, &device, &found);
    if (err)
        return err;
    if (!found)
        return show_outcome(x, txn, &id, status, members);
    if (device.state == STORE_DEVICE_EXPECTED)
        return POA_OK;
    return show_record(x, txn, &device, status, members);
}

void api_onboarding_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    if (api_present(x, API_READ)) {
        api_refuse(x);
        return;
    }
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    unsigned status = 0;
    const poa_err err = show(x, &status, &members);
    if (err) {
        (void)api_note(x, err);
        api_refuse(x);
        return;
    }
    /* A reason from a way in that was tried in vain is no reason of this reply. */
    (void)api_note(x, POA_OK);
    if (status == 0)
        http_reply_problem(request, 404, "there is no such onboarding");
    else
        api_reply_onboarding(x, status, &members);
}
