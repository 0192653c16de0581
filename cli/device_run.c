#include "device_verbs.h"

#include "cleanup.h"
#include "crypto.h"
#include "files.h"
#include "fleet.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "span.h"
#include "times.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_FOR = CLI_OPTIONS_VERB,
    OPTION_ONCE,
    OPTION_REASON,
    OPTION_CONNECTIONS,
    OPTION_FIRMWARE,
};

enum { CONNECTIONS = 4, FIRMWARE_BYTES_MAX = 1 << 30 };

typedef struct run_task {
    cli_server_options server;
    cli_output_options output;
    cli_fleet_plan plan;
    const char *firmware;
    char **given; /* argv's */
    int given_count;
} run_task;

/* Folders of devices, owned. */
typedef struct folders {
    char **at;
    size_t count;
    size_t room;
    size_t strangers; /* in a folder of many: without a credential */
} folders;

static void clear(folders *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->at[i]);
    free(list->at);
}

/* ---- options ---- */

static enum poa_trust_reason reason_of(const struct argp_state *state, const char *name)
{
    for (int reason = POA_TRUST_PERIODIC; reason <= POA_TRUST_REKEY; reason++)
        if (strcmp(name, poa_trust_reason_name((enum poa_trust_reason)reason)) == 0)
            return (enum poa_trust_reason)reason;
    argp_error(state, "--reason is periodic, restart, software-update, epoch-change or rekey");
    return POA_TRUST_PERIODIC;
}

static void check(const struct argp_state *state)
{
    const run_task *task = state->input;
    cli_need(state, task->server.url, "--server URL");
    if (task->given_count == 0)
        argp_error(state, "DIR of a device, or of many, is missing");
    if (task->plan.once && task->plan.for_s > 0)
        argp_error(state, "--once ends by itself: --for does not go with it");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    run_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->server;
        state->child_inputs[1] = &task->output;
        return 0;
    case OPTION_FOR:
        task->plan.for_s = cli_duration_option(state, "--for", arg);
        return 0;
    case OPTION_ONCE:
        task->plan.once = task->plan.at_once = true;
        return 0;
    case OPTION_REASON:
        task->plan.reason = reason_of(state, arg);
        task->plan.at_once = true;
        return 0;
    case OPTION_CONNECTIONS:
        task->plan.connections = (size_t)cli_number(state, "--connections", arg, 1, CLI_FLEET_CONNECTIONS_MAX);
        return 0;
    case OPTION_FIRMWARE:
        task->firmware = arg;
        return 0;
    case ARGP_KEY_ARGS:
        task->given = state->argv + state->next;
        task->given_count = state->argc - state->next;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- which devices ---- */

static char *path_of(const char *folder, const char *name)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "%s/%s", folder, name);
    return poa_buf_take(&b);
}

static bool has(const char *folder, const char *name)
{
    POA_CLEANUP(poa_freep) char *path = path_of(folder, name);
    return path && access(path, F_OK) == 0;
}

static int add(folders *list, const char *folder)
{
    if (list->count == list->room) {
        const size_t room = list->room ? 2 * list->room : 64;
        char **more = realloc(list->at, room * sizeof *more);
        if (!more)
            return cli_fault_of(POA_F_NOMEM);
        list->at = more;
        list->room = room;
    }
    char *copy = strdup(folder);
    if (!copy)
        return cli_fault_of(POA_F_NOMEM);
    list->at[list->count++] = copy;
    return CLI_OK;
}

static void freep_entries(struct dirent **entries, int count)
{
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

/* Those in a folder of many that are in a site; the others are counted. */
static int add_many(folders *list, const char *folder)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) {
        POA_CLEANUP(poa_freep) char *shown = cli_escaped(poa_span_of(folder));
        return cli_usage("%s cannot be read: %s", shown, strerror(errno));
    }
    int failed = CLI_OK;
    for (int i = 0; !failed && i < count; i++) {
        POA_CLEANUP(poa_freep) char *inside = path_of(folder, entries[i]->d_name);
        if (!inside)
            failed = cli_fault_of(POA_F_NOMEM);
        else if (has(inside, "credential.pem"))
            failed = add(list, inside);
        else if (has(inside, "label.json"))
            list->strangers++;
    }
    freep_entries(entries, count);
    return failed;
}

static int add_given(folders *list, const char *folder)
{
    if (!has(folder, "label.json"))
        return add_many(list, folder);
    if (has(folder, "credential.pem"))
        return add(list, folder);
    POA_CLEANUP(poa_freep) char *shown = cli_escaped(poa_span_of(folder));
    (void)cli_usage("%s is in no site yet: it has no credential", shown);
    cli_hint("`poa onboard --simulated %s' brings it in", shown);
    return CLI_USAGE;
}

static int find(const run_task *task, folders *list)
{
    int failed = CLI_OK;
    for (int i = 0; !failed && i < task->given_count; i++)
        failed = add_given(list, task->given[i]);
    if (failed)
        return failed;
    if (list->strangers > 0)
        cli_warn("%zu devices are in no site yet, and stay away", list->strangers);
    return list->count > 0 ? CLI_OK : cli_usage("there is no device that is in a site");
}

/* ---- running ---- */

static int read_firmware(const cli *app, const char *file, poa_id *digest)
{
    POA_CLEANUP(poa_freep) char *bytes = NULL;
    size_t len = 0;
    const int failed = cli_file_read(file, FIRMWARE_BYTES_MAX, &bytes, &len);
    if (failed)
        return failed;
    const poa_err err = poa_sha256(app->ctx, (poa_span){bytes, len}, digest);
    return err ? cli_fault_of(err) : CLI_OK;
}

static int run(const cli *app, run_task *task)
{
    POA_CLEANUP(clear) folders list = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *summary = NULL;
    poa_id firmware;
    int failed = find(task, &list);
    if (!failed && task->firmware)
        failed = read_firmware(app, task->firmware, &firmware);
    if (failed)
        return failed;
    task->plan.server = &task->server;
    task->plan.folders = list.at;
    task->plan.count = list.count;
    task->plan.firmware = task->firmware ? &firmware : NULL;
    failed = cli_fleet_run(app, &task->plan, &summary);
    const int printed = summary && task->output.json ? cli_print_json(summary) : CLI_OK;
    return failed ? failed : printed;
}

int cli_device_run(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"for", OPTION_FOR, "DURATION", 0, "Play for so long; without, until it is interrupted", 1},
        {"once", OPTION_ONCE, NULL, 0, "Each device comes once, now; an exit code other than 0 when any failed", 1},
        {"reason", OPTION_REASON, "WHY", 0,
         "Each comes now because of: periodic, restart, software-update, epoch-change, rekey. Later visits are "
         "periodic",
         1},
        {"firmware", OPTION_FIRMWARE, "FILE", 0, "What they run from now on: its digest is told", 1},
        {"connections", OPTION_CONNECTIONS, "N", 0, "So many at once (4, at most 64)", 1},
        {0},
    };
    static const struct argp_child children[] = {{&cli_server_argp, 0, NULL, 0}, {&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "DIR...",
        "Let simulated devices keep their trust, each with its own credential: no agent, no PoA. DIR is a device, or a "
        "folder of many (`poa device simulate --count'). Each comes when it is due, waits when it is told to, and "
        "keeps "
        "its new certificate.\v"
        "Example:\n"
        "  poa device run hall-2 --server https://poa.site.example \\\n"
        "    --reason restart --once   # after a power cut",
        children,
        NULL,
        NULL};
    run_task task = {.plan = {.connections = CONNECTIONS}};
    cli_parse(&argp, argc, argv, &task);
    return run(app, &task);
}
