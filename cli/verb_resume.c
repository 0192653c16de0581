#include "statement.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

int cli_verb_resume(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_resume_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        NULL,
        "Lift a hold. Who placed it may, who stands above that key in the chain, and an administrator. Other holds "
        "stay.\v"
        "Example:\n"
        "  poa resume --key contractor.key --statement hold.jws \\\n"
        "    --server https://poa.site.example",
        children,
        NULL,
        NULL};

    cli_statement_options options = {.op = POA_OP_RESUME};
    cli_parse(&argp, argc, argv, &options);
    return cli_statement_run(app, &options);
}
