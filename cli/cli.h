#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "poa/context.h"

#include <stddef.h>
#include <stdint.h>

/* Exit codes. Those of an answer come from the table of outcomes (poa/error.h); these are the program's own. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAULT = 1,       /* an internal fault: nothing is known */
    CLI_USAGE = 2,       /* the command cannot be understood or its files cannot be read */
    CLI_UNREACHABLE = 9, /* the server cannot be reached, or gives no answer of ours */
};

/*
 * What main() makes once and hands down. A function that returns int returns an exit code; when it is not CLI_OK, it
 * has told the reason on stderr already.
 */
typedef struct cli {
    poa_ctx *ctx;  /* owned by main() */
    int64_t now_s; /* when the program started, seconds since the epoch */
} cli;

/* One verb: argv[0] is the whole command so far ("poa key new"), as its help shows it. */
typedef struct cli_verb {
    const char *name;
    const char *summary;
    int (*run)(cli *app, int argc, char **argv);
} cli_verb;

/*
 * Run the verb that argv[1] names. Its absence is a usage error; so is an unknown one, with the nearest name.
 * "help", "--help" and "help VERB" are answered here for every table.
 */
int cli_dispatch(cli *app, const char *command, const cli_verb *verbs, size_t count, int argc, char **argv);

/* The verbs, one file each. */
int cli_verb_challenge(cli *app, int argc, char **argv);
int cli_verb_codes(cli *app, int argc, char **argv);
int cli_verb_device(cli *app, int argc, char **argv);
int cli_verb_export(cli *app, int argc, char **argv);
int cli_verb_grant(cli *app, int argc, char **argv);
int cli_verb_import(cli *app, int argc, char **argv);
int cli_verb_inspect(cli *app, int argc, char **argv);
int cli_verb_key(cli *app, int argc, char **argv);
int cli_verb_onboard(cli *app, int argc, char **argv);
int cli_verb_policy(cli *app, int argc, char **argv);
int cli_verb_prove(cli *app, int argc, char **argv);
int cli_verb_resume(cli *app, int argc, char **argv);
int cli_verb_revoke(cli *app, int argc, char **argv);
int cli_verb_subgrant(cli *app, int argc, char **argv);
int cli_verb_suspend(cli *app, int argc, char **argv);
int cli_verb_verify(cli *app, int argc, char **argv);
int cli_verb_version(cli *app, int argc, char **argv);

#endif
