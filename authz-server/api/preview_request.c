#include "api/preview_request.h"

#include "api/chains.h"
#include "api/memory.h"
#include "api/source.h"
#include "bounds.h"
#include "chain.h"
#include "cleanup.h"
#include "crypto_key.h"
#include "json.h"
#include "jws.h"
#include "policy_read.h"
#include "span.h"

#include <string.h>

void api_preview_request_clear(api_preview_request *request)
{
    free(request->reach);
    json_decref(request->body);
    *request = (api_preview_request){.reach = NULL};
}

/* ---- what it would say ---- */

static const char *const ops[] = {"revoke", "suspend"};
static const char *const effects[] = {"stop_new", "review", "cascade"};
/* CRLReason, RFC 5280 section 5.3.1; a resume has nothing to be previewed. */
static const char *const reasons[] = {"unspecified",        "keyCompromise",      "cACompromise",
                                      "affiliationChanged", "superseded",         "cessationOfOperation",
                                      "certificateHold",    "privilegeWithdrawn", "aACompromise"};

/* The first problem stays the one that is told. */
static void refuse_member(poa_members *m, poa_err code, const char *name)
{
    if (!m->err)
        poa_members_refuse(m, code, name);
}

static void read_target(poa_members *m, poa_statement_facts *facts)
{
    poa_span poa = {0}, key = {0};
    poa_members_text(m, "poa", false, POA_NAME_BYTES_MAX, &poa);
    poa_members_text(m, "key", false, POA_NAME_BYTES_MAX, &key);
    facts->target_kind = key.ptr ? POA_TARGET_KEY : POA_TARGET_POA;
    if (poa.ptr && key.ptr)
        refuse_member(m, POA_E_CLAIM_FORBIDDEN, "key");
    else if (!poa.ptr && !key.ptr)
        refuse_member(m, POA_E_CLAIM_MISSING, "poa");
    else if (!poa_id_parse(key.ptr ? key : poa, &facts->target))
        refuse_member(m, POA_E_CLAIM_TYPE, key.ptr ? "key" : "poa");
    poa_members_int(m, "issued_before", 0, POA_TIME_MAX, &facts->issued_before_s);
    if (facts->issued_before_s >= 0 && !key.ptr)
        refuse_member(m, POA_E_CLAIM_FORBIDDEN, "issued_before");
}

static void read_effect(poa_members *m, poa_statement_facts *facts)
{
    unsigned on_revoke = POA_COUNT(effects);
    unsigned reason = POA_COUNT(reasons);
    poa_members_word(m, "reason", reasons, POA_COUNT(reasons), &reason);
    poa_members_word(m, "on_revoke", effects, POA_COUNT(effects), &on_revoke);
    poa_members_int(m, "invalid_since", 0, POA_TIME_MAX, &facts->invalid_since_s);
    const char *usual = facts->op == POA_OP_SUSPEND ? "certificateHold" : "unspecified";
    facts->reason = poa_span_of(reason < POA_COUNT(reasons) ? reasons[reason] : usual);
    const bool hold = poa_span_is(facts->reason, "certificateHold");
    if (hold != (facts->op == POA_OP_SUSPEND))
        refuse_member(m, POA_E_CLAIM_TYPE, "reason");
    facts->has_on_revoke = on_revoke < POA_COUNT(effects);
    facts->on_revoke = facts->has_on_revoke ? (enum poa_on_revoke)on_revoke : POA_ON_REVOKE_REVIEW;
}

static poa_err read_body(api_exchange *x, api_preview_request *r, poa_span *chain)
{
    poa_err err = api_body(x, &r->body);
    if (err)
        return err;
    r->facts = (poa_statement_facts){
        .iat_s = x->now_s, .invalid_since_s = -1, .issued_before_s = -1, .poa_exp_s = -1, .op = POA_OP_REVOKE};
    poa_members m = poa_members_of(r->body, "", &x->why);
    unsigned op = POA_COUNT(ops);
    poa_members_word(&m, "op", ops, POA_COUNT(ops), &op);
    if (op == POA_COUNT(ops))
        refuse_member(&m, POA_E_CLAIM_MISSING, "op");
    r->facts.op = op == 1 ? POA_OP_SUSPEND : POA_OP_REVOKE;
    read_target(&m, &r->facts);
    read_effect(&m, &r->facts);
    poa_members_text(&m, "chain", false, POA_JSON_BYTES_MAX, chain);
    return api_note(x, poa_members_end(&m));
}

/* ---- who asks ---- */

static poa_err refuse(api_exchange *x)
{
    return api_deny(x, POA_E_STATEMENT_UNAUTHORIZED, "/header/kid");
}

/* Which key the proof names; nothing of it is believed before poa_proof_check_key(). */
static poa_err claimed_key(api_exchange *x, poa_span proof, poa_id *kid)
{
    POA_CLEANUP(poa_json_decrefp) json_t *header = NULL;
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    poa_jws jws;
    poa_err err = proof.len > POA_PROOF_BYTES_MAX ? POA_E_TOO_LARGE : poa_jws_split(x->service->ctx, proof, &jws);
    if (!err)
        err = poa_jws_read_header(&jws, &header);
    if (!err)
        err = poa_key_from_json(x->service->ctx, json_object_get(header, "jwk"), &key);
    if (err)
        return poa_err_is_fault(err) ? api_note(x, err) : api_deny(x, POA_E_PROOF_INVALID, "");
    *kid = *poa_key_thumbprint(key);
    return POA_OK;
}

/* A key of a chain that was shown: the root's, or an agent's. */
static const poa_key *key_of_chain(const poa_chain *chain, const poa_id *kid)
{
    if (!chain)
        return NULL;
    if (poa_id_equal(kid, poa_key_thumbprint(poa_chain_root_key(chain))))
        return poa_chain_root_key(chain);
    for (size_t i = 0; i < poa_chain_len(chain); i++)
        if (poa_id_equal(kid, poa_key_thumbprint(poa_chain_link(chain, i)->agent_key)))
            return poa_chain_link(chain, i)->agent_key;
    return NULL;
}

static poa_err check_proof(api_exchange *x, poa_span proof, const poa_key *key)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    POA_CLEANUP(poa_buf_clear) poa_buf url = {0};
    poa_buf_text(&url, x->service->config->public_url);
    poa_buf_add(&url, http_request_path(x->request));
    poa_err err = url.failed ? POA_F_NOMEM : store_read_begin(x->service->store, &txn);
    if (err)
        return api_note(x, err);
    const poa_span urls[] = {poa_buf_span(&url)};
    const poa_proof_expected expected = {
        .method = http_request_method(x->request),
        .urls = urls,
        .urls_len = POA_COUNT(urls),
        .body = http_request_body(x->request),
        .now_s = x->now_s,
        .started_s = x->service->started_s,
    };
    api_memory m = {x, txn};
    const poa_proof_memory memory = api_memory_of(&m);
    err = poa_proof_check_key(x->service->ctx, proof, key, x->snapshot->policy, &expected, &memory, &x->proof,
                              &x->proven, &x->why);
    return api_note(x, err);
}

/* Without a chain in the header: a pinned key, or one of the chain in the body. */
static poa_err ask_by_key(api_exchange *x, poa_span chain, poa_id *kid)
{
    poa_span proof = {0};
    x->presented = true;
    if (http_request_header(x->request, "DPoP", &proof) != 1)
        return api_deny(x, POA_E_PROOF_MISSING, "");
    poa_err err = claimed_key(x, proof, kid);
    if (err)
        return err;
    const poa_key *key = NULL;
    POA_CLEANUP(poa_chain_freep) poa_chain *shown = NULL;
    if (!poa_policy_pin(x->snapshot->policy, kid, x->now_s, &key) && chain.ptr) {
        err =
            api_chains_verify(x->service->chains, x->service->ctx, chain, x->snapshot->policy, x->now_s, &shown, NULL);
        if (poa_err_is_fault(err))
            return api_note(x, err);
        key = key_of_chain(shown, kid);
    }
    return key ? check_proof(x, proof, key) : refuse(x);
}

/* With one: its agent, who may be an administrator. One who is none still has the standing that his chain gives. */
static poa_err ask_by_chain(api_exchange *x, api_preview_request *r)
{
    poa_err err = api_present(x, API_READ);
    if (err)
        return err;
    r->facts.kid = *poa_key_thumbprint(poa_chain_leaf(x->chain)->agent_key);
    r->facts.chain = poa_chain_text(x->chain);
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    int64_t mark_s = 0;
    err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = api_time_mark(x->service, txn, &mark_s);
    if (err)
        return api_note(x, err);
    const poa_revocation_source source = api_source_of(txn);
    const poa_acceptance under = {
        .policy = x->snapshot->policy, .now_s = x->now_s, .mark_s = mark_s, .source = &source};
    err = poa_administrator_reach(x->service->ctx, &r->facts, &under, &r->reach, NULL);
    return poa_err_is_fault(err) ? api_note(x, err) : POA_OK;
}

poa_err api_preview_read(api_exchange *x, api_preview_request *out)
{
    poa_span authorization = {0}, chain = {0};
    *out = (api_preview_request){.reach = NULL};
    const bool by_chain = http_request_header(x->request, "Authorization", &authorization) > 0;
    poa_err err = read_body(x, out, &chain);
    if (!err)
        err = by_chain ? ask_by_chain(x, out) : ask_by_key(x, chain, &out->facts.kid);
    if (err)
        api_preview_request_clear(out);
    return err;
}
