#ifndef API_EPOCH_H
#define API_EPOCH_H

#include "api/service.h"
#include "poa/answer.h"

/*
 * How far this store has come (protocol section 8): the frame of every signed answer.
 */

/** api_epoch_begin() - an answer of now, about no PoA yet: who says it, until when, of which store, at which epoch. */
POA_MUST_USE poa_err api_epoch_begin(const api_service *service, const api_snapshot *snapshot, store_txn *txn,
                                     int64_t now_s, poa_answer *answer);

/**
 * api_epoch_sign() - a signed `state` `list`: all that was accepted up to this epoch is known.
 * @text:  malloc'ed compact JWS
 * @epoch: the one that it says
 */
POA_MUST_USE poa_err api_epoch_sign(const api_service *service, const api_snapshot *snapshot, store_txn *txn,
                                    int64_t now_s, char **text, uint64_t *epoch);

#endif
