#include "device_verbs.h"

#include "cleanup.h"
#include "device_options.h"
#include "device_text.h"
#include "json.h"
#include "output.h"
#include "span.h"
#include "times.h"

#include <string.h>

enum {
    OPTION_STATE = CLI_OPTIONS_VERB,
    OPTION_LOCATION,
    OPTION_SERIAL,
    OPTION_ID_LINK,
    OPTION_MANUFACTURER,
    OPTION_IDEVID,
    OPTION_POA,
    OPTION_NOT_BELOW,
    OPTION_DUE_BEFORE,
};

/* As many records as one page of a server has at most. */
enum { PAGE = 200 };

typedef struct list_task {
    cli_device_options asker;
    poa_buf filter; /* owned: &name=value... */
    bool not_below;
    bool poa;
} list_task;

/* A value in a query string (RFC 3986 section 3.4). */
static void add_filter(poa_buf *b, const char *name, const char *value)
{
    poa_buf_printf(b, "&%s=", name);
    for (; *value; value++) {
        const unsigned char c = (unsigned char)*value;
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~/", (int)c);
        if (plain)
            poa_buf_add(b, (poa_span){value, 1});
        else
            poa_buf_printf(b, "%%%02X", c);
    }
}

static bool is_state(const char *text)
{
    static const char *const states[] = {"expected",  "pending",  "active",        "review",
                                         "suspended", "replaced", "decommissioned"};
    for (size_t i = 0; i < POA_COUNT(states); i++)
        if (strcmp(text, states[i]) == 0)
            return true;
    return false;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    list_task *task = state->input;
    static const struct {
        int key;
        const char *name;
    } texts[] = {
        {OPTION_STATE, "state"},     {OPTION_LOCATION, "location"},         {OPTION_SERIAL, "serial"},
        {OPTION_ID_LINK, "id_link"}, {OPTION_MANUFACTURER, "manufacturer"}, {OPTION_IDEVID, "idevid"},
        {OPTION_POA, "poa"},
    };
    if (key == OPTION_STATE && !is_state(arg))
        argp_error(state, "--state wants expected, pending, active, review, suspended, replaced or decommissioned");
    for (size_t i = 0; i < POA_COUNT(texts); i++) {
        if (texts[i].key != key)
            continue;
        add_filter(&task->filter, texts[i].name, arg);
        task->poa = task->poa || key == OPTION_POA;
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->asker;
        return 0;
    case OPTION_NOT_BELOW:
        task->not_below = true;
        poa_buf_text(&task->filter, "&below=false");
        return 0;
    case OPTION_DUE_BEFORE:
        poa_buf_printf(&task->filter, "&due_before=%lld", (long long)cli_moment_option(state, "--due-before", arg));
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    case ARGP_KEY_END:
        if (task->not_below && !task->poa)
            argp_error(state, "--not-below goes with --poa");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One page behind a cursor; *next is the cursor of the one after it, owned by the page, or NULL. */
static int ask_page(const cli *app, const cli_device_session *session, const list_task *task, const char *cursor,
                    json_t **page, const char **next)
{
    POA_CLEANUP(poa_buf_clear) poa_buf path = {0};
    poa_buf_printf(&path, "/v1/devices?limit=%d", PAGE);
    poa_buf_add(&path, poa_buf_span(&task->filter));
    if (cursor)
        add_filter(&path, "cursor", cursor);
    if (path.failed)
        return cli_fault_of(POA_F_NOMEM);
    const cli_query query = {.method = "GET", .path = path.text};
    const int failed = cli_device_ask(app, session, &query, page);
    if (failed)
        return failed;
    if (!json_is_array(json_object_get(*page, "devices"))) {
        (void)cli_usage("the server's reply has no devices");
        return CLI_UNREACHABLE;
    }
    *next = json_string_value(json_object_get(*page, "cursor"));
    return CLI_OK;
}

static int ask_all(const cli *app, const cli_device_session *session, const list_task *task, json_t *devices)
{
    POA_CLEANUP(poa_json_decrefp) json_t *page = NULL;
    const char *cursor = NULL;
    do {
        POA_CLEANUP(poa_json_decrefp) json_t *before = page; /* holds the cursor */
        page = NULL;
        const int failed = ask_page(app, session, task, cursor, &page, &cursor);
        if (failed)
            return failed;
        if (json_array_extend(devices, json_object_get(page, "devices")) != 0)
            return cli_fault_of(POA_F_NOMEM);
    } while (cursor);
    return CLI_OK;
}

static int print(const list_task *task, json_t *devices)
{
    if (task->asker.output.json) {
        POA_CLEANUP(poa_json_decrefp) json_t *all = json_pack("{s:O}", "devices", devices);
        return all ? cli_print_json(all) : cli_fault_of(POA_F_NOMEM);
    }
    if (json_array_size(devices) == 0) {
        cli_say("no device that you may read is so");
        return CLI_OK;
    }
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    cli_devices_table(&b, devices);
    return cli_print(&b);
}

static int list(const cli *app, const list_task *task)
{
    POA_CLEANUP(cli_device_session_clear) cli_device_session session = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *devices = json_array();
    if (!devices || task->filter.failed)
        return cli_fault_of(POA_F_NOMEM);
    int failed = cli_device_open(app, &task->asker, &session);
    if (!failed)
        failed = ask_all(app, &session, task, devices);
    return failed ? failed : print(task, devices);
}

int cli_device_list(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {NULL, 0, NULL, 0, "Which devices (all that you may read):", 10},
        {"state", OPTION_STATE, "STATE", 0, "expected, pending, active, review, suspended, replaced or decommissioned",
         11},
        {"location", OPTION_LOCATION, "PATH", 0, "At or below this site path", 11},
        {"manufacturer", OPTION_MANUFACTURER, "NAME", 0, "Of this maker", 11},
        {"serial", OPTION_SERIAL, "SERIAL", 0, "With this serial number", 11},
        {"id-link", OPTION_ID_LINK, "URL", 0, "With this identification link (IEC 61406)", 11},
        {"idevid", OPTION_IDEVID, "HASH", 0, "With this IDevID key: SHA-256 of its SubjectPublicKeyInfo", 11},
        {"poa", OPTION_POA, "ID", 0, "That came in under this PoA or one below it", 12},
        {"not-below", OPTION_NOT_BELOW, NULL, 0, "With --poa: under that very PoA alone", 12},
        {"due-before", OPTION_DUE_BEFORE, "TIME", 0, "That have to re-establish trust before then", 12},
        {0},
    };
    static const struct argp_child children[] = {{&cli_device_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "List the devices of a site that the chain lets you read.\v"
        "Example:\n"
        "  poa device list --server https://poa.site.example --chain reader.poa --key reader.key \\\n"
        "    --state review --location mine-7/hall-2",
        children,
        NULL,
        NULL};

    list_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    const int exit_code = list(app, &task);
    poa_buf_clear(&task.filter);
    return exit_code;
}
