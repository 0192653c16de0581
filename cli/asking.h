#ifndef CLI_ASKING_H
#define CLI_ASKING_H

#include "client.h"

#include "poa/chain.h"
#include "poa/signer.h"

#include "buf.h"

/*
 * A request of an agent to a server: the chain and a proof over the request in the headers, and one more round where
 * the server wants another nonce (RFC 9449 section 8). Every verb that acts under a PoA at a server asks through this.
 */

/* Who asks. All borrowed. */
typedef struct cli_agent {
    const cli_server_options *server;
    cli_connection *connection;
    const poa_chain *chain;
    const poa_signer *signer; /* holds the key of the chain's last agent */
} cli_agent;

/*
 * What is asked.
 * @method, @path: the path with its query; the proof is for it without
 * @nonce:  NULL: a change gets one from the server first, a reading does without until the server wants one
 * @fixed:  the body holds the nonce and cannot be made again (a certificate request made elsewhere): no second round
 * @body:   writes the body for this nonce ("" when there is none); NULL: no body. Exit code
 * @content_type, @line, @arg: as in cli_exchange; arg goes to both functions
 */
typedef struct cli_query {
    const char *method;
    const char *path;
    const char *nonce;
    bool change;
    bool fixed;
    int (*body)(void *arg, const char *nonce, poa_buf *out);
    const char *content_type;
    int (*line)(void *arg, poa_span line);
    void *arg;
} cli_query;

/* A reply of any status is CLI_OK; cli_reply_clear() ends it. */
int cli_agent_ask(const cli *app, const cli_agent *agent, const cli_query *query, cli_reply *reply);

#endif
