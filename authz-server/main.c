#include "cleanup.h"
#include "machine.h"
#include "nearest.h"
#include "poa/json_hook.h"
#include "program.h"
#include "span.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *summary;
    program_verb *run;
} verbs[] = {
    {"init", "make a site: CA, keys, policy, configuration", verb_init},
    {"check-config", "make every check of a start, without starting", verb_check_config},
    {"serve", "run the server (also without a verb: --config FILE, or --dev)", verb_serve},
    {"audit", "check the audit log and print it", verb_audit},
    {"reset-clock-mark", "after a clock that ran ahead was set right", verb_reset_clock_mark},
};

static void list_verbs(FILE *to)
{
    (void)fputs("Usage: poa-authz-server VERB [OPTION...]\n\n", to);
    for (size_t i = 0; i < POA_COUNT(verbs); i++)
        (void)fprintf(to, "  %-18s %s\n", verbs[i].name, verbs[i].summary);
    (void)fputs("  version            show the version\n\n"
                "`poa-authz-server VERB --help' tells more, with examples.\n\n"
                "To try it:          poa-authz-server --dev\n"
                "To make a site:     poa-authz-server init --site mine.example DIRECTORY\n"
                "To serve it:        poa-authz-server serve --config DIRECTORY/site.json\n",
                to);
}

static program_verb *find(const char *name)
{
    for (size_t i = 0; i < POA_COUNT(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return verbs[i].run;
    return NULL;
}

static int unknown(const char *name)
{
    poa_nearest nearest = {.word = poa_span_of(name)};
    for (size_t i = 0; i < POA_COUNT(verbs); i++)
        poa_nearest_offer(&nearest, verbs[i].name);
    (void)program_usage("there is no verb `%s'", name);
    if (nearest.best)
        (void)fprintf(stderr, "  hint: did you mean `%s'?\n", nearest.best);
    else
        (void)fputs("  hint: `poa-authz-server help' lists the verbs\n", stderr);
    return SERVER_USAGE;
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

/* The verb sees the whole command as argv[0], because its help and errors name it. */
static int run_verb(const poa_ctx *ctx, program_verb *verb, const char *name, int argc, char **argv)
{
    char whole[64];
    (void)snprintf(whole, sizeof whole, "poa-authz-server %s", name);
    argv[0] = whole;
    return verb(ctx, argc, argv);
}

static int dispatch(const poa_ctx *ctx, int argc, char **argv)
{
    if (argc < 2) {
        list_verbs(stderr);
        return SERVER_USAGE;
    }
    const char *word = argv[1];
    if (is_one_of(word, "help", "--help", "-h")) {
        list_verbs(stdout);
        return SERVER_OK;
    }
    if (is_one_of(word, "version", "--version", "-V")) {
        (void)printf("poa-authz-server %s\n", SERVER_VERSION);
        return SERVER_OK;
    }
    if (word[0] == '-')
        return run_verb(ctx, verb_serve, "serve", argc, argv);
    program_verb *verb = find(word);
    return verb ? run_verb(ctx, verb, word, argc - 1, argv + 1) : unknown(word);
}

int main(int argc, char **argv)
{
    machine_open_standard();
    poa_json_hook_install();
    argp_err_exit_status = SERVER_USAGE;
    poa_ctx *ctx = NULL;
    const poa_err err = poa_ctx_new(&ctx);
    if (err)
        return program_fault("%s", poa_err_describe(err)->condition);
    int exit_code = dispatch(ctx, argc, argv);
    poa_ctx_free(ctx);
    if (fflush(stdout) != 0 && exit_code == SERVER_OK)
        exit_code = program_fault("standard output cannot be written");
    return exit_code;
}
