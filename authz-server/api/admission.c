#include "api/admission.h"

#include "api/crls.h"
#include "api/device_json.h"
#include "api/life.h"
#include "api/quota.h"
#include "api/recognise.h"
#include "api/trust_schedule.h"
#include "chain.h"
#include "guard.h"
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

static const poa_policy_settings *settings_of(const api_admission *a)
{
    return poa_policy_get(a->x->snapshot->policy);
}

/* ---- decide ---- */

static poa_err decide_with(api_admission *a, store_txn *txn, unsigned evidence, int64_t now_s, poa_decision *out)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("onboard"),
        .location = a->request->location,
        .device = a->request->device,
        .evidence = evidence,
        .address = a->address,
        .id_link_vouched = a->request->link_evidence >= STORE_LINK_TICKET,
        .now_s = a->request->collected_s > 0 ? a->request->collected_s : now_s,
    };
    const poa_quota quota = a->approved ? api_pending_quota(a->approved) : api_quota_of(txn);
    return poa_decide(a->chain, &request, &quota, out, &a->x->why);
}

/* Without an approval: would one do? Then the device waits, under the powers that will apply to it. */
static poa_err decide_waiting(api_admission *a, store_txn *txn, int64_t now_s, poa_decision *out)
{
    const unsigned evidence = a->request->evidence;
    const bool always = POA_GUARD(policy_approval, settings_of(a)->approval == POA_APPROVAL_ALWAYS);
    a->waits = always;
    if (always)
        return decide_with(a, txn, evidence | POA_EVIDENCE_APPROVAL, now_s, out);
    poa_err err = decide_with(a, txn, evidence, now_s, out);
    if (err != POA_E_EVIDENCE_MISSING)
        return err;
    const poa_reason first = a->x->why;
    err = decide_with(a, txn, evidence | POA_EVIDENCE_APPROVAL, now_s, out);
    a->waits = err == POA_OK;
    /* Other evidence is missing, too: nobody approved, and the reason does not say so. */
    if (err == POA_E_EVIDENCE_MISSING)
        a->x->why = first;
    return err;
}

/* What the site policy asks beyond the powers. */
static poa_err check_policy(const api_admission *a)
{
    api_exchange *x = a->x;
    if (!POA_GUARD(policy_tickets, settings_of(a)->tickets == POA_TICKETS_REQUIRED))
        return POA_OK;
    (void)snprintf(x->detail, sizeof x->detail, "the policy admits expected devices only; nobody expects this one");
    return api_deny(x, POA_E_DEVICE_NOT_GRANTED, "");
}

static poa_err decide(api_admission *a, store_txn *txn, int64_t now_s, poa_decision *out)
{
    poa_err err = POA_OK;
    if (a->approved)
        err = decide_with(a, txn, a->request->evidence | POA_EVIDENCE_APPROVAL, now_s, out);
    else
        err = decide_waiting(a, txn, now_s, out);
    return err ? err : check_policy(a);
}

poa_err api_admission_decide(api_admission *a, store_txn *txn, int64_t now_s)
{
    return decide(a, txn, now_s, &a->decision);
}

/* ---- the certificate ---- */

poa_err api_admission_issue(api_admission *a, int64_t now_s)
{
    api_exchange *x = a->x;
    const poa_policy_settings *settings = settings_of(a);
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

static poa_span serial_of(const api_admission *a)
{
    return (poa_span){(const char *)a->certificate.serial, sizeof a->certificate.serial};
}

void api_admission_fill(const api_admission *a, store_device *device)
{
    const poa_ca *ca = a->x->snapshot->ca;
    device->certificate_serial = serial_of(a);
    device->not_after_s = a->certificate.not_after_s;
    device->certificate_count = 0;
    device->certificates[device->certificate_count++] = poa_bytes_span(&a->certificate.der);
    for (size_t i = 0; i < poa_ca_chain_count(ca) && device->certificate_count < STORE_CERTIFICATES_MAX; i++)
        device->certificates[device->certificate_count++] = poa_ca_chain_der(ca, i);
}

poa_err api_admission_keep(const api_admission *a, store_txn *txn)
{
    const store_certificate certificate = {
        .serial = serial_of(a),
        .device = a->id,
        .issuer = *poa_ca_key_id(a->x->snapshot->ca),
        .not_after_s = a->certificate.not_after_s,
    };
    return store_certificate_add(txn, &certificate);
}

poa_err api_admission_due(const api_admission *a, int64_t now_s, int64_t *due_s)
{
    return api_trust_schedule_first(&a->x->service->random, settings_of(a), now_s, a->certificate.not_after_s, due_s);
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

static poa_err find_stored(api_admission *a, store_txn *txn)
{
    free(POA_TAKE(a->stored));
    return api_recognise_again(a->x, &poa_chain_leaf(a->chain)->id, a->request, txn, &a->stored);
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
    return err || a->waits ? err : api_admission_issue(a, a->x->now_s);
}

/* ---- the record ---- */

static store_device record_of(const api_admission *a)
{
    const poa_link *leaf = poa_chain_leaf(a->chain);
    store_device device = {
        .id = a->id,
        .location = a->request->location,
        .manufacturer = a->request->device.manufacturer,
        .model = a->request->device.model,
        .serial = a->request->device.serial,
        .id_link = a->request->device.id_link,
        .link_evidence = a->request->link_evidence,
        .idevid = a->request->idevid,
        .product_instance_uri = a->request->product_instance_uri,
        .spiffe_id = a->request->spiffe_id,
        .ticket = a->request->ticket,
        .collected_s = a->request->collected_s,
        .evidence = a->request->evidence,
        .leaf = leaf->id,
        .power = (uint32_t)a->decision.applied[poa_chain_len(a->chain) - 1],
        .effect = a->decision.effect,
        .on_revoke = a->decision.on_revoke,
        .credential_lifetime_s = a->decision.credential_lifetime_s,
        .key = *poa_csr_key_id(a->request->csr),
        .came_leaf = leaf->id,
        .came_key = *poa_csr_key_id(a->request->csr),
        .actor = leaf->sub,
    };
    device.idevid_path_len = a->request->device.idevid_path_len;
    for (size_t i = 0; i < device.idevid_path_len; i++)
        device.idevid_path[i] = a->request->device.idevid_path[i];
    if (!a->waits)
        api_admission_fill(a, &device);
    return device;
}

/* ---- in the writer's transaction ---- */

static bool same_powers(const poa_decision *a, const poa_decision *b)
{
    return a->links == b->links && memcmp(a->applied, b->applied, a->links * sizeof a->applied[0]) == 0;
}

/* Nobody else is this device. */
static poa_err check_conflict(api_admission *a, store_txn *txn)
{
    const store_device device = record_of(a);
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
    /* Another power may apply by now, with other bounds: the certificate is made again. */
    const bool same = same_powers(&decision, &a->decision) && a->certificate.der.len > 0;
    a->decision = decision;
    if (!same && !a->waits)
        err = api_admission_issue(a, now_s);
    return err ? err : check_conflict(a, txn);
}

static void audit_device(api_change *change, const store_device *device)
{
    change->audit.has_device = true;
    change->audit.device = device->id;
    change->audit.certificate_serial = device->certificate_serial;
    memcpy(change->x->device, api_uuid_print(&device->id).chars, sizeof change->x->device);
}

/* The reply is made from the record, new or found: what is told is what is stored. */
static poa_err write_reply(api_admission *a, const store_device *device)
{
    poa_buf_clear(&a->members);
    if (device->state != STORE_DEVICE_PENDING) {
        a->status = a->stored ? 200 : 201;
        return api_admission_show(device, &a->members);
    }
    a->status = 202;
    api_admission_show_waiting(device, &a->members);
    return a->members.failed ? POA_F_NOMEM : POA_OK;
}

/* ---- a new one ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static poa_err begin_active(api_admission *a, store_txn *txn, store_device *device, int64_t now_s)
{
    api_life_step step = {
        .to = STORE_DEVICE_ACTIVE, .cause = STORE_CAUSE_ONBOARDED, .by = device->actor, .now_s = now_s};
    poa_err err = api_admission_due(a, now_s, &step.due_s);
    if (!err)
        err = api_life_begin(a->x->service, txn, device, &step);
    return err ? err : api_admission_keep(a, txn);
}

static poa_err begin_waiting(api_admission *a, store_txn *txn, store_device *device, int64_t now_s)
{
    POA_CLEANUP(poa_buf_clear) poa_buf kept = {0};
    const api_pending pending =
        api_pending_of(a->chain, &a->decision, &a->address, poa_bytes_span(&a->request->csr_der));
    api_pending_write(&pending, &kept);
    if (kept.failed)
        return POA_F_NOMEM;
    device->request = poa_buf_span(&kept);
    const api_life_step step = {
        .to = STORE_DEVICE_PENDING,
        .cause = STORE_CAUSE_AWAITS_APPROVAL,
        .by = device->actor,
        .now_s = now_s,
        .until_s = earlier(poa_chain_leaf(a->chain)->exp_s, now_s + a->x->service->config->onboarding.pending_s),
    };
    const poa_err err = api_life_begin(a->x->service, txn, device, &step);
    device->request = (poa_span){0};
    return err;
}

poa_err api_admission_apply(api_admission *a, store_txn *txn, api_change *change)
{
    if (a->stored) {
        change->audit.kind = POA_SPAN("onboarding.repeated");
        audit_device(change, a->stored);
        return write_reply(a, a->stored);
    }
    store_device device = record_of(a);
    device.chain = change->audit.chain;
    device.created_s = change->now_s;
    poa_err err =
        a->waits ? begin_waiting(a, txn, &device, change->now_s) : begin_active(a, txn, &device, change->now_s);
    if (!err)
        err = api_quota_charge(a->chain, &a->decision, txn);
    if (err)
        return err;
    if (a->waits)
        change->audit.kind = POA_SPAN("onboarding.pending");
    audit_device(change, &device);
    return write_reply(a, &device);
}
