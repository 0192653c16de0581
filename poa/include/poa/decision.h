#ifndef POA_DECISION_H
#define POA_DECISION_H

#include "poa/chain.h"
#include "poa/request.h"

/**
 * poa_quota - how much of each power's max_devices is used up at this resource owner.
 * @used: devices charged to (poa, index of the power). POA_OK, POA_F_*
 */
typedef struct poa_quota {
    void *self;
    poa_err (*used)(void *self, const poa_id *poa, size_t index, uint64_t *used);
} poa_quota;

/** What becomes of devices when the leaf ends or is revoked (section 5.1). */
enum poa_effect { POA_EFFECT_UNTIL_EXP, POA_EFFECT_PERMANENT };
enum poa_on_revoke { POA_ON_REVOKE_STOP_NEW, POA_ON_REVOKE_REVIEW, POA_ON_REVOKE_CASCADE };

POA_API const char *poa_effect_name(enum poa_effect effect);
POA_API const char *poa_on_revoke_name(enum poa_on_revoke on_revoke);

/**
 * poa_decision - what was decided. Owns nothing.
 * @applied:               for each link the index of the power that applied; the counters that a first onboard charges
 * @counted:               for each link, has that power a max_devices?
 * @effect, @on_revoke, @credential_lifetime_s: of the leaf power that applied; INT64_MAX where it sets no lifetime
 * @evidence:              what the applied powers asked for, all links together
 */
typedef struct poa_decision {
    size_t links;
    size_t applied[9];
    bool counted[9];
    enum poa_effect effect;
    enum poa_on_revoke on_revoke;
    int64_t credential_lifetime_s;
    unsigned evidence;
} poa_decision;

/**
 * poa_decide() - step 10: the request lies within every link's powers, and for `onboard` each link has room for one
 * more.
 * @chain: a verified chain, found alive at request->now_s by the caller, with a proof where one is asked
 * @quota: counters; NULL: nothing is used up yet
 * @out:   set on POA_OK only
 * @why:   set on a refusal; may be NULL
 *
 * Pure but for the quota callback. Nothing is charged here.
 *
 * Return: POA_OK; a code of the group request, or quota_exceeded; POA_F_USAGE for a chain that was only read; what the
 * callback returned.
 */
POA_API POA_MUST_USE poa_err poa_decide(const poa_chain *chain, const poa_request *request, const poa_quota *quota,
                                        poa_decision *out, poa_reason *why);

#endif
