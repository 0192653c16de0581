#ifndef API_STATE_H
#define API_STATE_H

#include "api/exchange.h"
#include "poa/answer.h"

/**
 * api_poa_state - how a PoA stands now, for the signed answer and for who may audit.
 * @state:     unknown when it was never seen in a chain that passes steps 1 to 6 (also when it passes no more)
 * @inherited: it is a link above that fell, @from; else the PoA itself or one of its keys
 * @hit:       the statement; valid for revoked and suspended
 * @chain:     the chain in which it was seen, verified; NULL when unknown. @hop: its place there
 */
typedef struct api_poa_state {
    enum poa_answer_state state;
    bool inherited;
    poa_id from;
    poa_revocation_hit hit;
    poa_chain *chain; /* owned */
    size_t hop;
} api_poa_state;

/** api_poa_state_of() - @state is set on POA_OK only; api_poa_state_clear() ends it. POA_OK, POA_F_*. */
POA_MUST_USE poa_err api_poa_state_of(api_exchange *x, store_txn *txn, const poa_id *id, api_poa_state *state);
void api_poa_state_clear(api_poa_state *state);

#endif
