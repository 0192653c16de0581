#ifndef CLI_ONBOARDING_H
#define CLI_ONBOARDING_H

#include "client.h"
#include "keys.h"

#include "poa/chain.h"

/*
 * Bringing in one device: the certificate request that repeats the server's nonce, the body, the proof over it, and one
 * more round where the server wants another nonce.
 */
typedef struct cli_onboarding {
    const cli_server_options *server;
    const poa_chain *chain;
    const poa_signer *agent; /* holds the key of the chain's last agent */
    const char *location;
    const json_t *device;
    const poa_key *device_key; /* makes the certificate request; NULL: csr is given */
    const char *csr;           /* PEM; NULL: device_key makes it */
    const char *nonce;         /* NULL: asked of the server */
} cli_onboarding;

/* Ask. On CLI_OK the reply is {"device":…,"certificate":…}, owned by the caller; *created says 201 and not 200. */
int cli_onboard(const cli *app, const cli_onboarding *onboarding, json_t **reply, bool *created);

#endif
