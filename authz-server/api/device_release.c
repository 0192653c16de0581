#include "api/administration.h"
#include "api/device_change.h"
#include "api/device_json.h"
#include "api/event.h"
#include "api/life.h"
#include "api/routes.h"
#include "chain.h"
#include "span.h"

/*
 * POST /v1/devices/{id}/release: {"identifiers":["serial",…],"reason":…}, for who administers (`approve`) its location:
 * sets identifiers of a device that does not run free for another one. The record keeps them and says so; it does not
 * come back to life: two devices would have one name.
 */

enum { IDENTIFIERS_MAX = 6 };

static void read_identifiers(api_device_change *c, poa_members *members)
{
    const json_t *names = poa_members_array(members, "identifiers", true, 1, IDENTIFIERS_MAX);
    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);
        store_identifier identifier;
        if (!json_is_string(name) || !store_identifier_by_name(poa_json_span(name), &identifier) ||
            c->released & 1u << identifier) {
            poa_members_refuse(members, POA_E_CLAIM_TYPE, "identifiers");
            return;
        }
        c->released |= 1u << identifier;
    }
    poa_members_text(members, "reason", false, API_LIFE_REASON_MAX, &c->reason);
}

static poa_err may_release(api_device_change *c, store_txn *txn)
{
    poa_span owner;
    const poa_err err = api_device_owner(txn, c->device, &owner);
    return err ? err : api_administer(c->change.x, POA_SPAN("approve"), c->device->location, owner);
}

static unsigned identifiers_of(const store_device *device)
{
    return (device->serial.len > 0 ? 1u << STORE_IDENTIFIER_SERIAL : 0) |
           (device->id_link.len > 0 ? 1u << STORE_IDENTIFIER_ID_LINK : 0) |
           (store_id_is_none(&device->key) ? 0 : 1u << STORE_IDENTIFIER_KEY) |
           (store_id_is_none(&device->idevid) ? 0 : 1u << STORE_IDENTIFIER_IDEVID) |
           (device->product_instance_uri.len > 0 ? 1u << STORE_IDENTIFIER_PRODUCT_INSTANCE : 0) |
           (device->spiffe_id.len > 0 ? 1u << STORE_IDENTIFIER_SPIFFE : 0);
}

static poa_err can_be_released(api_device_change *c, store_txn *txn)
{
    (void)txn;
    const store_device_state state = c->device->state;
    if (state != STORE_DEVICE_REVIEW && state != STORE_DEVICE_SUSPENDED && state != STORE_DEVICE_REPLACED &&
        state != STORE_DEVICE_DECOMMISSIONED)
        return api_device_impossible(c, "a device that is %s keeps its identifiers", store_device_state_name(state));
    if (c->released & ~identifiers_of(c->device))
        return api_deny(c->change.x, POA_E_CLAIM_TYPE, "/identifiers");
    return POA_OK;
}

static poa_err release(api_device_change *c, store_txn *txn)
{
    store_device *device = c->device;
    device->released |= c->released;
    device->updated_s = c->change.now_s;
    const poa_err err = store_device_put(txn, device);
    if (err)
        return err;
    poa_buf_text(&c->note, "\"identifiers\":");
    api_identifiers_json(&c->note, c->released);
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_text(&members, "\"by\":");
    poa_buf_json_text(&members, poa_chain_leaf(c->change.x->chain)->sub);
    poa_buf_text(&members, ",\"identifiers\":");
    api_identifiers_json(&members, c->released);
    return api_event_members(c->change.x->service, txn, "device.released", device, &members);
}

static const api_device_verb releasing = {
    .kind = "release",
    .read = read_identifiers,
    .granted = may_release,
    .possible = can_be_released,
    .make = release,
};

void api_device_release_post(http_request *request, void *arg)
{
    api_device_change_run(arg, request, &releasing);
}
