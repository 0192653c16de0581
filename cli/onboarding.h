#ifndef CLI_ONBOARDING_H
#define CLI_ONBOARDING_H

#include "asking.h"
#include "simulated.h"

/*
 * Bringing in one device: the certificate request that repeats the server's nonce, the body around it, and waiting
 * where somebody has to approve.
 *
 * Who answers for the device: a simulated one; else device_key makes the certificate request; else it was made
 * elsewhere, with the nonce.
 */
typedef struct cli_onboarding {
    const cli_agent *agent;
    const char *path;     /* "/v1/onboardings", or where a device is replaced */
    const char *location; /* NULL: none is said */
    const json_t *device; /* its identity; NULL: the simulated device's label */
    const cli_simulated *simulated;
    enum cli_misbehaviour misbehaviour;
    const poa_key *device_key;
    const char *csr;          /* PEM */
    const char *device_proof; /* that goes with csr; NULL: none */
    const char *ticket;       /* the maker's; NULL: none */
    const char *nonce;        /* NULL: asked of the server */
    int64_t wait_s;           /* for an approval; 0: not at all */
} cli_onboarding;

/* How it went. */
enum cli_onboarded { CLI_ONBOARDED_NOW, CLI_ONBOARDED_BEFORE, CLI_ONBOARDED_WAITS };

/*
 * Ask. On CLI_OK the reply, owned by the caller, is {"device":…,"certificate":…}, or {"onboarding":…} when it waits.
 */
int cli_onboard(const cli *app, const cli_onboarding *onboarding, json_t **reply, enum cli_onboarded *how);

#endif
