#include "api/change.h"

#include "api/event.h"
#include "api/nonces.h"
#include "crypto.h"
#include "guard.h"
#include "span.h"
#include "store/meta.h"
#include "store/nonces.h"
#include "store/poas.h"
#include "store/texts.h"

#include <stdlib.h>

static api_change *change_of(store_op *op)
{
    return (api_change *)(void *)op; /* op is its first member */
}

/* The nonces that this change uses up: the proof's, and one that the resource adds. Gives how many. */
static size_t nonces_of(const api_change *change, poa_span out[2])
{
    size_t count = 0;
    if (change->x->proven && change->x->proof.nonce[0] != '\0')
        out[count++] = poa_span_of(change->x->proof.nonce);
    const poa_span added = poa_span_of(change->nonce);
    if (added.len > 0 && (count == 0 || !poa_span_equal(out[0], added)))
        out[count++] = added;
    return count;
}

/* They were young when the request came and unused when they were looked at: the second must still hold. */
static poa_err check_nonces(const api_change *change, store_txn *txn)
{
    poa_span nonces[2];
    const size_t count = nonces_of(change, nonces);
    for (size_t i = 0; i < count; i++) {
        poa_id hash;
        bool used = false;
        poa_err err = poa_sha256(change->x->service->ctx, nonces[i], &hash);
        if (!err)
            err = store_nonce_used(txn, &hash, &used);
        if (err)
            return err;
        if (POA_GUARD(change_nonce_used, used))
            return api_deny(change->x, POA_E_NONCE_INVALID, "");
    }
    return POA_OK;
}

/* So much longer than it could be accepted, because the clock may go back that far. */
static poa_err use_nonces(const api_change *change, store_txn *txn)
{
    const int64_t skew_s = poa_policy_get(change->x->snapshot->policy)->clock_skew_s;
    poa_span nonces[2];
    const size_t count = nonces_of(change, nonces);
    for (size_t i = 0; i < count; i++) {
        poa_id hash;
        poa_err err = poa_sha256(change->x->service->ctx, nonces[i], &hash);
        if (!err)
            err = store_nonce_use(txn, &hash, change->now_s + API_NONCE_LIFETIME_S + skew_s);
        if (err)
            return err;
    }
    return POA_OK;
}

static poa_err check(store_op *op, store_txn *txn)
{
    api_change *change = change_of(op);
    api_exchange *x = change->x;
    /* What an earlier run was refused for is no part of this one's answer. */
    x->code = POA_OK;
    x->why = (poa_reason){.hop = POA_HOP_NONE};
    x->detail[0] = '\0';
    poa_buf_clear(&x->more);
    change->now_s = api_now(x->service);
    poa_err err = x->chain ? api_alive(x, txn, change->now_s) : POA_OK;
    if (!err)
        err = check_nonces(change, txn);
    if (!err)
        err = change->check(change, txn);
    return api_note(x, err);
}

poa_err api_keep_chain(const poa_chain *chain, store_txn *txn, int64_t now_s, poa_id *text_id)
{
    poa_id text;
    poa_err err = store_text_put(txn, poa_chain_text(chain), &text);
    for (size_t i = 0; !err && i < poa_chain_len(chain); i++) {
        const poa_link *link = poa_chain_link(chain, i);
        const store_poa poa = {
            .id = link->id,
            .parent = i > 0 ? poa_chain_link(chain, i - 1)->id : (poa_id){{0}},
            .root_iss = poa_chain_link(chain, 0)->iss,
            .iss = link->iss,
            .sub = link->sub,
            .iat_s = link->iat_s,
            .nbf_s = link->nbf_s,
            .exp_s = link->exp_s,
            .transferable = (unsigned)link->transferable,
            .cnf = *poa_key_thumbprint(link->agent_key),
            .kid = link->kid,
            .chain = text,
            .first_seen_s = now_s,
        };
        err = store_poa_put(txn, &poa, NULL);
    }
    if (!err && text_id)
        *text_id = text;
    return err;
}

/* What is known of every change, before the resource adds what it alone knows. */
static void start_audit(api_change *change)
{
    const api_exchange *x = change->x;
    change->audit = (store_audit_entry){
        .time_s = change->now_s,
        .request = x->id,
        .kind = poa_span_of(change->kind),
        .policy = *poa_policy_document_id(x->snapshot->policy),
        .code = POA_OK,
    };
    if (x->proven) {
        change->audit.proof = x->proof.id;
        change->audit.proof_jti = poa_span_of(x->proof.jti);
    }
    change->audit.poa_count = x->chain ? poa_chain_len(x->chain) : 0;
    for (size_t i = 0; i < change->audit.poa_count; i++)
        change->audit.poas[i] = poa_chain_link(x->chain, i)->id;
}

static poa_err apply(store_op *op, store_txn *txn)
{
    api_change *change = change_of(op);
    api_exchange *x = change->x;
    start_audit(change);
    poa_err err = x->chain ? api_keep_chain(x->chain, txn, change->now_s, &change->audit.chain) : POA_OK;
    if (!err)
        err = use_nonces(change, txn);
    if (!err)
        err = store_time_mark_raise(txn, change->now_s);
    if (!err)
        err = change->apply(change, txn);
    if (!err)
        err = store_audit_append(txn, &change->audit, NULL);
    return api_note(x, err);
}

static void finish(api_change *change)
{
    if (change->end)
        change->end(change);
    free(change);
}

static void done(store_op *op, poa_err err)
{
    api_change *change = change_of(op);
    http_request *request = change->x->request;
    (void)api_note(change->x, err);
    if (!err)
        api_events_wake(change->x->service);
    change->reply(change, err);
    finish(change);
    http_resume(request);
}

static void part_done(store_op *op, poa_err err)
{
    api_change *change = change_of(op);
    if (!err)
        api_events_wake(change->x->service);
    (void)api_note(change->x, err);
    change->reply(change, err);
}

void api_change_run_part(api_change *change)
{
    change->op.check = check;
    change->op.apply = apply;
    change->op.done = part_done;
    if (!store_writer_submit(change->x->service->writer, &change->op))
        part_done(&change->op, POA_F_STORE);
}

void api_change_run(api_change *change)
{
    change->op.check = check;
    change->op.apply = apply;
    change->op.done = done;
    http_request *request = change->x->request;
    http_suspend(request);
    if (store_writer_submit(change->x->service->writer, &change->op))
        return;
    (void)api_note(change->x, POA_F_STORE);
    api_refuse(change->x);
    finish(change);
    http_resume(request);
}
