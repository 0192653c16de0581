#include "device_verbs.h"

#include "bounds.h"
#include "cleanup.h"
#include "json.h"
#include "keys.h"
#include "makers.h"
#include "options.h"
#include "output.h"
#include "pem.h"
#include "refusal.h"
#include "simulated.h"
#include "span.h"

#include "chains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_MAKER = CLI_OPTIONS_VERB,
    OPTION_SERIAL,
    OPTION_MODEL,
    OPTION_ID_LINK,
    OPTION_COUNT,
    OPTION_LABEL_ONLY,
    OPTION_NONCE,
    OPTION_CHAIN,
    OPTION_LOCATION,
    OPTION_MISBEHAVE,
};

enum { COUNT_MAX = 100000, NUMBER_DIGITS = 6 };

/* Two tasks: make devices, or let one answer. */
typedef struct simulate_task {
    const char *maker;
    const char *serial;
    const char *model;
    const char *id_link;
    int64_t count;
    bool label_only; /* a link on the label, none in the IDevID */
    const char *folder;
    const char *device;
    const char *nonce;
    const char *chain;
    const char *location;
    enum cli_misbehaviour misbehaviour;
} simulate_task;

static void check(const struct argp_state *state)
{
    const simulate_task *task = state->input;
    if (!task->device) {
        cli_need(state, task->serial, "--serial SERIAL");
        cli_need(state, task->folder, "-o DIR");
        return;
    }
    if (task->maker || task->serial || task->model || task->id_link || task->folder || task->count > 1)
        argp_error(state, "a device is made with -o DIR, or answers as DIR: not both");
    cli_need(state, task->chain, "--chain FILE of the agent who asks");
    cli_need(state, task->location, "--location PATH");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    simulate_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        task->count = 1;
        return 0;
    case OPTION_MAKER:
        task->maker = arg;
        return 0;
    case OPTION_SERIAL:
        task->serial = arg;
        return 0;
    case OPTION_MODEL:
        task->model = arg;
        return 0;
    case OPTION_ID_LINK:
        task->id_link = arg;
        return 0;
    case OPTION_COUNT:
        task->count = cli_number(state, "--count", arg, 1, COUNT_MAX);
        return 0;
    case OPTION_LABEL_ONLY:
        task->label_only = true;
        return 0;
    case OPTION_NONCE:
        task->nonce = arg;
        return 0;
    case OPTION_CHAIN:
        task->chain = arg;
        return 0;
    case OPTION_LOCATION:
        task->location = arg;
        return 0;
    case OPTION_MISBEHAVE:
        task->misbehaviour = cli_misbehaviour_option(state, arg);
        return 0;
    case 'o':
        task->folder = arg;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->device, arg);
        return 0;
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- making ---- */

/* One device to be made: its names, with its number in them where there are many. */
typedef struct made {
    char serial[POA_SERIAL_BYTES_MAX + 1];
    char id_link[POA_ID_LINK_BYTES_MAX + 1];
    char folder[4096];
} made;

static bool fits(int written, size_t room)
{
    return written >= 0 && (size_t)written < room;
}

/* With --count the serial gets a number behind it; so does the link, and the folder is one in DIR of that serial. */
static int name(const simulate_task *task, int64_t number, made *m)
{
    const char *link = task->id_link ? task->id_link : "";
    bool whole;
    if (task->count == 1) {
        whole = fits(snprintf(m->serial, sizeof m->serial, "%s", task->serial), sizeof m->serial) &&
                fits(snprintf(m->id_link, sizeof m->id_link, "%s", link), sizeof m->id_link) &&
                fits(snprintf(m->folder, sizeof m->folder, "%s", task->folder), sizeof m->folder);
    } else {
        whole =
            fits(snprintf(m->serial, sizeof m->serial, "%s%0*lld", task->serial, NUMBER_DIGITS, (long long)number),
                 sizeof m->serial) &&
            fits(snprintf(m->id_link, sizeof m->id_link, "%s%s", link, *link ? m->serial : ""), sizeof m->id_link) &&
            fits(snprintf(m->folder, sizeof m->folder, "%s/%s", task->folder, m->serial), sizeof m->folder);
    }
    return whole
               ? CLI_OK
               : cli_usage("the serial has at most %d bytes, the link %d", POA_SERIAL_BYTES_MAX, POA_ID_LINK_BYTES_MAX);
}

static int write_idevid(const cli *app, const simulate_task *task, const cli_maker *maker, const made *m)
{
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    poa_why why = {{0}};
    const poa_span link = poa_span_of(m->id_link);
    const poa_maker_plan plan = {.manufacturer = maker->name,
                                 .serial = poa_span_of(m->serial),
                                 .uris = &link,
                                 .uri_count = link.len > 0 && !task->label_only ? 1 : 0,
                                 .now_s = app->now_s};
    poa_err err = poa_key_generate(app->ctx, POA_ALG_ES256, &key);
    if (!err)
        err = poa_maker_issue(app->ctx, maker->ca, key, &plan, &leaf, &why);
    if (err == POA_F_USAGE)
        return cli_usage("a serial is 1 to %d visible characters, a link a URL without blanks", POA_SERIAL_BYTES_MAX);
    if (!err)
        err = poa_pem_write(POA_PEM_CERTIFICATE, poa_bytes_span(&leaf.der), &pem);
    if (err)
        return cli_fault_of(err);
    const int failed = cli_maker_write_key(m->folder, "idevid.key", key);
    return failed ? failed : cli_maker_write_text(m->folder, "idevid.pem", poa_bytes_span(&pem));
}

static int write_label(const simulate_task *task, const cli_maker *maker, const made *m)
{
    POA_CLEANUP(poa_json_decrefp)
    json_t *label = json_pack("{s:o*, s:s*, s:s, s:s*}", "manufacturer",
                              maker->name.ptr ? json_stringn(maker->name.ptr, maker->name.len) : NULL, "model",
                              task->model, "serial", m->serial, "id_link", *m->id_link ? m->id_link : NULL);
    POA_CLEANUP(poa_freep) char *text = label ? cli_json_compact(label) : NULL;
    if (!text)
        return cli_usage("the model is no valid UTF-8 text");
    return cli_maker_write_text(m->folder, "label.json", poa_span_of(text));
}

static int make_one(const cli *app, const simulate_task *task, const cli_maker *maker, int64_t number)
{
    made m;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    int failed = name(task, number, &m);
    if (!failed)
        failed = cli_maker_make_folder(m.folder);
    if (!failed)
        failed = write_label(task, maker, &m);
    if (!failed && maker->ca)
        failed = write_idevid(app, task, maker, &m);
    if (failed)
        return failed;
    const poa_err err = poa_key_generate(app->ctx, POA_ALG_ES256, &key);
    return err ? cli_fault_of(err) : cli_maker_write_key(m.folder, "device.key", key);
}

static int make_all(const cli *app, const simulate_task *task)
{
    POA_CLEANUP(cli_maker_clear) cli_maker maker = {0};
    int failed = task->maker ? cli_maker_load(app, task->maker, &maker) : CLI_OK;
    if (!failed && task->count > 1)
        failed = cli_maker_make_folder(task->folder);
    for (int64_t number = 1; !failed && number <= task->count; number++)
        failed = make_one(app, task, &maker, number);
    if (failed)
        return failed;
    cli_say("%lld made%s", (long long)task->count, task->maker ? "" : ", without IDevID: no --maker was named");
    return CLI_OK;
}

/* ---- answering ---- */

static int answer(const cli *app, const simulate_task *task)
{
    POA_CLEANUP(cli_simulated_clear) cli_simulated device = {0};
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *request = NULL;
    int failed = cli_chain_read(app, task->chain, &chain);
    if (!failed)
        failed = cli_simulated_load(app, task->device, &device);
    if (failed)
        return failed;
    const cli_simulated_task asked = {.agent = poa_key_thumbprint(poa_chain_leaf(chain)->agent_key),
                                      .nonce = task->nonce,
                                      .location = task->location,
                                      .misbehaviour = task->misbehaviour};
    failed = cli_simulated_request(app, &device, &asked, &request);
    return failed ? failed : cli_print_json(request);
}

int cli_device_simulate(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {NULL, 0, NULL, 0, "To make devices:", 10},
        {"maker", OPTION_MAKER, "DIR", 0, "Who gives it an IDevID (`poa device maker'); without, it has none", 11},
        {"serial", OPTION_SERIAL, "SERIAL", 0, "Serial number", 11},
        {"model", OPTION_MODEL, "NAME", 0, "Model", 11},
        {"id-link", OPTION_ID_LINK, "URL", 0, "Identification link (IEC 61406) on its label and in its IDevID", 11},
        {"label-only", OPTION_LABEL_ONLY, NULL, 0, "The link is on the label, and not in the IDevID", 11},
        {"count", OPTION_COUNT, "N", 0,
         "So many, each in a folder of DIR: a number ends the serial, and that serial ends the link", 11},
        {"output", 'o', "DIR", 0, "Folder for it", 11},
        {NULL, 0, NULL, 0, "To let the device in DIR answer, with a request to come in:", 20},
        {"chain", OPTION_CHAIN, "FILE", 0, "Chain of the agent who asks: the answer is good for that agent alone", 21},
        {"location", OPTION_LOCATION, "PATH", 0, "Where it will stand", 21},
        {"nonce", OPTION_NONCE, "NONCE", 0, "Nonce of the server; without, the answer is one for offline", 21},
        {"misbehave", OPTION_MISBEHAVE, "HOW", 0,
         "Answer badly: wrong-serial, old-proof, other-agent, cloned-label or copied-idevid", 21},
        {0},
    };
    static const struct argp argp = {
        options,
        parse,
        "[DIR]",
        "Make a simulated device: a folder with a label, an IDevID (IEEE 802.1AR) of a made-up manufacturer, and keys. "
        "`poa onboard --simulated DIR' brings it in, `poa device run DIR' keeps its trust. Or let one answer as a "
        "device does.\v"
        "Example:\n"
        "  poa device simulate --maker acme --serial SN-17 --model XY-1 \\\n"
        "    --id-link https://id.acme.example/SN-17 -o sn-17",
        NULL,
        NULL,
        NULL};
    simulate_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return task.device ? answer(app, &task) : make_all(app, &task);
}
