#include "api/admission.h"

#include "api/collected.h"
#include "api/device_json.h"
#include "api/life.h"
#include "api/quota.h"
#include "api/recognise.h"
#include "api/uuid.h"
#include "chain.h"
#include "guard.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/* ---- before the writer ---- */

static poa_err find_stored(api_admission *a, store_txn *txn)
{
    free(POA_TAKE(a->stored));
    return api_recognise_again(a->x, &poa_chain_leaf(a->chain)->id, a->request, txn, &a->stored);
}

/*
 * What was announced otherwise is for who might bring such a device in, if with better evidence; anybody else is told
 * what he may not, and nothing of it.
 */
static poa_err refuse_expected(api_admission *a, store_txn *txn, int64_t now_s, poa_err refusal)
{
    api_exchange *x = a->x;
    const poa_reason why = x->why;
    const poa_err err = api_admission_decide(a, txn, now_s);
    if (POA_GUARD(expected_not_granted, err != POA_OK && err != POA_E_EVIDENCE_MISSING)) {
        x->detail[0] = '\0';
        poa_buf_clear(&x->more);
        return err;
    }
    x->why = why;
    return refusal;
}

/* Whoever is expected takes the place that is kept for it, and its id. */
static poa_err find_expected(api_admission *a, store_txn *txn, int64_t now_s)
{
    free(POA_TAKE(a->expected));
    const poa_err err = api_recognise_expected(a->x, a->request, txn, &a->expected);
    if (err && !poa_err_is_fault(err))
        return refuse_expected(a, txn, now_s, err);
    if (!err && a->expected)
        a->id = a->expected->id;
    return err;
}

poa_err api_admission_prepare(api_admission *a)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_err err = api_uuid_make(&a->x->service->random, &a->id);
    if (!err)
        err = store_read_begin(a->x->service->store, &txn);
    if (!err)
        err = find_stored(a, txn);
    if (err || a->stored)
        return err;
    err = api_collected_check(a->x, a->request, txn, a->x->now_s);
    if (!err)
        err = find_expected(a, txn, a->x->now_s);
    if (!err)
        err = api_admission_decide(a, txn, a->x->now_s);
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
    if (a->expected)
        device.state = a->expected->state;
    if (a->replaced)
        device.replaces = a->replaced->id;
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

/*
 * Nobody else is this device. Where the newcomer shows more than the record has, the record is looked into: that is a
 * change, although the newcomer is refused.
 */
static poa_err check_conflict(api_admission *a, store_txn *txn)
{
    const store_device device = record_of(a);
    const poa_err err = api_contest_find(txn, &device, &a->contest);
    if (err || !POA_GUARD(device_conflict, a->contest.others > 0) || a->contest.count > 0)
        return err;
    return api_deny(a->x, POA_E_DEVICE_EXISTS, "/device");
}

/* What was expected when the certificate was made, by that id, is expected still. */
static poa_err check_expected(api_admission *a, store_txn *txn, int64_t now_s)
{
    store_device *before = POA_TAKE(a->expected);
    const store_uuid id = a->id;
    poa_err err = find_expected(a, txn, now_s);
    if (!err && before && !a->expected)
        err = api_uuid_make(&a->x->service->random, &a->id);
    if (!err && memcmp(&id, &a->id, sizeof id) != 0)
        poa_leaf_clear(&a->certificate);
    free(before);
    return err;
}

poa_err api_admission_check(api_admission *a, store_txn *txn, int64_t now_s)
{
    poa_err err = find_stored(a, txn);
    if (err || a->stored)
        return err;

    const poa_decision before = a->decision;
    err = api_collected_check(a->x, a->request, txn, now_s);
    if (!err)
        err = check_expected(a, txn, now_s);
    if (!err)
        err = api_admission_decide(a, txn, now_s);
    if (err)
        return err;
    /* Another power may apply by now, with other bounds: the certificate is made again. */
    const bool same = same_powers(&before, &a->decision) && a->certificate.der.len > 0;
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

/* ---- a new one, or one that was expected ---- */

static poa_err enter(api_admission *a, store_txn *txn, store_device *device, const api_life_step *step)
{
    const api_service *service = a->x->service;
    return a->expected ? api_life_move(service, txn, device, step) : api_life_begin(service, txn, device, step);
}

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
        err = enter(a, txn, device, &step);
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
    const poa_err err = enter(a, txn, device, &step);
    device->request = (poa_span){0};
    return err;
}

static poa_err apply_contest(api_admission *a, store_txn *txn, api_change *change)
{
    const store_device newcomer = record_of(a);
    change->audit.kind = POA_SPAN("onboarding.contested");
    change->audit.code = POA_E_DEVICE_EXISTS;
    change->audit.has_device = true;
    change->audit.device = a->contest.ids[0];
    const int64_t until_s = change->now_s + poa_policy_get(a->x->snapshot->policy)->review_deadline_s;
    return api_contest_raise(a->x->service, txn, &newcomer, &a->contest, change->now_s, until_s);
}

poa_err api_admission_apply(api_admission *a, store_txn *txn, api_change *change)
{
    if (a->stored) {
        change->audit.kind = POA_SPAN("onboarding.repeated");
        audit_device(change, a->stored);
        return write_reply(a, a->stored);
    }
    if (a->contest.count > 0) {
        a->status = 409;
        return apply_contest(a, txn, change);
    }
    store_device device = record_of(a);
    device.chain = change->audit.chain;
    device.created_s = change->now_s;
    poa_err err =
        a->waits ? begin_waiting(a, txn, &device, change->now_s) : begin_active(a, txn, &device, change->now_s);
    if (!err)
        err = api_collected_use(a->x, a->request, txn);
    if (!err && !a->replaced)
        err = api_quota_charge(a->chain, &a->decision, txn);
    if (err)
        return err;
    if (a->waits)
        change->audit.kind = POA_SPAN("onboarding.pending");
    audit_device(change, &device);
    return write_reply(a, &device);
}
