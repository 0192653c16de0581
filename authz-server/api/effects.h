#ifndef API_EFFECTS_H
#define API_EFFECTS_H

#include "api/effects_lineage.h"
#include "api/service.h"
#include "poa/chain.h"
#include "store/devices.h"
#include "store/statements.h"

/*
 * What an accepted statement does to the devices that came in under a PoA on which it counts (protocol section 8).
 */

/**
 * enum api_effect - what becomes of one device, weakest first.
 * @API_EFFECT_NONE:    the statement does not count on its PoA, or it is in a state that ends no earlier for it
 * @API_EFFECT_NOTICE:  it stays as it is and is to re-establish trust soon
 * @API_EFFECT_REVIEW:  it runs on until somebody ratifies, or until the deadline
 * @API_EFFECT_SUSPEND: suspended, its certificates on the CRL
 * @API_EFFECT_LAPSE:   it waits for approval under a PoA that lets nothing in any more
 */
enum api_effect {
    API_EFFECT_NONE,
    API_EFFECT_NOTICE,
    API_EFFECT_REVIEW,
    API_EFFECT_SUSPEND,
    API_EFFECT_LAPSE,
};

/**
 * api_effect_of() - pure.
 * @hit:             from api_spoken_judge() on the device's leaf
 * @invalid_since_s: of the statement: a cascade reaches devices that came in then or later; negative: all
 * @device:          state, cause, created_s, changed_s, leaf, came_leaf and on_revoke count. One that was ratified came
 * in when it was
 *
 * One that is suspended, replaced or decommissioned stays so, one in review stays there under a review. A cascade that
 * does not reach a device leaves it as it is.
 */
enum api_effect api_effect_of(const poa_revocation_hit *hit, int64_t invalid_since_s, const store_device *device);

/**
 * api_spoken - a statement to be judged on leaves, and on what a resume bears: the holds that it names.
 * @op:    of the statement
 * @count: how many @said; one, but for a resume
 */
#define API_SPOKEN_MAX 8
typedef struct api_spoken {
    enum poa_statement_op op;
    struct api_said {
        poa_statement *statement; /* owned */
        char *reach;              /* owned; NULL: no administrator's */
        int64_t accepted_s;
    } said[API_SPOKEN_MAX];
    size_t count;
} api_spoken;

/**
 * api_spoken_open() - the stored statement of an epoch.
 * @out:   ends with api_spoken_clear(), also on a fault
 * @found: false: it was dropped meanwhile, because the PoA that it names has expired long since
 *
 * Of a resume at most API_SPOKEN_MAX holds are looked at, oldest first: all that follows from it is that devices hear
 * of it sooner.
 */
POA_MUST_USE poa_err api_spoken_open(const api_service *service, store_txn *txn, uint64_t epoch, api_spoken *out,
                                     bool *found);
void api_spoken_clear(api_spoken *spoken);

/* Does it name a PoA of this line, or a key of one? Costs no signature. */
bool api_spoken_names(const api_spoken *spoken, const api_lineage *line);

/**
 * api_leaf - a leaf PoA under which devices stand.
 * @line:  above it
 * @chain: verified under the policy of now; NULL where it does not verify any more: then the line alone is judged
 */
typedef struct api_leaf {
    api_lineage line;
    poa_chain *chain; /* owned */
} api_leaf;

/**
 * api_leaf_open() - by the id of its chain's text, as a device's record has it. @line: as api_lineage_of() gave it
 *
 * Return: POA_OK, also when the chain is refused; POA_F_STORE, POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err api_leaf_open(const api_service *service, store_txn *txn, const poa_policy *policy,
                                   const api_lineage *line, const poa_id *text, int64_t now_s, api_leaf *out);
void api_leaf_clear(api_leaf *leaf);

/** api_spoken_judge() - does it count on a leaf, and by what right? @invalid_since_s: negative: none stated */
POA_MUST_USE poa_err api_spoken_judge(const api_spoken *spoken, const api_leaf *leaf, const poa_policy *policy,
                                      poa_revocation_hit *hit, int64_t *invalid_since_s);

/**
 * api_effect_apply() - do it: the device's new state, its certificates, its event and its audit entry, in a write
 * transaction. The spans of @device are gone afterwards.
 * @poa: the PoA on which the statement counts
 */
POA_MUST_USE poa_err api_effect_apply(api_service *service, store_txn *txn, const poa_policy *policy,
                                      enum api_effect effect, const poa_id *poa, store_device *device, int64_t now_s);

/**
 * api_effect_ahead() - what the walks that are still under way will do to this device; only reads.
 * @effect: the strongest
 * @poa:    the PoA on account of which; set where there is an effect; may be NULL
 */
POA_MUST_USE poa_err api_effect_ahead(api_service *service, store_txn *txn, const store_device *device, int64_t now_s,
                                      enum api_effect *effect, poa_id *poa);

/**
 * api_effect_now() - do at once what the walks that are still under way will do to this device, so that nobody gets a
 * certificate by being quicker than a walk.
 * @device: as it is read from @txn; on POA_OK it was read again, and tells its state
 *
 * Return: POA_OK; POA_F_STORE, POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err api_effect_now(api_service *service, store_txn *txn, store_device *device, int64_t now_s);

/**
 * api_review_end() - nobody ratified in time: a device in review whose until_s has come is suspended.
 * @device: as it is read from @txn; its spans are gone afterwards
 *
 * One in another state, or with time left, is left alone. Return: POA_OK; POA_F_*.
 */
POA_MUST_USE poa_err api_review_end(api_service *service, store_txn *txn, store_device *device);

#endif
