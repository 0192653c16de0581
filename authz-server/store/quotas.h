#ifndef STORE_QUOTAS_H
#define STORE_QUOTAS_H

#include "store/store.h"

/*
 * Table `quotas`: how many devices a power of a PoA has brought in, itself and all sub-grants below (protocol section
 * 7).
 */

/* Where nothing was charged yet, *used is 0. */
POA_MUST_USE poa_err store_quota_used(store_txn *txn, const poa_id *poa, uint32_t power, uint64_t *used);

/**
 * store_quota_charge() - count one device more.
 * @max: the power's max_devices; UINT64_MAX where it states none
 *
 * Return: POA_OK; POA_E_QUOTA_EXCEEDED when @max are counted already; POA_F_STORE, POA_F_NOMEM.
 */
POA_MUST_USE poa_err store_quota_charge(store_txn *txn, const poa_id *poa, uint32_t power, uint64_t max);

/* Count one device less: approval was refused or lapsed. POA_F_USAGE when none is counted. */
POA_MUST_USE poa_err store_quota_give_back(store_txn *txn, const poa_id *poa, uint32_t power);

#endif
