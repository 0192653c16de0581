#include "mint.h"

#include "bounds.h"
#include "times.h"

enum {
    OPTION_TO = CLI_OPTIONS_MINT,
    OPTION_AGENT,
    OPTION_AUDIENCE,
    OPTION_DEPTH,
    OPTION_FOR,
    OPTION_UNTIL,
    OPTION_NOT_BEFORE,
    OPTION_ISSUED_AT,
    OPTION_ISSUER,
    OPTION_PRINCIPAL_NAME,
    OPTION_AGENT_NAME,
    OPTION_POLICY,
};

static void begin(struct argp_state *state)
{
    cli_mint *m = state->input;
    m->depth = m->for_s = m->until_s = m->not_before_s = m->issued_at_s = -1;
    state->child_inputs[0] = &m->key;
    state->child_inputs[1] = &m->powers;
    state->child_inputs[2] = &m->output;
}

static void check(const struct argp_state *state)
{
    const cli_mint *m = state->input;
    cli_need(state, m->key.file, "--key FILE, the private key of who grants,");
    cli_need(state, m->to, "--to FILE, the public key of the agent,");
    cli_need(state, m->agent, "--agent ID");
    if (m->for_s >= 0 && m->until_s >= 0)
        argp_error(state, "--for and --until both say when it ends");
}

static error_t parse_times(int key, char *arg, struct argp_state *state)
{
    cli_mint *m = state->input;
    switch (key) {
    case OPTION_FOR:
        m->for_s = cli_duration_option(state, "--for", arg);
        return 0;
    case OPTION_UNTIL:
        m->until_s = cli_moment_option(state, "--until", arg);
        return 0;
    case OPTION_NOT_BEFORE:
        m->not_before_s = cli_moment_option(state, "--not-before", arg);
        return 0;
    case OPTION_ISSUED_AT:
        m->issued_at_s = cli_moment_option(state, "--issued-at", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_mint(int key, char *arg, struct argp_state *state)
{
    cli_mint *m = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        begin(state);
        return 0;
    case OPTION_TO:
        m->to = arg;
        return 0;
    case OPTION_AGENT:
        m->agent = arg;
        return 0;
    case OPTION_AUDIENCE:
        cli_texts_add(state, &m->audience, arg);
        return 0;
    case OPTION_DEPTH:
        m->depth = cli_number(state, "--depth", arg, 0, POA_TRANSFERABLE_MAX);
        return 0;
    case OPTION_ISSUER:
        m->issuer = arg;
        return 0;
    case OPTION_PRINCIPAL_NAME:
        m->principal_name = arg;
        return 0;
    case OPTION_AGENT_NAME:
        m->agent_name = arg;
        return 0;
    case OPTION_POLICY:
        m->policy = arg;
        return 0;
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return parse_times(key, arg, state);
    }
}

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Who grants to whom:", 1},
    {"issuer", OPTION_ISSUER, "ID", 0, "Identifier of who grants", 2},
    {"to", OPTION_TO, "FILE", 0, "Public key of the agent (JWK or PEM)", 2},
    {"agent", OPTION_AGENT, "ID", 0, "Identifier of the agent", 2},
    {"audience", OPTION_AUDIENCE, "SITE", 0, "Resource owner where it counts. May be repeated", 2},
    {"depth", OPTION_DEPTH, "N", 0, "How many levels of sub-grants may follow (0)", 2},
    {"principal-name", OPTION_PRINCIPAL_NAME, "TEXT", 0, "Name of who grants, for people", 3},
    {"agent-name", OPTION_AGENT_NAME, "TEXT", 0, "Name of the agent, for people", 3},
    {NULL, 0, NULL, 0, "For how long:", 10},
    {"for", OPTION_FOR, "DURATION", 0, "It lasts so long: 8h, 30d, 1h30m", 11},
    {"until", OPTION_UNTIL, "TIME", 0, "It ends then: 2026-12-24T18:00Z", 11},
    {"not-before", OPTION_NOT_BEFORE, "TIME", 0, "It begins then (now)", 11},
    {"issued-at", OPTION_ISSUED_AT, "TIME", 0, "It says that it was issued then (now)", 11},
    {NULL, 0, NULL, 0, "Checks and output:", 80},
    {"policy", OPTION_POLICY, "FILE", 0, "Also refuse what this site policy would refuse", 81},
    {0},
};

static const struct argp_child children[] = {
    {&cli_key_argp, 0, NULL, 0}, {&cli_power_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};

const struct argp cli_mint_argp = {options, parse_mint, NULL, NULL, children, NULL, NULL};
