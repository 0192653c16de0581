#ifndef API_REPLAYS_H
#define API_REPLAYS_H

#include "api/nonces.h"
#include "api/service.h"

/*
 * Proofs that were seen (protocol section 6: a jti serves once per key), in memory: proofs from before the start of
 * this process are asked for a nonce of it. Bounded in bytes, with a fair share for each agent: once half of the room
 * is taken, an agent that holds more than its share gets no more, so one agent cannot use up the room of all others.
 */

/** api_replays_new() - @bytes of memory at most, at least 64 KiB. POA_OK, POA_F_NOMEM. */
POA_MUST_USE poa_err api_replays_new(size_t bytes, api_replays **out);
void api_replays_free(api_replays *replays);

/* A proof that could be accepted now is forgotten at most so long from now: it may lie a nonce's life ahead, and stays
 * acceptable for as long again, to the end of its last second. */
#define API_REPLAYS_AHEAD_S (2 * API_NONCE_LIFETIME_S + 1)

/**
 * api_replays_use() - remember that @key used @jti until @until_s, and @skew_s longer: so far may the clock go back,
 * and the proof would be young again. Any thread.
 *
 * A time that has passed, or lies more than API_REPLAYS_AHEAD_S ahead, is that of a proof which is refused as stale
 * now. It takes no place: else whoever held a PoA once, though it be revoked, could fill all of them for ever with
 * proofs dated far ahead.
 *
 * Return: POA_OK the first time; POA_E_PROOF_REPLAYED; POA_F_STORE when there is no room for it: the proof is not
 * accepted then, and the caller is told to come back; POA_F_CRYPTO.
 */
POA_MUST_USE poa_err api_replays_use(api_replays *replays, const poa_ctx *ctx, const poa_id *key, poa_span jti,
                                     int64_t now_s, int64_t until_s, int64_t skew_s);

/* Proofs remembered now, and how many there is room for. */
void api_replays_count(api_replays *replays, size_t *held, size_t *room);

#endif
