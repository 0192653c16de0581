#include "cli.h"

#include "chains.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "refusal.h"
#include "span.h"
#include "times.h"
#include "tree.h"

enum { OPTION_AT = CLI_OPTIONS_VERB };

typedef struct inspection {
    const char *chain;
    int64_t at_s;
    cli_output_options output;
} inspection;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    inspection *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->output;
        return 0;
    case OPTION_AT:
        task->at_s = cli_moment_option(state, "--at", arg);
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->chain, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->chain, "CHAIN, a .poa file or -,");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* All that one link says; `taken` is null for the root. */
static json_t *link_json(const poa_chain *chain, size_t i)
{
    const poa_link *link = poa_chain_link(chain, i);
    POA_CLEANUP(poa_json_decrefp) json_t *facts = cli_link_json(link);
    POA_CLEANUP(poa_freep) char *text = i > 0 ? poa_chain_taken(chain, i) : NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *taken = text ? cli_json_value(poa_span_of(text)) : json_null();
    POA_CLEANUP(poa_json_decrefp) json_t *powers = cli_json_value(link->powers);
    POA_CLEANUP(poa_json_decrefp) json_t *aud = json_array();
    for (size_t n = 0; n < link->aud_len; n++)
        (void)json_array_append_new(aud, json_stringn(link->aud[n].ptr, link->aud[n].len));
    POA_CLEANUP(poa_json_decrefp)
    json_t *more =
        json_pack("{s:O, s:I, s:s%, s:s, s:s, s:s, s:o, s:o, s:b, s:O, s:O}", "aud", aud, "iat",
                  (json_int_t)link->iat_s, "jti", link->jti.ptr, link->jti.len, "alg", poa_alg_name(link->alg), "kid",
                  poa_id_print(&link->kid).chars, "agent_key", poa_id_print(poa_key_thumbprint(link->agent_key)).chars,
                  "principal_name", cli_json_text(link->principal_name), "agent_name", cli_json_text(link->agent_name),
                  "has_status", link->has_status, "authorization_details", powers, "taken", taken);
    if (!facts || !more || json_object_update(facts, more) != 0)
        return NULL;
    return POA_TAKE(facts);
}

static int print_json(const poa_chain *chain, poa_err err, const poa_reason *why)
{
    POA_CLEANUP(poa_json_decrefp) json_t *links = json_array();
    for (size_t i = 0; i < poa_chain_len(chain); i++)
        if (json_array_append_new(links, link_json(chain, i)) != 0)
            return cli_fault_of(POA_F_NOMEM);
    POA_CLEANUP(poa_freep) char *described = poa_chain_describe(chain);
    POA_CLEANUP(poa_freep) char *reason = poa_reason_json(why);
    POA_CLEANUP(poa_json_decrefp) json_t *claimed = described ? cli_json_value(poa_span_of(described)) : NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *refused = reason && err ? cli_json_value(poa_span_of(reason)) : json_null();
    POA_CLEANUP(poa_json_decrefp)
    json_t *all = json_pack("{s:b, s:b, s:O, s:O, s:O}", "verified", 0, "links_hold", err == POA_OK, "reason", refused,
                            "chain", links, "claimed", claimed);
    return cli_print_json(all);
}

static int print_tree(const inspection *task, const poa_chain *chain, poa_err err, const poa_reason *why)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    cli_tree tree = {.chain = chain, .now_s = task->at_s, .why = why};
    poa_buf_printf(&b,
                   "%sUNVERIFIED%s: this is what the chain says of itself; `poa verify' decides whether it is true\n\n",
                   cli_paint(stdout, CLI_DOUBT), cli_paint(stdout, CLI_PLAIN));
    if (err)
        cli_tree_fail(&tree, CLI_CHECK_LINK, why->hop);
    cli_tree_draw(&b, &tree);
    poa_buf_text(&b, "\n");
    cli_tree_bounds(&b, chain);
    return cli_print(&b);
}

static int inspect(const cli *app, const inspection *task)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    int failed = cli_chain_read(app, task->chain, &chain);
    if (failed)
        return failed;
    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_err err = poa_chain_check_links(app->ctx, chain, &why);
    if (poa_err_is_fault(err))
        return cli_fault_of(err);
    failed = task->output.json ? print_json(chain, err, &why) : print_tree(task, chain, err, &why);
    if (failed)
        return failed;
    return err ? cli_refuse(err, &why, NULL) : CLI_OK;
}

int cli_verb_inspect(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"at", OPTION_AT, "TIME", 0, "Reckon the time left from then (now)", 1},
        {0},
    };
    static const struct argp_child children[] = {{&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "CHAIN",
        "Draw a chain as a tree: who grants to whom, what each link took away, how long it lasts, which link bounds "
        "what. Nothing in it is believed: that the links hold together is looked at, but not whose key signed the "
        "root, and neither time nor revocation.\v"
        "Example:\n  poa inspect technician.poa",
        children,
        NULL,
        NULL};

    inspection task = {.at_s = app->now_s};
    cli_parse(&argp, argc, argv, &task);
    return inspect(app, &task);
}
