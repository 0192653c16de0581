#ifndef CLI_CHAINS_H
#define CLI_CHAINS_H

#include "cli.h"

#include "chain.h"
#include "policy.h"

#include <jansson.h>

/* Chains and policies from files. "-" is standard input. */

/* Read a chain from a .poa file WITHOUT verifying it; a refusal is told. */
int cli_chain_read(const cli *app, const char *path, poa_chain **out);

/* Read a site policy; a refusal is told with its line. */
int cli_policy_read(const cli *app, const char *path, poa_policy **out);

/* {"poa_id":…,"iss":…,"sub":…,"nbf":…,"exp":…,"transferable":…} of one link; NULL without memory. */
json_t *cli_link_json(const poa_link *link);

#endif
