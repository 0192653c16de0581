#include "offline.h"

#include "cleanup.h"
#include "machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int offline_open(const poa_ctx *ctx, const server_config *config, store **out)
{
    POA_CLEANUP(poa_freep) char *file = NULL;
    if (asprintf(&file, "%s/data.mdb", config->data) < 0) {
        file = NULL;
        return program_fault("memory ran out");
    }
    struct stat st;
    if (stat(file, &st) != 0)
        return program_usage("%s: there is no store yet; the first start of the server makes it", config->data);
    const store_options options = {
        .dir = config->data, .map_bytes = config->map_bytes, .ctx = ctx, .random = &machine_randomness};
    char why[STORE_WHY_BYTES] = "";
    if (store_open(&options, out, why) == POA_OK)
        return SERVER_OK;
    if (strstr(why, "in use"))
        return program_fault("%s\n  hint: stop the server first, or give a copy of its store by --data", why);
    return program_fault("%s", why);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = state->input;
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "one argument too many: %s", arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

void offline_parse(const char *doc, int argc, char **argv, config_flags *flags)
{
    const struct argp_child children[] = {{config_argp(), 0, NULL, 0}, {0}};
    const struct argp argp = {.parser = parse, .doc = doc, .children = children};
    program_parse(&argp, argc, argv, flags);
}
