#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "poa/span.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Options are argp's. A verb's parser has groups of options that several verbs share as children; each group brings a
 * struct that its input points to.
 *
 * Keys of long options without a short one. Groups take blocks of their own, so that they can stand side by side.
 */
enum cli_option_block {
    CLI_OPTIONS_VERB = 0x100,
    CLI_OPTIONS_KEY = 0x200,
    CLI_OPTIONS_OUTPUT = 0x300,
    CLI_OPTIONS_POWER = 0x400,
    CLI_OPTIONS_MINT = 0x500,
    CLI_OPTIONS_REQUEST = 0x600,
    CLI_OPTIONS_SERVER = 0x700,
    CLI_OPTIONS_STATEMENT = 0x800,
    CLI_OPTIONS_DEVICE = 0x900,
    CLI_OPTIONS_ONBOARD = 0xa00,
};

/*
 * Parse argv; ends the program with CLI_USAGE on an error and with CLI_OK after --help. Unlike argp alone it wants each
 * long option in full (an abbreviation of today may be ambiguous tomorrow, and one that relaxes a check shall be typed
 * out), and says which one is near to an unknown one.
 */
void cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Usage error (argp_error) when a required option was not given: "--key FILE is missing". */
void cli_need(const struct argp_state *state, const void *value, const char *option);

/* A list of texts given by repeating an option. The texts are argv's. */
enum { CLI_TEXTS_MAX = 32 };
typedef struct cli_texts {
    const char *at[CLI_TEXTS_MAX];
    size_t count;
} cli_texts;

/* Add one; usage error when there are too many. */
void cli_texts_add(const struct argp_state *state, cli_texts *list, const char *text);
/* Add each part of a text separated by commas; usage error for an empty part. The parts are cut out of text. */
void cli_texts_add_list(const struct argp_state *state, cli_texts *list, char *text);

/* The one positional argument of a verb, usage error for a second one. */
void cli_only_argument(const struct argp_state *state, const char **slot, const char *text);

/* A whole number from min to max; usage error, which names the option, otherwise. */
int64_t cli_number(const struct argp_state *state, const char *option, const char *text, int64_t min, int64_t max);

/*
 * Where data goes, as most verbs have it: -o/--output FILE, --force, --json. A verb leaves out what it does not know by
 * using another of the three parsers.
 */
typedef struct cli_output_options {
    const char *file; /* NULL or "-": stdout */
    bool force;
    bool json;
} cli_output_options;
extern const struct argp cli_output_argp; /* -o, --force, --json */
extern const struct argp cli_json_argp;   /* --json alone */

#endif
