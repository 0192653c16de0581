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
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, mint->issuer, "--issuer ID");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_verb_grant(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_mint_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        NULL,
        "Sign a PoA as an owner: the root of a chain, by which an agent may act for you, within powers, for a time. "
        "What a verifier would refuse is refused here, with the same reason.\v"
        "Example:\n"
        "  poa grant --key owner.key --issuer owner.example \\\n"
        "    --to contractor.jwk --agent contractor.example --audience site.example \\\n"
        "    --for 30d --depth 1 --action onboard,read --location mine-7 \\\n"
        "    --device 'manufacturer=Acme,serial=SN-1*' --max-devices 20 \\\n"
        "    --effect permanent -o contractor.poa",
        children,
        NULL,
        NULL};

    cli_mint mint = {0};
    cli_parse(&argp, argc, argv, &mint);
    const int exit_code = cli_mint_run(app, &mint);
    cli_power_options_clear(&mint.powers);
    return exit_code;
}
