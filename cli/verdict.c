#include "verdict.h"

#include "poa/decision.h"
#include "poa/revocation.h"
#include "poa/revocation_list.h"

static void freep(poa_revocation_list **list)
{
    poa_revocation_list_free(*list);
}

/*
 * The tree of a chain that did not verify. It was read nevertheless, so its form is sound; which check failed follows
 * from the code.
 */
static void mark_unverified(cli_verdict *v)
{
    cli_tree_pass(&v->tree, CLI_CHECK_FORM);
    const bool of_ceiling = poa_err_describe(v->err)->step == 6 || v->err == POA_E_CHAIN_TOO_LONG;
    if (of_ceiling)
        cli_tree_pass(&v->tree, CLI_CHECK_LINK);
    cli_tree_fail(&v->tree, of_ceiling ? CLI_CHECK_CEILING : CLI_CHECK_LINK, v->why.hop);
    if (v->err != POA_E_ALG_NOT_ALLOWED)
        return;
    /* The headers of all links are looked at before any signature. */
    for (int i = 0; i < v->why.hop; i++)
        v->tree.marks[i][CLI_CHECK_LINK] = CLI_MARK_UNREACHED;
}

/* Steps 1 to 6. */
static poa_err verify(const cli *app, const cli_question *q, cli_verdict *v)
{
    v->err = poa_chain_verify(app->ctx, q->chain, q->policy, q->at_s, &v->chain, &v->why);
    const bool readable = v->err == POA_OK || poa_chain_read(app->ctx, q->chain, &v->chain, NULL) == POA_OK;
    if (!readable)
        return v->err;
    v->tree.chain = v->chain;
    cli_tree_mark(&v->tree, CLI_CHECK_TIME, CLI_MARK_UNREACHED);
    cli_tree_mark(&v->tree, CLI_CHECK_REVOKED, CLI_MARK_UNREACHED);
    cli_tree_mark(&v->tree, CLI_CHECK_REQUEST, q->request ? CLI_MARK_UNREACHED : CLI_MARK_NONE);
    if (v->err) {
        cli_tree_mark(&v->tree, CLI_CHECK_CEILING, CLI_MARK_UNREACHED);
        mark_unverified(v);
        return v->err;
    }
    cli_tree_pass(&v->tree, CLI_CHECK_FORM);
    cli_tree_pass(&v->tree, CLI_CHECK_LINK);
    cli_tree_pass(&v->tree, CLI_CHECK_CEILING);
    return POA_OK;
}

/* Step 7. */
static poa_err check_time(const cli_question *q, cli_verdict *v)
{
    v->err = poa_chain_in_time(v->chain, q->at_s, 0, &v->why);
    if (v->err)
        cli_tree_fail(&v->tree, v->err == POA_E_ROOT_UNTRUSTED ? CLI_CHECK_LINK : CLI_CHECK_TIME, v->why.hop);
    else
        cli_tree_pass(&v->tree, CLI_CHECK_TIME);
    return v->err;
}

static poa_err ask_source(const cli *app, const cli_question *q, cli_verdict *v)
{
    if (!q->with_revocations)
        return poa_chain_not_revoked(app->ctx, v->chain, q->at_s, &poa_revocation_unchecked, NULL, &v->why);
    POA_CLEANUP(freep) poa_revocation_list *list = NULL;
    const poa_err err =
        poa_revocation_list_parse(app->ctx, q->revocations, v->chain, q->at_s, q->revocations_complete, &list, &v->why);
    if (err)
        return err;
    v->ignored = poa_revocation_list_ignored(list);
    return poa_chain_not_revoked(app->ctx, v->chain, q->at_s, poa_revocation_list_source(list), NULL, &v->why);
}

/* Step 8. */
static poa_err check_revoked(const cli *app, const cli_question *q, cli_verdict *v)
{
    v->err = ask_source(app, q, v);
    if (q->with_revocations)
        v->revocation = v->err == POA_E_REVOCATION_UNKNOWN || poa_err_is_fault(v->err) ? "unknown" : "checked";
    if (v->err && v->why.hop == POA_HOP_NONE)
        cli_tree_mark(&v->tree, CLI_CHECK_REVOKED, CLI_MARK_FAIL);
    else if (v->err)
        cli_tree_fail(&v->tree, CLI_CHECK_REVOKED, v->why.hop);
    else
        cli_tree_mark(&v->tree, CLI_CHECK_REVOKED, q->with_revocations ? CLI_MARK_PASS : CLI_MARK_OPEN);
    return v->err;
}

/* Step 10: all but the proof, and but the counters, which a server keeps. */
static poa_err check_request(const cli_question *q, cli_verdict *v)
{
    if (!q->request)
        return POA_OK;
    poa_decision decision = {0};
    v->err = poa_decide(v->chain, q->request, NULL, &decision, &v->why);
    if (v->err)
        cli_tree_fail(&v->tree, CLI_CHECK_REQUEST, v->why.hop);
    else
        cli_tree_pass(&v->tree, CLI_CHECK_REQUEST);
    return v->err;
}

void cli_verdict_reach(const cli *app, const cli_question *question, cli_verdict *verdict)
{
    *verdict = (cli_verdict){
        .err = POA_F_USAGE,
        .why = {.code = POA_F_USAGE, .hop = POA_HOP_NONE},
        .revocation = "unchecked",
        .tree = {.now_s = question->at_s, .why = &verdict->why},
    };
    const bool permitted = verify(app, question, verdict) == POA_OK && check_time(question, verdict) == POA_OK &&
                           check_revoked(app, question, verdict) == POA_OK &&
                           check_request(question, verdict) == POA_OK;
    /* A fault fills no reason of its own. */
    if (permitted)
        verdict->why = (poa_reason){.code = POA_OK, .hop = POA_HOP_NONE};
    else if (verdict->why.code != verdict->err)
        verdict->why = (poa_reason){.code = verdict->err, .hop = POA_HOP_NONE};
}

void cli_verdict_clear(cli_verdict *verdict)
{
    poa_chain_free(verdict->chain);
    verdict->chain = NULL;
}
