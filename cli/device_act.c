#include "device_verbs.h"

#include "cleanup.h"
#include "device_options.h"
#include "json.h"
#include "output.h"
#include "span.h"

#include <string.h>

/*
 * suspend, resume, ratify, retire, release, approve: one POST about one device each, for as many ids as are named. What
 * one of them differs in stands in its row.
 */

enum { OPTION_REASON = CLI_OPTIONS_VERB, OPTION_IDENTIFIER, OPTION_REFUSE };

typedef struct act {
    const char *before; /* the path before the id */
    const char *behind; /* and behind it */
    bool identifiers;   /* takes --identifier */
    bool refusable;     /* takes --refuse, and says "approve" */
} act;

typedef struct act_task {
    const act *act;
    cli_device_options asker;
    cli_texts ids;
    cli_texts identifiers;
    const char *reason;
    bool refuse;
} act_task;

static void check(const struct argp_state *state)
{
    const act_task *task = state->input;
    if (task->ids.count == 0)
        argp_error(state, "ID of the device is missing");
    for (size_t i = 0; i < task->ids.count; i++)
        if (!poa_span_is_uuid(poa_span_of(task->ids.at[i])))
            argp_error(state, "%s is no id of a device: a UUID in lower case, as `poa device list' shows it",
                       task->ids.at[i]);
    if (task->act->identifiers && task->identifiers.count == 0)
        argp_error(state, "--identifier is missing: serial, id_link, idevid, product_instance_uri or spiffe_id");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    act_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->asker;
        return 0;
    case OPTION_REASON:
        task->reason = arg;
        return 0;
    case OPTION_IDENTIFIER:
        cli_texts_add_list(state, &task->identifiers, arg);
        return 0;
    case OPTION_REFUSE:
        task->refuse = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_texts_add(state, &task->ids, arg);
        return 0;
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static json_t *make_identifiers(const act_task *task)
{
    json_t *list = json_array();
    for (size_t i = 0; i < task->identifiers.count; i++)
        (void)json_array_append_new(list, json_string(task->identifiers.at[i]));
    return list;
}

static int write_body(void *arg, const char *nonce, poa_buf *body)
{
    const act_task *task = arg;
    (void)nonce;
    POA_CLEANUP(poa_json_decrefp)
    json_t *object = json_pack("{s:s*, s:o*, s:o*}", "reason", task->reason, "identifiers",
                               task->act->identifiers ? make_identifiers(task) : NULL, "approve",
                               task->act->refusable ? json_boolean(!task->refuse) : NULL);
    if (!object)
        return cli_usage("--reason is no valid UTF-8 text");
    POA_CLEANUP(poa_freep) char *text = cli_json_compact(object);
    poa_buf_text(body, text ? text : "");
    return text ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

static void tell(const act *what, const char *id, const json_t *reply)
{
    const json_t *device = json_object_get(reply, "device");
    const json_t *about = device ? device : json_object_get(reply, "onboarding");
    POA_CLEANUP(poa_freep) char *state = cli_escaped(poa_json_span(json_object_get(about, "state")));
    cli_say("device %s %s %s", id, what->identifiers ? "holds that no more; it is" : "is", state);
}

static int act_on(const cli *app, const cli_device_session *session, act_task *task, const char *id)
{
    POA_CLEANUP(poa_buf_clear) poa_buf path = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *reply = NULL;
    poa_buf_printf(&path, "%s%s%s", task->act->before, id, task->act->behind);
    if (path.failed)
        return cli_fault_of(POA_F_NOMEM);
    const cli_query query = {.method = "POST", .path = path.text, .change = true, .body = write_body, .arg = task};
    const int failed = cli_device_ask(app, session, &query, &reply);
    if (failed)
        return failed;
    tell(task->act, id, reply);
    return task->asker.output.json ? cli_print_json(reply) : CLI_OK;
}

/* One after the other, also when one is refused; the first refusal is the exit code. */
static int act_on_all(const cli *app, act_task *task)
{
    POA_CLEANUP(cli_device_session_clear) cli_device_session session = {0};
    int exit_code = cli_device_open(app, &task->asker, &session);
    if (exit_code)
        return exit_code;
    for (size_t i = 0; i < task->ids.count; i++) {
        const int failed = act_on(app, &session, task, task->ids.at[i]);
        if (failed && task->ids.count > 1)
            cli_say("  this was device %s", task->ids.at[i]);
        exit_code = exit_code ? exit_code : failed;
    }
    return exit_code;
}

#define REASON_OPTION                                                                                       \
    {                                                                                                       \
        "reason", OPTION_REASON, "TEXT", 0, "Why, for the audit log and for people (at most 256 bytes)", 10 \
    }

static int run(cli *app, int argc, char **argv, const act *what, const struct argp_option *options, const char *doc)
{
    const struct argp_child children[] = {{&cli_device_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {options, parse, "ID...", doc, children, NULL, NULL};
    act_task task = {.act = what};
    cli_parse(&argp, argc, argv, &task);
    return act_on_all(app, &task);
}

static const struct argp_option with_reason[] = {REASON_OPTION, {0}};

#define EXAMPLE(verb, who, more)                                                                                      \
    "Example:\n  poa device " verb " 0b9a3c1e-5d3f-4a57-9d54-1f6f0f4a9f10 \\\n    --server https://poa.site.example " \
    "--chain " who ".poa --key " who ".key" more

int cli_device_suspend(cli *app, int argc, char **argv)
{
    static const act suspend = {.before = "/v1/devices/", .behind = "/suspension"};
    return run(
        app, argc, argv, &suspend, with_reason,
        "Stop a device for a while: its certificates go on the CRL, and it cannot renew its trust. Wants a power "
        "with the action suspend over it.\v" EXAMPLE("suspend", "foreman", " \\\n    --reason 'seen open'"));
}

int cli_device_resume(cli *app, int argc, char **argv)
{
    static const act resume = {.before = "/v1/devices/", .behind = "/resumption"};
    return run(
        app, argc, argv, &resume, with_reason,
        "Let a suspended device go on: its certificates leave the CRL. The PoA under which it came in must stand; "
        "else `poa device ratify' comes first. Wants a power with the action resume over it.\v" EXAMPLE("resume",
                                                                                                        "foreman", ""));
}

int cli_device_retire(cli *app, int argc, char **argv)
{
    static const act retire = {.before = "/v1/devices/", .behind = "/decommission"};
    return run(
        app, argc, argv, &retire, with_reason,
        "Decommission a device for ever: its certificates are revoked, and its identifiers stay taken. Wants a "
        "power with the action decommission over it.\v" EXAMPLE("retire", "foreman", " \\\n    --reason scrapped"));
}

int cli_device_ratify(cli *app, int argc, char **argv)
{
    static const act ratify = {.before = "/v1/devices/", .behind = "/ratification"};
    return run(
        app, argc, argv, &ratify, NULL,
        "Bring devices under the PoA that you show: those in review, because the one under which they came in was "
        "revoked, and those whose PoA ends soon. Wants a power with the action reestablish over them.\v" EXAMPLE(
            "ratify", "foreman", ""));
}

int cli_device_release(cli *app, int argc, char **argv)
{
    static const act release = {.before = "/v1/devices/", .behind = "/release", .identifiers = true};
    static const struct argp_option options[] = {
        {"identifier", OPTION_IDENTIFIER, "KIND", 0,
         "What is freed: serial, id_link, idevid, product_instance_uri, spiffe_id. May be repeated", 10},
        REASON_OPTION,
        {0}};
    return run(app, argc, argv, &release, options,
               "Free an identifier that the record of a device holds which is in review, suspended, replaced or "
               "decommissioned, so that another can come in with it. For who holds the administration power "
               "approve.\v" EXAMPLE("release", "admin", " \\\n    --identifier serial"));
}

int cli_device_approve(cli *app, int argc, char **argv)
{
    static const act approve = {.before = "/v1/onboardings/", .behind = "/approval", .refusable = true};
    static const struct argp_option options[] = {
        {"refuse", OPTION_REFUSE, NULL, 0, "Say no: the device does not come in", 10}, REASON_OPTION, {0}};
    return run(app, argc, argv, &approve, options,
               "Say yes to a device that waits for it (`poa device list --state pending'), or no. For who holds the "
               "administration power approve at its location, and is nobody who asks for it.\v" EXAMPLE("approve",
                                                                                                        "admin", ""));
}
