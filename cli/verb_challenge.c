#include "cli.h"

#include "cleanup.h"
#include "client.h"
#include "json.h"
#include "options.h"
#include "output.h"

#include <stdlib.h>

typedef struct challenge {
    cli_server_options server;
    cli_output_options output;
} challenge;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    challenge *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->server;
        state->child_inputs[1] = &task->output;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->server.url, "--server URL");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_verb_challenge(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_server_argp, 0, NULL, 0}, {&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        NULL,
        "Get a nonce from a server: for `poa prove --nonce' and for the challengePassword of a device's certificate "
        "request. It serves once.\v"
        "Example:\n  poa challenge --server https://poa.site.example",
        children,
        NULL,
        NULL};

    challenge task = {0};
    (void)app;
    cli_parse(&argp, argc, argv, &task);
    POA_CLEANUP(poa_freep) char *nonce = NULL;
    int64_t expires_in_s = 0;
    const int failed = cli_server_challenge(&task.server, &nonce, &expires_in_s);
    if (failed)
        return failed;
    if (task.output.json) {
        POA_CLEANUP(poa_json_decrefp)
        json_t *facts = json_pack("{s:s, s:I}", "nonce", nonce, "expires_in", (json_int_t)expires_in_s);
        return cli_print_json(facts);
    }
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "%s\n", nonce);
    return cli_print(&b);
}
