#ifndef API_KNOWN_DEVICE_H
#define API_KNOWN_DEVICE_H

#include "api/exchange.h"

/**
 * api_check_known() - does a request name the location and identity of the device's record (protocol section 7)?
 *
 * Asked where somebody else states both: for every action of device_onboarding but `onboard`, and for `replace` of the
 * device that is replaced. A device of which there is no record here is whoever's who asks.
 *
 * Return: POA_OK; identity_mismatch with the member of a decision's body; POA_F_*.
 */
POA_MUST_USE poa_err api_check_known(api_exchange *x, store_txn *txn, const poa_request *request);

#endif
