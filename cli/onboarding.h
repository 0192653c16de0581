#ifndef CLI_ONBOARDING_H
#define CLI_ONBOARDING_H

#include "asking.h"
#include "keys.h"

/*
 * Bringing in one device: the certificate request that repeats the server's nonce, and the body around it.
 */
typedef struct cli_onboarding {
    const cli_agent *agent;
    const char *location;
    const json_t *device;
    const poa_key *device_key; /* makes the certificate request; NULL: csr is given */
    const char *csr;           /* PEM; NULL: device_key makes it */
    const char *nonce;         /* NULL: asked of the server */
} cli_onboarding;

/* Ask. On CLI_OK the reply is {"device":…,"certificate":…}, owned by the caller; *created says 201 and not 200. */
int cli_onboard(const cli *app, const cli_onboarding *onboarding, json_t **reply, bool *created);

#endif
