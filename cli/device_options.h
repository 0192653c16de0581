#ifndef CLI_DEVICE_OPTIONS_H
#define CLI_DEVICE_OPTIONS_H

#include "asking.h"
#include "keys.h"
#include "options.h"

/*
 * What the verbs of `poa device' share that ask a server: as whom, and which server. --chain, --key and its like,
 * --server and its like, --json.
 */
typedef struct cli_device_options {
    const char *chain;
    cli_key_options key;
    cli_server_options server;
    cli_output_options output; /* json alone */
} cli_device_options;

/* Input: cli_device_options. Wants --server, --chain and --key at its end. */
extern const struct argp cli_device_argp;

/* The asker made of these options; cli_device_session_clear() ends it. Not to be moved once it was opened. */
typedef struct cli_device_session {
    poa_chain *chain;
    poa_key *key;
    poa_signer signer;
    cli_connection *connection;
    cli_agent agent; /* of the members above */
} cli_device_session;

int cli_device_open(const cli *app, const cli_device_options *options, cli_device_session *session);
void cli_device_session_clear(cli_device_session *session);

/*
 * Ask, and read the reply: CLI_OK with the JSON object, owned by the caller, when its status is below 300; else the
 * refusal is told, and its exit code given.
 */
int cli_device_ask(const cli *app, const cli_device_session *session, const cli_query *query, json_t **object);

#endif
