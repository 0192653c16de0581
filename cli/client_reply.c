#include "client.h"

#include "cleanup.h"
#include "json.h"
#include "output.h"
#include "refusal.h"
#include "span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_reply_json(const cli_reply *reply, json_t **object)
{
    if (poa_json_parse((poa_span){reply->body, reply->len}, object) == POA_OK)
        return CLI_OK;
    (void)cli_usage("the server's reply (HTTP %ld) is none of a PoA server", reply->status);
    cli_hint("is the URL that of a PoA server? It answers GET /.well-known/poa-configuration");
    return CLI_UNREACHABLE;
}

/* A member of the problem into a slot of the reason, as compact JSON. */
static void set_value(char slot[POA_REASON_TEXT_BYTES], const json_t *value)
{
    POA_CLEANUP(poa_freep) char *text = value && !json_is_null(value) ? cli_json_compact(value) : NULL;
    if (text && strlen(text) < POA_REASON_TEXT_BYTES)
        (void)snprintf(slot, POA_REASON_TEXT_BYTES, "%s", text);
}

static poa_reason reason_of(const json_t *problem, poa_err code)
{
    poa_reason why = {.code = code, .hop = POA_HOP_NONE};
    const json_t *hop = json_object_get(problem, "hop");
    const char *member = json_string_value(json_object_get(problem, "member"));
    const char *because = json_string_value(json_object_get(problem, "because"));
    if (json_is_integer(hop) && json_integer_value(hop) >= 0 && json_integer_value(hop) < 9)
        why.hop = (int)json_integer_value(hop);
    if (member)
        (void)snprintf(why.member, sizeof why.member, "%s", member);
    if (because && poa_err_by_name(because))
        why.because = poa_err_by_name(because)->code;
    set_value(why.parent, json_object_get(problem, "parent"));
    set_value(why.child, json_object_get(problem, "child"));
    set_value(why.request, json_object_get(problem, "request"));
    return why;
}

/* "detail" and "request_id", which the server's operator can look up. */
static void say_detail(const json_t *problem)
{
    static const char *const members[] = {"detail", "request_id"};
    for (size_t i = 0; i < POA_COUNT(members); i++) {
        const poa_span text = poa_json_span(json_object_get(problem, members[i]));
        if (text.len == 0)
            continue;
        POA_CLEANUP(poa_freep) char *shown = cli_escaped(text);
        cli_say("  %s: %s", i == 0 ? "the server says" : "request", shown);
    }
}

/* Who says what, where two sources disagree about a device (a 422): each pair of "conflicts". */
static void say_conflicts(const json_t *problem)
{
    size_t i = 0;
    const json_t *conflict = NULL;
    json_array_foreach(json_object_get(problem, "conflicts"), i, conflict)
    {
        const json_t *sources = json_object_get(conflict, "sources");
        const json_t *values = json_object_get(conflict, "values");
        POA_CLEANUP(poa_buf_clear) poa_buf line = {0};
        cli_escape(&line, poa_json_span(json_object_get(conflict, "member")));
        for (size_t j = 0; j < json_array_size(sources); j++) {
            poa_buf_text(&line, j == 0 ? ": " : ", ");
            cli_escape(&line, poa_json_span(json_array_get(sources, j)));
            poa_buf_text(&line, " says ");
            cli_escape_json(&line, json_array_get(values, j));
        }
        if (!line.failed)
            cli_say("  %s", line.text);
    }
}

/* The state that something is in, and what it can become (a 409 about a device). */
static void say_allowed(const json_t *problem)
{
    const json_t *allowed = json_object_get(problem, "allowed");
    const poa_span state = poa_json_span(json_object_get(problem, "state"));
    if (state.len == 0)
        return;
    POA_CLEANUP(poa_freep) char *shown = cli_escaped(state);
    POA_CLEANUP(poa_buf_clear) poa_buf list = {0};
    for (size_t i = 0; i < json_array_size(allowed); i++) {
        poa_buf_text(&list, i > 0 ? ", " : "");
        cli_escape(&list, poa_json_span(json_array_get(allowed, i)));
    }
    cli_say("  it is %s, and can become: %s", shown, list.len > 0 ? list.text : "nothing else");
}

/* A refusal that is no decision on a PoA: too busy, not found, not allowed. */
static int refused_without_code(const cli_reply *reply, const json_t *problem)
{
    const poa_span title = poa_json_span(json_object_get(problem, "title"));
    const bool told = title.len > 0 || poa_json_span(json_object_get(problem, "detail")).len > 0;
    POA_CLEANUP(poa_freep) char *shown = cli_escaped(told ? title : POA_SPAN("no reason given"));
    (void)cli_usage("the server refuses: HTTP %ld%s%s", reply->status, shown[0] ? ", " : "", shown);
    say_detail(problem);
    if (reply->status == 429 || reply->status >= 500) {
        if (reply->retry_after_s > 0)
            cli_hint("try again in %lld s", (long long)reply->retry_after_s);
        else
            cli_hint("try again in a while");
        return CLI_UNREACHABLE;
    }
    if (reply->status == 409) {
        say_allowed(problem);
        return poa_err_describe(POA_E_DEVICE_EXISTS)->exit;
    }
    if (reply->status == 404 && json_is_string(json_object_get(problem, "request_id"))) {
        cli_hint("`poa device list' shows what there is that you may read");
        return CLI_USAGE;
    }
    cli_hint("is the URL that of a PoA server, and this poa of its version?");
    return CLI_USAGE;
}

int cli_reply_refused(const cli_reply *reply)
{
    POA_CLEANUP(poa_json_decrefp) json_t *problem = NULL;
    const int failed = cli_reply_json(reply, &problem);
    if (failed)
        return failed;
    const char *code = json_string_value(json_object_get(problem, "code"));
    const poa_err_info *row = code ? poa_err_by_name(code) : NULL;
    if (!row || row->code == POA_OK)
        return refused_without_code(reply, problem);
    if (poa_err_is_fault(row->code)) {
        (void)cli_fault("the server could not decide: %s", row->name);
        say_detail(problem);
        return row->exit;
    }
    const poa_reason why = reason_of(problem, row->code);
    const int exit_code = cli_refuse_doing(row->code, &why, CLI_REQUESTING);
    say_conflicts(problem);
    say_detail(problem);
    return exit_code;
}

/* Printable ASCII without blanks, so that it can stand in a header, a proof and a request for a certificate. */
static bool is_nonce(const char *text)
{
    const size_t len = text ? strlen(text) : 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x21 || text[i] > 0x7e)
            return false;
    return len > 0 && len <= 255;
}

int cli_connection_challenge(cli_connection *connection, char **nonce, int64_t *expires_in_s)
{
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    const cli_exchange exchange = {.method = "POST", .path = "/v1/challenges"};
    int failed = cli_connection_ask(connection, &exchange, &reply);
    if (failed)
        return failed;
    if (reply.status < 200 || reply.status > 299)
        return cli_reply_refused(&reply);
    failed = cli_reply_json(&reply, &body);
    if (failed)
        return failed;
    const char *text = json_string_value(json_object_get(body, "nonce"));
    if (!is_nonce(text)) {
        (void)cli_usage("the server's reply has no nonce");
        return CLI_UNREACHABLE;
    }
    *nonce = strdup(text);
    *expires_in_s = json_integer_value(json_object_get(body, "expires_in"));
    return *nonce ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

int cli_server_challenge(const cli_server_options *server, char **nonce, int64_t *expires_in_s)
{
    POA_CLEANUP(cli_connection_freep) cli_connection *connection = NULL;
    const int failed = cli_connect(server, &connection);
    return failed ? failed : cli_connection_challenge(connection, nonce, expires_in_s);
}
