#include "onboarding.h"

#include "buf.h"
#include "cleanup.h"
#include "csr.h"
#include "json.h"
#include "output.h"
#include "pem.h"
#include "proving.h"
#include "refusal.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

static const char path[] = "/v1/onboardings";

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

static int make_body(const cli_onboarding *o, const char *nonce, char **body)
{
    POA_CLEANUP(poa_buf_clear) poa_buf csr = {0};
    const int failed = make_csr(o, nonce, &csr);
    if (failed)
        return failed;
    POA_CLEANUP(poa_json_decrefp)
    json_t *object = json_pack("{s:O, s:s, s:s}", "device", o->device, "csr", csr.text, "location", o->location);
    if (!object)
        return cli_usage("the location is no valid UTF-8 text");
    *body = cli_json_compact(object);
    return *body ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

static int make_proof(const cli *app, const cli_onboarding *o, const char *nonce, const char *body, char **proof)
{
    POA_CLEANUP(poa_freep)
    char *url = cli_server_url(o->server->public_url ? o->server->public_url : o->server->url, path);
    if (!url)
        return cli_fault_of(POA_F_NOMEM);
    const poa_proof_request request = {.method = POA_SPAN("POST"),
                                       .url = poa_span_of(url),
                                       .body = poa_span_of(body),
                                       .nonce = poa_span_of(nonce),
                                       .iat_s = app->now_s};
    return cli_proof_make(app, o->chain, &request, o->agent, proof);
}

static int post(const cli_onboarding *o, const char *body, const char *proof, cli_reply *reply)
{
    POA_CLEANUP(poa_buf_clear) poa_buf authorization = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf dpop = {0};
    poa_buf_text(&authorization, "Authorization: PoA ");
    poa_buf_add(&authorization, poa_chain_text(o->chain));
    poa_buf_printf(&dpop, "DPoP: %s", proof);
    if (authorization.failed || dpop.failed)
        return cli_fault_of(POA_F_NOMEM);
    const char *const headers[] = {authorization.text, dpop.text};
    const cli_exchange exchange = {.method = "POST",
                                   .path = path,
                                   .headers = headers,
                                   .headers_len = POA_COUNT(headers),
                                   .body = poa_span_of(body)};
    return cli_server_ask(o->server, &exchange, reply);
}

static int ask_once(const cli *app, const cli_onboarding *o, const char *nonce, cli_reply *reply)
{
    POA_CLEANUP(poa_freep) char *body = NULL;
    POA_CLEANUP(poa_freep) char *proof = NULL;
    int failed = make_body(o, nonce, &body);
    if (!failed)
        failed = make_proof(app, o, nonce, body, &proof);
    return failed ? failed : post(o, body, proof, reply);
}

/* RFC 9449 section 8: the server gives the nonce that it wants. A request made elsewhere cannot take it in. */
static bool wants_another_nonce(const cli_onboarding *o, const cli_reply *reply)
{
    return reply->status == 401 && reply->nonce[0] != '\0' && !o->csr;
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
    POA_CLEANUP(poa_freep) char *challenged = NULL;
    POA_CLEANUP(cli_reply_clear) cli_reply first = {0};
    POA_CLEANUP(cli_reply_clear) cli_reply second = {0};
    int64_t expires_in_s = 0;
    int failed = o->nonce ? CLI_OK : cli_server_challenge(o->server, &challenged, &expires_in_s);
    if (!failed)
        failed = ask_once(app, o, o->nonce ? o->nonce : challenged, &first);
    if (failed)
        return failed;
    if (!wants_another_nonce(o, &first))
        return read_reply(o, &first, reply, created);
    failed = ask_once(app, o, first.nonce, &second);
    return failed ? failed : read_reply(o, &second, reply, created);
}
