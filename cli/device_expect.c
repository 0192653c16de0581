#include "device_verbs.h"

#include "cleanup.h"
#include "device_options.h"
#include "files.h"
#include "json.h"
#include "output.h"
#include "request_options.h"
#include "span.h"
#include "times.h"

#include <stdlib.h>
#include <string.h>

enum { OPTION_LOCATION = CLI_OPTIONS_VERB, OPTION_DEVICE, OPTION_UNTIL, OPTION_TICKET, OPTION_LIST, OPTION_WITHDRAW };

enum { TICKET_BYTES_MAX = 8192, LIST_BYTES_MAX = 16 << 20 };

typedef struct expect_task {
    cli_device_options asker;
    const char *location;
    const char *device;
    const char *ticket;
    const char *list;
    const char *withdraw;
    int64_t until_s; /* -1: not said */
    json_t *members; /* owned */
    char *text;      /* owned: a ticket, or a list */
    size_t text_len;
    size_t refused; /* lines of a list */
    size_t taken;
} expect_task;

static void check(const struct argp_state *state)
{
    const expect_task *task = state->input;
    const int ways = (task->device || task->ticket) + (task->list != NULL) + (task->withdraw != NULL);
    if (ways != 1)
        argp_error(state, "one of --device DEVICE, --list FILE and --withdraw ID is wanted");
    if (!task->list && !task->withdraw) {
        cli_need(state, task->device, "--device DEVICE");
        cli_need(state, task->location, "--location PATH");
    }
    if (task->withdraw && !poa_span_is_uuid(poa_span_of(task->withdraw)))
        argp_error(state,
                   "--withdraw wants the id of an expected device, as `poa device list --state expected' shows it");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    expect_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        task->until_s = -1;
        state->child_inputs[0] = &task->asker;
        return 0;
    case OPTION_LOCATION:
        task->location = arg;
        return 0;
    case OPTION_DEVICE:
        task->device = arg;
        return 0;
    case OPTION_UNTIL:
        task->until_s = cli_moment_option(state, "--until", arg);
        return 0;
    case OPTION_TICKET:
        task->ticket = arg;
        return 0;
    case OPTION_LIST:
        task->list = arg;
        return 0;
    case OPTION_WITHDRAW:
        task->withdraw = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- one device ---- */

static int write_one(void *arg, const char *nonce, poa_buf *body)
{
    const expect_task *task = arg;
    (void)nonce;
    const poa_span ticket = {task->text, task->text ? strcspn(task->text, "\r\n") : 0};
    POA_CLEANUP(poa_json_decrefp)
    json_t *object = json_pack("{s:O, s:s, s:o*, s:o*}", "device", task->members, "location", task->location, "until",
                               task->until_s >= 0 ? json_integer(task->until_s) : NULL, "ticket",
                               task->ticket ? json_stringn(ticket.ptr, ticket.len) : NULL);
    POA_CLEANUP(poa_freep) char *text = object ? cli_json_compact(object) : NULL;
    if (!text)
        return cli_usage("the location or the ticket is no valid UTF-8 text");
    poa_buf_text(body, text);
    return CLI_OK;
}

static int expect_one(const cli *app, const cli_device_session *session, expect_task *task)
{
    POA_CLEANUP(poa_json_decrefp) json_t *reply = NULL;
    int failed = cli_device_members(task->device, &task->members);
    if (!failed && task->ticket)
        failed = cli_file_read(task->ticket, TICKET_BYTES_MAX, &task->text, &task->text_len);
    if (failed)
        return failed;
    const cli_query query = {.method = "POST", .path = "/v1/tickets", .change = true, .body = write_one, .arg = task};
    failed = cli_device_ask(app, session, &query, &reply);
    if (failed)
        return failed;
    if (task->asker.output.json)
        return cli_print_json(reply);
    const poa_span id = poa_json_span(json_object_get(json_object_get(reply, "device"), "id"));
    POA_CLEANUP(poa_freep) char *shown = cli_escaped(id);
    cli_say("expected: device %s", shown);
    return CLI_OK;
}

/* ---- a list ---- */

static int write_list(void *arg, const char *nonce, poa_buf *body)
{
    const expect_task *task = arg;
    (void)nonce;
    poa_buf_add(body, (poa_span){task->text, task->text_len});
    return CLI_OK;
}

/* {"line":n,"status":201,...}: what became of one line. */
static int take_line(void *arg, poa_span line)
{
    expect_task *task = arg;
    POA_CLEANUP(poa_json_decrefp) json_t *answer = NULL;
    if (poa_json_parse(line, &answer) != POA_OK) {
        (void)cli_usage("the server's reply holds a line that is none of a PoA server");
        return CLI_UNREACHABLE;
    }
    const json_int_t status = json_integer_value(json_object_get(answer, "status"));
    if (task->asker.output.json && cli_print_json(answer) != CLI_OK)
        return CLI_FAULT;
    if (status >= 200 && status < 300) {
        task->taken++;
        return CLI_OK;
    }
    task->refused++;
    POA_CLEANUP(poa_freep) char *code = cli_escaped(poa_json_span(json_object_get(answer, "code")));
    POA_CLEANUP(poa_freep) char *member = cli_escaped(poa_json_span(json_object_get(answer, "member")));
    POA_CLEANUP(poa_freep) char *detail = cli_escaped(poa_json_span(json_object_get(answer, "detail")));
    cli_say("line %lld is refused: %s %s %s", (long long)json_integer_value(json_object_get(answer, "line")), code,
            member, detail);
    return CLI_OK;
}

static int expect_list(const cli *app, const cli_device_session *session, expect_task *task)
{
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    int failed = cli_file_read(task->list, LIST_BYTES_MAX, &task->text, &task->text_len);
    if (failed)
        return failed;
    const cli_query query = {.method = "POST",
                             .path = "/v1/tickets:batch",
                             .change = true,
                             .body = write_list,
                             .content_type = "application/x-ndjson",
                             .line = take_line,
                             .arg = task};
    failed = cli_agent_ask(app, &session->agent, &query, &reply);
    if (failed)
        return failed;
    if (reply.status >= 300)
        return cli_reply_refused(&reply);
    cli_say("%zu expected, %zu refused", task->taken, task->refused);
    return task->refused > 0 ? poa_err_describe(POA_E_DEVICE_NOT_GRANTED)->exit : CLI_OK;
}

/* ---- no more ---- */

static int withdraw(const cli *app, const cli_device_session *session, const expect_task *task)
{
    POA_CLEANUP(poa_buf_clear) poa_buf path = {0};
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    poa_buf_printf(&path, "/v1/tickets/%s", task->withdraw);
    if (path.failed)
        return cli_fault_of(POA_F_NOMEM);
    const cli_query query = {.method = "DELETE", .path = path.text, .change = true};
    const int failed = cli_agent_ask(app, &session->agent, &query, &reply);
    if (failed)
        return failed;
    if (reply.status >= 300)
        return cli_reply_refused(&reply);
    cli_say("device %s is expected no more", task->withdraw);
    return CLI_OK;
}

static int expect(const cli *app, expect_task *task)
{
    POA_CLEANUP(cli_device_session_clear) cli_device_session session = {0};
    const int failed = cli_device_open(app, &task->asker, &session);
    if (failed)
        return failed;
    if (task->withdraw)
        return withdraw(app, &session, task);
    return task->list ? expect_list(app, &session, task) : expect_one(app, &session, task);
}

int cli_device_expect(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {NULL, 0, NULL, 0, "Which device:", 10},
        {"device", OPTION_DEVICE, "DEVICE", 0,
         "Its identity: a JSON file, or typed as serial=SN-17,manufacturer=Acme; what is stated must be so", 11},
        {"location", OPTION_LOCATION, "PATH", 0, "Where it is expected, there or below", 11},
        {"until", OPTION_UNTIL, "TIME", 0, "Expected until then (as long as nobody withdraws it)", 11},
        {"ticket", OPTION_TICKET, "FILE", 0, "The maker's signed ticket, which ties its label to its key", 11},
        {"list", OPTION_LIST, "FILE", 0,
         "Many: one JSON object a line, with device, location and perhaps until and ticket; \"-\" is standard input",
         12},
        {"withdraw", OPTION_WITHDRAW, "ID", 0, "Expect this one no more", 13},
        {0},
    };
    static const struct argp_child children[] = {{&cli_device_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Announce devices before they come: where the policy says so, no other comes in. For who holds the "
        "administration power approve at the location.\v"
        "Example:\n"
        "  poa device expect --server https://poa.site.example --chain admin.poa --key admin.key \\\n"
        "    --device manufacturer=Acme,serial=SN-17 --location mine-7/hall-2",
        children,
        NULL,
        NULL};

    expect_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    const int exit_code = expect(app, &task);
    json_decref(task.members);
    free(task.text);
    return exit_code;
}
