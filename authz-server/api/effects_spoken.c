#include "api/effects.h"

#include "api/chains.h"
#include "buf.h"
#include "cleanup.h"
#include "span.h"
#include "statement.h"
#include "store/texts.h"

#include <stdlib.h>

/* ---- the statement ---- */

/* Ends the walk over the holds of a name once there is no room for more. */
#define ENOUGH POA_E_LIMIT_EXCEEDED

struct adding {
    const poa_ctx *ctx;
    api_spoken *spoken;
};

static poa_err add(const poa_ctx *ctx, api_spoken *spoken, const store_statement *record)
{
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    const poa_err err = poa_statement_read(ctx, record->text, &statement, NULL);
    if (err)
        return poa_err_is_fault(err) ? err : POA_F_STORE;
    char *reach = record->reach.len > 0 ? poa_span_dup(record->reach) : NULL;
    if (record->reach.len > 0 && !reach)
        return POA_F_NOMEM;
    spoken->said[spoken->count++] = (struct api_said){
        .statement = POA_TAKE(statement),
        .reach = reach,
        .accepted_s = record->accepted_s,
    };
    return POA_OK;
}

static poa_err add_hold(void *arg, const store_statement *record)
{
    const struct adding *adding = arg;
    if (record->op != POA_OP_SUSPEND)
        return POA_OK;
    if (adding->spoken->count == API_SPOKEN_MAX)
        return ENOUGH;
    return add(adding->ctx, adding->spoken, record);
}

/* The name of the hold is borrowed from the transaction, and only read in it. */
static poa_err add_holds(const poa_ctx *ctx, store_txn *txn, poa_span hold, api_spoken *out)
{
    struct adding adding = {.ctx = ctx, .spoken = out};
    const poa_err err = store_statement_each_named(txn, hold, add_hold, &adding);
    return err == ENOUGH ? POA_OK : err;
}

poa_err api_spoken_open(const api_service *service, store_txn *txn, uint64_t epoch, api_spoken *out, bool *found)
{
    store_statement record;
    bool there = false;
    *out = (api_spoken){.count = 0};
    poa_err err = store_statement_get(txn, epoch, &record, &there);
    if (err)
        return err;
    *found = there;
    if (!there)
        return POA_OK;
    out->op = record.op;
    err = record.op == POA_OP_RESUME ? add_holds(service->ctx, txn, record.hold, out) : add(service->ctx, out, &record);
    if (err)
        api_spoken_clear(out);
    return err;
}

void api_spoken_clear(api_spoken *spoken)
{
    for (size_t i = 0; i < spoken->count; i++) {
        poa_statement_free(spoken->said[i].statement);
        free(spoken->said[i].reach);
    }
    spoken->count = 0;
}

bool api_spoken_names(const api_spoken *spoken, const api_lineage *line)
{
    for (size_t i = 0; i < spoken->count; i++)
        if (api_lineage_named(line, poa_statement_get(spoken->said[i].statement)))
            return true;
    return false;
}

/* ---- the leaf ---- */

poa_err api_leaf_open(const api_service *service, store_txn *txn, const poa_policy *policy, const api_lineage *line,
                      const poa_id *text, int64_t now_s, api_leaf *out)
{
    *out = (api_leaf){.line = *line};
    poa_span bytes = {0};
    bool found = false;
    poa_err err = store_text_get(txn, text, &bytes, &found);
    if (err || !found)
        return err;
    err = api_chains_verify(service->chains, service->ctx, bytes, policy, now_s, &out->chain, NULL);
    return poa_err_is_fault(err) ? err : POA_OK;
}

void api_leaf_clear(api_leaf *leaf)
{
    poa_chain_free(POA_TAKE(leaf->chain));
}

/* ---- the one on the other ---- */

static poa_err judge_one(const struct api_said *said, const api_leaf *leaf, const poa_policy *policy,
                         poa_revocation_hit *hit)
{
    const poa_span reach = poa_span_of(said->reach);
    const poa_statement_facts *facts = poa_statement_get(said->statement);
    if (leaf->chain)
        return poa_facts_judge(facts, reach, said->accepted_s, leaf->chain, hit);
    return api_lineage_judge(&leaf->line, policy, facts, reach, said->accepted_s, hit);
}

poa_err api_spoken_judge(const api_spoken *spoken, const api_leaf *leaf, const poa_policy *policy,
                         poa_revocation_hit *hit, int64_t *invalid_since_s)
{
    *hit = (poa_revocation_hit){.hop = POA_HOP_NONE, .standing = POA_STANDING_NONE};
    *invalid_since_s = -1;
    for (size_t i = 0; i < spoken->count; i++) {
        const poa_statement_facts *facts = poa_statement_get(spoken->said[i].statement);
        const poa_err err = judge_one(&spoken->said[i], leaf, policy, hit);
        if (err)
            return err;
        *invalid_since_s = facts->invalid_since_s;
        if (hit->standing != POA_STANDING_NONE)
            return POA_OK;
    }
    return POA_OK;
}
