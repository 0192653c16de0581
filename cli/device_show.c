#include "device_verbs.h"

#include "cleanup.h"
#include "device_options.h"
#include "device_text.h"
#include "json.h"
#include "output.h"
#include "span.h"

typedef struct show_task {
    cli_device_options asker;
    const char *id;
} show_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    show_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->asker;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->id, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->id, "ID of the device");
        if (!poa_span_is_uuid(poa_span_of(task->id)))
            argp_error(state, "a device's id is a UUID in lower case, as `poa device list' shows it");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int show(const cli *app, const show_task *task)
{
    POA_CLEANUP(cli_device_session_clear) cli_device_session session = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *device = NULL;
    POA_CLEANUP(poa_buf_clear) poa_buf path = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&path, "/v1/devices/%s", task->id);
    int failed = path.failed ? cli_fault_of(POA_F_NOMEM) : cli_device_open(app, &task->asker, &session);
    if (failed)
        return failed;
    const cli_query query = {.method = "GET", .path = path.text};
    failed = cli_device_ask(app, &session, &query, &device);
    if (failed)
        return failed;
    if (task->asker.output.json)
        return cli_print_json(device);
    cli_device_lines(&b, device);
    return cli_print(&b);
}

int cli_device_show(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_device_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        "ID",
        "Show one device of a site: who it is and how sure that is, its state and why, its trust.\v"
        "Example:\n"
        "  poa device show 0b9a3c1e-5d3f-4a57-9d54-1f6f0f4a9f10 \\\n"
        "    --server https://poa.site.example --chain reader.poa --key reader.key",
        children,
        NULL,
        NULL};

    show_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return show(app, &task);
}
