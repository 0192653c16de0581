#include "api/admission.h"

#include "api/crls.h"
#include "api/device_json.h"
#include "api/quota.h"
#include "chain.h"
#include "guard.h"
#include "pem.h"
#include "span.h"
#include "store/certificates.h"

#include <stdlib.h>
#include <string.h>

enum { BACKDATE_S = 300 };

void api_admission_clear(api_admission *a)
{
    poa_leaf_clear(&a->certificate);
    free(POA_TAKE(a->stored));
    poa_buf_clear(&a->members);
}

/* ---- decide ---- */

/* What the site policy asks beyond the powers. */
static poa_err check_policy(api_exchange *x)
{
    const poa_policy_settings *settings = poa_policy_get(x->snapshot->policy);
    if (POA_GUARD(policy_approval, settings->approval == POA_APPROVAL_ALWAYS))
        return api_deny(x, POA_E_APPROVAL_REQUIRED, "");
    if (POA_GUARD(policy_tickets, settings->tickets == POA_TICKETS_REQUIRED)) {
        (void)snprintf(x->detail, sizeof x->detail, "the policy admits expected devices only; nobody expects this one");
        return api_deny(x, POA_E_DEVICE_NOT_GRANTED, "");
    }
    return POA_OK;
}

static poa_err decide(api_admission *a, store_txn *txn, int64_t now_s, poa_decision *out)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = a->request->location,
        .device = a->request->device,
        .evidence = POA_EVIDENCE_DEVICE_KEY, /* the CSR's signature verified */
        .address = a->x->address,
        .now_s = now_s,
    };
    const poa_quota quota = api_quota_of(txn);
    const poa_err err = poa_decide(a->chain, &request, &quota, out, &a->x->why);
    return err ? err : check_policy(a->x);
}

/* ---- the certificate ---- */

static poa_err issue(api_admission *a, int64_t now_s)
{
    api_exchange *x = a->x;
    const poa_policy_settings *settings = poa_policy_get(x->snapshot->policy);
    const int64_t policy_s = settings->credential_lifetime_s;
    const int64_t power_s = a->decision.credential_lifetime_s;
    const bool until_exp = a->decision.effect == POA_EFFECT_UNTIL_EXP;
    const api_uuid_text name = api_uuid_print(&a->id);
    POA_CLEANUP(poa_buf_clear) poa_buf crl_url = {0};
    api_crl_url(x->service, x->snapshot->ca, &crl_url);
    if (crl_url.failed)
        return POA_F_NOMEM;
    const poa_leaf_plan plan = {
        .device = poa_span_of(name.chars),
        .owner = settings->resource_owner,
        .id_link = a->request->device.id_link,
        .crl_url = poa_buf_span(&crl_url),
        .now_s = now_s,
        .backdate_s = BACKDATE_S,
        .lifetime_s = power_s < policy_s ? power_s : policy_s,
        .end_s = until_exp ? poa_chain_leaf(a->chain)->exp_s : INT64_MAX,
    };
    poa_leaf made = {0};
    poa_why why = {{0}};
    const poa_err err = poa_ca_issue(x->service->ctx, x->snapshot->ca, a->request->csr, &plan, &made, &why);
    if (err) {
        (void)snprintf(x->detail, sizeof x->detail, "%s", why.text);
        return err;
    }
    poa_leaf_clear(&a->certificate);
    a->certificate = made;
    return POA_OK;
}

/* ---- the record ---- */

static store_device record_of(const api_admission *a, const api_change *change)
{
    const poa_link *leaf = poa_chain_leaf(a->chain);
    store_device device = {
        .id = a->id,
        .state = STORE_DEVICE_ACTIVE,
        .location = a->request->location,
        .manufacturer = a->request->device.manufacturer,
        .model = a->request->device.model,
        .serial = a->request->device.serial,
        .id_link = a->request->device.id_link,
        .evidence = POA_EVIDENCE_DEVICE_KEY,
        .leaf = leaf->id,
        .power = (uint32_t)a->decision.applied[poa_chain_len(a->chain) - 1],
        .effect = a->decision.effect,
        .on_revoke = a->decision.on_revoke,
        .credential_lifetime_s = a->decision.credential_lifetime_s,
        .key = *poa_csr_key_id(a->request->csr),
        .certificate_serial = {(const char *)a->certificate.serial, sizeof a->certificate.serial},
        .not_after_s = a->certificate.not_after_s,
        .actor = leaf->sub,
        .cause = STORE_CAUSE_ONBOARDED,
        .changed_by = leaf->sub,
        .link_evidence = a->request->device.id_link.len > 0 ? STORE_LINK_TYPED : STORE_LINK_NONE,
    };
    device.certificates[device.certificate_count++] = poa_bytes_span(&a->certificate.der);
    const poa_ca *ca = a->x->snapshot->ca;
    for (size_t i = 0; i < poa_ca_chain_count(ca) && device.certificate_count < STORE_CERTIFICATES_MAX; i++)
        device.certificates[device.certificate_count++] = poa_ca_chain_der(ca, i);
    if (change) {
        device.chain = change->audit.chain;
        device.created_s = change->now_s;
        device.updated_s = change->now_s;
        device.changed_s = change->now_s;
    }
    return device;
}

/* ---- the reply ---- */

static poa_err add_certificates(poa_buf *b, const store_device *device)
{
    POA_CLEANUP(poa_buf_clear) poa_buf pem = {0};
    for (size_t i = 0; i < device->certificate_count; i++) {
        poa_bytes one = {0};
        const poa_err err = poa_pem_write(POA_PEM_CERTIFICATE, device->certificates[i], &one);
        if (err)
            return err;
        poa_buf_add(&pem, poa_bytes_span(&one));
        poa_bytes_clear(&one);
    }
    poa_buf_text(b, ",\"certificate\":");
    poa_buf_json_text(b, poa_buf_span(&pem));
    return pem.failed ? POA_F_NOMEM : POA_OK;
}

/* The reply is made from the record, new or found: what is told is what is stored. */
static poa_err write_reply(api_admission *a, const store_device *device)
{
    a->status = a->stored ? 200 : 201;
    poa_buf_clear(&a->members);
    poa_buf_text(&a->members, "\"device\":");
    api_device_json(&a->members, device);
    const poa_err err = add_certificates(&a->members, device);
    return !err && a->members.failed ? POA_F_NOMEM : err;
}

void api_admission_reply(const api_admission *a)
{
    api_exchange *x = a->x;
    POA_CLEANUP(poa_buf_clear) poa_buf location = {0};
    poa_buf_printf(&location, "/v1/devices/%s", x->device);
    http_reply_header(x->request, "Location", poa_buf_span(&location));

    poa_buf body = {0};
    poa_buf_text(&body, "{");
    poa_buf_add(&body, poa_buf_span(&a->members));
    poa_buf_text(&body, "}\n");
    api_reply_json(x, a->status, &body);
}

/* ---- the same request again ---- */

/* The same leaf and key came before: then it must be the same request, or somebody reuses a key. */
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

static poa_err find_stored(api_admission *a, store_txn *txn)
{
    store_device found;
    bool is_there = false;
    free(POA_TAKE(a->stored));
    poa_err err =
        store_device_by_request(txn, &poa_chain_leaf(a->chain)->id, poa_csr_key_id(a->request->csr), &found, &is_there);
    if (err || !is_there)
        return err;
    err = check_same(a->x, a->request, &found);
    return err ? err : store_device_copy(&found, &a->stored);
}

/* ---- before the writer ---- */

/* A random UUID (RFC 9562 section 5.4). */
static poa_err make_id(const poa_random *random, store_uuid *id)
{
    if (!random->fill(random->self, id->bytes, sizeof id->bytes))
        return POA_F_CRYPTO;
    id->bytes[6] = (uint8_t)(0x40 | (id->bytes[6] & 0x0f));
    id->bytes[8] = (uint8_t)(0x80 | (id->bytes[8] & 0x3f));
    return POA_OK;
}

poa_err api_admission_prepare(api_admission *a)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_err err = make_id(&a->x->service->random, &a->id);
    if (!err)
        err = store_read_begin(a->x->service->store, &txn);
    if (!err)
        err = find_stored(a, txn);
    if (err || a->stored)
        return err;
    err = decide(a, txn, a->x->now_s, &a->decision);
    return err ? err : issue(a, a->x->now_s);
}

/* ---- in the writer's transaction ---- */

static bool same_powers(const poa_decision *a, const poa_decision *b)
{
    return a->links == b->links && memcmp(a->applied, b->applied, a->links * sizeof a->applied[0]) == 0;
}

/* Nobody else is this device. */
static poa_err check_conflict(api_admission *a, store_txn *txn)
{
    const store_device device = record_of(a, NULL);
    store_uuid other;
    bool exists = false;
    const poa_err err = store_device_conflict(txn, &device, &other, &exists);
    if (err)
        return err;
    return POA_GUARD(device_conflict, exists) ? api_deny(a->x, POA_E_DEVICE_EXISTS, "/device") : POA_OK;
}

poa_err api_admission_check(api_admission *a, store_txn *txn, int64_t now_s)
{
    poa_err err = find_stored(a, txn);
    if (err || a->stored)
        return err;

    poa_decision decision;
    err = decide(a, txn, now_s, &decision);
    if (err)
        return err;
    if (!same_powers(&decision, &a->decision)) {
        /* Another power applies by now, with other bounds: the certificate is made again. */
        a->decision = decision;
        err = issue(a, now_s);
        if (err)
            return err;
    }
    return check_conflict(a, txn);
}

static void audit_device(api_change *change, const store_device *device)
{
    change->audit.has_device = true;
    change->audit.device = device->id;
    change->audit.certificate_serial = device->certificate_serial;
    memcpy(change->x->device, api_uuid_print(&device->id).chars, sizeof change->x->device);
}

/* From now on it can be barred. */
static poa_err note_certificate(const api_admission *a, const store_device *device, store_txn *txn)
{
    const store_certificate certificate = {
        .serial = device->certificate_serial,
        .device = device->id,
        .issuer = *poa_ca_key_id(a->x->snapshot->ca),
        .not_after_s = device->not_after_s,
    };
    return store_certificate_add(txn, &certificate);
}

poa_err api_admission_apply(api_admission *a, store_txn *txn, api_change *change)
{
    if (a->stored) {
        change->audit.kind = POA_SPAN("onboarding.repeated");
        audit_device(change, a->stored);
        return write_reply(a, a->stored);
    }
    const store_device device = record_of(a, change);
    poa_err err = store_device_put(txn, &device);
    if (!err)
        err = note_certificate(a, &device, txn);
    if (!err)
        err = api_quota_charge(a->chain, &a->decision, txn);
    if (err)
        return err;
    audit_device(change, &device);
    return write_reply(a, &device);
}
