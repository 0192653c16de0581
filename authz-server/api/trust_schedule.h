#ifndef API_TRUST_SCHEDULE_H
#define API_TRUST_SCHEDULE_H

#include "poa/policy.h"
#include "poa/signer.h"

/*
 * When devices have to re-establish trust. Functions of their arguments alone; all times in seconds since the epoch.
 */

/**
 * api_trust_schedule_first() - when a device that has a credential has to re-establish trust: for one that becomes
 * active (onboarded, approved, ratified, resumed), and after each time that it did.
 * @not_after_s: end of its credential
 * @due_s:       set on POA_OK
 *
 * Between 40 and 60 % of the time that the credential still lives, or of twice the policy's trust.period when that is
 * shorter; where in it is the server's random choice, so that devices that came in together do not come again together.
 * A credential that has ended already gives its device one such time as the policy alone says. Later than now_s.
 *
 * Return: POA_OK, POA_F_CRYPTO (no random bytes).
 */
POA_MUST_USE poa_err api_trust_schedule_first(const poa_random *random, const poa_policy_settings *settings,
                                              int64_t now_s, int64_t not_after_s, int64_t *due_s);

/** api_trust_schedule_window() - over how long many due times are spread: a quarter of the policy's trust.period. */
int64_t api_trust_schedule_window(const poa_policy_settings *settings);

/** api_trust_schedule_spread() - a random time from base_s to base_s + window_s. POA_OK, POA_F_CRYPTO. */
POA_MUST_USE poa_err api_trust_schedule_spread(const poa_random *random, int64_t base_s, int64_t window_s,
                                               int64_t *due_s);

/**
 * api_trust_schedule_sooner() - have a device come soon, because something that it should learn has changed: move its
 * due time into the window that begins now, unless it is earlier already. 0 (it has not to come) stays.
 *
 * Return: POA_OK, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err api_trust_schedule_sooner(const poa_random *random, const poa_policy_settings *settings,
                                               int64_t now_s, int64_t *due_s);

/** api_trust_schedule_deadline() - due_s and the policy's trust.grace: from then on it is suspended. */
int64_t api_trust_schedule_deadline(const poa_policy_settings *settings, int64_t due_s);

/**
 * api_trust_schedule_wait() - how many seconds a device has to wait before it may re-establish trust again; 0: none.
 * @trust_s:  when it did so last; 0: not yet
 * @due_s:    when it has to again
 * @periodic: the reason that it gives now; every other is something that happened to it
 *
 * After a tenth of the time from the last one until it is due, but an hour at most; for another reason than periodic
 * after a hundredth, but a minute at most. Who is due, or never came, does not wait.
 */
int64_t api_trust_schedule_wait(int64_t trust_s, int64_t due_s, int64_t now_s, bool periodic);

#endif
