#ifndef API_NOTICES_H
#define API_NOTICES_H

#include "api/service.h"

/*
 * That a leaf PoA ends under which devices came in until its end (effect until_exp) is told 30, 7 and 1 days ahead, so
 * that somebody ratifies them in time: one event poa.expiring for each leaf and mark, with the number of its devices.
 * Each device's record keeps which marks were told, so a server that is killed neither forgets one nor tells it again.
 */

/** api_notices_mark() - the mark for a PoA that ends at @exp_s: 30, 7 or 1; 0: it ends later, or has ended. */
unsigned api_notices_mark(int64_t exp_s, int64_t now_s);

/** api_notices_step() - a task of the keeper: goes over the leaves once a minute, a bounded number at each step. */
POA_MUST_USE poa_err api_notices_step(api_service *service, store_txn *txn, int64_t now_s, bool *more);

#endif
