#ifndef API_QUOTA_H
#define API_QUOTA_H

#include "poa/decision.h"
#include "store/store.h"

/** api_quota_of() - the store's counters for poa_decide(), within one transaction, which is borrowed. */
poa_quota api_quota_of(store_txn *txn);

/**
 * api_quota_charge() - count one device at every link of a chain, on the power that applied there (protocol section 7).
 * Return: POA_OK; POA_E_QUOTA_EXCEEDED; POA_F_*.
 */
POA_MUST_USE poa_err api_quota_charge(const poa_chain *chain, const poa_decision *decision, store_txn *txn);

#endif
