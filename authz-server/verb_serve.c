#include "cleanup.h"
#include "dev.h"
#include "machine.h"
#include "manager.h"
#include "program.h"
#include "serve.h"

#include <sys/socket.h>

static const char doc[] = "Serve a site until SIGTERM. SIGHUP reloads policy, CA, answer key and certificates.\v"
                          "Examples:\n"
                          "  poa-authz-server --dev\n"
                          "  poa-authz-server init --site mine.example /etc/poa\n"
                          "  poa-authz-server serve --config /etc/poa/site.json\n"
                          "  poa-authz-server serve --config site.json --limits-connections 4096";

enum { OPTION_DEV = PROGRAM_OPTION, OPTION_LISTEN };

typedef struct serve_flags {
    config_flags config;
    bool dev;
    const char *listen;
} serve_flags;

static const struct argp_option own_options[] = {
    {"dev", OPTION_DEV, NULL, 0, "Serve a site that is made now and removed at the end, to try things", 1},
    {"listen", OPTION_LISTEN, "ADDRESS:PORT", 0, "With --dev: where, on this machine (default 127.0.0.1:8080)", 1},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    serve_flags *flags = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &flags->config;
        return 0;
    case OPTION_DEV:
        flags->dev = true;
        return 0;
    case OPTION_LISTEN:
        flags->listen = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool listens(int fd)
{
    int on = 0;
    socklen_t len = sizeof on;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

/* Sockets that a service manager passed, one for each listener in their order. */
static int take_sockets(serve_options *options)
{
    const size_t passed = manager_sockets();
    for (size_t i = 0; i < HTTP_LISTENERS_MAX; i++)
        options->sockets[i] = -1;
    if (passed == 0)
        return SERVER_OK;
    if (passed != options->config->listeners_len)
        return program_usage("%zu sockets were passed (LISTEN_FDS) for %zu listeners", passed,
                             options->config->listeners_len);
    for (size_t i = 0; i < passed; i++) {
        options->sockets[i] = MANAGER_FIRST_FD + (int)i;
        if (!listens(options->sockets[i]))
            return program_usage("descriptor %d was passed (LISTEN_FDS), but does not listen", options->sockets[i]);
    }
    return SERVER_OK;
}

static int serve_config(const poa_ctx *ctx, const config_flags *flags)
{
    POA_CLEANUP(server_config_freep) server_config *config = NULL;
    serve_options options = {0};
    int failed = program_config(ctx, flags, &config);
    if (failed)
        return failed;
    options.config = config;
    failed = take_sockets(&options);
    return failed ? failed : serve(ctx, &options);
}

int verb_serve(const poa_ctx *ctx, int argc, char **argv)
{
    const struct argp_child children[] = {{config_argp(), 0, NULL, 0}, {0}};
    const struct argp argp = {.options = own_options, .parser = parse, .doc = doc, .children = children};
    serve_flags flags = {0};
    program_parse(&argp, argc, argv, &flags);

    if (flags.listen && !flags.dev)
        return program_usage("--listen goes with --dev; else the configuration says where to listen");
    machine_prepare(flags.dev);
    serve_block_signals();
    return flags.dev ? dev_serve(ctx, flags.listen) : serve_config(ctx, &flags.config);
}
