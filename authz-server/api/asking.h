#ifndef API_ASKING_H
#define API_ASKING_H

#include "api/exchange.h"
#include "store/devices.h"

/*
 * The chain under which a recorded device was asked for, when somebody else acts on it.
 */

/**
 * api_asking_chain() - that chain, verified again under the policy of now.
 * @chain: one reference
 *
 * Return: POA_OK; device_not_granted because of whatever code refuses it; POA_F_*.
 */
POA_MUST_USE poa_err api_asking_chain(api_exchange *x, store_txn *txn, const store_device *device, poa_chain **chain);

/**
 * api_asking_alive() - steps 7 and 8 for it.
 *
 * Return: POA_OK; device_not_granted because of the code that refuses it; POA_F_*.
 */
POA_MUST_USE poa_err api_asking_alive(api_exchange *x, store_txn *txn, const poa_chain *chain, int64_t now_s);

/** api_asking_has_key() - is this key the agent's or the principal's of any of its links? */
bool api_asking_has_key(const poa_chain *chain, const poa_id *key);

/**
 * api_asking_refused() - what refuses the asking chain is told to somebody whose own chain is fine: wrap it.
 * Gives device_not_granted, or a fault back as it is.
 */
poa_err api_asking_refused(api_exchange *x, poa_err err);

#endif
