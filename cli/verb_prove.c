#include "cli.h"

#include "chains.h"
#include "files.h"
#include "json.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "proving.h"
#include "span.h"

#include <string.h>

enum { OPTION_METHOD = CLI_OPTIONS_VERB, OPTION_URL, OPTION_BODY, OPTION_NONCE };

/* As large as a server takes. */
enum { BODY_BYTES_MAX = 65536 };

typedef struct proving {
    const char *chain;
    const char *method;
    const char *url;
    const char *body;
    const char *nonce;
    cli_key_options key;
    cli_output_options output;
} proving;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    proving *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->key;
        state->child_inputs[1] = &task->output;
        return 0;
    case OPTION_METHOD:
        task->method = arg;
        return 0;
    case OPTION_URL:
        task->url = arg;
        return 0;
    case OPTION_BODY:
        task->body = arg;
        return 0;
    case OPTION_NONCE:
        task->nonce = arg;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->chain, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->chain, "CHAIN, a .poa file or -,");
        cli_need(state, task->key.file, "--key FILE, the private key of the last agent,");
        cli_need(state, task->method, "--method METHOD");
        cli_need(state, task->url, "--url URL");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print(const proving *task, const poa_chain *chain, const char *proof)
{
    const poa_span text = poa_chain_text(chain);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    if (task->output.json) {
        poa_buf_text(&b, "{\"authorization\":\"PoA ");
        poa_buf_add(&b, text);
        poa_buf_printf(&b, "\",\"dpop\":\"%s\"}\n", proof);
    } else {
        poa_buf_text(&b, "Authorization: PoA ");
        poa_buf_add(&b, text);
        poa_buf_printf(&b, "\nDPoP: %s\n", proof);
    }
    return cli_print(&b);
}

static int prove(const cli *app, const proving *task)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_freep) char *body = NULL;
    POA_CLEANUP(poa_freep) char *proof = NULL;
    poa_signer signer = {0};
    poa_proof_request request = {.method = poa_span_of(task->method),
                                 .url = poa_span_of(task->url),
                                 .nonce = poa_span_of(task->nonce),
                                 .iat_s = app->now_s};

    int failed = cli_chain_read(app, task->chain, &chain);
    if (!failed)
        failed = cli_key_sign_with(app, &task->key, &key, &signer);
    if (!failed && task->body)
        failed = cli_file_read(task->body, BODY_BYTES_MAX, &body, &request.body.len);
    if (failed)
        return failed;
    request.body.ptr = body;
    failed = cli_proof_make(app, chain, &request, &signer, &proof);
    if (!failed)
        failed = print(task, chain, proof);
    if (!failed && !task->nonce && strcmp(task->method, "GET") != 0 && strcmp(task->method, "HEAD") != 0)
        cli_hint("a request that changes something wants --nonce: `poa challenge --server URL' gives one");
    return failed;
}

int cli_verb_prove(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"method", OPTION_METHOD, "METHOD", 0, "Method of the request: GET, POST, ...", 10},
        {"url", OPTION_URL, "URL", 0, "URL of the request, as the server's public one", 10},
        {"body", OPTION_BODY, "FILE", 0, "Body of the request, byte for byte", 10},
        {"nonce", OPTION_NONCE, "NONCE", 0, "Nonce that the server gave (`poa challenge')", 10},
        {0},
    };
    static const struct argp_child children[] = {{&cli_key_argp, 0, NULL, 0}, {&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "CHAIN",
        "Print the two headers with which the last agent of CHAIN makes one HTTP request: the chain, and the proof "
        "that the agent's key is at hand, bound to method, URL, chain and body. They serve once and for a minute.\v"
        "Example:\n"
        "  poa prove technician.poa --key technician.key --method GET \\\n"
        "    --url https://poa.site.example/v1/devices > headers\n"
        "  curl -H @headers https://poa.site.example/v1/devices",
        children,
        NULL,
        NULL};

    proving task = {0};
    cli_parse(&argp, argc, argv, &task);
    return prove(app, &task);
}
