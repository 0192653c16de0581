#ifndef API_ADMINISTRATION_H
#define API_ADMINISTRATION_H

#include "api/exchange.h"
#include "store/devices.h"

/*
 * Who administers (protocol sections 5.3 and 9): a chain whose every link grants the action of `administration` over
 * the place, rooted in the same owner as what it acts on, or in one that the policy lets administer all. x->chain was
 * presented, and is alive.
 */

/**
 * api_administers_link() - over every location of a link of a verified chain, as for `audit`.
 * @hop: its index in @chain
 */
bool api_administers_link(const api_exchange *x, poa_span action, const poa_chain *chain, size_t hop);

/**
 * api_administer() - over one site path, as for `approve`.
 * @owner: iss of the root under which that came in which it acts on; empty: nothing came in yet, any owner may
 *
 * Return: POA_OK; action_not_granted (also another owner's), location_not_granted; x->why says at which hop.
 */
POA_MUST_USE poa_err api_administer(api_exchange *x, poa_span action, poa_span location, poa_span owner);

/** api_administers() - the same question, where a no is no refusal of the request; a fault is a no. */
bool api_administers(const api_exchange *x, poa_span action, poa_span location, poa_span owner);

/**
 * api_device_owner() - the owner under whom a device came in.
 * @owner: iss of the root above its leaf PoA; borrowed from the transaction; empty for an expected device
 *
 * Return: POA_OK; POA_F_STORE when its leaf PoA is not kept.
 */
POA_MUST_USE poa_err api_device_owner(store_txn *txn, const store_device *device, poa_span *owner);

#endif
