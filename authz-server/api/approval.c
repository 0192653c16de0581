#include "api/administration.h"
#include "api/admission.h"
#include "api/asking.h"
#include "api/device_json.h"
#include "api/event.h"
#include "api/life.h"
#include "api/makers.h"
#include "api/outcome.h"
#include "api/routes.h"
#include "guard.h"
#include "json.h"
#include "policy_read.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/*
 * POST /v1/onboardings/{id}/approval: somebody says yes or no to a device that waits.
 *
 * @device:  a copy of its record; what stands there of a device that waits changes no more. Owned
 * @chain:   under which it was asked; owned
 * @request: made again from the record, which it borrows from; its CSR is owned
 * @gone:    it does not wait: there is no such onboarding, or it was answered already
 * @before:  this answer was given before, by the same approver: told again
 */
struct approval {
    api_change change;
    json_t *body; /* owned */
    bool approve;
    poa_span reason;
    store_uuid id;
    store_device *device;
    api_pending pending;
    poa_chain *chain;
    api_onboard_request request;
    api_admission admission;
    bool gone;
    bool before;
    store_device_state state; /* of the record that does not wait; 0: there is none */
    poa_buf members;          /* owned: of the reply's object */
};

static struct approval *approval_of(api_change *change)
{
    return (struct approval *)(void *)change; /* change is its first member */
}

static void end_approval(api_change *change)
{
    struct approval *o = approval_of(change);
    api_admission_clear(&o->admission);
    api_onboard_request_clear(&o->request);
    poa_chain_free(o->chain);
    free(o->device);
    json_decref(o->body);
    poa_buf_clear(&o->members);
}

static poa_span approver_of(const struct approval *o)
{
    return poa_chain_leaf(o->change.x->chain)->sub;
}

/* ---- what is asked ---- */

static poa_err read_body(struct approval *o)
{
    api_exchange *x = o->change.x;
    poa_err err = api_body(x, &o->body);
    if (err)
        return err;
    poa_members m = poa_members_of(o->body, "", &x->why);
    const json_t *approve = poa_members_take(&m, "approve", true);
    if (approve && !json_is_boolean(approve))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "approve");
    poa_members_text(&m, "reason", false, API_LIFE_REASON_MAX, &o->reason);
    err = poa_members_end(&m);
    o->approve = json_is_true(approve);
    return api_note(x, err);
}

/* ---- may it be answered, by whom ---- */

static poa_err check_approver(struct approval *o, store_txn *txn, const store_device *device)
{
    api_exchange *x = o->change.x;
    poa_span owner = {0};
    poa_err err = api_device_owner(txn, device, &owner);
    if (!err)
        err = api_administer(x, POA_SPAN("approve"), device->location, owner);
    return api_note(x, err);
}

/* Whoever asks, or granted that he may ask, cannot be the one who approves; nor can whom the asker lets approve. */
static poa_err check_other_key(struct approval *o)
{
    api_exchange *x = o->change.x;
    const poa_id *key = poa_key_thumbprint(poa_chain_leaf(x->chain)->agent_key);
    const poa_id *asker = poa_key_thumbprint(poa_chain_leaf(o->chain)->agent_key);
    const char *wrong = NULL;
    if (POA_GUARD(approval_own_key, api_asking_has_key(o->chain, key)))
        wrong = "the approver's key stands in the chain under which the device was asked";
    else if (POA_GUARD(approval_asker_grants, api_asking_has_key(x->chain, asker)))
        wrong = "the approver acts for whoever asked";
    if (!wrong)
        return POA_OK;
    (void)snprintf(x->detail, sizeof x->detail, "%s", wrong);
    return api_deny(x, POA_E_ACTION_NOT_GRANTED, "/authorization_details");
}

/* It was answered: by this approver, the same way? Then a reply was lost. */
static poa_err look_at_answered(struct approval *o, const store_device *device)
{
    o->gone = true;
    o->state = device->state;
    o->before = o->approve && poa_span_equal(device->approved_by, approver_of(o));
    poa_buf_clear(&o->members);
    poa_buf_text(&o->members, "\"device\":");
    api_device_json(&o->members, device);
    return o->members.failed ? POA_F_NOMEM : POA_OK;
}

static poa_err look_at_outcome(struct approval *o, store_txn *txn)
{
    store_outcome outcome;
    bool found = false;
    o->gone = true;
    o->state = 0;
    const poa_err err = store_outcome_get(txn, &o->id, &outcome, &found);
    if (err || !found)
        return err;
    o->before = !o->approve && outcome.kind == STORE_OUTCOME_REFUSED && poa_span_equal(outcome.by, approver_of(o));
    poa_buf_clear(&o->members);
    api_outcome_show(&outcome, &o->members);
    return o->members.failed ? POA_F_NOMEM : POA_OK;
}

/*
 * The record as this transaction sees it, and whether the asker may answer. Where it does not wait, o->gone says so:
 * who may not answer does not learn it.
 */
static poa_err look(struct approval *o, store_txn *txn, store_device *device)
{
    bool found = false;
    o->gone = false;
    o->before = false;
    poa_err err = store_device_get(txn, &o->id, device, &found);
    if (!err && !found)
        return look_at_outcome(o, txn);
    if (!err)
        err = check_approver(o, txn, device);
    if (err || device->state == STORE_DEVICE_PENDING)
        return err;
    return look_at_answered(o, device);
}

/* ---- the decision, once more ---- */

/* The IDevID was shown when it was asked, to the policy of then. */
static poa_err check_maker(struct approval *o)
{
    api_exchange *x = o->change.x;
    const store_device *device = o->device;
    if ((device->evidence & POA_EVIDENCE_IDEVID) == 0)
        return POA_OK;
    bool stands = false;
    poa_err err = api_makers_stand(x->snapshot->makers, x->service->ctx, device->manufacturer, device->idevid_path,
                                   device->idevid_path_len, &stands);
    if (err || !POA_GUARD(approval_maker_gone, !stands))
        return api_note(x, err);
    err = api_asking_refused(x, api_deny(x, POA_E_EVIDENCE_MISSING, ""));
    (void)snprintf(x->detail, sizeof x->detail, "the policy no longer has the manufacturer's CA behind its IDevID");
    return err;
}

/* Hours are judged when it was asked, and so are networks, from where it was; whether the chain stands, now. */
static poa_err decide(struct approval *o, store_txn *txn, int64_t now_s)
{
    api_exchange *x = o->change.x;
    poa_err err = api_asking_alive(x, txn, o->chain, now_s);
    if (err)
        return err;
    /* The keeper lets it lapse, but later, and much later after an outage. */
    if (POA_GUARD(approval_late, now_s >= o->device->until_s)) {
        err = api_asking_refused(x, api_deny(x, POA_E_EXPIRED, ""));
        (void)snprintf(x->detail, sizeof x->detail, "nobody approved it in time");
        return err;
    }
    const int64_t asked_s = o->device->collected_s > 0 ? o->device->collected_s : o->device->created_s;
    err = api_admission_decide(&o->admission, txn, asked_s);
    return err ? api_asking_refused(x, err) : POA_OK;
}

static poa_err read_pending(struct approval *o)
{
    poa_err err = api_pending_read(o->device->request, &o->pending);
    if (!err)
        err = api_onboard_request_of(o->change.x, o->device, o->pending.csr, &o->request);
    o->admission = (api_admission){
        .x = o->change.x,
        .chain = o->chain,
        .request = &o->request,
        .address = o->pending.address,
        .approved = &o->pending,
        .id = o->id,
    };
    return err;
}

static poa_err check(api_change *change, store_txn *txn)
{
    struct approval *o = approval_of(change);
    store_device device;
    poa_err err = look(o, txn, &device);
    /* Which reply that is, reply() knows. */
    if (!err && o->gone)
        return api_deny(change->x, POA_E_ACTION_NOT_GRANTED, "");
    if (err || !o->approve)
        return err;
    return decide(o, txn, change->now_s);
}

/* ---- yes, or no ---- */

static poa_err apply_yes(struct approval *o, store_txn *txn)
{
    store_device device = *o->device;
    device.evidence |= POA_EVIDENCE_APPROVAL;
    device.approved_by = approver_of(o);
    device.request = (poa_span){0};
    api_admission_fill(&o->admission, &device);
    api_life_step step = {
        .to = STORE_DEVICE_ACTIVE,
        .cause = STORE_CAUSE_APPROVED,
        .by = approver_of(o),
        .now_s = o->change.now_s,
        .reason = o->reason,
    };
    poa_err err = api_admission_due(&o->admission, o->change.now_s, &step.due_s);
    if (!err)
        err = api_life_move(o->change.x->service, txn, &device, &step);
    if (!err)
        err = api_admission_keep(&o->admission, txn);
    if (err)
        return err;
    o->change.audit.certificate_serial = device.certificate_serial;
    poa_buf_clear(&o->members);
    poa_buf_text(&o->members, "\"device\":");
    api_device_json(&o->members, &device);
    return o->members.failed ? POA_F_NOMEM : POA_OK;
}

static poa_err apply_no(struct approval *o, store_txn *txn)
{
    const api_outcome_note note = {
        .kind = STORE_OUTCOME_REFUSED, .by = approver_of(o), .reason = o->reason, .now_s = o->change.now_s};
    o->change.audit.kind = POA_SPAN("onboarding.refused");
    poa_buf_clear(&o->members);
    return api_outcome_end(o->change.x->service, txn, o->device, &note, &o->members);
}

static poa_err apply(api_change *change, store_txn *txn)
{
    struct approval *o = approval_of(change);
    change->audit.has_device = true;
    change->audit.device = o->id;
    memcpy(change->x->device, api_uuid_print(&o->id).chars, sizeof change->x->device);
    return o->approve ? apply_yes(o, txn) : apply_no(o, txn);
}

/* ---- the reply ---- */

static void reply_gone(const struct approval *o)
{
    api_exchange *x = o->change.x;
    if (o->before)
        api_reply_onboarding(x, 200, &o->members);
    else if (o->state)
        api_reply_impossible(x, o->state, "it does not wait for an approval");
    else
        http_reply_problem(x->request, 404, "there is no such onboarding");
}

static void reply(api_change *change, poa_err err)
{
    struct approval *o = approval_of(change);
    if (err && o->gone)
        reply_gone(o);
    else if (err)
        api_refuse(change->x);
    else
        api_reply_onboarding(change->x, 200, &o->members);
}

/* ---- the handler ---- */

static poa_err prepare(struct approval *o)
{
    api_exchange *x = o->change.x;
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    store_device device;
    poa_err err = read_body(o);
    if (!err)
        err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = look(o, txn, &device);
    if (err || o->gone)
        return err;
    err = store_device_copy(&device, &o->device);
    if (err || !o->approve)
        return err;
    err = api_asking_chain(x, txn, o->device, &o->chain);
    if (!err)
        err = check_other_key(o);
    if (!err)
        err = check_maker(o);
    if (!err)
        err = read_pending(o);
    if (!err)
        err = decide(o, txn, x->now_s);
    if (err)
        return err;
    return api_admission_issue(&o->admission, x->now_s);
}

static void refuse(struct approval *o, poa_err err)
{
    (void)api_note(o->change.x, err);
    api_refuse(o->change.x);
}

void api_approval_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    if (api_present(x, API_CHANGE)) {
        api_refuse(x);
        return;
    }
    struct approval *o = calloc(1, sizeof *o);
    if (!o) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    o->change = (api_change){
        .x = x, .kind = "onboarding.approved", .check = check, .apply = apply, .reply = reply, .end = end_approval};
    o->gone = !api_uuid_parse(http_request_capture(request, 0), &o->id);
    const poa_err err = o->gone ? POA_OK : prepare(o);
    if (!err && !o->gone) {
        api_change_run(&o->change);
        return;
    }
    if (err)
        refuse(o, err);
    else
        reply_gone(o);
    end_approval(&o->change);
    free(o);
}
