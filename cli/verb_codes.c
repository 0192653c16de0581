#include "cli.h"

#include "cleanup.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "refusal.h"

#include "poa/error.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_json(void)
{
    POA_CLEANUP(poa_json_decrefp) json_t *list = json_array();
    for (const poa_err_info *row = poa_err_next(NULL); row; row = poa_err_next(row)) {
        json_t *item = json_pack("{s:s, s:i, s:i, s:i, s:s, s:s, s:s}", "code", row->name, "exit", row->exit, "http",
                                 row->http, "step", row->step, "condition", row->condition, "hint",
                                 cli_hint_of(row->code, CLI_READING), "minting", cli_hint_of(row->code, CLI_MINTING));
        if (json_array_append_new(list, item) != 0)
            return cli_fault_of(POA_F_NOMEM);
    }
    POA_CLEANUP(poa_json_decrefp) json_t *all = json_pack("{s:O}", "codes", list);
    return cli_print_json(all);
}

static int print_text(void)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "exit  code\n");
    for (const poa_err_info *row = poa_err_next(NULL); row; row = poa_err_next(row)) {
        poa_buf_printf(&b, "%4d  %-23s %s\n", row->exit, row->name, row->condition);
        if (row->code != POA_OK)
            poa_buf_printf(&b, "%29s %s\n", "->", cli_hint_of(row->code, CLI_READING));
    }
    poa_buf_text(&b, "   2  a command that cannot be understood, or a file that cannot be read\n"
                     "   9  a server that cannot be reached\n");
    return cli_print(&b);
}

int cli_verb_codes(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        NULL,
        "List every reason code of the protocol with the exit code that it gives, when it is given, and what to do.\v"
        "Example:\n  poa codes | grep revoked",
        children,
        NULL,
        NULL};

    cli_output_options output = {0};
    (void)app;
    cli_parse(&argp, argc, argv, &output);
    return output.json ? print_json() : print_text();
}
