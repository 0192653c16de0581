#include "device_options.h"

#include "chains.h"
#include "cleanup.h"

enum { OPTION_CHAIN = CLI_OPTIONS_DEVICE };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    cli_device_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->key;
        state->child_inputs[1] = &o->server;
        state->child_inputs[2] = &o->output;
        return 0;
    case OPTION_CHAIN:
        o->chain = arg;
        return 0;
    case ARGP_KEY_END:
        cli_need(state, o->server.url, "--server URL");
        cli_need(state, o->chain, "--chain FILE");
        cli_need(state, o->key.file, "--key FILE, the private key of the chain's last agent,");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Who asks:", 40},
    {"chain", OPTION_CHAIN, "FILE", 0, "Chain that lets you act", 41},
    {0},
};
static const struct argp_child children[] = {
    {&cli_key_argp, 0, NULL, 0}, {&cli_server_argp, 0, NULL, 0}, {&cli_json_argp, 0, NULL, 0}, {0}};

const struct argp cli_device_argp = {options, parse, NULL, NULL, children, NULL, NULL};

int cli_device_open(const cli *app, const cli_device_options *o, cli_device_session *session)
{
    int failed = cli_connect(&o->server, &session->connection);
    if (!failed)
        failed = cli_chain_read(app, o->chain, &session->chain);
    if (!failed)
        failed = cli_key_sign_with(app, &o->key, &session->key, &session->signer);
    session->agent = (cli_agent){
        .server = &o->server, .connection = session->connection, .chain = session->chain, .signer = &session->signer};
    return failed;
}

void cli_device_session_clear(cli_device_session *session)
{
    cli_connection_free(session->connection);
    poa_chain_free(session->chain);
    poa_key_free(session->key);
    *session = (cli_device_session){0};
}

int cli_device_ask(const cli *app, const cli_device_session *session, const cli_query *query, json_t **object)
{
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    const int failed = cli_agent_ask(app, &session->agent, query, &reply);
    if (failed)
        return failed;
    return reply.status < 300 ? cli_reply_json(&reply, object) : cli_reply_refused(&reply);
}
