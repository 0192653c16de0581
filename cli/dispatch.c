#include "cli.h"

#include "nearest.h"
#include "output.h"
#include "span.h"

#include <stdio.h>
#include <string.h>

static void list_verbs(FILE *to, const char *command, const cli_verb *verbs, size_t count)
{
    fprintf(to, "Usage: %s VERB [OPTION...]\n\n", command);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-13s %s\n", verbs[i].name, verbs[i].summary);
    fprintf(to, "\n`%s help VERB' and `%s VERB --help' tell more, with an example.\n", command, command);
}

static const cli_verb *find(const cli_verb *verbs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int unknown(const char *command, const cli_verb *verbs, size_t count, const char *name)
{
    poa_nearest nearest = {.word = poa_span_of(name)};
    for (size_t i = 0; i < count; i++)
        poa_nearest_offer(&nearest, verbs[i].name);
    const int exit_code = cli_usage("there is no verb `%s %s'", command, name);
    if (nearest.best)
        cli_hint("did you mean `%s %s'?", command, nearest.best);
    else
        cli_hint("`%s help' lists the verbs", command);
    return exit_code;
}

/* The verb sees the whole command as argv[0], because its own help and errors name it. */
static int run_verb(cli *app, const char *command, const cli_verb *verb, int argc, char **argv)
{
    char whole[64];
    (void)snprintf(whole, sizeof whole, "%s %s", command, verb->name);
    argv[0] = whole;
    return verb->run(app, argc, argv);
}

static int help(cli *app, const char *command, const cli_verb *verbs, size_t count, int argc, char **argv)
{
    if (argc < 2) {
        list_verbs(stdout, command, verbs, count);
        return CLI_OK;
    }
    const cli_verb *verb = find(verbs, count, argv[1]);
    if (!verb)
        return unknown(command, verbs, count, argv[1]);
    static char name[] = "help";
    static char option[] = "--help";
    /* `poa help key new': the table below reads "help new". */
    char *of_table[] = {argv[1], name, argc > 2 ? argv[2] : NULL, NULL};
    char *of_verb[] = {argv[1], option, NULL};
    if (argc > 2)
        return run_verb(app, command, verb, 3, of_table);
    return run_verb(app, command, verb, 2, of_verb);
}

int cli_dispatch(cli *app, const char *command, const cli_verb *verbs, size_t count, int argc, char **argv)
{
    if (argc < 2) {
        list_verbs(stderr, command, verbs, count);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(app, command, verbs, count, argc - 1, argv + 1);
    const cli_verb *verb = find(verbs, count, argv[1]);
    if (!verb)
        return unknown(command, verbs, count, argv[1]);
    return run_verb(app, command, verb, argc - 1, argv + 1);
}
