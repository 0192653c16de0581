#ifndef POA_SRC_CHAIN_H
#define POA_SRC_CHAIN_H

#include "poa/chain.h"

#include "power.h"

/* The parsed powers of link i; borrowed. */
const poa_powers *poa_chain_powers(const poa_chain *chain, size_t i);

/* The public key of the root, where the chain was verified; borrowed. */
const poa_key *poa_chain_root_key(const poa_chain *chain);

#endif
