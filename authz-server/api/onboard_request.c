#include "api/onboard_request.h"

#include "api/device_json.h"
#include "bounds.h"
#include "guard.h"
#include "id_link.h"
#include "json.h"
#include "policy_read.h"
#include "power.h"
#include "span.h"

#include <stdio.h>

void api_onboard_request_clear(api_onboard_request *request)
{
    json_decref(request->body);
    poa_csr_free(request->csr);
    *request = (api_onboard_request){0};
}

static bool is_serial(poa_span text)
{
    if (text.len == 0 || text.len > POA_SERIAL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x21 || text.ptr[i] > 0x7e)
            return false;
    return true;
}

static poa_err read_device(const json_t *body, poa_identity *device, poa_reason *why)
{
    poa_members m = poa_members_of(body, "/device", why);
    poa_members_text(&m, "manufacturer", false, POA_LABEL_BYTES_MAX, &device->manufacturer);
    poa_members_text(&m, "model", false, POA_LABEL_BYTES_MAX, &device->model);
    poa_members_text(&m, "serial", false, POA_SERIAL_BYTES_MAX, &device->serial);
    if (!m.err && device->serial.ptr && !is_serial(device->serial))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "serial");
    poa_members_text(&m, "id_link", false, POA_ID_LINK_BYTES_MAX, &device->id_link);
    if (!m.err && device->id_link.ptr && !poa_id_link_is_valid(device->id_link))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "id_link");
    const bool any = device->manufacturer.ptr || device->model.ptr || device->serial.ptr || device->id_link.ptr;
    if (!m.err && !any)
        poa_members_refuse(&m, POA_E_CLAIM_MISSING, "serial");
    return poa_members_end(&m);
}

static poa_err read_csr(api_exchange *x, poa_span text, poa_csr **out)
{
    poa_why why = {{0}};
    poa_err err = poa_csr_parse(x->service->ctx, text, out, &why);
    if (err) {
        (void)api_deny(x, err, "/csr");
        (void)snprintf(x->detail, sizeof x->detail, "%s", why.text);
        return err;
    }
    if (POA_GUARD(csr_challenge, !poa_span_is(poa_csr_challenge(*out), x->proof.nonce))) {
        (void)snprintf(x->detail, sizeof x->detail, "the CSR's challengePassword is not the nonce of the proof");
        return api_deny(x, POA_E_CLAIM_TYPE, "/csr");
    }
    return POA_OK;
}

/* What the CSR says of the serial is one more source that must agree. */
static poa_err check_serial(api_exchange *x, const api_onboard_request *request)
{
    const poa_span said = poa_csr_serial(request->csr);
    if (said.len == 0 || !POA_GUARD(csr_serial, !poa_span_equal(said, request->device.serial)))
        return POA_OK;
    (void)snprintf(x->detail, sizeof x->detail, "the serialNumber in the CSR's subject is not the device's serial");
    return api_deny(x, POA_E_IDENTITY_MISMATCH, "/device/serial");
}

poa_err api_onboard_request_read(api_exchange *x, api_onboard_request *out)
{
    poa_err err = api_body(x, &out->body);
    if (err)
        return err;
    poa_members m = poa_members_of(out->body, "", &x->why);
    const json_t *device = poa_members_take(&m, "device", true);
    const json_t *csr_value = poa_members_take(&m, "csr", true);
    if (csr_value && !json_is_string(csr_value))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "csr");
    out->csr_pem = poa_json_span(csr_value);
    poa_members_text(&m, "location", true, POA_JSON_BYTES_MAX, &out->location);
    if (!m.err && !poa_location_is_valid(out->location))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "location");
    err = poa_members_end(&m);
    if (!err)
        err = read_device(device, &out->device, &x->why);
    x->code = err;
    if (!err)
        err = read_csr(x, out->csr_pem, &out->csr);
    if (!err)
        err = check_serial(x, out);
    out->evidence = POA_EVIDENCE_DEVICE_KEY; /* the CSR's signature verified */
    out->link_evidence = out->device.id_link.len > 0 ? STORE_LINK_TYPED : STORE_LINK_NONE;
    return err;
}

poa_err api_onboard_request_of(api_exchange *x, const store_device *device, poa_span csr, api_onboard_request *out)
{
    *out = (api_onboard_request){
        .location = device->location,
        .device = api_device_identity(device),
        .evidence = device->evidence,
        .link_evidence = device->link_evidence,
    };
    const poa_err err = poa_csr_parse(x->service->ctx, csr, &out->csr, NULL);
    return err && !poa_err_is_fault(err) ? POA_F_STORE : err;
}
