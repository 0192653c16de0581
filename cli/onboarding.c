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

static int write_body(void *arg, const char *nonce, poa_buf *body)
{
    const cli_onboarding *o = arg;
    POA_CLEANUP(poa_buf_clear) poa_buf csr = {0};
    const int failed = make_csr(o, nonce, &csr);
    if (failed)
        return failed;
    POA_CLEANUP(poa_json_decrefp)
    json_t *object = json_pack("{s:O, s:s, s:s}", "device", o->device, "csr", csr.text, "location", o->location);
    if (!object)
        return cli_usage("the location is no valid UTF-8 text");
    POA_CLEANUP(poa_freep) char *text = cli_json_compact(object);
    if (!text)
        return cli_fault_of(POA_F_NOMEM);
    poa_buf_text(body, text);
    return CLI_OK;
}

static int read_reply(const cli_onboarding *o, const cli_reply *reply, json_t **object, bool *created)
{
    if (reply->status != 200 && reply->status != 201) {
        const int exit_code = cli_reply_refused(reply);
        if (o->csr && reply->status == 401 && reply->nonce[0] != '\0')
            cli_hint("a nonce serves once: `poa challenge' gives another, for a new certificate request");
        return exit_code;
    }
    POA_CLEANUP(poa_json_decrefp) json_t *read = NULL;
    const int failed = cli_reply_json(reply, &read);
    if (failed)
        return failed;
    if (!json_is_object(json_object_get(read, "device")) || !json_is_string(json_object_get(read, "certificate"))) {
        (void)cli_usage("the server's reply has no device or no certificate");
        return CLI_UNREACHABLE;
    }
    *created = reply->status == 201;
    *object = POA_TAKE(read);
    return CLI_OK;
}

int cli_onboard(const cli *app, const cli_onboarding *o, json_t **reply, bool *created)
{
    POA_CLEANUP(cli_reply_clear) cli_reply got = {0};
    cli_onboarding asked = *o;
    const cli_query query = {.method = "POST",
                             .path = "/v1/onboardings",
                             .nonce = o->nonce,
                             .change = true,
                             .fixed = o->csr != NULL,
                             .body = write_body,
                             .arg = &asked};
    const int failed = cli_agent_ask(app, o->agent, &query, &got);
    return failed ? failed : read_reply(o, &got, reply, created);
}
