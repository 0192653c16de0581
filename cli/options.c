#include "options.h"

#include "cli.h"
#include "option_names.h"
#include "output.h"
#include "span.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when an option is not there in full. */
static void check_names(const struct argp *argp, int argc, char **argv)
{
    poa_nearest nearest;
    if (!poa_options_unknown(argp, argc, argv, &nearest))
        return;
    (void)cli_usage("`%s' has no option --%.*s", argv[0], (int)nearest.word.len, nearest.word.ptr);
    if (nearest.best)
        cli_hint("did you mean --%s?", nearest.best);
    else
        cli_hint("`%s --help' lists the options", argv[0]);
    exit(CLI_USAGE);
}

void cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    check_names(argp, argc, argv);
    const error_t failed = argp_parse(argp, argc, argv, 0, NULL, input);
    if (failed)
        exit(cli_fault_of(POA_F_NOMEM));
}

void cli_need(const struct argp_state *state, const void *value, const char *option)
{
    if (!value)
        argp_error(state, "%s is missing", option);
}

void cli_texts_add(const struct argp_state *state, cli_texts *list, const char *text)
{
    if (list->count == CLI_TEXTS_MAX)
        argp_error(state, "at most %d values of one option", CLI_TEXTS_MAX);
    list->at[list->count++] = text;
}

void cli_texts_add_list(const struct argp_state *state, cli_texts *list, char *text)
{
    char *rest = text;
    for (char *part = strsep(&rest, ","); part; part = strsep(&rest, ",")) {
        if (part[0] == '\0')
            argp_error(state, "an empty value between commas");
        cli_texts_add(state, list, part);
    }
}

void cli_only_argument(const struct argp_state *state, const char **slot, const char *text)
{
    if (*slot)
        argp_error(state, "one argument too many: %s", text);
    *slot = text;
}

int64_t cli_number(const struct argp_state *state, const char *option, const char *text, int64_t min, int64_t max)
{
    uint64_t number = 0;
    if (!poa_span_number(poa_span_of(text), (uint64_t)max, &number) || (int64_t)number < min)
        argp_error(state, "%s wants a whole number from %" PRId64 " to %" PRId64, option, min, max);
    return (int64_t)number;
}

enum { OPTION_FORCE = CLI_OPTIONS_OUTPUT, OPTION_JSON };

static error_t parse_output(int key, char *arg, struct argp_state *state)
{
    cli_output_options *o = state->input;
    switch (key) {
    case 'o':
        o->file = arg;
        return 0;
    case OPTION_FORCE:
        o->force = true;
        return 0;
    case OPTION_JSON:
        o->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option output_options[] = {
    {"output", 'o', "FILE", 0, "Write to FILE, not to standard output", 90},
    {"force", OPTION_FORCE, NULL, 0, "Overwrite FILE", 90},
    {"json", OPTION_JSON, NULL, 0, "Print one JSON object", 90},
    {0},
};
const struct argp cli_output_argp = {.options = output_options, .parser = parse_output};

static const struct argp_option json_options[] = {
    {"json", OPTION_JSON, NULL, 0, "Print one JSON object", 90},
    {0},
};
const struct argp cli_json_argp = {.options = json_options, .parser = parse_output};
