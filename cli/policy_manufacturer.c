#include "policy_verbs.h"

#include "certs.h"
#include "chains.h"
#include "cleanup.h"
#include "files.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "policy_text.h"
#include "refusal.h"
#include "span.h"

#include <stdlib.h>

enum { OPTION_NAME = CLI_OPTIONS_VERB, OPTION_CA, OPTION_HOST, OPTION_SERIAL_FROM, OPTION_FORGET };

/* As many certificates as one manufacturer may have, as PEM. */
enum { CA_BYTES_MAX = POA_CERTS_MAX * 2 * POA_CERT_BYTES_MAX };

typedef struct manufacturer_task {
    const char *policy;
    const char *name;
    const char *ca;
    cli_texts hosts;
    const char *serial_from;
    bool forget;
    cli_output_options output;
} manufacturer_task;

static void check(const struct argp_state *state)
{
    const manufacturer_task *task = state->input;
    cli_need(state, task->policy, "POLICY");
    cli_need(state, task->name, "--name NAME");
    if (!task->forget)
        cli_need(state, task->ca, "--ca FILE");
    else if (task->ca || task->hosts.count > 0 || task->serial_from)
        argp_error(state, "--forget goes with --name alone");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    manufacturer_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->output;
        return 0;
    case OPTION_NAME:
        task->name = arg;
        return 0;
    case OPTION_CA:
        task->ca = arg;
        return 0;
    case OPTION_HOST:
        cli_texts_add_list(state, &task->hosts, arg);
        return 0;
    case OPTION_SERIAL_FROM:
        task->serial_from = arg;
        return 0;
    case OPTION_FORGET:
        task->forget = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->policy, arg);
        return 0;
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The certificates as the project's own strict reader takes them. */
static int read_ca(const char *path, char **pem)
{
    POA_CLEANUP(poa_certs_freep) poa_certs *certs = NULL;
    size_t len = 0;
    const int failed = cli_file_read(path, CA_BYTES_MAX, pem, &len);
    if (failed)
        return failed;
    poa_why why = {{0}};
    const poa_err err = poa_certs_parse((poa_span){*pem, len}, &certs, &why);
    if (err && why.text[0] != '\0')
        cli_say("%s: %s", path, why.text);
    return err ? cli_refuse(err, NULL, NULL) : CLI_OK;
}

static int make_entry(const manufacturer_task *task, json_t **entry)
{
    POA_CLEANUP(poa_freep) char *pem = NULL;
    const int failed = read_ca(task->ca, &pem);
    if (failed)
        return failed;
    POA_CLEANUP(poa_json_decrefp) json_t *hosts = task->hosts.count > 0 ? json_array() : NULL;
    for (size_t i = 0; hosts && i < task->hosts.count; i++)
        (void)json_array_append_new(hosts, json_string(task->hosts.at[i]));
    *entry = json_pack("{s:s, s:s, s:O*, s:s*}", "name", task->name, "ca", pem, "id_link_hosts", hosts, "serial_from",
                       task->serial_from);
    return *entry ? CLI_OK : cli_usage("a name or a host is no valid UTF-8 text");
}

/* The place of the manufacturer of this name; the length of the list where there is none. */
static size_t find(const json_t *list, const char *name)
{
    size_t at = 0;
    while (at < json_array_size(list) &&
           !poa_span_is(poa_json_span(json_object_get(json_array_get(list, at), "name")), name))
        at++;
    return at;
}

static int forget(const manufacturer_task *task, json_t *document)
{
    json_t *list = json_object_get(document, "manufacturers");
    const size_t at = find(list, task->name);
    if (at == json_array_size(list)) {
        POA_CLEANUP(poa_freep) char *shown = cli_escaped(poa_span_of(task->name));
        return cli_usage("the policy has no manufacturer %s", shown);
    }
    (void)json_array_remove(list, at);
    if (json_array_size(list) == 0)
        (void)json_object_del(document, "manufacturers");
    return CLI_OK;
}

/* One of the same name gives way. */
static int put(const manufacturer_task *task, json_t *document)
{
    json_t *entry = NULL;
    const int failed = make_entry(task, &entry);
    if (failed)
        return failed;
    json_t *list = json_object_get(document, "manufacturers");
    if (!list && json_object_set_new(document, "manufacturers", json_array()) == 0)
        list = json_object_get(document, "manufacturers");
    const size_t at = find(list, task->name);
    const int set =
        at < json_array_size(list) ? json_array_set_new(list, at, entry) : json_array_append_new(list, entry);
    return set == 0 ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

static int edit(const cli *app, const manufacturer_task *task)
{
    POA_CLEANUP(poa_policy_freep) poa_policy *policy = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *document = NULL;
    int failed = cli_file_may_write(&(cli_write){.path = task->output.file, .force = task->output.force});
    if (!failed)
        failed = cli_policy_read(app, task->policy, &policy);
    if (failed)
        return failed;
    if (poa_json_parse(poa_policy_document(policy), &document) != POA_OK)
        return cli_fault_of(POA_F_NOMEM);
    failed = task->forget ? forget(task, document) : put(task, document);
    return failed ? failed : cli_policy_write(app, &task->output, document);
}

int cli_policy_manufacturer(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"name", OPTION_NAME, "NAME", 0, "Its name, as powers and records call it", 1},
        {"ca", OPTION_CA, "FILE", 0, "CA certificates (PEM) under which its IDevIDs stand", 1},
        {"id-link-host", OPTION_HOST, "HOST,...", 0, "Hosts of its identification links. May be repeated", 1},
        {"serial-from", OPTION_SERIAL_FROM, "WHERE", 0,
         "Where its IDevIDs keep the serial: serialNumber (the default) or commonName", 1},
        {"forget", OPTION_FORGET, NULL, 0, "Take the manufacturer of that name out", 2},
        {0},
    };
    static const struct argp_child children[] = {{&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "POLICY",
        "Write a site policy that knows a manufacturer of devices: whose IDevIDs (IEEE 802.1AR) the site believes. One "
        "of the same name gives way.\v"
        "Example:\n"
        "  poa policy manufacturer site.json --name Acme --ca acme-ca.pem \\\n"
        "    --id-link-host id.acme.example -o new-site.json",
        children,
        NULL,
        NULL};

    manufacturer_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return edit(app, &task);
}
