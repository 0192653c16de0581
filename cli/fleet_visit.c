#include "fleet.h"

#include "cleanup.h"
#include "json.h"
#include "output.h"
#include "span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_UNAUTHORIZED = 401, STATUS_TOO_MANY = 429, STATUS_FAULT = 500 };

static void fail(cli_visit *visit, int exit_code, const char *code)
{
    visit->end = CLI_VISIT_FAILED;
    visit->exit_code = exit_code;
    (void)snprintf(visit->code, sizeof visit->code, "%s", code);
}

/* Written before the server hears of it: a start that was told is never told again by a later one. */
static int begin(const cli_visit_plan *plan, cli_simulated *device)
{
    int set = 0;
    if (plan->boots) {
        const json_int_t boots = json_integer_value(json_object_get(device->state, "boot_counter"));
        set |= json_object_set_new(device->state, "boot_counter", json_integer(boots + 1));
    }
    if (plan->firmware)
        set |= json_object_set_new(device->state, "firmware", json_string(poa_id_print(plan->firmware).chars));
    if (set != 0)
        return cli_fault_of(POA_F_NOMEM);
    return plan->boots || plan->firmware ? cli_simulated_remember(device) : CLI_OK;
}

static int send(cli_connection *connection, const cli_simulated *device, const json_t *request, cli_reply *reply)
{
    POA_CLEANUP(poa_freep) char *body = cli_json_compact(request);
    POA_CLEANUP(poa_buf_clear) poa_buf path = {0};
    poa_buf_text(&path, "/v1/devices/");
    poa_buf_add(&path, poa_json_span(json_object_get(device->state, "id")));
    poa_buf_text(&path, "/trust");
    if (!body || path.failed)
        return cli_fault_of(POA_F_NOMEM);
    const cli_exchange exchange = {.method = "POST", .path = path.text, .body = poa_span_of(body)};
    return cli_connection_ask(connection, &exchange, reply);
}

static int ask_once(const cli *app, cli_connection *connection, const cli_visit_plan *plan, cli_simulated *device,
                    const char *nonce, cli_reply *reply)
{
    POA_CLEANUP(poa_json_decrefp) json_t *request = NULL;
    const cli_simulated_renewal renewal = {.site = plan->site, .nonce = nonce, .reason = plan->reason};
    const int failed = cli_simulated_renew(app, device, &renewal, &request);
    return failed ? failed : send(connection, device, request, reply);
}

/* With the server's nonce, and once more where it wants another. */
static int ask(const cli *app, cli_connection *connection, const cli_visit_plan *plan, cli_simulated *device,
               cli_reply *reply)
{
    POA_CLEANUP(poa_freep) char *nonce = NULL;
    POA_CLEANUP(cli_reply_clear) cli_reply first = {0};
    int64_t unused_s = 0;
    int failed = cli_connection_challenge(connection, &nonce, &unused_s);
    if (!failed)
        failed = ask_once(app, connection, plan, device, nonce, &first);
    if (failed)
        return failed;
    if (first.status == STATUS_UNAUTHORIZED && first.nonce[0] != '\0')
        return ask_once(app, connection, plan, device, first.nonce, reply);
    *reply = first;
    first = (cli_reply){0};
    return CLI_OK;
}

static void tell_refused(const cli_visit_plan *plan, const cli_visit *visit, const json_t *problem)
{
    POA_CLEANUP(poa_freep) char *folder = cli_escaped(poa_span_of(plan->folder));
    POA_CLEANUP(poa_freep) char *code = cli_escaped(poa_span_of(visit->code));
    POA_CLEANUP(poa_freep) char *at = cli_escaped(poa_json_span(json_object_get(problem, "member")));
    POA_CLEANUP(poa_freep) char *why = cli_escaped(poa_json_span(json_object_get(problem, "detail")));
    cli_say("%s: %s%s%s%s%s", folder, code, at[0] ? " at " : "", at, why[0] ? ": " : "", why);
}

static void take_refusal(const cli_visit_plan *plan, const cli_reply *reply, cli_visit *visit)
{
    POA_CLEANUP(poa_json_decrefp) json_t *problem = NULL;
    char number[24];
    (void)snprintf(number, sizeof number, "http_%ld", reply->status);
    const bool read = poa_json_parse((poa_span){reply->body, reply->len}, &problem) == POA_OK;
    const char *code = read ? json_string_value(json_object_get(problem, "code")) : NULL;
    const poa_err_info *row = code ? poa_err_by_name(code) : NULL;
    fail(visit, row && row->exit != 0 ? row->exit : CLI_UNREACHABLE, row ? row->name : number);
    tell_refused(plan, visit, problem);
}

static void take_trust(const cli *app, const cli_reply *reply, cli_simulated *device, cli_visit *visit)
{
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    int failed = cli_reply_json(reply, &body);
    if (!failed)
        failed = cli_simulated_renewed(app, device, body);
    if (failed) {
        fail(visit, failed, "device");
        return;
    }
    visit->end = CLI_VISIT_DONE;
    visit->due_s = json_integer_value(json_object_get(device->state, "due"));
}

static void take_reply(const cli *app, const cli_visit_plan *plan, const cli_reply *reply, cli_simulated *device,
                       cli_visit *visit)
{
    const bool told_when = reply->status == STATUS_TOO_MANY || reply->status >= STATUS_FAULT;
    if (reply->status == 200) {
        take_trust(app, reply, device, visit);
    } else if (told_when && reply->retry_after_s > 0) {
        visit->end = CLI_VISIT_LATER;
        visit->wait_s = reply->retry_after_s;
    } else if (reply->status >= STATUS_FAULT) {
        visit->end = CLI_VISIT_AWAY;
    } else {
        take_refusal(plan, reply, visit);
    }
}

void cli_fleet_visit(const cli *app, cli_connection *connection, const cli_visit_plan *plan, cli_visit *visit)
{
    POA_CLEANUP(cli_simulated_clear) cli_simulated device = {0};
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    *visit = (cli_visit){0};
    int failed = cli_simulated_load(app, plan->folder, &device);
    if (!failed)
        failed = cli_simulated_settle(app, &device);
    if (!failed)
        failed = begin(plan, &device);
    if (!failed)
        failed = ask(app, connection, plan, &device, &reply);
    if (!failed)
        take_reply(app, plan, &reply, &device, visit);
    else if (failed == CLI_UNREACHABLE)
        visit->end = CLI_VISIT_AWAY;
    else
        fail(visit, failed, "device");
}
