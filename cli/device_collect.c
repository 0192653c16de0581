#include "device_verbs.h"

#include "chains.h"
#include "cleanup.h"
#include "file.h"
#include "json.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "simulated.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_CHAIN = CLI_OPTIONS_VERB, OPTION_LOCATION, OPTION_MISBEHAVE };

typedef struct collect_task {
    const char *chain;
    const char *location;
    const char *file;
    enum cli_misbehaviour misbehaviour;
    char **devices; /* argv's */
    int count;
} collect_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    collect_task *task = state->input;
    switch (key) {
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
        task->file = arg;
        return 0;
    case ARGP_KEY_ARGS:
        task->devices = state->argv + state->next;
        task->count = state->argc - state->next;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->chain, "--chain FILE");
        cli_need(state, task->location, "--location PATH");
        if (task->count == 0)
            argp_error(state, "DIR of a device is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One line for each device, in the order in which they are named, at the end of what is there. */
static int collect_one(const cli *app, const collect_task *task, const poa_id *agent, const char *folder, int to)
{
    POA_CLEANUP(cli_simulated_clear) cli_simulated device = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *request = NULL;
    POA_CLEANUP(poa_buf_clear) poa_buf line = {0};
    const cli_simulated_task asked = {.agent = agent, .location = task->location, .misbehaviour = task->misbehaviour};
    int failed = cli_simulated_load(app, folder, &device);
    if (!failed)
        failed = cli_simulated_request(app, &device, &asked, &request);
    if (failed)
        return failed;
    POA_CLEANUP(poa_freep) char *text = cli_json_compact(request);
    poa_buf_printf(&line, "%s\n", text ? text : "");
    if (!text || line.failed)
        return cli_fault_of(POA_F_NOMEM);
    const int wrote = poa_file_write_all(to, poa_buf_span(&line));
    return wrote == 0 ? CLI_OK : cli_fault("the requests cannot be written: %s", strerror(wrote));
}

static int collect_all(const cli *app, const collect_task *task, int to)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    int failed = cli_chain_read(app, task->chain, &chain);
    if (failed)
        return failed;
    const poa_id *agent = poa_key_thumbprint(poa_chain_leaf(chain)->agent_key);
    for (int i = 0; !failed && i < task->count; i++)
        failed = collect_one(app, task, agent, task->devices[i], to);
    if (failed)
        return failed;
    cli_say("%d collected", task->count);
    if (task->file)
        cli_hint(
            "with a network again: poa onboard --batch %s --results results.ndjson --server URL --chain %s --key KEY",
            task->file, task->chain);
    return CLI_OK;
}

static int collect(const cli *app, const collect_task *task)
{
    if (!task->file || strcmp(task->file, "-") == 0)
        return collect_all(app, task, STDOUT_FILENO);
    POA_CLEANUP(poa_file_closep) int to = open(task->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (to < 0) {
        POA_CLEANUP(poa_freep) char *shown = cli_escaped(poa_span_of(task->file));
        return cli_usage("%s cannot be written: %s", shown, strerror(errno));
    }
    return collect_all(app, task, to);
}

int cli_device_collect(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"chain", OPTION_CHAIN, "FILE", 0,
         "Chain of the agent who collects: the requests are good for that agent alone", 1},
        {"location", OPTION_LOCATION, "PATH", 0, "Where the devices stand", 1},
        {"output", 'o', "FILE", 0, "Add the requests, one a line, to FILE (standard output)", 1},
        {"misbehave", OPTION_MISBEHAVE, "HOW", 0,
         "The devices answer badly: wrong-serial, old-proof, other-agent, cloned-label or copied-idevid", 2},
        {0},
    };
    static const struct argp argp = {
        options,
        parse,
        "DIR...",
        "Collect signed requests of devices where there is no network: each is signed by its device, for this agent, "
        "now. `poa onboard --batch' posts them later, within the PoA's life and the policy's offline_age.\v"
        "Example:\n"
        "  poa device collect sn-17 sn-18 --chain technician.poa \\\n"
        "    --location mine-7/hall-2 -o requests.ndjson",
        NULL,
        NULL,
        NULL};
    collect_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return collect(app, &task);
}
