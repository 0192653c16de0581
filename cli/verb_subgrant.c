#include "mint.h"

#include "power_options.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    cli_mint *mint = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = mint;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &mint->chain, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, mint->chain, "CHAIN, a .poa file or -,");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_verb_subgrant(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_mint_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        "CHAIN",
        "Pass on what the last link of CHAIN grants you: all of it, or what the options narrow it to. Powers, sites "
        "and "
        "end are those of that link where no option says less; --depth is 0. The new chain is CHAIN and one more "
        "link.\v"
        "Example:\n"
        "  poa subgrant contractor.poa --key contractor.key \\\n"
        "    --to technician.jwk --agent technician-4 --for 8h \\\n"
        "    --location mine-7/hall-2 --max-devices 5 --effect permanent \\\n"
        "    -o technician.poa",
        children,
        NULL,
        NULL};

    cli_mint mint = {0};
    cli_parse(&argp, argc, argv, &mint);
    const int exit_code = cli_mint_run(app, &mint);
    cli_power_options_clear(&mint.powers);
    return exit_code;
}
