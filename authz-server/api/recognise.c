#include "api/recognise.h"

#include "api/agreement.h"
#include "guard.h"
#include "power.h"
#include "span.h"

/* Is this member stated, and another than the record's? */
static bool differs(poa_span stated, poa_span recorded)
{
    return stated.ptr && !poa_span_equal(stated, recorded);
}

/* It must be the same request, or somebody reuses a key. The record may know more than was typed. */
static poa_err check_same(api_exchange *x, const api_onboard_request *request, const store_device *device)
{
    if (!POA_GUARD(retry_location, !poa_span_equal(device->location, request->location)) &&
        !POA_GUARD(retry_identity, differs(request->device.manufacturer, device->manufacturer) ||
                                       differs(request->device.model, device->model) ||
                                       differs(request->device.serial, device->serial) ||
                                       differs(request->device.id_link, device->id_link)))
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

/* ---- was it announced? ---- */

/* As a record would hold its identifiers. */
static store_device identifiers_of(const api_onboard_request *request)
{
    return (store_device){
        .manufacturer = request->device.manufacturer,
        .model = request->device.model,
        .serial = request->device.serial,
        .id_link = request->device.id_link,
        .key = *poa_csr_key_id(request->csr),
        .idevid = request->idevid,
        .product_instance_uri = request->product_instance_uri,
        .spiffe_id = request->spiffe_id,
    };
}

static poa_err find_announced(store_txn *txn, const store_device *wanted, store_device **expected)
{
    store_uuid others[STORE_DEVICE_CONFLICTS_MAX];
    size_t count = 0;
    poa_err err = store_device_conflicts(txn, wanted, others, &count);
    for (size_t i = 0; !err && !*expected && i < count; i++) {
        store_device record;
        bool found = false;
        err = store_device_get(txn, &others[i], &record, &found);
        if (!err && found && record.state == STORE_DEVICE_EXPECTED)
            err = store_device_copy(&record, expected);
    }
    return err;
}

/* Who announced it may have known the serial without the model, or without the maker. */
static poa_err find_expected(store_txn *txn, const api_onboard_request *request, store_device **expected)
{
    const poa_identity *device = &request->device;
    const store_device wanted[] = {
        identifiers_of(request),
        {.manufacturer = device->manufacturer, .serial = device->serial},
        {.serial = device->serial},
    };
    for (size_t i = 0; i < POA_COUNT(wanted); i++) {
        const poa_err err = find_announced(txn, &wanted[i], expected);
        if (err || *expected)
            return err;
    }
    return POA_OK;
}

/* Its ticket may tie the label to the key, which what is shown now does not. */
static poa_err add_ticket(api_exchange *x, api_onboard_request *request, const store_device *expected)
{
    if (request->shown.ticket || expected->ticket.len == 0)
        return POA_OK;
    const poa_err err = api_evidence_ticket(x, expected->ticket, &request->shown);
    return err ? err : api_onboard_identity(x, request);
}

/* At the announced place or below it, and all that was announced; what was announced alone is known from now on. */
static poa_err check_announced(api_exchange *x, api_onboard_request *request, const store_device *expected)
{
    if (POA_GUARD(expected_location, !poa_location_covers(expected->location, request->location))) {
        (void)snprintf(x->detail, sizeof x->detail, "it is expected elsewhere");
        return api_deny(x, POA_E_IDENTITY_MISMATCH, "/location");
    }
    poa_identity *device = &request->device;
    const struct {
        const char *name;
        poa_span *stated;
        poa_span announced;
    } members[] = {
        {"serial", &device->serial, expected->serial},
        {"manufacturer", &device->manufacturer, expected->manufacturer},
        {"model", &device->model, expected->model},
        {"id_link", &device->id_link, expected->id_link},
    };
    api_agreement g = {.first = NULL};
    for (size_t i = 0; i < POA_COUNT(members); i++) {
        const api_said said[] = {{"expected", members[i].announced}, {"request", *members[i].stated}};
        api_agree(&g, members[i].name, said, POA_COUNT(said));
    }
    const poa_err err = api_agreement_end(&g, x);
    for (size_t i = 0; !err && i < POA_COUNT(members); i++)
        if (members[i].stated->len == 0 && members[i].announced.len > 0)
            *members[i].stated = members[i].announced;
    if (!err && device->id_link.len > 0 && request->link_evidence == STORE_LINK_NONE)
        request->link_evidence = STORE_LINK_TYPED;
    return err;
}

poa_err api_recognise_expected(api_exchange *x, api_onboard_request *request, store_txn *txn, store_device **expected)
{
    *expected = NULL;
    /* What an earlier look added to it may have been freed. */
    poa_err err = api_onboard_identity(x, request);
    if (!err)
        err = find_expected(txn, request, expected);
    if (err || !*expected)
        return err;
    err = add_ticket(x, request, *expected);
    return err ? err : check_announced(x, request, *expected);
}
