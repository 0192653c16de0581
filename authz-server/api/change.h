#ifndef API_CHANGE_H
#define API_CHANGE_H

#include "api/exchange.h"
#include "store/audit.h"
#include "store/writer.h"

typedef struct api_change api_change;

/**
 * api_change - one change on its way through the writer; the first member of the resource's own struct, which calloc()
 * made and api_change_run() takes over.
 *
 * What every change does is here: with a chain, it is asked once more whether it is alive, at the time and in the
 * transaction of the change; the nonce is unused, and used up; the chain's text and PoAs are kept; the time mark is
 * raised; and an audit entry is written with it, or nothing is.
 *
 * @x:     the exchange; borrowed: the request is suspended meanwhile
 * @kind:  for the audit log: "onboarding", "revocation", ...
 * @check: may the change be made, seen from this transaction? POA_OK, a refusal (x->why says why: api_deny() or the
 *         library), or a fault. Only reads. May run twice
 * @apply: puts. May run twice. It fills what it knows of @audit (device, certificate serial, statement)
 * @reply: after the commit, on the writer's thread: reply, or api_refuse() when err is no POA_OK. Does not block
 * @end:   frees what the resource's struct owns, but not the struct
 * @nonce: a nonce to use up besides the proof's, or NULL; borrowed
 * @now_s: the moment at which the change is made, read from the clock at each check
 * @audit: the entry that apply() fills further; reset before each run
 */
struct api_change {
    store_op op;
    api_exchange *x;
    const char *kind;
    poa_err (*check)(api_change *change, store_txn *txn);
    poa_err (*apply)(api_change *change, store_txn *txn);
    void (*reply)(api_change *change, poa_err err);
    void (*end)(api_change *change);
    const char *nonce;
    int64_t now_s;
    store_audit_entry audit;
};

/**
 * api_change_run() - suspend the request and hand the change to the writer; takes it over, whatever happens. When
 * the queue is full the request is refused at once (503).
 */
void api_change_run(api_change *change);

/**
 * api_change_run_part() - the same for one of many changes of a request: nothing is suspended, resumed or freed; @reply
 * is told the outcome, on the writer's thread, or at once where its queue is full (POA_F_STORE).
 */
void api_change_run_part(api_change *change);

/** api_keep_chain() - keep a verified chain's text and each PoA of it, in a write transaction. @text_id may be NULL. */
POA_MUST_USE poa_err api_keep_chain(const poa_chain *chain, store_txn *txn, int64_t now_s, poa_id *text_id);

#endif
