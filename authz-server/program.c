#include "program.h"

#include "cleanup.h"
#include "option_names.h"
#include "settings.h"
#include "span.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args)
{
    flockfile(stderr);
    (void)fputs("poa-authz-server: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    funlockfile(stderr);
}

#define SAY(format)             \
    do {                        \
        va_list args;           \
        va_start(args, format); \
        say(format, args);      \
        va_end(args);           \
    } while (0)

void program_say(const char *format, ...)
{
    SAY(format);
}

int program_usage(const char *format, ...)
{
    SAY(format);
    return SERVER_USAGE;
}

int program_fault(const char *format, ...)
{
    SAY(format);
    return SERVER_FAULT;
}

void program_report(const poa_buf *report)
{
    if (report->len > 0)
        (void)fwrite(report->text, 1, report->len, stderr);
}

void program_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    poa_nearest nearest;
    if (poa_options_unknown(argp, argc, argv, &nearest)) {
        (void)program_usage("`%s' has no option --%.*s", argv[0], (int)nearest.word.len, nearest.word.ptr);
        if (nearest.best)
            (void)fprintf(stderr, "  hint: did you mean --%s?\n", nearest.best);
        else
            (void)fprintf(stderr, "  hint: `%s --help' lists the options\n", argv[0]);
        exit(SERVER_USAGE);
    }
    if (argp_parse(argp, argc, argv, 0, NULL, input) != 0)
        exit(program_fault("memory ran out"));
}

/* ---- the flags of the configuration ---- */

static error_t parse_config(int key, char *arg, struct argp_state *state)
{
    config_flags *flags = state->input;
    if (key == 'c') {
        flags->file = arg;
        return 0;
    }
    if (key < PROGRAM_CONFIG_OPTION || (size_t)(key - PROGRAM_CONFIG_OPTION) >= settings_len)
        return ARGP_ERR_UNKNOWN;
    flags->texts[key - PROGRAM_CONFIG_OPTION] = arg;
    return 0;
}

static const char *placeholder(const setting *s)
{
    switch (s->kind) {
    case SETTING_PATH:
        return "FILE";
    case SETTING_URL:
        return "URL";
    case SETTING_SWITCH:
        return "BOOL";
    case SETTING_SIZE:
    case SETTING_U64:
    case SETTING_COUNT:
    case SETTING_SECONDS:
        break;
    }
    return "N";
}

const struct argp *config_argp(void)
{
    enum { ROOM = POA_COUNT(((config_flags *)NULL)->texts) };
    static setting_name names[ROOM];
    static char docs[ROOM][192];
    static struct argp_option options[ROOM + 3];
    static const struct argp argp = {.options = options, .parser = parse_config};

    assert(settings_len <= ROOM);
    options[0] = (struct argp_option){"config", 'c', "FILE", 0, "The configuration", 10};
    options[1] = (struct argp_option){
        .doc = "Settings, each also a member of FILE and a variable (--limits-links: \"limits\":{\"links\":...}, "
               "POA_AUTHZ_LIMITS_LINKS):",
        .group = 20};
    for (size_t i = 0; i < settings_len; i++) {
        names[i] = setting_flag(&settings[i]);
        POA_CLEANUP(poa_buf_clear) poa_buf fallback = {0};
        setting_default(&settings[i], &fallback);
        (void)snprintf(docs[i], sizeof docs[i], "%s (%s%s)", settings[i].help,
                       settings[i].required ? "" : "default: ", fallback.text ? fallback.text : "");
        options[i + 2] = (struct argp_option){
            names[i].text, PROGRAM_CONFIG_OPTION + (int)i, placeholder(&settings[i]), 0, docs[i], 20};
    }
    return &argp;
}

int program_config(const poa_ctx *ctx, const config_flags *flags, server_config **out)
{
    if (!flags->file) {
        (void)program_usage("--config FILE is missing");
        (void)fputs("  hint: `poa-authz-server init DIRECTORY' makes a site, `poa-authz-server --dev' one to try\n",
                    stderr);
        return SERVER_USAGE;
    }
    const config_source source = {flags->file, flags->texts, environ};
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    if (server_config_load(ctx, &source, out, &report))
        return SERVER_OK;
    program_report(&report);
    return SERVER_USAGE;
}
