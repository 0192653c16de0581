#include "api/known_device.h"

#include "api/device_json.h"
#include "guard.h"
#include "span.h"

/* Is this member stated, and another than the record's? What is not stated matches no selector anyway. */
static bool differs(poa_span stated, poa_span recorded)
{
    return stated.ptr && !poa_span_equal(stated, recorded);
}

static poa_err compare(api_exchange *x, const poa_request *request, const store_device *record)
{
    const poa_identity *said = request->replaced ? request->replaced : &request->device;
    const char *where = request->replaced ? "/request/replaced" : "/request/device";
    if (POA_GUARD(known_location, !poa_span_equal(request->location, record->location)))
        return api_deny(x, POA_E_IDENTITY_MISMATCH, "/request/location");
    if (POA_GUARD(known_identity, differs(said->manufacturer, record->manufacturer) ||
                                      differs(said->model, record->model) || differs(said->serial, record->serial) ||
                                      differs(said->id_link, record->id_link)))
        return api_deny(x, POA_E_IDENTITY_MISMATCH, where);
    return POA_OK;
}

/* The record that holds the serial or the identification link. */
static poa_err find(store_txn *txn, const poa_identity *said, store_device *record, bool *found)
{
    const store_device named = {
        .manufacturer = said->manufacturer, .model = said->model, .serial = said->serial, .id_link = said->id_link};
    store_uuid id;
    const poa_err err = store_device_conflict(txn, &named, &id, found);
    return err || !*found ? err : store_device_get(txn, &id, record, found);
}

poa_err api_check_known(api_exchange *x, store_txn *txn, const poa_request *request)
{
    if (!poa_span_is(request->type, "device_onboarding") || poa_span_is(request->action, "onboard"))
        return POA_OK;
    store_device record;
    bool found = false;
    const poa_err err = find(txn, request->replaced ? request->replaced : &request->device, &record, &found);
    return err || !found ? err : compare(x, request, &record);
}

poa_err api_decide_known(const api_exchange *x, const store_device *device, poa_span action, int64_t now_s,
                         poa_decision *out, poa_reason *why)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = action,
        .location = device->location,
        .device = api_device_identity(device),
        .evidence = device->evidence,
        .id_link_vouched = device->link_evidence >= STORE_LINK_TICKET,
        .address = x->address,
        .now_s = now_s,
    };
    return poa_decide(x->chain, &request, NULL, out, why);
}
