#include "cleanup.h"
#include "machine.h"
#include "program.h"
#include "serve.h"

#include <string.h>

static const char doc[] = "Serve a site until SIGTERM. SIGHUP reloads policy, CA, answer key and certificates.\v"
                          "Examples:\n"
                          "  poa-authz-server init --site mine.example /etc/poa\n"
                          "  poa-authz-server serve --config /etc/poa/site.json\n"
                          "  poa-authz-server serve --config site.json --limits-connections 4096";

typedef struct serve_flags {
    config_flags config;
} serve_flags;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    serve_flags *flags = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &flags->config;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int verb_serve(const poa_ctx *ctx, int argc, char **argv)
{
    const struct argp_child children[] = {{config_argp(), 0, NULL, 0}, {0}};
    const struct argp argp = {.parser = parse, .doc = doc, .children = children};
    serve_flags flags = {0};
    program_parse(&argp, argc, argv, &flags);

    machine_prepare(false);
    serve_block_signals();
    POA_CLEANUP(server_config_freep) server_config *config = NULL;
    const int failed = program_config(ctx, &flags.config, &config);
    if (failed)
        return failed;
    serve_options options = {.config = config};
    for (size_t i = 0; i < HTTP_LISTENERS_MAX; i++)
        options.sockets[i] = -1;
    return serve(ctx, &options);
}
