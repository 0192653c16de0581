#include "options.h"

#include "cli.h"
#include "nearest.h"
#include "output.h"
#include "span.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct argp_option *find_long(const struct argp *argp, poa_span name, poa_nearest *nearest)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++) {
        if (!o->name)
            continue;
        if (poa_span_is(name, o->name))
            return o;
        poa_nearest_offer(nearest, o->name);
    }
    for (const struct argp_child *c = argp->children; c && c->argp; c++) {
        const struct argp_option *found = find_long(c->argp, name, nearest);
        if (found)
            return found;
    }
    return NULL;
}

static const struct argp_option *find_short(const struct argp *argp, int key)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
        if (o->key == key)
            return o;
    for (const struct argp_child *c = argp->children; c && c->argp; c++) {
        const struct argp_option *found = find_short(c->argp, key);
        if (found)
            return found;
    }
    return NULL;
}

/* Does this argument take the next one as its value? Ends the program when it is a long option that is not there. */
static bool takes_next(const struct argp *argp, const char *command, const char *argument)
{
    if (argument[0] != '-' || argument[1] == '\0')
        return false;
    if (argument[1] != '-') {
        const struct argp_option *o = find_short(argp, argument[1]);
        return o && o->arg && argument[2] == '\0';
    }
    const poa_span whole = poa_span_skip(poa_span_of(argument), 2);
    const size_t equals = poa_span_find(whole, '=');
    const poa_span name = equals == SIZE_MAX ? whole : poa_span_head(whole, equals);
    if (poa_span_is(name, "help") || poa_span_is(name, "usage"))
        return false;

    poa_nearest nearest = {.word = name};
    const struct argp_option *o = find_long(argp, name, &nearest);
    if (o)
        return o->arg && !(o->flags & OPTION_ARG_OPTIONAL) && equals == SIZE_MAX;
    (void)cli_usage("`%s' has no option --%.*s", command, (int)name.len, name.ptr);
    if (nearest.best)
        cli_hint("did you mean --%s?", nearest.best);
    else
        cli_hint("`%s --help' lists the options", command);
    exit(CLI_USAGE);
}

static void check_names(const struct argp *argp, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return;
        if (takes_next(argp, argv[0], argv[i]))
            i++;
    }
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
