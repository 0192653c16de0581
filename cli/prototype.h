#ifndef CLI_PROTOTYPE_H
#define CLI_PROTOTYPE_H

#include "poa/chain.h"
#include "poa/key.h"

#include <jansson.h>

/*
 * PoAs of the published prototypes (2021-2023): an ordinary JWT with the claims principalPublicKey, agentPublicKey or
 * agentKey, resourceOwnerID or destinationNetworkId, transferable (a number or its digits in a string), metadata, iat
 * and exp. Keys are base64 of SubjectPublicKeyInfo, or PEM. Two prototypes misspell pricipalPublicKey and
 * recourceOwnerID, and write metaData: these are read too. Where both spellings stand they must say the same.
 *
 * A prototype says for which site and for how long, but not what may be done. What `poa export' wrote has the powers in
 * metadata.authorization_details.
 */
typedef struct cli_prototype {
    poa_key *agent_key;     /* owned */
    poa_key *principal_key; /* owned; NULL: absent, or no key that can be read */
    char *site;             /* owned */
    int transferable;
    int64_t iat_s;
    int64_t nbf_s; /* -1: absent */
    int64_t exp_s;
    poa_span principal_name; /* borrowed from the payload; ptr NULL: absent; likewise the next */
    poa_span agent_name;
    const json_t *powers; /* borrowed from the payload; NULL: absent */
} cli_prototype;

/* Read the payload. POA_OK; claim_missing, claim_type, duplicate_member (two spellings that differ), key_invalid with
 * the claim as member; POA_F_*. */
POA_MUST_USE poa_err cli_prototype_read(const poa_ctx *ctx, const json_t *payload, cli_prototype *out, poa_reason *why);
void cli_prototype_clear(cli_prototype *prototype);

/* The payload that says what a link says; NULL without memory. Both spellings of each claim, so that either prototype
 * finds its own. */
json_t *cli_prototype_write(const poa_link *link, const poa_key *principal_key, poa_span site);

#endif
