#include "statement.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

int cli_verb_suspend(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_target_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        NULL,
        "Place a hold on a PoA or a key: nothing under it counts until the hold is lifted with `poa resume'. The "
        "statement, one line, goes to standard output; with --server also to the server.\v"
        "Example:\n"
        "  poa suspend --key contractor.key --chain technician.poa \\\n"
        "    --server https://poa.site.example -o hold.jws",
        children,
        NULL,
        NULL};

    cli_statement_options options = {.op = POA_OP_SUSPEND};
    cli_parse(&argp, argc, argv, &options);
    return cli_statement_run(app, &options);
}
