#include "statement.h"

#include "bounds.h"
#include "claims.h"
#include "guard.h"
#include "json.h"
#include "span.h"

#include <stdatomic.h>
#include <stdlib.h>

struct poa_statement {
    atomic_size_t refs;
    char *text; /* owned */
    poa_jws jws;
    json_t *payload;           /* owned */
    poa_statement_facts facts; /* its spans point into text and payload */
};

/* In the order of enum poa_statement_op. */
static const char *const ops[] = {"revoke", "suspend", "resume"};

/* CRLReason, RFC 5280 section 5.3.1. */
static const char *const reasons[] = {
    "unspecified",          "keyCompromise",   "cACompromise",  "affiliationChanged", "superseded",
    "cessationOfOperation", "certificateHold", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
};

const char *poa_statement_op_name(enum poa_statement_op op)
{
    return ops[op];
}

poa_statement *poa_statement_ref(const poa_statement *statement)
{
    poa_statement *mine = (poa_statement *)(uintptr_t)statement; /* only the count changes */
    if (mine)
        atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    return mine;
}

void poa_statement_free(poa_statement *statement)
{
    if (!statement || atomic_fetch_sub_explicit(&statement->refs, 1, memory_order_acq_rel) != 1)
        return;
    json_decref(statement->payload);
    free(statement->text);
    free(statement);
}

const poa_statement_facts *poa_statement_get(const poa_statement *statement)
{
    return &statement->facts;
}

poa_span poa_statement_text(const poa_statement *statement)
{
    return statement->jws.text;
}

const poa_jws *poa_statement_jws(const poa_statement *statement)
{
    return &statement->jws;
}

/* ---- claims ---- */

static void forbid(poa_claims *c, const char *name)
{
    if (POA_GUARD(statement_claim_forbidden, poa_claim_present(c, name)))
        poa_claim_refuse(c, POA_E_CLAIM_FORBIDDEN, name);
}

/* A resume names the hold that it lifts, and nothing else. */
static void read_hold(poa_claims *c, poa_statement_facts *facts)
{
    facts->target_kind = POA_TARGET_HOLD;
    poa_claim_jti(c, "hold", POA_CLAIM_REQUIRED, &facts->hold);
    forbid(c, "poa");
    forbid(c, "key");
    forbid(c, "issued_before");
}

/* issued_before lies at most at iat: a statement says nothing about what is signed after it. */
static void read_key(poa_claims *c, poa_statement_facts *facts)
{
    facts->target_kind = POA_TARGET_KEY;
    poa_claim_id(c, "key", POA_CLAIM_REQUIRED, &facts->target);
    forbid(c, "poa");
    forbid(c, "hold");
    poa_claim_time(c, "issued_before", POA_CLAIM_OPTIONAL, &facts->issued_before_s);
    if (POA_GUARD(statement_issued_before, facts->issued_before_s > facts->iat_s))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, "issued_before");
}

static void read_poa(poa_claims *c, poa_statement_facts *facts)
{
    facts->target_kind = POA_TARGET_POA;
    poa_claim_id(c, "poa", POA_CLAIM_REQUIRED, &facts->target);
    forbid(c, "hold");
    forbid(c, "issued_before");
}

static void read_target(poa_claims *c, poa_statement_facts *facts)
{
    if (facts->op == POA_OP_RESUME)
        read_hold(c, facts);
    else if (poa_claim_present(c, "key"))
        read_key(c, facts);
    else
        read_poa(c, facts);
}

/* certificateHold belongs to suspend alone, removeFromCRL to resume alone. */
static void read_reason(poa_claims *c, poa_statement_facts *facts)
{
    size_t reason = 0;
    poa_claim_word(c, "reason", POA_CLAIM_REQUIRED, reasons, POA_COUNT(reasons), &reason);
    if (c->err)
        return;
    facts->reason = poa_span_of(reasons[reason]);
    const bool hold = poa_span_is(facts->reason, "certificateHold");
    const bool lift = poa_span_is(facts->reason, "removeFromCRL");
    if (POA_GUARD(statement_reason_hold, hold && facts->op != POA_OP_SUSPEND) ||
        POA_GUARD(statement_reason_lift, lift && facts->op != POA_OP_RESUME))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, "reason");
}

static void read_on_revoke(poa_claims *c, poa_statement_facts *facts)
{
    const char *const words[] = {
        poa_on_revoke_name(POA_ON_REVOKE_STOP_NEW),
        poa_on_revoke_name(POA_ON_REVOKE_REVIEW),
        poa_on_revoke_name(POA_ON_REVOKE_CASCADE),
    };
    size_t on_revoke = POA_ON_REVOKE_STOP_NEW;
    poa_claim_word(c, "on_revoke", POA_CLAIM_OPTIONAL, words, POA_COUNT(words), &on_revoke);
    facts->has_on_revoke = poa_claim_present(c, "on_revoke");
    facts->on_revoke = (enum poa_on_revoke)on_revoke;
}

/* A text of any length: its own reader judges it, and the token's length bounds it. */
static void read_chain(poa_claims *c, poa_statement_facts *facts)
{
    poa_claim_text(c, "chain", POA_CLAIM_OPTIONAL, POA_CHAIN_BYTES_HARD, &facts->chain);
}

static poa_err read_claims(const json_t *body, poa_statement_facts *facts, poa_reason *why)
{
    poa_claims c = {.body = body, .hop = POA_HOP_NONE, .why = why};
    size_t op = 0;
    facts->invalid_since_s = facts->issued_before_s = facts->poa_exp_s = -1;
    poa_claim_text(&c, "iss", POA_CLAIM_REQUIRED, POA_NAME_BYTES_MAX, &facts->iss);
    poa_claim_time(&c, "iat", POA_CLAIM_REQUIRED, &facts->iat_s);
    poa_claim_jti(&c, "jti", POA_CLAIM_REQUIRED, &facts->jti);
    poa_claim_word(&c, "op", POA_CLAIM_REQUIRED, ops, POA_COUNT(ops), &op);
    facts->op = (enum poa_statement_op)op;
    read_target(&c, facts);
    read_reason(&c, facts);
    poa_claim_time(&c, "invalid_since", POA_CLAIM_OPTIONAL, &facts->invalid_since_s);
    read_on_revoke(&c, facts);
    poa_claim_time(&c, "poa_exp", POA_CLAIM_OPTIONAL, &facts->poa_exp_s);
    poa_claim_audience(&c, facts->op == POA_OP_REVOKE ? POA_CLAIM_OPTIONAL : POA_CLAIM_REQUIRED, facts->aud,
                       &facts->aud_len);
    read_chain(&c, facts);
    return c.err;
}

/* ---- reading ---- */

static poa_err read_statement(const poa_ctx *ctx, poa_span text, poa_statement *statement, poa_reason *why)
{
    if (POA_GUARD(statement_bytes, text.len > POA_STATEMENT_BYTES_MAX))
        return poa_deny(why, POA_E_TOO_LARGE, POA_HOP_NONE, "%s", "");
    statement->text = poa_span_dup(text);
    if (!statement->text)
        return POA_F_NOMEM;
    poa_err err = poa_jws_split(ctx, (poa_span){statement->text, text.len}, &statement->jws);
    if (err)
        return poa_deny(why, err, POA_HOP_NONE, "%s", "");

    /* What a policy lists is asked where there is a policy: poa_statement_accept(). */
    poa_jws_header header;
    err = poa_jws_check_header(&statement->jws, POA_STATEMENT_TYP, ~0u, POA_HOP_NONE, &header, why);
    if (err)
        return err;
    err = poa_jws_read_payload(&statement->jws, &statement->payload);
    if (err)
        return poa_deny(why, err, POA_HOP_NONE, "%s", "");
    statement->facts = (poa_statement_facts){.id = statement->jws.id, .alg = header.alg, .kid = header.kid};
    return read_claims(statement->payload, &statement->facts, why);
}

poa_err poa_statement_read(const poa_ctx *ctx, poa_span text, poa_statement **out, poa_reason *why)
{
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = calloc(1, sizeof *statement);
    if (!statement)
        return POA_F_NOMEM;
    atomic_init(&statement->refs, 1);
    const poa_err err = read_statement(ctx, text, statement, why);
    if (err)
        return poa_reason_wrap(why, POA_E_STATEMENT_INVALID, err);
    *out = POA_TAKE(statement);
    return POA_OK;
}

/* ---- what follows from a statement by itself ---- */

int64_t poa_statement_drop_after(const poa_statement *statement, int64_t seen_exp_s, int64_t skew_s)
{
    const poa_statement_facts *facts = &statement->facts;
    if (facts->target_kind != POA_TARGET_POA)
        return 0;
    const int64_t exp_s = seen_exp_s >= 0 ? seen_exp_s : facts->poa_exp_s;
    /* Behind the last time that there is, nothing is dropped. */
    return exp_s >= 0 && exp_s <= POA_TIME_MAX - skew_s ? exp_s + skew_s : 0;
}

bool poa_statement_counts_at(const poa_statement_facts *facts, poa_span site)
{
    for (size_t i = 0; i < facts->aud_len; i++)
        if (poa_span_equal(facts->aud[i], site))
            return true;
    return facts->aud_len == 0;
}

enum poa_on_revoke poa_statement_on_revoke(const poa_statement_facts *facts)
{
    if (facts->has_on_revoke)
        return facts->on_revoke;
    if (poa_span_is(facts->reason, "keyCompromise"))
        return POA_ON_REVOKE_CASCADE;
    if (poa_span_is(facts->reason, "superseded") || poa_span_is(facts->reason, "cessationOfOperation"))
        return POA_ON_REVOKE_STOP_NEW;
    return POA_ON_REVOKE_REVIEW;
}
