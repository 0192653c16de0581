#include "api/chains.h"
#include "api/change.h"
#include "api/keeper.h"
#include "api/routes.h"
#include "api/source.h"
#include "api/walks.h"
#include "bounds.h"
#include "json.h"
#include "poa/statement.h"
#include "policy_read.h"
#include "span.h"
#include "store/meta.h"
#include "store/poas.h"
#include "store/statements.h"

#include <stdlib.h>

/* POST /v1/revocations: {"statement": <JWS>, "chain": <chain text, where the signer's standing needs one shown>} */
struct submission {
    api_change change;
    poa_statement *statement; /* owned */
    poa_chain *shown;         /* owned; NULL: none that passes */
    poa_err shown_err;        /* why the one that was shown does not */
    char *reach;              /* owned; NULL: no administrator's */
    bool known;
    uint64_t epoch;
};

static struct submission *submission_of(api_change *change)
{
    return (struct submission *)(void *)change; /* change is its first member */
}

static void end_submission(api_change *change)
{
    struct submission *s = submission_of(change);
    poa_statement_free(s->statement);
    poa_chain_free(s->shown);
    free(s->reach);
}

/* ---- how much one key may say about one target ---- */

/*
 * What counts is read at each decision on the target, so a key that is neither pinned nor an administrator's may say so
 * much about it and no more: holds and their ends, for the most part. A first revoke without conditions is always
 * heard: who stole the key cannot use up what its owner needs to bar it.
 */
enum { SAID_MAX = 100 };

struct said {
    const poa_ctx *ctx;
    const poa_id *signer;
    size_t count;
    bool barred; /* there is a revoke without conditions */
};

static bool is_unconditional(const poa_statement_facts *facts)
{
    return facts->op == POA_OP_REVOKE && facts->aud_len == 0 && facts->issued_before_s < 0;
}

static poa_err see_said(void *ctx, const store_statement *record)
{
    struct said *said = ctx;
    if (record->reach.len > 0 || !poa_id_equal(&record->signer, said->signer))
        return POA_OK;
    said->count++;
    if (record->op != POA_OP_REVOKE)
        return POA_OK;
    poa_statement *statement = NULL;
    const poa_err err = poa_statement_read(said->ctx, record->text, &statement, NULL);
    if (err)
        return poa_err_is_fault(err) ? err : POA_F_STORE;
    said->barred = said->barred || is_unconditional(poa_statement_get(statement));
    poa_statement_free(statement);
    return POA_OK;
}

static poa_err check_said(const struct submission *s, store_txn *txn)
{
    api_exchange *x = s->change.x;
    const poa_statement_facts *facts = poa_statement_get(s->statement);
    if (s->reach || poa_policy_pin(x->snapshot->policy, &facts->kid, s->change.now_s, NULL))
        return POA_OK;
    struct said said = {.ctx = x->service->ctx, .signer = &facts->kid};
    const poa_signers by = {&facts->kid, 1};
    const poa_err err = facts->target_kind == POA_TARGET_HOLD
                            ? store_statement_each_lifting(txn, facts->hold, &by, see_said, &said)
                            : store_statement_each_on(txn, facts->target_kind, &facts->target, &by, see_said, &said);
    if (err || said.count < SAID_MAX || (is_unconditional(facts) && !said.barred))
        return err;
    (void)snprintf(x->detail, sizeof x->detail, "this key has said so much about this target that no more is kept");
    return api_deny(x, POA_E_STATEMENT_UNAUTHORIZED, "/header/kid");
}

/* What would have given the signer a standing, and why it does not. */
static poa_err refuse_shown(struct submission *s)
{
    api_exchange *x = s->change.x;
    (void)api_deny(x, POA_E_STATEMENT_UNAUTHORIZED, "/chain");
    x->why.because = s->shown_err;
    return x->code;
}

/* The same statement again keeps its epoch; it was accepted then, whatever has become of its signer since. */
static poa_err check(api_change *change, store_txn *txn)
{
    struct submission *s = submission_of(change);
    api_exchange *x = change->x;
    const poa_statement_facts *facts = poa_statement_get(s->statement);
    poa_err err = store_statement_find(txn, &facts->id, &s->epoch, &s->known);
    if (err || s->known)
        return err;

    int64_t mark_s = 0;
    err = api_time_mark(x->service, txn, &mark_s);
    if (err)
        return err;
    const poa_revocation_source source = api_source_of(txn);
    const poa_acceptance under = {
        .policy = x->snapshot->policy, .shown = s->shown, .now_s = change->now_s, .mark_s = mark_s, .source = &source};
    free(POA_TAKE(s->reach));
    err = poa_statement_accept(x->service->ctx, s->statement, &under, &s->reach, &x->why);
    if (err == POA_E_STATEMENT_UNAUTHORIZED && s->shown_err)
        return refuse_shown(s);
    return err ? err : check_said(s, txn);
}

/*
 * When the record may go: the PoA's own exp as seen, else as the statement says; and a month later, because a clock
 * that ran ahead for a while would drop for good what was revoked and not expired.
 */
enum { KEPT_LONGER_S = 31 * 86400 };

static poa_err drop_after(const struct submission *s, store_txn *txn, int64_t skew_s, int64_t *out)
{
    const poa_statement_facts *facts = poa_statement_get(s->statement);
    store_poa poa;
    bool seen = false;
    if (facts->target_kind == POA_TARGET_POA) {
        const poa_err err = store_poa_get(txn, &facts->target, &poa, &seen);
        if (err)
            return err;
    }
    *out = poa_statement_drop_after(s->statement, seen ? poa.exp_s : -1, skew_s + KEPT_LONGER_S);
    return POA_OK;
}

static poa_err apply(api_change *change, store_txn *txn)
{
    struct submission *s = submission_of(change);
    const poa_statement_facts *facts = poa_statement_get(s->statement);
    const int64_t skew_s = poa_policy_get(change->x->snapshot->policy)->clock_skew_s;
    change->audit.statement = facts->id;
    if (s->known)
        return POA_OK;
    poa_err err = s->shown ? api_keep_chain(s->shown, txn, change->now_s, &change->audit.chain) : POA_OK;
    int64_t after_s = 0;
    if (!err)
        err = drop_after(s, txn, skew_s, &after_s);
    if (err)
        return err;
    const bool resume = facts->target_kind == POA_TARGET_HOLD;
    store_statement record = {
        .id = facts->id,
        .op = facts->op,
        .kind = facts->target_kind,
        .target = resume ? (poa_id){{0}} : facts->target,
        .hold = resume ? facts->hold : (poa_span){0},
        .jti = facts->jti,
        .signer = facts->kid,
        .reach = poa_span_of(s->reach),
        .accepted_s = change->now_s,
        .drop_after_s = after_s,
        .text = poa_statement_text(s->statement),
    };
    err = store_statement_add(txn, &record, &s->epoch, NULL);
    if (err)
        return err;
    record.epoch = s->epoch;
    return api_walk_begin(change->x->service, txn, change->x->snapshot->policy, &record, facts);
}

static void reply(api_change *change, poa_err err)
{
    const struct submission *s = submission_of(change);
    api_exchange *x = change->x;
    if (err) {
        api_refuse(x);
        return;
    }
    api_keeper_wake(x->service);
    poa_buf body = {0};
    poa_buf_text(&body, "{\"store\":\"");
    poa_buf_base64url(&body, store_id(x->service->store).bytes, STORE_ID_BYTES);
    poa_buf_printf(&body, "\",\"epoch\":%llu,\"statement\":\"%s\"}\n", (unsigned long long)s->epoch,
                   poa_id_print(&poa_statement_get(s->statement)->id).chars);
    api_reply_json(x, s->known ? 200 : 201, &body);
}

/* A chain that fails gives nobody a standing; a pinned key and an administrator need none shown. */
static poa_err read_shown(api_exchange *x, poa_span text, struct submission *s)
{
    const poa_err err =
        api_chains_verify(x->service->chains, x->service->ctx, text, x->snapshot->policy, x->now_s, &s->shown, NULL);
    if (poa_err_is_fault(err))
        return api_note(x, err);
    s->shown_err = err;
    return POA_OK;
}

static poa_err read_submission(api_exchange *x, struct submission *s)
{
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    poa_err err = api_body(x, &body);
    if (err)
        return err;
    poa_members m = poa_members_of(body, "", &x->why);
    poa_span statement = {0}, chain = {0};
    poa_members_text(&m, "statement", true, POA_JSON_BYTES_MAX, &statement);
    poa_members_text(&m, "chain", false, POA_JSON_BYTES_MAX, &chain);
    err = poa_members_end(&m);
    if (!err)
        err = poa_statement_read(x->service->ctx, statement, &s->statement, &x->why);
    if (err)
        return api_note(x, err);
    x->statement = poa_id_print(&poa_statement_get(s->statement)->id);
    return chain.ptr ? read_shown(x, chain, s) : POA_OK;
}

/*
 * What can be said before the writer is troubled: anybody may send a statement, so one that would be refused costs it
 * nothing, and one that is known already is answered from what is stored.
 */
static poa_err judge(struct submission *s)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_err err = store_read_begin(s->change.x->service->store, &txn);
    s->change.now_s = s->change.x->now_s;
    if (!err)
        err = check(&s->change, txn);
    return api_note(s->change.x, err);
}

void api_revocations_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    struct submission *s = calloc(1, sizeof *s);
    if (!s) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    s->change = (api_change){
        .x = x, .kind = "statement", .check = check, .apply = apply, .reply = reply, .end = end_submission};
    const poa_err err = read_submission(x, s);
    if (!err && !judge(s) && !s->known) {
        api_change_run(&s->change);
        return;
    }
    reply(&s->change, x->code);
    end_submission(&s->change);
    free(s);
}
