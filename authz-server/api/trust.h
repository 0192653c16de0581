#ifndef API_TRUST_H
#define API_TRUST_H

#include "api/service.h"
#include "store/devices.h"

/*
 * Trust that is re-established again and again: what happens when it is, and when it is not.
 */

/**
 * api_trust_noted() - a device re-established trust: ends a silence, if there is one, and then spreads the due times of
 * all that are overdue. In a write transaction. POA_OK, POA_F_*.
 */
POA_MUST_USE poa_err api_trust_noted(const api_service *service, store_txn *txn, int64_t now_s);

/*
 * Tasks of the keeper (keeper.h), in the order in which they must run.
 */

/**
 * api_trust_heartbeat() - notes that the server is there, every 10 seconds. After a gap of more than 30 seconds, in
 * which no device could come, it orders all due times that have passed to be spread over a window that begins now
 * (event trust.spread).
 */
poa_err api_trust_heartbeat(api_service *service, store_txn *txn, int64_t now_s, bool *more);

/** api_trust_spread() - moves due times as ordered, grace taken back; resumed where a killed process left off. */
poa_err api_trust_spread(api_service *service, store_txn *txn, int64_t now_s, bool *more);

/**
 * api_trust_recall() - when another policy document is in force than before: asks every device to come within the
 * window, so that it learns of it soon. Resumed likewise.
 */
poa_err api_trust_recall(api_service *service, store_txn *txn, int64_t now_s, bool *more);

/**
 * api_trust_sweep() - what has fallen due. Not before a spread is done.
 *
 * Due, active: grace begins (event device.grace). Due and grace over: suspended (trust_missed), unless it is not the
 * device that is missing but everybody: when since its due time no device at all came, although at least two should
 * have, nobody is suspended (event trust.silence, once) until somebody comes. No device is suspended whose grace was
 * not told a whole grace before. In review a device cannot renew, so it has not to come.
 * What else ends with time is handed to whoever knows: pending and expected ones, reviews.
 */
poa_err api_trust_sweep(api_service *service, store_txn *txn, int64_t now_s, bool *more);

/** api_trust_trim() - drops the oldest events beyond those that the configuration keeps. */
poa_err api_trust_trim(api_service *service, store_txn *txn, int64_t now_s, bool *more);

#endif
