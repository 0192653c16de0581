#include "api/change.h"
#include "api/device_json.h"
#include "api/onboard_request.h"
#include "api/quota.h"
#include "api/routes.h"
#include "chain.h"
#include "guard.h"
#include "pem.h"
#include "span.h"
#include "store/quotas.h"

#include <stdlib.h>
#include <string.h>

enum { BACKDATE_S = 300 };

/*
 * POST /v1/onboardings. The decision, the certificate and the record are made in the handler, so that a refusal costs
 * the writer nothing; in the writer's transaction everything that may have moved meanwhile is asked again.
 */
struct onboarding {
    api_change change;
    api_onboard_request request; /* owned */
    store_uuid id;
    poa_decision decision;
    poa_leaf certificate; /* owned */
    store_device *stored; /* owned; the record of the same request made before, or NULL */
    poa_bytes pem;        /* owned: the certificate chain of the reply */
    poa_buf record;       /* owned: the record of the reply, as JSON */
};

static struct onboarding *onboarding_of(api_change *change)
{
    return (struct onboarding *)(void *)change; /* change is its first member */
}

static void end_onboarding(api_change *change)
{
    struct onboarding *o = onboarding_of(change);
    api_onboard_request_clear(&o->request);
    poa_leaf_clear(&o->certificate);
    free(o->stored);
    poa_bytes_clear(&o->pem);
    poa_buf_clear(&o->record);
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

static poa_err decide(struct onboarding *o, store_txn *txn, int64_t now_s, poa_decision *out)
{
    api_exchange *x = o->change.x;
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = o->request.location,
        .device = o->request.device,
        .evidence = POA_EVIDENCE_DEVICE_KEY, /* the CSR's signature verified */
        .address = x->address,
        .now_s = now_s,
    };
    const poa_quota quota = api_quota_of(txn);
    const poa_err err = poa_decide(x->chain, &request, &quota, out, &x->why);
    return err ? err : check_policy(x);
}

/* ---- the certificate ---- */

static poa_err issue(struct onboarding *o, int64_t now_s)
{
    api_exchange *x = o->change.x;
    const poa_policy_settings *settings = poa_policy_get(x->snapshot->policy);
    const int64_t policy_s = settings->credential_lifetime_s;
    const int64_t power_s = o->decision.credential_lifetime_s;
    const bool until_exp = o->decision.effect == POA_EFFECT_UNTIL_EXP;
    const api_uuid_text name = api_uuid_print(&o->id);
    const poa_leaf_plan plan = {
        .device = poa_span_of(name.chars),
        .owner = settings->resource_owner,
        .id_link = o->request.device.id_link,
        .now_s = now_s,
        .backdate_s = BACKDATE_S,
        .lifetime_s = power_s < policy_s ? power_s : policy_s,
        .end_s = until_exp ? poa_chain_leaf(x->chain)->exp_s : INT64_MAX,
    };
    poa_leaf made = {0};
    poa_why why = {{0}};
    const poa_err err = poa_ca_issue(x->service->ctx, x->snapshot->ca, o->request.csr, &plan, &made, &why);
    if (err) {
        (void)snprintf(x->detail, sizeof x->detail, "%s", why.text);
        return err;
    }
    poa_leaf_clear(&o->certificate);
    o->certificate = made;
    return POA_OK;
}

/* ---- the record ---- */

static store_device record_of(const struct onboarding *o)
{
    const api_exchange *x = o->change.x;
    const size_t leaf = poa_chain_len(x->chain) - 1;
    store_device device = {
        .id = o->id,
        .state = STORE_DEVICE_ACTIVE,
        .location = o->request.location,
        .manufacturer = o->request.device.manufacturer,
        .model = o->request.device.model,
        .serial = o->request.device.serial,
        .id_link = o->request.device.id_link,
        .evidence = POA_EVIDENCE_DEVICE_KEY,
        .leaf = poa_chain_leaf(x->chain)->id,
        .chain = o->change.audit.chain,
        .power = (uint32_t)o->decision.applied[leaf],
        .effect = o->decision.effect,
        .on_revoke = o->decision.on_revoke,
        .credential_lifetime_s = o->decision.credential_lifetime_s,
        .key = *poa_csr_key_id(o->request.csr),
        .certificate_serial = {(const char *)o->certificate.serial, sizeof o->certificate.serial},
        .not_after_s = o->certificate.not_after_s,
        .created_s = o->change.now_s,
        .updated_s = o->change.now_s,
        .actor = poa_chain_leaf(x->chain)->sub,
    };
    device.certificates[device.certificate_count++] = poa_bytes_span(&o->certificate.der);
    for (size_t i = 0; i < poa_ca_chain_count(x->snapshot->ca) && device.certificate_count < STORE_CERTIFICATES_MAX;
         i++)
        device.certificates[device.certificate_count++] = poa_ca_chain_der(x->snapshot->ca, i);
    return device;
}

/* The reply is made from the record, new or found: what is told is what is stored. */
static poa_err write_reply(struct onboarding *o, const store_device *device)
{
    poa_buf_clear(&o->record);
    api_device_json(&o->record, device);
    POA_CLEANUP(poa_buf_clear) poa_buf pem = {0};
    for (size_t i = 0; i < device->certificate_count; i++) {
        poa_bytes one = {0};
        const poa_err err = poa_pem_write(POA_PEM_CERTIFICATE, device->certificates[i], &one);
        if (err)
            return err;
        poa_buf_add(&pem, poa_bytes_span(&one));
        poa_bytes_clear(&one);
    }
    poa_bytes_clear(&o->pem);
    if (o->record.failed || pem.failed || !poa_bytes_copy(&o->pem, poa_buf_span(&pem)))
        return POA_F_NOMEM;
    return POA_OK;
}

/* ---- in the writer's transaction ---- */

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

static poa_err find_stored(struct onboarding *o, store_txn *txn)
{
    store_device found;
    bool is_there = false;
    free(POA_TAKE(o->stored));
    poa_err err = store_device_by_request(txn, &poa_chain_leaf(o->change.x->chain)->id, poa_csr_key_id(o->request.csr),
                                          &found, &is_there);
    if (err || !is_there)
        return err;
    err = check_same(o->change.x, &o->request, &found);
    return err ? err : store_device_copy(&found, &o->stored);
}

static bool same_powers(const poa_decision *a, const poa_decision *b)
{
    return a->links == b->links && memcmp(a->applied, b->applied, a->links * sizeof a->applied[0]) == 0;
}

static poa_err check(api_change *change, store_txn *txn)
{
    struct onboarding *o = onboarding_of(change);
    poa_err err = find_stored(o, txn);
    if (err || o->stored)
        return err;

    poa_decision decision;
    err = decide(o, txn, change->now_s, &decision);
    if (err)
        return err;
    if (!same_powers(&decision, &o->decision)) {
        /* Another power applies by now, with other bounds: the certificate is made again. */
        o->decision = decision;
        err = issue(o, change->now_s);
        if (err)
            return err;
    }
    const store_device device = record_of(o);
    store_uuid other;
    bool exists = false;
    err = store_device_conflict(txn, &device, &other, &exists);
    if (err)
        return err;
    return POA_GUARD(device_conflict, exists) ? api_deny(change->x, POA_E_DEVICE_EXISTS, "/device") : POA_OK;
}

static void audit_device(api_change *change, const store_device *device)
{
    change->audit.has_device = true;
    change->audit.device = device->id;
    change->audit.certificate_serial = device->certificate_serial;
    memcpy(change->x->device, api_uuid_print(&device->id).chars, sizeof change->x->device);
}

static poa_err apply(api_change *change, store_txn *txn)
{
    struct onboarding *o = onboarding_of(change);
    if (o->stored) {
        change->audit.kind = POA_SPAN("onboarding.repeated");
        audit_device(change, o->stored);
        return write_reply(o, o->stored);
    }
    const store_device device = record_of(o);
    poa_err err = store_device_put(txn, &device);
    if (!err)
        err = api_quota_charge(change->x->chain, &o->decision, txn);
    if (err)
        return err;
    audit_device(change, &device);
    return write_reply(o, &device);
}

static void reply(api_change *change, poa_err err)
{
    struct onboarding *o = onboarding_of(change);
    api_exchange *x = change->x;
    if (err) {
        api_refuse(x);
        return;
    }
    poa_buf location = {0};
    poa_buf_printf(&location, "/v1/devices/%s", x->device);
    http_reply_header(x->request, "Location", poa_buf_span(&location));
    poa_buf_clear(&location);

    poa_buf body = {0};
    poa_buf_text(&body, "{\"device\":");
    poa_buf_add(&body, poa_buf_span(&o->record));
    poa_buf_text(&body, ",\"certificate\":");
    poa_buf_json_text(&body, poa_bytes_span(&o->pem));
    poa_buf_text(&body, "}\n");
    api_reply_json(x, o->stored ? 200 : 201, &body);
}

/* ---- the handler ---- */

/* A random UUID (RFC 9562 section 5.4). */
static poa_err make_id(const poa_random *random, store_uuid *id)
{
    if (!random->fill(random->self, id->bytes, sizeof id->bytes))
        return POA_F_CRYPTO;
    id->bytes[6] = (uint8_t)(0x40 | (id->bytes[6] & 0x0f));
    id->bytes[8] = (uint8_t)(0x80 | (id->bytes[8] & 0x3f));
    return POA_OK;
}

/* Everything that can be said before the writer is troubled. */
static poa_err prepare(struct onboarding *o)
{
    api_exchange *x = o->change.x;
    poa_err err = api_onboard_request_read(x, &o->request);
    if (!err)
        err = make_id(&x->service->random, &o->id);
    if (err)
        return err;
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = find_stored(o, txn);
    if (err || o->stored)
        return err;
    err = decide(o, txn, x->now_s, &o->decision);
    return err ? err : issue(o, x->now_s);
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
