#include "statement.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

int cli_verb_revoke(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_target_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        NULL,
        "State that a PoA or a key no longer stands, for ever: all that was granted under it falls with it. Who signed "
        "the link or one above it may say so, its own agent, the owner, and an administrator. The statement, one line, "
        "goes to standard output; with --server also to the server. With --dry-run it is not made: the server "
        "says what it would do.\v"
        "Example:\n"
        "  poa revoke --key owner.key --chain technician.poa --hop 0 \\\n"
        "    --reason keyCompromise --server https://poa.site.example",
        children,
        NULL,
        NULL};

    cli_statement_options options = {.op = POA_OP_REVOKE};
    cli_parse(&argp, argc, argv, &options);
    return cli_statement_run(app, &options);
}
