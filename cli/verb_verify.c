#include "cli.h"

#include "files.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "refusal.h"
#include "request_options.h"
#include "span.h"
#include "times.h"
#include "verdict.h"

enum { OPTION_POLICY = CLI_OPTIONS_VERB, OPTION_AT, OPTION_REVOCATIONS, OPTION_COMPLETE };

/* A list of statements: as large as the library takes. */
enum { LIST_BYTES_MAX = 64 * 1024 * 1024 };

typedef struct verification {
    const char *chain;
    const char *policy;
    const char *revocations;
    bool complete;
    int64_t at_s;
    cli_request_options request;
    cli_output_options output;
} verification;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    verification *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->request;
        state->child_inputs[1] = &task->output;
        return 0;
    case OPTION_POLICY:
        task->policy = arg;
        return 0;
    case OPTION_AT:
        task->at_s = cli_moment_option(state, "--at", arg);
        return 0;
    case OPTION_REVOCATIONS:
        task->revocations = arg;
        return 0;
    case OPTION_COMPLETE:
        task->complete = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->chain, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->chain, "CHAIN, a .poa file or -,");
        cli_need(state, task->policy, "--policy FILE, the site policy,");
        if (task->complete && !task->revocations)
            argp_error(state, "--revocations-complete wants --revocations FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One object, its keys always the same. `effective` is told of nothing that was refused. */
static int print_json(const cli_verdict *v)
{
    POA_CLEANUP(poa_freep) char *reason = poa_reason_json(&v->why);
    POA_CLEANUP(poa_freep) char *described = v->err ? NULL : poa_chain_describe(v->chain);
    POA_CLEANUP(poa_json_decrefp) json_t *all = reason ? cli_json_value(poa_span_of(reason)) : NULL;
    json_t *links = json_array();
    for (size_t i = 0; v->chain && i < poa_chain_len(v->chain); i++)
        if (json_array_append_new(links, cli_link_json(poa_chain_link(v->chain, i))) != 0)
            return cli_fault_of(POA_F_NOMEM);
    if (!all || json_object_set_new(all, "revocation", json_string(v->revocation)) != 0 ||
        json_object_set_new(all, "chain", links) != 0 ||
        json_object_set_new(all, "effective", described ? cli_json_value(poa_span_of(described)) : json_null()) != 0)
        return cli_fault_of(POA_F_NOMEM);
    return cli_print_json(all);
}

static void add_verdict(poa_buf *b, const verification *task, const cli_verdict *v)
{
    if (v->err) {
        poa_buf_printf(b, "%sDENY%s %s\n", cli_paint(stdout, CLI_BAD), cli_paint(stdout, CLI_PLAIN),
                       poa_err_name(v->err));
        return;
    }
    poa_buf_printf(b, "%sPERMIT%s ", cli_paint(stdout, CLI_GOOD), cli_paint(stdout, CLI_PLAIN));
    if (cli_request_is_asked(&task->request))
        poa_buf_text(b, "the request would be granted to who proves the last agent's key\n");
    else
        poa_buf_text(b, "the chain is valid and alive; no request was asked\n");
}

static int print_tree(const verification *task, const cli_verdict *v)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    add_verdict(&b, task, v);
    if (v->chain) {
        poa_buf_text(&b, "\n");
        cli_tree_draw(&b, &v->tree);
    }
    if (!v->err) {
        poa_buf_text(&b, "\n");
        cli_tree_bounds(&b, v->chain);
    }
    return cli_print(&b);
}

/* What a reader of the verdict must know, whatever it is. */
static void tell(const verification *task, const cli_verdict *v)
{
    if (!task->revocations)
        cli_say("revocation is unchecked: --revocations FILE gives a list of statements");
    if (task->complete)
        cli_warn("--revocations-complete: you vouch that %s is complete and fresh", task->revocations);
    if (v->ignored > 0)
        cli_warn("%zu statement%s by keys without authority ignored", v->ignored, v->ignored == 1 ? "" : "s");
}

static int verify(const cli *app, verification *task)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    POA_CLEANUP(poa_freep) char *list = NULL;
    POA_CLEANUP(poa_policy_freep) poa_policy *policy = NULL;
    poa_request request = {0};
    cli_question question = {
        .at_s = task->at_s, .with_revocations = task->revocations != NULL, .revocations_complete = task->complete};

    const bool asked = cli_request_is_asked(&task->request);
    int failed = asked ? cli_request_make(&task->request, task->at_s, &request) : CLI_OK;
    if (!failed)
        failed = cli_policy_read(app, task->policy, &policy);
    if (!failed)
        failed = cli_file_read_chain(task->chain, &text, &question.chain);
    if (!failed && task->revocations)
        failed = cli_file_read(task->revocations, LIST_BYTES_MAX, &list, &question.revocations.len);
    if (failed)
        return failed;
    question.revocations.ptr = list;
    question.policy = policy;
    question.request = asked ? &request : NULL;

    POA_CLEANUP(cli_verdict_clear) cli_verdict verdict;
    cli_verdict_reach(app, &question, &verdict);
    failed = task->output.json ? print_json(&verdict) : print_tree(task, &verdict);
    if (failed)
        return failed;
    tell(task, &verdict);
    return verdict.err ? cli_refuse(verdict.err, &verdict.why, NULL) : CLI_OK;
}

int cli_verb_verify(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"policy", OPTION_POLICY, "FILE", 0, "Site policy to verify under", 1},
        {"at", OPTION_AT, "TIME", 0, "Decide as of then: RFC 3339 or seconds (now)", 1},
        {"revocations", OPTION_REVOCATIONS, "FILE", 0, "Statements, one a line; without it, revocation is unchecked",
         2},
        {"revocations-complete", OPTION_COMPLETE, NULL, 0,
         "Relaxes: vouch that a list without a line of age is complete and of this moment", 2},
        {0},
    };
    static const struct argp_child children[] = {{&cli_request_argp, 0, NULL, 0}, {&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "CHAIN",
        "Decide whether a chain is valid and alive under a site policy and, where a request is given, whether it would "
        "be granted: everything but the proof of the key and the server's counters.\v"
        "Example:\n"
        "  poa verify technician.poa --policy site.json --action onboard \\\n"
        "    --location mine-7/hall-2 --device manufacturer=Acme,serial=SN-17",
        children,
        NULL,
        NULL};

    verification task = {.at_s = app->now_s};
    cli_parse(&argp, argc, argv, &task);
    const int exit_code = verify(app, &task);
    cli_request_options_clear(&task.request);
    return exit_code;
}
