#ifndef API_CHAINS_H
#define API_CHAINS_H

#include "api/service.h"
#include "poa/chain.h"

/*
 * Chains that verified (steps 1 to 6), kept by their exact bytes and the policy's version: a pure fact, so it may be
 * kept. Whether its root's key is still pinned and whether it is alive is asked at each use; refusals are not kept.
 */

/**
 * api_chains_new() - room for @entries chains (rounded up to whole sets), the least recently used of a set making room.
 *
 * Room for so many times 4 KiB of their text, too: in memory a chain takes some twenty times as much, and who may
 * sub-grant decides how long his are.
 *
 * Return: POA_OK, POA_F_NOMEM.
 */
POA_MUST_USE poa_err api_chains_new(size_t entries, api_chains **out);
void api_chains_free(api_chains *chains);

/**
 * api_chains_verify() - poa_chain_verify(), or what it gave before for the same bytes and policy. Any thread.
 * @chain: one reference for the caller
 *
 * Return: as poa_chain_verify().
 */
POA_MUST_USE poa_err api_chains_verify(api_chains *chains, const poa_ctx *ctx, poa_span text, const poa_policy *policy,
                                       int64_t now_s, poa_chain **chain, poa_reason *why);

/* How often a chain was found, and how often not, so far. */
void api_chains_count(api_chains *chains, uint64_t *hits, uint64_t *misses);

#endif
