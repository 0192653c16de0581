#include "api/recognise.h"

#include "guard.h"
#include "span.h"

/* It must be the same request, or somebody reuses a key. */
static poa_err check_same(api_exchange *x, const api_onboard_request *request, const store_device *device)
{
    if (!POA_GUARD(retry_location, !poa_span_equal(device->location, request->location)) &&
        !POA_GUARD(retry_identity, !poa_span_equal(device->manufacturer, request->device.manufacturer) ||
                                       !poa_span_equal(device->model, request->device.model) ||
                                       !poa_span_equal(device->serial, request->device.serial) ||
                                       !poa_span_equal(device->id_link, request->device.id_link)))
        return POA_OK;
    (void)snprintf(x->detail, sizeof x->detail, "this key came in before under this PoA, as another device");
    return api_deny(x, POA_E_IDENTITY_MISMATCH, "/device");
}

/* The identifiers of a device whose life is over stay burnt. */
static poa_err check_life(api_exchange *x, const store_device *device)
{
    const bool over = device->state == STORE_DEVICE_REPLACED || device->state == STORE_DEVICE_DECOMMISSIONED;
    if (!POA_GUARD(retry_after_life, over))
        return POA_OK;
    (void)snprintf(x->detail, sizeof x->detail, "this device came in before, and is %s",
                   store_device_state_name(device->state));
    return api_deny(x, POA_E_DEVICE_EXISTS, "/device");
}

poa_err api_recognise_again(api_exchange *x, const poa_id *leaf, const api_onboard_request *request, store_txn *txn,
                            store_device **stored)
{
    store_device found;
    bool is_there = false;
    *stored = NULL;
    poa_err err = store_device_by_request(txn, leaf, poa_csr_key_id(request->csr), &found, &is_there);
    if (err || !is_there)
        return err;
    err = check_same(x, request, &found);
    if (!err)
        err = check_life(x, &found);
    return err ? err : store_device_copy(&found, stored);
}
