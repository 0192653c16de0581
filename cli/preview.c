#include "preview.h"

#include "poa/proof.h"

#include "asking.h"
#include "cleanup.h"
#include "json.h"
#include "keys.h"
#include "output.h"
#include "refusal.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char path[] = "/v1/revocations:preview";

/* What the server's words mean, in the order in which they are told. */
static const struct {
    const char *effect;
    const char *text;
} effects[] = {
    {"cascade", "would be suspended at once, certificates on the CRL (cascade)"},
    {"review", "would run on, and renew nothing until somebody ratifies (review)"},
    {"stop_new", "would be left alone: only new ones are kept out (stop_new)"},
    {"lapse", "waiting for approval would not come in (lapse)"},
    {"untouched", "would not be touched"},
};

/* ---- asking ---- */

static json_t *seconds_or_null(int64_t time_s)
{
    return time_s < 0 ? NULL : json_integer(time_s);
}

static const char *effect_name(const poa_statement_request *said)
{
    static const char *const names[] = {
        [POA_ON_REVOKE_STOP_NEW] = "stop_new", [POA_ON_REVOKE_REVIEW] = "review", [POA_ON_REVOKE_CASCADE] = "cascade"};
    return said->has_on_revoke ? names[said->on_revoke] : NULL;
}

/* Of an administrator the server knows the chain already: it is what the question is put under. */
static int write_body(void *arg, const char *nonce, poa_buf *body)
{
    const cli_preview *p = arg;
    const poa_statement_request *said = p->said;
    const poa_span chain = p->chain && !p->admin ? poa_chain_text(p->chain) : (poa_span){0};
    const poa_id_text target = poa_id_print(&said->target);
    (void)nonce;
    POA_CLEANUP(poa_json_decrefp)
    json_t *object = json_pack(
        "{s:s, s:s, s:s%, s:s*, s:o*, s:o*, s:o*}", "op", poa_statement_op_name(said->op),
        said->target_kind == POA_TARGET_KEY ? "key" : "poa", target.chars, "reason", said->reason.ptr, said->reason.len,
        "on_revoke", effect_name(said), "invalid_since", seconds_or_null(said->invalid_since_s), "issued_before",
        seconds_or_null(said->issued_before_s), "chain", chain.ptr ? json_stringn(chain.ptr, chain.len) : NULL);
    if (!object)
        return cli_usage("--reason is no valid UTF-8 text");
    POA_CLEANUP(poa_freep) char *text = cli_json_compact(object);
    poa_buf_text(body, text ? text : "");
    return text && !body->failed ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

/* Under no chain: the proof alone shows the key. */
static int ask_once(const cli *app, const cli_preview *p, const char *nonce, poa_span body, cli_reply *reply)
{
    const cli_server_options *server = p->server;
    POA_CLEANUP(poa_freep)
    char *url = cli_server_url(server->public_url ? server->public_url : server->url, path);
    POA_CLEANUP(poa_freep) char *proof = NULL;
    POA_CLEANUP(poa_buf_clear) poa_buf dpop = {0};
    if (!url)
        return cli_fault_of(POA_F_NOMEM);
    const poa_proof_request request = {.method = POA_SPAN("POST"),
                                       .url = poa_span_of(url),
                                       .body = body,
                                       .nonce = poa_span_of(nonce),
                                       .iat_s = (int64_t)time(NULL)};
    const poa_err err = poa_proof_sign(app->ctx, &request, p->signer, &cli_random, &proof);
    if (err)
        return cli_refuse(err, NULL, NULL);
    poa_buf_printf(&dpop, "DPoP: %s", proof);
    if (dpop.failed)
        return cli_fault_of(POA_F_NOMEM);
    const char *const headers[] = {dpop.text};
    const cli_exchange exchange = {
        .method = "POST", .path = path, .headers = headers, .headers_len = POA_COUNT(headers), .body = body};
    return cli_server_ask(server, &exchange, reply);
}

static int ask_by_key(const cli *app, cli_preview *p, cli_reply *reply)
{
    POA_CLEANUP(poa_buf_clear) poa_buf body = {0};
    POA_CLEANUP(cli_reply_clear) cli_reply first = {0};
    int failed = write_body(p, "", &body);
    if (!failed)
        failed = ask_once(app, p, "", poa_buf_span(&body), &first);
    if (failed)
        return failed;
    if (first.status == 401 && first.nonce[0] != '\0')
        return ask_once(app, p, first.nonce, poa_buf_span(&body), reply);
    *reply = first;
    first = (cli_reply){0};
    return CLI_OK;
}

static int ask_by_chain(const cli *app, cli_preview *p, cli_reply *reply)
{
    POA_CLEANUP(cli_connection_freep) cli_connection *connection = NULL;
    const int failed = cli_connect(p->server, &connection);
    if (failed)
        return failed;
    const cli_agent agent = {.server = p->server, .connection = connection, .chain = p->admin, .signer = p->signer};
    const cli_query query = {.method = "POST", .path = path, .body = write_body, .arg = p};
    return cli_agent_ask(app, &agent, &query, reply);
}

/* ---- telling ---- */

static long long count_of(const json_t *counts, const char *name)
{
    return (long long)json_integer_value(json_object_get(counts, name));
}

static void tell_devices(poa_buf *b, json_t *devices)
{
    const char *state;
    json_t *count;
    long long sum = 0;
    json_object_foreach(devices, state, count) sum += (long long)json_integer_value(count);
    poa_buf_printf(b, "%lld device%s", sum, sum == 1 ? "" : "s");
    const char *before = ": ";
    json_object_foreach(devices, state, count)
    {
        if (json_integer_value(count) == 0)
            continue;
        poa_buf_printf(b, "%s%lld ", before, (long long)json_integer_value(count));
        cli_escape(b, poa_span_of(state));
        before = ", ";
    }
    poa_buf_text(b, "\n");
}

static int tell(const json_t *reply)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    const json_t *effect = json_object_get(reply, "effect");
    const long long poas = count_of(reply, "poas");
    if (!json_is_true(json_object_get(reply, "counts"))) {
        poa_buf_text(&b, "this touches nothing that the server has seen\n");
        return cli_print(&b);
    }
    const bool more = json_is_true(json_object_get(reply, "more"));
    poa_buf_printf(&b, "this touches %s%lld PoA%s seen, ", more ? "at least " : "", poas, poas == 1 ? "" : "s");
    tell_devices(&b, json_object_get(reply, "devices"));
    for (size_t i = 0; i < POA_COUNT(effects); i++) {
        const long long count = count_of(effect, effects[i].effect);
        if (count > 0)
            poa_buf_printf(&b, "  %lld %s\n", count, effects[i].text);
    }
    if (more)
        poa_buf_text(&b, "  there is more than the server counts at once\n");
    return cli_print(&b);
}

int cli_preview_run(const cli *app, const cli_preview *preview)
{
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *answer = NULL;
    cli_preview p = *preview;
    int failed = p.admin ? ask_by_chain(app, &p, &reply) : ask_by_key(app, &p, &reply);
    if (failed)
        return failed;
    if (reply.status != 200)
        return cli_reply_refused(&reply);
    failed = cli_reply_json(&reply, &answer);
    if (failed)
        return failed;
    if (!json_is_boolean(json_object_get(answer, "counts")) || !json_is_object(json_object_get(answer, "effect"))) {
        (void)cli_usage("the server's reply says no effect");
        return CLI_UNREACHABLE;
    }
    failed = p.json ? cli_print_json(answer) : tell(answer);
    cli_say("nothing was signed, and nothing is changed");
    return failed;
}
