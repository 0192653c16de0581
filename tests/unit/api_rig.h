#ifndef API_RIG_H
#define API_RIG_H

#include "store_rig.h"

#include "api/service.h"

#define API_RIG_NOW 1790000000

/* A service with a real store, its writer, and a policy; the clock is the test's. Borrows the store's rig. */
typedef struct api_rig {
    api_service service;
    _Atomic int64_t now_s;
    atomic_uint lines; /* that were logged */
} api_rig;

/* @members: more members of the policy, written with ' for ", each with a comma before it; "" for none. */
void api_rig_begin(api_rig *a, rig *r, const char *members);
void api_rig_end(api_rig *a);

/* Have the writer do it, and wait; gives what it came to. */
poa_err api_rig_write(api_rig *a, poa_err (*apply)(store_op *op, store_txn *txn));

#endif
