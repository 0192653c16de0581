#ifndef API_RECOGNISE_H
#define API_RECOGNISE_H

#include "api/onboard_request.h"
#include "store/devices.h"

/*
 * Is a device that wants to come in one that is known already?
 */

/**
 * api_recognise_again() - the record of the same request made before, by leaf PoA and device's key.
 * @stored: a copy of it, ended with free(); NULL when there is none
 *
 * Return: POA_OK; identity_mismatch when this key came in before under this leaf as another device; device_exists when
 * that device's life is over; POA_F_*.
 */
POA_MUST_USE poa_err api_recognise_again(api_exchange *x, const poa_id *leaf, const api_onboard_request *request,
                                         store_txn *txn, store_device **stored);

/**
 * api_recognise_expected() - the record that announced this device: an expected one that holds an identifier of it.
 * @request:  gets what was announced and not stated, borrowed from @expected; where it came without a ticket and the
 * record has one, that one is verified and counts from now on
 * @expected: a copy of it, ended with free(); NULL when nobody expects it
 *
 * Return: POA_OK; identity_mismatch when it is announced as another, or elsewhere; api_evidence_ticket()'s refusals;
 * POA_F_*.
 */
POA_MUST_USE poa_err api_recognise_expected(api_exchange *x, api_onboard_request *request, store_txn *txn,
                                            store_device **expected);

#endif
