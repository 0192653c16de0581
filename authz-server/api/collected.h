#ifndef API_COLLECTED_H
#define API_COLLECTED_H

#include "api/onboard_request.h"

/*
 * Requests that an agent collected without a network, and hands in later: in place of the server's nonce the device
 * proof has its time and a jti that serves once.
 */

/**
 * api_collected_check() - was it made in the life of every link, not long ago for the policy, and is its jti unused?
 *
 * Return: POA_OK, also for one that came online; evidence_missing at /device_proof because of not_yet_valid, expired,
 * issued_in_future, proof_stale, proof_replayed; POA_F_*.
 */
POA_MUST_USE poa_err api_collected_check(api_exchange *x, const api_onboard_request *request, store_txn *txn,
                                         int64_t now_s);

/** api_collected_use() - remember its jti for as long as it could be handed in again. POA_OK, POA_F_*. */
POA_MUST_USE poa_err api_collected_use(const api_exchange *x, const api_onboard_request *request, store_txn *txn);

#endif
