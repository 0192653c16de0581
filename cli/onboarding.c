#include "onboarding.h"

#include "buf.h"
#include "cleanup.h"
#include "csr.h"
#include "json.h"
#include "output.h"
#include "pem.h"
#include "refusal.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As a server that says nothing of it is asked again. */
enum { POLL_S = 15, POLL_MAX_S = 300 };

/* ---- what is asked ---- */

/* The certificate request as PEM, made for this nonce or as it was given. */
static int make_csr(const cli_onboarding *o, const char *nonce, poa_buf *csr)
{
    if (o->csr) {
        poa_buf_text(csr, o->csr);
        return csr->failed ? cli_fault_of(POA_F_NOMEM) : CLI_OK;
    }
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    const poa_span serial = poa_json_span(json_object_get(o->device, "serial"));
    poa_err err = poa_csr_make(o->device_key, poa_span_of(nonce), serial, &der);
    if (!err)
        err = poa_pem_write(POA_PEM_CSR, poa_bytes_span(&der), &pem);
    if (err)
        return cli_fault_of(err);
    poa_buf_add(csr, poa_bytes_span(&pem));
    return csr->failed ? cli_fault_of(POA_F_NOMEM) : CLI_OK;
}

static int make_typed(const cli_onboarding *o, const char *nonce, json_t **object)
{
    POA_CLEANUP(poa_buf_clear) poa_buf csr = {0};
    const int failed = make_csr(o, nonce, &csr);
    if (failed)
        return failed;
    *object = json_pack("{s:O, s:s, s:s*, s:s*}", "device", o->device, "csr", csr.text, "location", o->location,
                        "device_proof", o->device_proof);
    return *object ? CLI_OK : cli_usage("the location is no valid UTF-8 text");
}

static int make_simulated(const cli *app, const cli_onboarding *o, const char *nonce, json_t **object)
{
    const cli_simulated_task task = {.agent = poa_key_thumbprint(o->agent->signer->key),
                                     .nonce = nonce,
                                     .location = o->location,
                                     .misbehaviour = o->misbehaviour};
    const int failed = cli_simulated_request(app, o->simulated, &task, object);
    if (failed || !o->device)
        return failed;
    return json_object_set(*object, "device", (json_t *)(uintptr_t)o->device) == 0 ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

struct asked {
    const cli *app;
    const cli_onboarding *onboarding;
};

static int write_body(void *arg, const char *nonce, poa_buf *body)
{
    const struct asked *asked = arg;
    const cli_onboarding *o = asked->onboarding;
    POA_CLEANUP(poa_json_decrefp) json_t *object = NULL;
    const int failed = o->simulated ? make_simulated(asked->app, o, nonce, &object) : make_typed(o, nonce, &object);
    if (failed)
        return failed;
    if (o->ticket && json_object_set_new(object, "ticket", json_string(o->ticket)) != 0)
        return cli_usage("the ticket is no valid UTF-8 text");
    POA_CLEANUP(poa_freep) char *text = cli_json_compact(object);
    if (!text)
        return cli_fault_of(POA_F_NOMEM);
    poa_buf_text(body, text);
    return CLI_OK;
}

/* ---- what comes back ---- */

static int read_device(const cli_reply *reply, json_t **object)
{
    POA_CLEANUP(poa_json_decrefp) json_t *read = NULL;
    const int failed = cli_reply_json(reply, &read);
    if (failed)
        return failed;
    if (!json_is_object(json_object_get(read, "device")) || !json_is_string(json_object_get(read, "certificate"))) {
        (void)cli_usage("the server's reply has no device or no certificate");
        return CLI_UNREACHABLE;
    }
    *object = POA_TAKE(read);
    return CLI_OK;
}

static int read_refusal(const cli_onboarding *o, const cli_reply *reply)
{
    const int exit_code = cli_reply_refused(reply);
    if (o->csr && reply->status == 401 && reply->nonce[0] != '\0')
        cli_hint("a nonce serves once: `poa challenge' gives another, for a new certificate request");
    return exit_code;
}

/* {"onboarding":{"id":…,"state":…}}: what was asked waits, or is over without a device. */
static int read_onboarding(const cli_reply *reply, json_t **object)
{
    POA_CLEANUP(poa_json_decrefp) json_t *read = NULL;
    const int failed = cli_reply_json(reply, &read);
    if (failed)
        return failed;
    if (!json_is_string(json_object_get(json_object_get(read, "onboarding"), "id"))) {
        (void)cli_usage("the server's reply names no onboarding");
        return CLI_UNREACHABLE;
    }
    *object = POA_TAKE(read);
    return CLI_OK;
}

/* Refused by whoever was asked, or nobody answered in time. */
static int told_no(const json_t *reply)
{
    const json_t *onboarding = json_object_get(reply, "onboarding");
    POA_CLEANUP(poa_freep) char *state = cli_escaped(poa_json_span(json_object_get(onboarding, "state")));
    POA_CLEANUP(poa_freep) char *by = cli_escaped(poa_json_span(json_object_get(onboarding, "by")));
    POA_CLEANUP(poa_freep) char *reason = cli_escaped(poa_json_span(json_object_get(onboarding, "reason")));
    const int exit_code = cli_refuse_code(POA_E_APPROVAL_REQUIRED);
    cli_say("  the onboarding is %s, by %s%s%s", state, by, *reason ? ": " : "", reason);
    return exit_code;
}

/* ---- waiting for an approval ---- */

static void pause_for(int64_t seconds)
{
    const struct timespec time = {.tv_sec = seconds};
    (void)nanosleep(&time, NULL);
}

static int64_t poll_after(const cli_reply *reply)
{
    const int64_t said_s = reply->retry_after_s > 0 ? reply->retry_after_s : POLL_S;
    return said_s < POLL_MAX_S ? said_s : POLL_MAX_S;
}

/* Ask until it is decided or the time is over. */
static int wait_for(const cli *app, const cli_onboarding *o, int64_t first_s, json_t **reply, enum cli_onboarded *how)
{
    const char *id = json_string_value(json_object_get(json_object_get(*reply, "onboarding"), "id"));
    POA_CLEANUP(poa_buf_clear) poa_buf path = {0};
    poa_buf_printf(&path, "/v1/onboardings/%s", id);
    if (path.failed)
        return cli_fault_of(POA_F_NOMEM);
    const cli_query query = {.method = "GET", .path = path.text};
    int64_t left_s = o->wait_s;
    for (int64_t next_s = first_s; left_s > 0;) {
        next_s = next_s < left_s ? next_s : left_s;
        pause_for(next_s);
        left_s -= next_s;
        POA_CLEANUP(cli_reply_clear) cli_reply got = {0};
        int failed = cli_agent_ask(app, o->agent, &query, &got);
        if (failed)
            return failed;
        if (got.status == 202) {
            next_s = poll_after(&got);
            continue;
        }
        if (got.status != 200)
            return read_refusal(o, &got);
        POA_CLEANUP(poa_json_decrefp) json_t *object = NULL;
        failed = cli_reply_json(&got, &object);
        if (failed)
            return failed;
        if (json_object_get(object, "onboarding"))
            return told_no(object);
        json_decref(*reply);
        *reply = NULL;
        *how = CLI_ONBOARDED_NOW;
        return read_device(&got, reply);
    }
    return CLI_OK;
}

int cli_onboard(const cli *app, const cli_onboarding *o, json_t **reply, enum cli_onboarded *how)
{
    POA_CLEANUP(cli_reply_clear) cli_reply got = {0};
    struct asked asked = {app, o};
    const cli_query query = {.method = "POST",
                             .path = o->path,
                             .nonce = o->nonce,
                             .change = true,
                             .fixed = o->csr != NULL,
                             .body = write_body,
                             .arg = &asked};
    const int failed = cli_agent_ask(app, o->agent, &query, &got);
    if (failed)
        return failed;
    if (got.status == 202) {
        *how = CLI_ONBOARDED_WAITS;
        const int unread = read_onboarding(&got, reply);
        return unread || o->wait_s == 0 ? unread : wait_for(app, o, poll_after(&got), reply, how);
    }
    if (got.status != 200 && got.status != 201)
        return read_refusal(o, &got);
    *how = got.status == 201 ? CLI_ONBOARDED_NOW : CLI_ONBOARDED_BEFORE;
    return read_device(&got, reply);
}
