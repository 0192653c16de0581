#ifndef CLI_ONBOARD_OPTIONS_H
#define CLI_ONBOARD_OPTIONS_H

#include "client.h"
#include "keys.h"
#include "options.h"
#include "simulated.h"

/*
 * What `poa onboard' and `poa device replace' are told. Texts are argv's; NULL where nothing is said. The verbs parse
 * location, batch, results and replace themselves, the rest is common.
 */
typedef struct cli_onboard_options {
    const char *chain;
    const char *location;
    const char *device; /* file, or members as they are typed */
    const char *csr;
    const char *nonce;
    const char *device_proof;
    const char *ticket;
    const char *simulated;
    enum cli_misbehaviour misbehaviour;
    int64_t wait_s;
    bool replaces;       /* set by the verb: a dead device is replaced, and says where */
    const char *replace; /* its id */
    const char *batch;
    const char *results;
    cli_key_options key;
    cli_key_options device_key;
    cli_server_options server;
    cli_output_options output;
} cli_onboard_options;

extern const struct argp cli_onboard_argp;

/* Bring in, replace, or bring in many, as was told. */
int cli_onboard_run(const cli *app, const cli_onboard_options *options);

#endif
