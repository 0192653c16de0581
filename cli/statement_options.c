#include "statement.h"

#include "times.h"

enum {
    OPTION_POA = CLI_OPTIONS_STATEMENT,
    OPTION_CHAIN,
    OPTION_HOP,
    OPTION_TARGET_KEY,
    OPTION_HOLD,
    OPTION_STATEMENT,
    OPTION_REASON,
    OPTION_ISSUER,
    OPTION_AUDIENCE,
    OPTION_ON_REVOKE,
    OPTION_INVALID_SINCE,
    OPTION_ISSUED_BEFORE,
    OPTION_ADMIN_CHAIN,
    OPTION_DRY_RUN,
};

static void begin(struct argp_state *state)
{
    cli_statement_options *o = state->input;
    o->hop = o->invalid_since_s = o->issued_before_s = -1;
    state->child_inputs[0] = &o->key;
    state->child_inputs[1] = &o->server;
    state->child_inputs[2] = &o->output;
}

static void check_target(const struct argp_state *state)
{
    const cli_statement_options *o = state->input;
    cli_need(state, o->key.file, "--key FILE");
    /* With --target-key, --chain shows whose key it is. */
    const int targets = (o->poa != NULL) + (o->target_key != NULL) + (o->chain && !o->target_key && !o->poa);
    if (targets == 0)
        argp_error(state, "one of --poa ID, --chain FILE and --target-key KEY is wanted");
    if (targets > 1 || (o->hop >= 0 && (o->poa || o->target_key || !o->chain)))
        argp_error(state, "--poa, --target-key and --hop are three ways to say the target");
    if (o->issued_before_s >= 0 && !o->target_key)
        argp_error(state, "--issued-before goes with --target-key");
    if (o->dry_run && !o->server.url)
        argp_error(state, "--dry-run asks a server, which knows what stands under a PoA: --server URL is missing");
}

static void check_resume(const struct argp_state *state)
{
    const cli_statement_options *o = state->input;
    cli_need(state, o->key.file, "--key FILE");
    if (!o->hold == !o->statement)
        argp_error(state, "either --hold JTI or --statement FILE is wanted");
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
    cli_statement_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        begin(state);
        return 0;
    case OPTION_CHAIN:
        o->chain = arg;
        return 0;
    case OPTION_REASON:
        o->reason = arg;
        return 0;
    case OPTION_ISSUER:
        o->issuer = arg;
        return 0;
    case OPTION_AUDIENCE:
        cli_texts_add(state, &o->audience, arg);
        return 0;
    case OPTION_ADMIN_CHAIN:
        o->admin_chain = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_target(int key, char *arg, struct argp_state *state)
{
    cli_statement_options *o = state->input;
    switch (key) {
    case OPTION_POA:
        o->poa = arg;
        return 0;
    case OPTION_HOP:
        o->hop = cli_number(state, "--hop", arg, 0, 8);
        return 0;
    case OPTION_TARGET_KEY:
        o->target_key = arg;
        return 0;
    case OPTION_ON_REVOKE:
        o->on_revoke = arg;
        return 0;
    case OPTION_INVALID_SINCE:
        o->invalid_since_s = cli_moment_option(state, "--invalid-since", arg);
        return 0;
    case OPTION_ISSUED_BEFORE:
        o->issued_before_s = cli_moment_option(state, "--issued-before", arg);
        return 0;
    case OPTION_DRY_RUN:
        o->dry_run = true;
        return 0;
    case ARGP_KEY_END:
        check_target(state);
        return 0;
    default:
        return parse_common(key, arg, state);
    }
}

static error_t parse_resume(int key, char *arg, struct argp_state *state)
{
    cli_statement_options *o = state->input;
    switch (key) {
    case OPTION_HOLD:
        o->hold = arg;
        return 0;
    case OPTION_STATEMENT:
        o->statement = arg;
        return 0;
    case ARGP_KEY_END:
        check_resume(state);
        return 0;
    default:
        return parse_common(key, arg, state);
    }
}

#define COMMON_OPTIONS                                                                                              \
    {"reason",                                                                                                      \
     OPTION_REASON,                                                                                                 \
     "NAME",                                                                                                        \
     0,                                                                                                             \
     "Why (RFC 5280): keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, "          \
     "privilegeWithdrawn, aACompromise, unspecified",                                                               \
     20},                                                                                                           \
        {"issuer", OPTION_ISSUER, "ID", 0, "Your identifier, for people (as the chain names you, or the key)", 20}, \
        {"audience", OPTION_AUDIENCE, "SITE", 0, "Only this site counts it. May be repeated", 20},                  \
        {"admin-chain", OPTION_ADMIN_CHAIN, "FILE", 0, "Speak as an administrator: your own chain", 20},            \
    {                                                                                                               \
        0                                                                                                           \
    }

static const struct argp_option target_options[] = {
    {NULL, 0, NULL, 0, "What is meant:", 10},
    {"chain", OPTION_CHAIN, "FILE", 0, "A link of this chain; it also shows the server that you may say so", 11},
    {"hop", OPTION_HOP, "N", 0, "Which link, the root is 0 (the last)", 11},
    {"poa", OPTION_POA, "ID", 0, "The PoA with this id", 12},
    {"target-key", OPTION_TARGET_KEY, "KEY", 0, "This key: a thumbprint or a file", 12},
    {"issued-before", OPTION_ISSUED_BEFORE, "TIME", 0, "Of that key, only what it signed before", 12},
    {"invalid-since", OPTION_INVALID_SINCE, "TIME", 0, "Bad since then, for people", 13},
    {"on-revoke", OPTION_ON_REVOKE, "WHAT", 0, "What becomes of devices: stop_new, review or cascade", 13},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Only ask the server what it would do: sign no statement, change nothing", 14},
    COMMON_OPTIONS,
};

static const struct argp_option resume_options[] = {
    {NULL, 0, NULL, 0, "What is lifted:", 10},
    {"hold", OPTION_HOLD, "JTI", 0, "The hold of this name, as `poa suspend' told it", 11},
    {"statement", OPTION_STATEMENT, "FILE", 0, "The hold that this statement placed, at the sites that it names", 11},
    {"chain", OPTION_CHAIN, "FILE", 0, "Chain that shows the server that you may say so", 12},
    COMMON_OPTIONS,
};

static const struct argp_child children[] = {
    {&cli_key_argp, 0, NULL, 0}, {&cli_server_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};

const struct argp cli_target_argp = {target_options, parse_target, NULL, NULL, children, NULL, NULL};
const struct argp cli_resume_argp = {resume_options, parse_resume, NULL, NULL, children, NULL, NULL};
