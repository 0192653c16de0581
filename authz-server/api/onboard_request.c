#include "api/onboard_request.h"

#include "api/device_json.h"
#include "bounds.h"
#include "guard.h"
#include "id_link.h"
#include "json.h"
#include "pem.h"
#include "policy_read.h"
#include "power.h"
#include "span.h"

#include <stdio.h>

void api_onboard_request_clear(api_onboard_request *request)
{
    json_decref(request->body);
    api_evidence_clear(&request->shown);
    poa_csr_free(request->csr);
    poa_bytes_clear(&request->csr_der);
    *request = (api_onboard_request){0};
}

/* ---- members ---- */

static bool is_serial(poa_span text)
{
    if (text.len == 0 || text.len > POA_SERIAL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x21 || text.ptr[i] > 0x7e)
            return false;
    return true;
}

poa_err api_device_typed(const json_t *body, const char *path, poa_identity *device, poa_reason *why)
{
    poa_members m = poa_members_of(body, path, why);
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

/* A text of any length: whoever reads it on has a bound of its own. */
static poa_span take_text(poa_members *m, const char *name, bool required)
{
    const json_t *value = poa_members_take(m, name, required);
    if (value && !json_is_string(value))
        poa_members_refuse(m, POA_E_CLAIM_TYPE, name);
    return poa_json_span(value);
}

/**
 * texts - what stands in the body as text.
 * @proof: ptr NULL: none
 */
struct texts {
    poa_span csr;
    poa_span proof;
};

static poa_err read_members(api_exchange *x, enum api_way way, api_onboard_request *out, struct texts *texts)
{
    poa_members m = poa_members_of(out->body, "", &x->why);
    const json_t *device = poa_members_take(&m, "device", true);
    texts->csr = take_text(&m, "csr", true);
    poa_members_text(&m, "location", way != API_REPLACEMENT, POA_JSON_BYTES_MAX, &out->location);
    if (!m.err && out->location.ptr && !poa_location_is_valid(out->location))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "location");
    texts->proof = take_text(&m, "device_proof", way == API_OFFLINE);
    out->ticket = take_text(&m, "ticket", false);
    const poa_err err = poa_members_end(&m);
    return err ? err : api_device_typed(device, "/device", &out->typed, &x->why);
}

/* ---- the CSR ---- */

static poa_err refuse_csr(api_exchange *x, poa_err err, const char *detail)
{
    (void)api_deny(x, err, "/csr");
    (void)snprintf(x->detail, sizeof x->detail, "%s", detail);
    return err;
}

static poa_err read_csr(api_exchange *x, poa_span pem, api_onboard_request *out)
{
    poa_why why = {{0}};
    poa_err err = poa_csr_parse(x->service->ctx, pem, &out->csr, &why);
    if (err)
        return refuse_csr(x, err, why.text);
    err = poa_pem_one(pem, POA_PEM_CSR, POA_CSR_BYTES_MAX, &out->csr_der);
    return err ? refuse_csr(x, err, "it is no PEM") : POA_OK;
}

/* It repeats what was made for this request alone. */
static poa_err check_challenge(api_exchange *x, const api_onboard_request *out, bool offline)
{
    const poa_span want = offline ? poa_device_proof_get(out->shown.proof)->jti : poa_span_of(x->proof.nonce);
    if (!POA_GUARD(csr_challenge, want.len == 0 || !poa_span_equal(poa_csr_challenge(out->csr), want)))
        return POA_OK;
    return refuse_csr(x, POA_E_CLAIM_TYPE,
                      offline ? "the CSR's challengePassword is not the jti of the device proof"
                              : "the CSR's challengePassword is not the nonce of the proof");
}

/* ---- all of it ---- */

static poa_err read_evidence(api_exchange *x, poa_span proof, bool offline, api_onboard_request *out)
{
    poa_err err = POA_OK;
    if (proof.ptr)
        err = api_evidence_proof(x, proof, out->csr, poa_bytes_span(&out->csr_der), offline, &out->shown);
    out->offline = offline;
    if (!err && offline)
        out->collected_s = poa_device_proof_get(out->shown.proof)->created_s;
    if (!err && out->ticket.ptr)
        err = api_evidence_ticket(x, out->ticket, &out->shown);
    return err;
}

poa_err api_onboard_request_read(api_exchange *x, poa_span json, enum api_way way, api_onboard_request *out)
{
    const bool offline = way == API_OFFLINE;
    struct texts texts = {.csr = {0}};
    poa_err err = poa_json_parse(json, &out->body);
    if (err)
        return api_deny(x, err, "");
    err = api_note(x, read_members(x, way, out, &texts));
    if (!err)
        err = read_csr(x, texts.csr, out);
    if (!err)
        err = read_evidence(x, texts.proof, offline, out);
    if (!err)
        err = check_challenge(x, out, offline);
    return err ? err : api_onboard_identity(x, out);
}

poa_err api_onboard_request_of(api_exchange *x, const store_device *device, poa_span csr, api_onboard_request *out)
{
    *out = (api_onboard_request){
        .location = device->location,
        .device = api_device_identity(device),
        .evidence = device->evidence,
        .link_evidence = device->link_evidence,
        .idevid = device->idevid,
        .product_instance_uri = device->product_instance_uri,
        .spiffe_id = device->spiffe_id,
        .ticket = device->ticket,
        .collected_s = device->collected_s,
    };
    const poa_err err = poa_csr_parse(x->service->ctx, csr, &out->csr, NULL);
    return err && !poa_err_is_fault(err) ? POA_F_STORE : err;
}
