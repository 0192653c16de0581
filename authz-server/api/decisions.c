#include "api/chains.h"
#include "api/change.h"
#include "api/decision_request.h"
#include "api/known_device.h"
#include "api/memory.h"
#include "api/nonces.h"
#include "api/quota.h"
#include "api/routes.h"
#include "guard.h"
#include "span.h"
#include "store/commits.h"

#include <stdlib.h>

enum { COMMIT_KEEP_S = 7 * 86400 };

/*
 * POST /v1/decisions: an enforcement point of the configuration asks about an agent who stands before it. The point
 * proves itself by a proof of its own; then the agent's chain and proof are judged as here they would be, the proof
 * against the point's own URLs, its jti consumed here. The answer is 200 whichever way the decision goes.
 */
struct judgement {
    api_change change;
    api_decision_request asked; /* owned */
    poa_proof_facts point;      /* the point's own proof */
    poa_decision decision;
    bool repeated;
    poa_buf body;  /* owned: the reply */
    poa_buf asker; /* owned: who asked what, for the audit */
};

static struct judgement *judgement_of(api_change *change)
{
    return (struct judgement *)(void *)change; /* change is its first member */
}

static void end_judgement(api_change *change)
{
    struct judgement *j = judgement_of(change);
    api_decision_request_clear(&j->asked);
    poa_buf_clear(&j->body);
    poa_buf_clear(&j->asker);
}

/* ---- who asks ---- */

static poa_err check_point(api_exchange *x, const api_decision_request *asked, poa_proof_facts *facts)
{
    poa_span proof = {0};
    if (http_request_header(x->request, "DPoP", &proof) != 1)
        return api_deny(x, POA_E_PROOF_MISSING, "");
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
        .nonce_demanded = asked->commit.len > 0, /* only a commit changes state */
    };
    api_memory m = {x, txn};
    const poa_proof_memory memory = api_memory_of(&m);
    err = poa_proof_check_key(x->service->ctx, proof, asked->point->key, x->snapshot->policy, &expected, &memory, facts,
                              NULL, &x->why);
    if (!err)
        x->point = asked->point->name;
    return api_note(x, err);
}

/* ---- what is decided ---- */

static poa_err check_agent_proof(api_exchange *x, const api_decision_request *asked, store_txn *txn, poa_reason *why)
{
    const poa_proof_expected expected = {
        .method = asked->method,
        .urls = &asked->url,
        .urls_len = 1,
        .chain = asked->chain,
        .body_hash = &asked->body_hash,
        .now_s = x->now_s,
        .started_s = x->service->started_s,
        .nonce_demanded = asked->nonce_demanded,
    };
    api_memory m = {x, txn};
    const poa_proof_memory memory = api_memory_of(&m);
    return poa_proof_check(x->service->ctx, asked->proof, x->chain, x->snapshot->policy, &expected, &memory, &x->proof,
                           &x->proven, why);
}

/* Steps 1 to 9. */
static poa_err check_agent(api_exchange *x, const api_decision_request *asked)
{
    poa_err err = api_chains_verify(x->service->chains, x->service->ctx, asked->chain, x->snapshot->policy, x->now_s,
                                    &x->chain, &x->why);
    if (err)
        return err;
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    err = store_read_begin(x->service->store, &txn);
    if (err)
        return err;
    const poa_err alive = api_alive(x, txn, x->now_s);
    poa_reason unheard;
    err = check_agent_proof(x, asked, txn, alive ? &unheard : &x->why);
    return alive ? alive : err;
}

/* Step 10. */
static poa_err decide(struct judgement *j, store_txn *txn)
{
    const poa_err err = api_check_known(j->change.x, txn, &j->asked.request);
    if (err)
        return err;
    const poa_quota quota = api_quota_of(txn);
    return poa_decide(j->change.x->chain, &j->asked.request, &quota, &j->decision, &j->change.x->why);
}

static poa_err decide_now(struct judgement *j)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    const poa_err err = store_read_begin(j->change.x->service->store, &txn);
    return err ? err : decide(j, txn);
}

/* ---- the answer ---- */

static void write_granted(const struct judgement *j, poa_buf *b)
{
    const poa_chain *chain = j->change.x->chain;
    poa_buf_text(b, ",\"chain\":[");
    for (size_t i = 0; i < poa_chain_len(chain); i++)
        poa_buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", poa_id_print(&poa_chain_link(chain, i)->id).chars);
    poa_buf_text(b, "],\"applied\":[");
    for (size_t i = 0; i < j->decision.links; i++)
        poa_buf_printf(b, "%s%zu", i > 0 ? "," : "", j->decision.applied[i]);
    poa_buf_printf(b, "],\"effect\":\"%s\",\"on_revoke\":\"%s\",\"credential_lifetime\":",
                   poa_effect_name(j->decision.effect), poa_on_revoke_name(j->decision.on_revoke));
    if (j->decision.credential_lifetime_s == INT64_MAX)
        poa_buf_text(b, "null");
    else
        poa_buf_printf(b, "%lld", (long long)j->decision.credential_lifetime_s);
    poa_buf_printf(b, ",\"exp\":%lld", (long long)poa_chain_leaf(chain)->exp_s);
}

/* The reason, and what a point needs next: what was granted, or a nonce to hand to the agent. */
static poa_err write_decision(struct judgement *j)
{
    api_exchange *x = j->change.x;
    poa_reason why = x->why;
    why.code = x->code;
    POA_CLEANUP(poa_freep) char *reason = poa_reason_json(&why);
    if (!reason)
        return POA_F_NOMEM;
    const poa_span text = poa_span_of(reason);
    poa_buf_clear(&j->body);
    poa_buf_add(&j->body, poa_span_head(text, text.len - 1));
    if (x->code == POA_OK)
        write_granted(j, &j->body);
    api_nonce nonce;
    if (api_nonce_helps(x->code) && api_nonce_make(x->service->nonces, &x->service->random, x->now_s, &nonce) == POA_OK)
        poa_buf_printf(&j->body, ",\"nonce\":\"%s\"", nonce.chars);
    poa_buf_text(&j->body, "}\n");
    return j->body.failed ? POA_F_NOMEM : POA_OK;
}

static void reply_decision(struct judgement *j)
{
    const poa_err err = write_decision(j);
    if (err) {
        (void)api_note(j->change.x, err);
        api_refuse(j->change.x);
        return;
    }
    api_reply_json(j->change.x, 200, &j->body);
}

/* ---- with `commit`: quota charged and audit written, once for each KEY ---- */

static poa_err find_commit(struct judgement *j, store_txn *txn)
{
    store_commit commit;
    bool found = false;
    const poa_err err = store_commit_get(txn, poa_span_of(j->asked.point->name), j->asked.commit, &commit, &found);
    j->repeated = false;
    if (err || !found)
        return err;
    if (POA_GUARD(commit_same, !poa_id_equal(&commit.request, &j->asked.id)))
        return api_deny(j->change.x, POA_E_CLAIM_TYPE, "/commit");
    poa_buf_clear(&j->body);
    poa_buf_add(&j->body, commit.body);
    j->repeated = true;
    return j->body.failed ? POA_F_NOMEM : POA_OK;
}

static poa_err find_commit_now(struct judgement *j)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    const poa_err err = store_read_begin(j->change.x->service->store, &txn);
    return err ? err : find_commit(j, txn);
}

static poa_err check(api_change *change, store_txn *txn)
{
    struct judgement *j = judgement_of(change);
    const poa_err err = find_commit(j, txn);
    if (err || j->repeated)
        return err;
    j->asked.request.now_s = change->now_s;
    return decide(j, txn);
}

/* No record of ours says what a point was permitted, so the audit does; a request that is too long by its hash. */
static poa_err audit_asker(struct judgement *j)
{
    poa_buf_clear(&j->asker);
    poa_buf_text(&j->asker, "{\"point\":");
    poa_buf_json_text(&j->asker, poa_span_of(j->asked.point->name));
    poa_buf_text(&j->asker, ",\"commit\":");
    poa_buf_json_text(&j->asker, j->asked.commit);
    const size_t head = j->asker.len;
    poa_buf_text(&j->asker, ",\"asked\":");
    poa_buf_json(&j->asker, json_object_get(j->asked.body, "request"));
    poa_buf_text(&j->asker, "}");
    if (!j->asker.failed && j->asker.len > STORE_AUDIT_REASON_MAX) {
        j->asker.len = head;
        poa_buf_printf(&j->asker, ",\"asked\":\"%s\"}", poa_id_print(&j->asked.id).chars);
    }
    j->change.audit.reason = poa_buf_span(&j->asker);
    return j->asker.failed ? POA_F_NOMEM : POA_OK;
}

static poa_err apply(api_change *change, store_txn *txn)
{
    struct judgement *j = judgement_of(change);
    if (j->repeated) {
        change->audit.kind = POA_SPAN("decision.repeated");
        return POA_OK;
    }
    poa_err err = POA_OK;
    if (poa_span_is(j->asked.request.action, "onboard"))
        err = api_quota_charge(change->x->chain, &j->decision, txn);
    if (!err)
        err = write_decision(j);
    if (!err)
        err = audit_asker(j);
    if (err)
        return err;
    const store_commit commit = {.request = j->asked.id,
                                 .status = 200,
                                 .expires_s = change->now_s + COMMIT_KEEP_S,
                                 .body = poa_buf_span(&j->body)};
    return store_commit_put(txn, poa_span_of(j->asked.point->name), j->asked.commit, &commit);
}

/* A refusal is an answer to the point; a fault is not. */
static void reply(api_change *change, poa_err err)
{
    struct judgement *j = judgement_of(change);
    if (err == POA_OK)
        api_reply_json(change->x, 200, &j->body);
    else if (poa_err_is_fault(err) || err == POA_E_CLAIM_TYPE) /* KEY stands for another request */
        api_refuse(change->x);
    else
        reply_decision(j);
}

/* ---- the handler ---- */

static void give_up(struct judgement *j)
{
    end_judgement(&j->change);
    free(j);
}

/* What needs no change is answered at once; gives whether the change is still to be made. */
static bool answer_now(struct judgement *j)
{
    api_exchange *x = j->change.x;
    if (api_decision_request_read(x, &j->asked) || check_point(x, &j->asked, &j->point)) {
        api_refuse(x);
        return true;
    }
    const bool commits = j->asked.commit.len > 0;
    poa_err err = commits ? find_commit_now(j) : POA_OK;
    if (err) {
        (void)api_note(x, err);
        api_refuse(x);
        return true;
    }
    if (j->repeated) {
        api_reply_json(x, 200, &j->body);
        return true;
    }
    err = check_agent(x, &j->asked);
    if (!err && !commits)
        err = decide_now(j);
    (void)api_note(x, err);
    if (poa_err_is_fault(err)) {
        api_refuse(x);
        return true;
    }
    if (err || !commits) {
        reply_decision(j);
        return true;
    }
    j->change.nonce = j->point.nonce;
    return false;
}

void api_decisions_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    struct judgement *j = calloc(1, sizeof *j);
    if (!j) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    x->presented = true;
    j->change =
        (api_change){.x = x, .kind = "decision", .check = check, .apply = apply, .reply = reply, .end = end_judgement};
    if (answer_now(j)) {
        give_up(j);
        return;
    }
    api_change_run(&j->change);
}
