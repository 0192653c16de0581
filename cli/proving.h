#ifndef CLI_PROVING_H
#define CLI_PROVING_H

#include "cli.h"

#include "poa/chain.h"
#include "poa/proof.h"

/*
 * Make the proof of one request by the agent of a chain's last link, whose key the signer must be. The request's chain
 * is set here. proof is malloc'ed.
 */
int cli_proof_make(const cli *app, const poa_chain *chain, const poa_proof_request *request, const poa_signer *signer,
                   char **proof);

#endif
