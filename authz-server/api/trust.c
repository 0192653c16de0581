#include "api/trust.h"

#include "api/change.h"
#include "api/crls.h"
#include "api/device_json.h"
#include "api/effects.h"
#include "api/event.h"
#include "api/life.h"
#include "api/routes.h"
#include "api/trust_may.h"
#include "api/trust_schedule.h"
#include "base64url.h"
#include "cleanup.h"
#include "guard.h"
#include "pem.h"
#include "span.h"
#include "store/certificates.h"
#include "store/meta.h"
#include "store/poas.h"

#include <stdlib.h>
#include <string.h>

enum { BACKDATE_S = 300, REASON_SUPERSEDED = 4, STATUS_FORBIDDEN = 403, STATUS_TOO_MANY = 429 };

/*
 * POST /v1/devices/{id}/trust: a device shows with its own key that it is still itself, and gets a fresh certificate.
 * No PoA is shown: the one under which it came in, and what became of it, stand behind its record.
 */

static api_trust *trust_of(api_change *change)
{
    return (api_trust *)(void *)change; /* change is its first member */
}

static void end_trust(api_change *change)
{
    api_trust *t = trust_of(change);
    api_trust_request_clear(&t->request);
    poa_leaf_clear(&t->certificate);
    poa_buf_clear(&t->members);
}

static const poa_policy_settings *settings_of(const api_trust *t)
{
    return poa_policy_get(t->change.x->snapshot->policy);
}

static poa_span serial_of(const api_trust *t)
{
    return (poa_span){(const char *)t->certificate.serial, sizeof t->certificate.serial};
}

/* ---- the certificate ---- */

static poa_err issue(api_trust *t, const store_device *device, const api_trust_terms *terms, int64_t now_s)
{
    api_exchange *x = t->change.x;
    const poa_policy_settings *settings = settings_of(t);
    const int64_t policy_s = settings->credential_lifetime_s;
    const api_uuid_text name = api_uuid_print(&t->id);
    POA_CLEANUP(poa_buf_clear) poa_buf crl = {0};
    api_crl_url(x->service, x->snapshot->ca, &crl);
    if (crl.failed)
        return POA_F_NOMEM;
    const poa_leaf_plan plan = {
        .device = poa_span_of(name.chars),
        .owner = settings->resource_owner,
        .id_link = device->id_link,
        .crl_url = poa_buf_span(&crl),
        .now_s = now_s,
        .backdate_s = BACKDATE_S,
        .lifetime_s = terms->lifetime_s < policy_s ? terms->lifetime_s : policy_s,
        .end_s = terms->end_s,
    };
    const poa_key *key = t->request.csr ? poa_csr_key(t->request.csr) : poa_idevid_key(t->request.credential);
    poa_leaf made = {0};
    poa_why why = {{0}};
    const poa_err err = poa_ca_issue_key(x->service->ctx, x->snapshot->ca, key, &plan, &made, &why);
    if (err) {
        (void)snprintf(x->detail, sizeof x->detail, "%s", why.text);
        return err;
    }
    poa_leaf_clear(&t->certificate);
    t->certificate = made;
    t->terms = *terms;
    return api_trust_schedule_first(&x->service->random, settings, now_s, made.not_after_s, &t->due_s);
}

/* ---- in the writer's transaction ---- */

static poa_err check(api_change *change, store_txn *txn)
{
    api_trust *t = trust_of(change);
    store_device device;
    bool found = false;
    t->wait_s = 0;
    poa_err err = api_clock(change->x, txn, change->now_s);
    if (!err)
        err = store_device_get(txn, &t->id, &device, &found);
    if (!err && !found)
        err = api_deny(change->x, POA_E_PROOF_KEY_MISMATCH, "/proof");
    if (!err)
        err = api_trust_request_verify(change->x, txn, &device, &t->request);
    api_trust_terms terms;
    if (!err)
        err = api_trust_may(t, txn, &device, &terms, change->now_s);
    if (err)
        return err;
    /* Made before the writer was troubled, unless somebody ratified the device meanwhile. */
    const bool made = t->certificate.der.len > 0 && api_trust_same_terms(&terms, &t->terms);
    return made ? POA_OK : issue(t, &device, &terms, change->now_s);
}

static void fill_record(const api_trust *t, store_device *device)
{
    const poa_trust_proof_facts *facts = t->request.facts;
    const poa_ca *ca = t->change.x->snapshot->ca;
    const int64_t now_s = t->change.now_s;
    if (t->request.csr)
        device->key = *poa_csr_key_id(t->request.csr);
    device->certificate_serial = serial_of(t);
    device->not_after_s = t->certificate.not_after_s;
    device->certificate_count = 0;
    device->certificates[device->certificate_count++] = poa_bytes_span(&t->certificate.der);
    for (size_t i = 0; i < poa_ca_chain_count(ca) && device->certificate_count < STORE_CERTIFICATES_MAX; i++)
        device->certificates[device->certificate_count++] = poa_ca_chain_der(ca, i);
    device->updated_s = now_s;
    device->due_s = t->due_s;
    device->grace = false;
    /* A rekey that is repeated keeps its time: by it the superseded certificate is known, however often replies get
     * lost. */
    device->trust_s = t->request.repeats ? device->trust_s : now_s;
    device->trust_reason = (store_trust_reason)(facts->reason + 1);
    device->boot_counter = (uint64_t)facts->boot_counter;
    if (facts->has_firmware)
        device->firmware = facts->firmware;
}

/* What the old key was certified for is over; also a certificate that had ended already, by which it is known. */
static poa_err supersede(const api_trust *t, store_txn *txn)
{
    if (!t->request.csr || t->request.repeats)
        return POA_OK;
    const poa_span shown = poa_idevid_cert_serial(t->request.credential);
    store_certificate known;
    bool found = false;
    poa_err err = store_certificate_get(txn, shown, &known, &found);
    if (!err && found && known.revoked_s == 0)
        err = store_certificate_revoke(txn, shown, REASON_SUPERSEDED, t->change.now_s);
    return err ? err : store_certificates_revoke(txn, &t->id, REASON_SUPERSEDED, t->change.now_s);
}

static poa_err keep_certificate(const api_trust *t, store_txn *txn)
{
    const poa_err err = supersede(t, txn);
    const store_certificate certificate = {
        .serial = serial_of(t),
        .device = t->id,
        .issuer = *poa_ca_key_id(t->change.x->snapshot->ca),
        .not_after_s = t->certificate.not_after_s,
    };
    return err ? err : store_certificate_add(txn, &certificate);
}

static poa_err tell(const api_trust *t, store_txn *txn, const store_device *device)
{
    const api_service *service = t->change.x->service;
    poa_err err = api_event(service, txn, "device.trust", device,
                            "\"reason\":\"%s\",\"boot_counter\":%llu,\"due\":%lld,\"not_after\":%lld",
                            store_trust_reason_name(device->trust_reason), (unsigned long long)device->boot_counter,
                            (long long)device->due_s, (long long)device->not_after_s);
    if (!err && t->request.csr)
        err = api_event(service, txn, "device.rekeyed", device, "\"key\":\"%s\"", poa_id_print(&device->key).chars);
    return err;
}

static poa_err write_reply(api_trust *t, store_txn *txn, const store_device *device)
{
    uint64_t epoch = 0;
    poa_err err = store_epoch(txn, &epoch);
    poa_buf_clear(&t->members);
    poa_buf *b = &t->members;
    POA_CLEANUP(poa_buf_clear) poa_buf pem = {0};
    for (size_t i = 0; !err && i < device->certificate_count; i++) {
        poa_bytes one = {0};
        err = poa_pem_write(POA_PEM_CERTIFICATE, device->certificates[i], &one);
        poa_buf_add(&pem, poa_bytes_span(&one));
        poa_bytes_clear(&one);
    }
    if (err)
        return err;
    poa_buf_text(b, "\"device\":");
    api_device_json(b, device);
    poa_buf_text(b, ",\"certificate\":");
    poa_buf_json_text(b, poa_buf_span(&pem));
    poa_buf_printf(b, ",\"due\":%lld,\"store\":\"", (long long)device->due_s);
    const store_uuid name = store_id(t->change.x->service->store);
    poa_buf_base64url(b, name.bytes, sizeof name.bytes);
    poa_buf_printf(b, "\",\"epoch\":%llu", (unsigned long long)epoch);
    return pem.failed || b->failed ? POA_F_NOMEM : POA_OK;
}

static void audit(api_change *change, const api_trust *t, const store_device *device)
{
    change->audit.has_device = true;
    change->audit.device = device->id;
    change->audit.proof = t->request.facts->id;
    memcpy(change->x->device, api_uuid_print(&device->id).chars, sizeof change->x->device);
}

static poa_err renew(api_trust *t, store_txn *txn, store_device *device)
{
    const api_service *service = t->change.x->service;
    fill_record(t, device);
    poa_err err = store_device_put(txn, device);
    if (!err)
        err = keep_certificate(t, txn);
    if (!err)
        err = tell(t, txn, device);
    if (!err)
        err = api_trust_noted(service, txn, t->change.now_s);
    if (!err)
        err = write_reply(t, txn, device);
    t->change.audit.certificate_serial = serial_of(t);
    return err;
}

static poa_err apply(api_change *change, store_txn *txn)
{
    api_trust *t = trust_of(change);
    store_device found;
    bool is_there = false;
    poa_err err = store_device_get(txn, &t->id, &found, &is_there);
    if (err || !is_there)
        return err ? err : POA_F_STORE;
    /* Nobody gets a certificate by being quicker than the walk of a revocation. Its effect stays; the trust is
     * refused. */
    err = api_effect_now(change->x->service, txn, &found, change->now_s);
    t->became = POA_OK;
    if (err)
        return err;
    t->became = api_trust_refusal_of(found.state);
    POA_CLEANUP(poa_freep) store_device *device = NULL;
    err = store_device_copy(&found, &device);
    if (err)
        return err;
    audit(change, t, device);
    return POA_GUARD(trust_effect_first, t->became) ? POA_OK : renew(t, txn, device);
}

/* ---- the reply ---- */

/* A device that is refused for its state holds its key all right: no other proof would get it further. */
static unsigned status_of(poa_err code)
{
    const bool state = code == POA_E_SUSPENDED || code == POA_E_EXPIRED || code == POA_E_REVOKED;
    return state || code == POA_E_PROOF_REPLAYED ? STATUS_FORBIDDEN : (unsigned)poa_err_describe(code)->http;
}

static void refuse(api_trust *t)
{
    api_exchange *x = t->change.x;
    if (t->wait_s > 0) {
        char seconds[24];
        (void)snprintf(seconds, sizeof seconds, "%lld", (long long)t->wait_s);
        x->code = POA_OK;
        http_reply_header(x->request, "Retry-After", poa_span_of(seconds));
        http_reply_problem(x->request, STATUS_TOO_MANY, "the device re-established trust a moment ago");
        return;
    }
    api_refuse_as(x, status_of(x->code));
}

static void reply(api_change *change, poa_err err)
{
    api_trust *t = trust_of(change);
    if (!err && t->became)
        err = api_deny(change->x, t->became, "");
    if (err) {
        refuse(t);
        return;
    }
    poa_buf body = {0};
    poa_buf_text(&body, "{");
    poa_buf_add(&body, poa_buf_span(&t->members));
    poa_buf_text(&body, "}\n");
    api_reply_json(change->x, 200, &body);
}

/* ---- the handler ---- */

/* Everything that can be said before the writer is troubled, the certificate among it. */
static poa_err prepare(api_trust *t, bool *found)
{
    api_exchange *x = t->change.x;
    const poa_span id = http_request_capture(x->request, 0);
    *found = api_uuid_parse(id, &t->id);
    if (!*found)
        return POA_OK;
    poa_err err = api_trust_request_read(x, id, &t->request);
    if (err)
        return err;
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    store_device device;
    api_trust_terms terms;
    err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = store_device_get(txn, &t->id, &device, found);
    if (err || !*found)
        return err;
    err = api_clock(x, txn, x->now_s);
    if (!err)
        err = api_trust_request_verify(x, txn, &device, &t->request);
    if (!err)
        err = api_trust_may(t, txn, &device, &terms, x->now_s);
    return err ? err : issue(t, &device, &terms, x->now_s);
}

void api_trust_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    api_trust *t = calloc(1, sizeof *t);
    if (!t) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    t->change = (api_change){.x = x, .kind = "trust", .check = check, .apply = apply, .reply = reply, .end = end_trust};
    bool found = false;
    const poa_err err = prepare(t, &found);
    if (!err && found) {
        t->change.nonce = t->request.nonce;
        api_change_run(&t->change);
        return;
    }
    (void)api_note(x, err);
    if (err)
        refuse(t);
    else
        http_reply_problem(request, 404, "there is no such device");
    end_trust(&t->change);
    free(t);
}
