#include "asking.h"

#include "cleanup.h"
#include "output.h"
#include "proving.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int make_proof(const cli *app, const cli_agent *agent, const cli_query *query, const char *nonce, poa_span body,
                      char **proof)
{
    const cli_server_options *server = agent->server;
    POA_CLEANUP(poa_freep)
    char *url = cli_server_url(server->public_url ? server->public_url : server->url, query->path);
    if (!url)
        return cli_fault_of(POA_F_NOMEM);
    const poa_proof_request request = {.method = poa_span_of(query->method),
                                       .url = poa_span_head(poa_span_of(url), strcspn(url, "?")),
                                       .body = body,
                                       .nonce = poa_span_of(nonce),
                                       .iat_s = (int64_t)time(NULL)};
    return cli_proof_make(app, agent->chain, &request, agent->signer, proof);
}

static int send(const cli_agent *agent, const cli_query *query, poa_span body, const char *proof, cli_reply *reply)
{
    POA_CLEANUP(poa_buf_clear) poa_buf authorization = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf dpop = {0};
    poa_buf_text(&authorization, "Authorization: PoA ");
    poa_buf_add(&authorization, poa_chain_text(agent->chain));
    poa_buf_printf(&dpop, "DPoP: %s", proof);
    if (authorization.failed || dpop.failed)
        return cli_fault_of(POA_F_NOMEM);
    const char *const headers[] = {authorization.text, dpop.text};
    const cli_exchange exchange = {.method = query->method,
                                   .path = query->path,
                                   .headers = headers,
                                   .headers_len = POA_COUNT(headers),
                                   .content_type = query->content_type,
                                   .body = body,
                                   .line = query->line,
                                   .line_arg = query->arg};
    return cli_connection_ask(agent->connection, &exchange, reply);
}

static int ask_once(const cli *app, const cli_agent *agent, const cli_query *query, const char *nonce, cli_reply *reply)
{
    POA_CLEANUP(poa_buf_clear) poa_buf body = {0};
    POA_CLEANUP(poa_freep) char *proof = NULL;
    int failed = query->body ? query->body(query->arg, nonce, &body) : CLI_OK;
    if (!failed && body.failed)
        failed = cli_fault_of(POA_F_NOMEM);
    if (!failed)
        failed = make_proof(app, agent, query, nonce, poa_buf_span(&body), &proof);
    return failed ? failed : send(agent, query, poa_buf_span(&body), proof, reply);
}

int cli_agent_ask(const cli *app, const cli_agent *agent, const cli_query *query, cli_reply *reply)
{
    POA_CLEANUP(poa_freep) char *challenged = NULL;
    int64_t expires_in_s = 0;
    *reply = (cli_reply){0};
    int failed = query->change && !query->nonce
                     ? cli_connection_challenge(agent->connection, &challenged, &expires_in_s)
                     : CLI_OK;
    if (failed)
        return failed;
    const char *nonce = challenged ? challenged : query->nonce;
    POA_CLEANUP(cli_reply_clear) cli_reply first = {0};
    failed = ask_once(app, agent, query, nonce ? nonce : "", &first);
    if (failed)
        return failed;
    if (first.status == 401 && first.nonce[0] != '\0' && !query->fixed)
        return ask_once(app, agent, query, first.nonce, reply);
    *reply = first;
    first = (cli_reply){0};
    return CLI_OK;
}
