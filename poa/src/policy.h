#ifndef POA_SRC_POLICY_H
#define POA_SRC_POLICY_H

#include "poa/policy.h"

#include "cleanup.h"
#include "power.h"

#define POA_POLICY_OWNER_KEYS_MAX 8

POA_CLEANUP_DEFINE(poa_policy, poa_policy_free)

/* The powers that the policy allows this owner: the ceiling. Borrowed. */
const poa_powers *poa_policy_owner_powers(const poa_policy_owner *owner);

/* The i-th key pinned to an owner, whatever its accept_until; NULL beyond the last. Borrowed. */
const poa_key *poa_policy_owner_key(const poa_policy_owner *owner, size_t i);

/* When the key with this thumbprint stops to be accepted: seconds since the epoch, POA_TIME_MAX for never. */
int64_t poa_policy_pinned_until(const poa_policy *policy, const poa_id *kid);

/* limits with the defaults filled in; false when one is above the hard limit. NULL gives the defaults. */
bool poa_limits_fill(const poa_limits *limits, poa_limits *out);

#endif
