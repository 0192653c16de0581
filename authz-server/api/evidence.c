#include "api/evidence.h"

#include "api/makers.h"
#include "crypto.h"
#include "guard.h"
#include "poa/decision.h"
#include "reason.h"
#include "span.h"
#include "store/devices.h"

POA_CLEANUP_DEFINE(poa_ticket, poa_ticket_free)

void api_evidence_clear(api_evidence *e)
{
    poa_device_proof_free(e->proof);
    poa_idevid_free(e->idevid);
    poa_ticket_free(e->ticket);
    *e = (api_evidence){0};
}

/*
 * A token that cannot be read is the caller's mistake. One that shows nothing is evidence that is missing: none of the
 * codes of a chain or of the agent's own proof may be told of it as they are, for the agent would look there.
 */
poa_err api_evidence_refuse(api_exchange *x, poa_err err, const char *member, const char *detail)
{
    if (poa_err_is_fault(err))
        return api_note(x, err);
    char text[sizeof x->detail];
    (void)snprintf(text, sizeof text, "%s", detail);
    (void)api_deny(x, err, member);
    (void)snprintf(x->detail, sizeof x->detail, "%s", text);
    if (poa_err_describe(err)->http != 400)
        x->code = poa_reason_wrap(&x->why, POA_E_EVIDENCE_MISSING, err);
    return x->code;
}

/* What a call of the library found: its member is one of the token. */
static poa_err refuse_token(api_exchange *x, poa_err err, const char *member)
{
    char where[64];
    (void)snprintf(where, sizeof where, "%s%.48s", x->why.member[0] != '\0' ? "at " : "", x->why.member);
    return api_evidence_refuse(x, err, member, where);
}

/* ---- the device proof ---- */

static const char DEVICE_PROOF[] = "/device_proof";

/* Made for another request, it may have been collected by anybody. */
static poa_err check_binding(api_exchange *x, const poa_device_proof_facts *facts, const poa_id *csr, bool offline)
{
    const poa_id *agent = poa_key_thumbprint(poa_chain_leaf(x->chain)->agent_key);
    const char *wrong = NULL;
    if (POA_GUARD(device_proof_way, offline != (facts->jti.ptr != NULL)))
        wrong = offline ? "it has a nonce of a server, and no jti of its own" : "it has no nonce of this server";
    else if (POA_GUARD(device_proof_nonce, !offline && !poa_span_is(facts->nonce, x->proof.nonce)))
        wrong = "its nonce is not that of the agent's proof";
    else if (POA_GUARD(device_proof_csr, !poa_id_equal(&facts->csr_hash, csr)))
        wrong = "it is for another certificate request";
    else if (POA_GUARD(device_proof_agent, !poa_id_equal(&facts->agent_jkt, agent)))
        wrong = "it was made for another agent";
    return wrong ? api_evidence_refuse(x, POA_E_PROOF_BINDING_MISMATCH, DEVICE_PROOF, wrong) : POA_OK;
}

static bool fits_record(const poa_idevid *idevid)
{
    size_t path = 0;
    (void)poa_idevid_path(idevid, &path);
    return path <= STORE_IDEVID_PATH_MAX && poa_idevid_product_uri(idevid).len <= STORE_URI_BYTES_MAX &&
           poa_idevid_spiffe_id(idevid).len <= STORE_URI_BYTES_MAX;
}

static poa_err check_idevid(api_exchange *x, const poa_device_proof_facts *facts, api_evidence *e)
{
    POA_CLEANUP(poa_certs_freep) poa_certs *certs = NULL;
    poa_why why = {{0}};
    poa_err err = poa_certs_from_der(facts->x5c.certificates, facts->x5c.len, &certs, &why);
    if (!err)
        err = api_makers_find(x->snapshot->makers, x->service->ctx, certs, x->now_s, &e->idevid, &e->maker, &why);
    if (err)
        return api_evidence_refuse(x, err, DEVICE_PROOF, why.text);
    if (POA_GUARD(idevid_fits, !fits_record(e->idevid)))
        return api_evidence_refuse(x, POA_E_TOO_LARGE, DEVICE_PROOF, "its path or a URI in it is too long");
    return POA_OK;
}

poa_err api_evidence_proof(api_exchange *x, poa_span text, const poa_csr *csr, poa_span csr_der, bool offline,
                           api_evidence *e)
{
    poa_id csr_hash;
    poa_err err = poa_sha256(x->service->ctx, csr_der, &csr_hash);
    if (!err)
        err = poa_device_proof_read(x->service->ctx, text, &e->proof, &x->why);
    if (err)
        return refuse_token(x, err, DEVICE_PROOF);
    const poa_device_proof_facts *facts = poa_device_proof_get(e->proof);
    err = check_binding(x, facts, &csr_hash, offline);
    if (!err && facts->x5c.len > 0)
        err = check_idevid(x, facts, e);
    if (err)
        return err;
    const poa_key *key = e->idevid ? poa_idevid_key(e->idevid) : poa_csr_key(csr);
    err = poa_device_proof_verify(x->service->ctx, e->proof, key, &x->why);
    return err ? refuse_token(x, err, DEVICE_PROOF) : POA_OK;
}

/* ---- the ticket ---- */

static const char TICKET[] = "/ticket";

static poa_err check_time(api_exchange *x, const poa_ticket_facts *facts)
{
    const int64_t skew_s = poa_policy_get(x->snapshot->policy)->clock_skew_s;
    if (POA_GUARD(ticket_early, facts->iat_s > x->now_s + skew_s))
        return api_evidence_refuse(x, POA_E_ISSUED_IN_FUTURE, TICKET, "it is from the future");
    if (POA_GUARD(ticket_late, facts->exp_s >= 0 && x->now_s >= facts->exp_s))
        return api_evidence_refuse(x, POA_E_EXPIRED, TICKET, "it has expired");
    return POA_OK;
}

poa_err api_evidence_ticket(api_exchange *x, poa_span text, api_evidence *e)
{
    if (POA_GUARD(ticket_fits, text.len > STORE_TICKET_BYTES_MAX))
        return api_evidence_refuse(x, POA_E_TOO_LARGE, TICKET, "no record holds so long a ticket");
    /* Until it is verified it is nowhere: whoever looks twice must not find it there. */
    POA_CLEANUP(poa_ticket_freep) poa_ticket *ticket = NULL;
    poa_err err = poa_ticket_read(x->service->ctx, text, &ticket, &x->why);
    if (err)
        return refuse_token(x, err, TICKET);
    const poa_ticket_facts *facts = poa_ticket_get(ticket);
    POA_CLEANUP(poa_certs_freep) poa_certs *certs = NULL;
    POA_CLEANUP(poa_idevid_freep) poa_idevid *signer = NULL;
    const poa_policy_manufacturer *announcer = NULL;
    poa_why why = {{0}};
    err = poa_certs_from_der(facts->x5c.certificates, facts->x5c.len, &certs, &why);
    if (!err)
        err = api_makers_signer(x->snapshot->makers, x->service->ctx, facts->iss, certs, x->now_s, &signer, &announcer,
                                &why);
    if (err)
        return api_evidence_refuse(x, err, TICKET, why.text);
    err = poa_ticket_verify(x->service->ctx, ticket, poa_idevid_key(signer), &x->why);
    if (err)
        return refuse_token(x, err, TICKET);
    err = check_time(x, facts);
    if (err)
        return err;
    e->ticket = POA_TAKE(ticket);
    e->announcer = announcer;
    return POA_OK;
}
