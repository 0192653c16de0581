#include "device_verbs.h"

#include "cleanup.h"
#include "files.h"
#include "makers.h"
#include "options.h"
#include "output.h"
#include "refusal.h"
#include "span.h"

#include <stdlib.h>

enum { OPTION_NAME = CLI_OPTIONS_VERB, OPTION_HOST };

typedef struct maker_task {
    const char *name;
    cli_texts hosts;
    const char *folder;
} maker_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    maker_task *task = state->input;
    switch (key) {
    case OPTION_NAME:
        task->name = arg;
        return 0;
    case OPTION_HOST:
        cli_texts_add_list(state, &task->hosts, arg);
        return 0;
    case 'o':
        task->folder = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->name, "--name NAME");
        cli_need(state, task->folder, "-o DIR");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int write_about(const maker_task *task)
{
    json_t *hosts = json_array();
    for (size_t i = 0; i < task->hosts.count; i++)
        (void)json_array_append_new(hosts, json_string(task->hosts.at[i]));
    json_t *about = json_pack("{s:s, s:o}", "name", task->name, "id_link_hosts", hosts);
    POA_CLEANUP(poa_freep) char *text = about ? cli_json_compact(about) : NULL;
    json_decref(about);
    if (!text)
        return cli_usage("the name or a host is no valid UTF-8 text");
    return cli_maker_write_text(task->folder, "maker.json", poa_span_of(text));
}

static void tell(const maker_task *task)
{
    POA_CLEANUP(poa_freep) char *name = cli_escaped(poa_span_of(task->name));
    POA_CLEANUP(poa_buf_clear) poa_buf hosts = {0};
    for (size_t i = 0; i < task->hosts.count; i++)
        poa_buf_printf(&hosts, " --id-link-host %s", task->hosts.at[i]);
    cli_say("%s is a manufacturer: for tests and demonstrations, nobody else believes it", name);
    cli_hint("a site believes it with: poa policy manufacturer site.json --name %s --ca %s/maker.pem%s -o new.json",
             name, task->folder, hosts.len > 0 ? hosts.text : "");
}

static int make(const cli *app, const maker_task *task)
{
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    poa_err err = poa_maker_make(app->ctx, poa_span_of(task->name), app->now_s, &ca);
    if (err == POA_F_USAGE)
        return cli_usage("--name wants 1 to 256 bytes of text without control characters");
    if (!err)
        err = poa_ca_chain_pem(ca, (poa_span){0}, &pem);
    if (err)
        return cli_fault_of(err);
    int failed = cli_maker_make_folder(task->folder);
    if (!failed)
        failed = cli_maker_write_key(task->folder, "maker.key", poa_ca_key(ca));
    if (!failed)
        failed = cli_maker_write_text(task->folder, "maker.pem", poa_bytes_span(&pem));
    if (!failed)
        failed = write_about(task);
    if (!failed)
        tell(task);
    return failed;
}

int cli_device_maker(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"name", OPTION_NAME, "NAME", 0, "What it is called", 1},
        {"id-link-host", OPTION_HOST, "HOST,...", 0, "Hosts of the links on its labels. May be repeated", 1},
        {"output", 'o', "DIR", 0, "Folder for it", 1},
        {0},
    };
    static const struct argp argp = {options,
                                     parse,
                                     NULL,
                                     "Make up a manufacturer with a CA of its own, for simulated devices (`poa device "
                                     "simulate'): for tests, demonstrations and integration.\v"
                                     "Example:\n"
                                     "  poa device maker --name Acme --id-link-host id.acme.example -o acme",
                                     NULL,
                                     NULL,
                                     NULL};
    maker_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return make(app, &task);
}
