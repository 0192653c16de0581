#ifndef SERVER_PROGRAM_H
#define SERVER_PROGRAM_H

#include "buf.h"
#include "config.h"

#include <argp.h>

/* The command line of poa-authz-server: one verb a file, one table of them in main.c. */

/** Exit codes. */
enum {
    SERVER_OK = 0,
    SERVER_FAULT = 1, /* something broke: a supervisor may try again */
    SERVER_USAGE = 2, /* command, configuration or one of its files is wrong: trying again does not help */
};

/** A verb: argv[0] is the whole command, as help and errors name it. Gives an exit code; everything was told. */
typedef int program_verb(const poa_ctx *ctx, int argc, char **argv);

program_verb verb_serve;
program_verb verb_check_config;
program_verb verb_init;
program_verb verb_audit;
program_verb verb_reset_clock_mark;

/* Lines on stderr: `poa-authz-server: …`. The second gives SERVER_USAGE, the third SERVER_FAULT. */
__attribute__((format(printf, 1, 2))) void program_say(const char *format, ...);
__attribute__((format(printf, 1, 2))) int program_usage(const char *format, ...);
__attribute__((format(printf, 1, 2))) int program_fault(const char *format, ...);
/* A report of several lines, as it is. */
void program_report(const poa_buf *report);

/* Parse argv by a verb's parser; options are wanted in full. Ends the program on an error and after --help. */
void program_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Keys of a verb's own options; those of the configuration begin above. */
#define PROGRAM_OPTION        0x100
#define PROGRAM_CONFIG_OPTION 0x400

/** --config FILE and a flag for each setting. */
typedef struct config_flags {
    const char *file;
    const char *texts[64]; /* in the order of the settings; NULL where not given */
} config_flags;

/* The parser of config_flags, a child of a verb's parser; its input is a config_flags. */
const struct argp *config_argp(void);

/**
 * program_config() - load the configuration that the flags name, with the environment.
 *
 * Return: SERVER_OK; SERVER_USAGE when --config is missing or the configuration has errors, which were told.
 */
int program_config(const poa_ctx *ctx, const config_flags *flags, server_config **out);

#endif
