#ifndef POA_SRC_CHAIN_H
#define POA_SRC_CHAIN_H

#include "poa/chain.h"

#include "cleanup.h"
#include "power.h"

POA_CLEANUP_DEFINE(poa_chain, poa_chain_free)

/* The parsed powers of link i; borrowed; NULL beyond the leaf. */
const poa_powers *poa_chain_powers(const poa_chain *chain, size_t i);

/* The public key of the root; NULL for a chain that was only read. Borrowed. */
const poa_key *poa_chain_root_key(const poa_chain *chain);

/* poa_chain_read() under limits that are filled in. */
POA_MUST_USE poa_err poa_chain_read_within(const poa_ctx *ctx, poa_span text, const poa_limits *limits, poa_chain **out,
                                           poa_reason *why);

#endif
