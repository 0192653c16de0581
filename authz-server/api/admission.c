#include "api/admission.h"

#include "api/crls.h"
#include "api/device_json.h"
#include "api/quota.h"
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
    free(POA_TAKE(a->expected));
    poa_buf_clear(&a->members);
}

static const poa_policy_settings *settings_of(const api_admission *a)
{
    return poa_policy_get(a->x->snapshot->policy);
}

/* ---- decide ---- */

static poa_err decide_with(api_admission *a, store_txn *txn, unsigned evidence, int64_t now_s, poa_decision *out)
{
    const poa_identity old = a->replaced ? api_device_identity(a->replaced) : (poa_identity){0};
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = a->replaced ? POA_SPAN("replace") : POA_SPAN("onboard"),
        .location = a->request->location,
        .device = a->request->device,
        .replaced = a->replaced ? &old : NULL,
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
    const bool always = POA_GUARD(policy_approval, settings_of(a)->approval == POA_APPROVAL_ALWAYS) && !a->replaced;
    a->waits = always;
    if (always)
        return decide_with(a, txn, evidence | POA_EVIDENCE_APPROVAL, now_s, out);
    poa_err err = decide_with(a, txn, evidence, now_s, out);
    if (err != POA_E_EVIDENCE_MISSING || a->replaced)
        return err;
    const poa_reason first = a->x->why;
    err = decide_with(a, txn, evidence | POA_EVIDENCE_APPROVAL, now_s, out);
    a->waits = err == POA_OK;
    /* Other evidence is missing, too: nobody approved, and the reason does not say so. */
    if (err == POA_E_EVIDENCE_MISSING)
        a->x->why = first;
    return err;
}

/* The keeper takes away one whose time is over, but later, and much later after an outage. */
static bool is_expected(const api_admission *a, int64_t now_s)
{
    return a->expected && (a->expected->until_s == 0 || !POA_GUARD(expected_late, now_s >= a->expected->until_s));
}

/* What the site policy asks beyond the powers. One who waits was looked at when it came, and so was one replaced. */
static poa_err check_policy(const api_admission *a, int64_t now_s)
{
    api_exchange *x = a->x;
    const bool looked_at = is_expected(a, now_s) || a->approved || a->replaced;
    const bool required = settings_of(a)->tickets == POA_TICKETS_REQUIRED;
    if (!POA_GUARD(policy_tickets, required && !looked_at))
        return POA_OK;
    (void)snprintf(x->detail, sizeof x->detail, "the policy admits expected devices only; nobody expects this one");
    return api_deny(x, POA_E_DEVICE_NOT_GRANTED, "");
}

poa_err api_admission_decide(api_admission *a, store_txn *txn, int64_t now_s)
{
    poa_err err = POA_OK;
    if (a->approved)
        err = decide_with(a, txn, a->request->evidence | POA_EVIDENCE_APPROVAL, now_s, &a->decision);
    else
        err = decide_waiting(a, txn, now_s, &a->decision);
    return err ? err : check_policy(a, now_s);
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
