#ifndef API_KNOWN_DEVICE_H
#define API_KNOWN_DEVICE_H

#include "api/exchange.h"
#include "poa/decision.h"
#include "store/devices.h"

/**
 * api_check_known() - does a request name the location and identity of the device's record (protocol section 7)?
 *
 * Asked where somebody else states both: for every action of device_onboarding but `onboard`, and for `replace` of the
 * device that is replaced. A device of which there is no record here is whoever's who asks.
 *
 * Return: POA_OK; identity_mismatch with the member of a decision's body; POA_F_*.
 */
POA_MUST_USE poa_err api_check_known(api_exchange *x, store_txn *txn, const poa_request *request);

/**
 * api_decide_known() - may x's agent do something to a device that is there? Location, identity and evidence are those
 * of its record (protocol section 7), whatever anybody types.
 * @action: of device_onboarding, any but `onboard` and `replace`
 *
 * Return: as poa_decide(), which fills @why; it may be NULL.
 */
POA_MUST_USE poa_err api_decide_known(const api_exchange *x, const store_device *device, poa_span action, int64_t now_s,
                                      poa_decision *out, poa_reason *why);

#endif
