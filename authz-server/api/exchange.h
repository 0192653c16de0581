#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include "api/service.h"
#include "http/request.h"
#include "poa/chain.h"
#include "poa/proof.h"
#include "poa/revocation.h"

/**
 * api_exchange - one request as the resources see it, from the handler's first line until the log line is written.
 * Attached to the HTTP request, which ends it.
 *
 * @request:  NULL in a line of a batch, which may outlive it (lines.h)
 * @id:       of the request; borrowed
 * @snapshot: the policy, CA and answer key with which it began; one reference
 * @now_s:    when it began; a change reads the clock again when it is checked for the last time
 * @address:  the caller's, a trusted proxy's word counted in
 * @chain:    verified; NULL before; one reference
 * @proof:    of the leaf agent; valid once @proven
 * @proven:   the proof's signature held, and where the chain is refused it was made for this request just now: the
 *            caller may be told the whole reason
 * @presented: a chain and a proof were asked for
 * @code, @why: how it was decided, for the reply and the log; POA_OK until somebody refuses
 * @detail:   one sentence more about the caller's own body, or ""
 * @more:     further members of the problem, as JSON without braces, or empty; owned
 * @hit:      the statement on which step 8 refused
 * @point:    name of the enforcement point that proved itself, for the log; borrowed; NULL: none
 * @device:   UUID as text for the log, or ""; @statement: likewise, the id of a statement
 */
typedef struct api_exchange {
    api_service *service;
    http_request *request;
    poa_span id;
    api_snapshot *snapshot;
    int64_t now_s;
    poa_address address;
    poa_chain *chain;
    poa_proof_facts proof;
    bool proven;
    bool presented;
    poa_err code;
    poa_reason why;
    char detail[160];
    poa_buf more;
    poa_revocation_hit hit;
    const char *point;
    char device[37];
    poa_id_text statement;
} api_exchange;

/** api_exchange_begin() - start one and attach it; NULL when memory is out: 503 was replied then. */
api_exchange *api_exchange_begin(api_service *service, http_request *request);

/** Whether a route changes state: then the proof must carry a nonce. */
enum api_demand { API_READ, API_CHANGE };

/**
 * api_present() - who asks: steps 1 to 9 of the protocol for the chain and proof in the headers.
 *
 * When step 7 or 8 refuses, the proof is checked all the same, so that a genuine agent learns the whole reason.
 * On POA_OK x->chain, x->proof and x->proven are set. On anything else x->code and x->why say what api_refuse() tells.
 *
 * Return: POA_OK, proof_missing, any code of steps 1 to 9, POA_F_*.
 */
POA_MUST_USE poa_err api_present(api_exchange *x, enum api_demand demand);

/**
 * api_present_for() - the same for a request that somebody else received: the proof is for its method and URL. No body.
 */
POA_MUST_USE poa_err api_present_for(api_exchange *x, poa_span method, poa_span url, enum api_demand demand);

/** api_time_mark() - the latest time acted on: by a change of any process (in the store), or by anything in this one.
 */
POA_MUST_USE poa_err api_time_mark(api_service *service, store_txn *txn, int64_t *mark_s);

/**
 * api_alive() - steps 7 and 8 for x->chain, in one transaction, at now_s. Sets x->why and x->hit on a refusal.
 */
POA_MUST_USE poa_err api_alive(api_exchange *x, store_txn *txn, int64_t now_s);

/**
 * api_clock() - is the clock no more than the skew behind the latest time acted on (protocol section 8)?
 *
 * Return: POA_OK, clock_unsure, POA_F_*.
 */
POA_MUST_USE poa_err api_clock(api_exchange *x, store_txn *txn, int64_t now_s);

/** api_body() - the body as a JSON object (json_decref ends it). On a refusal x->code and x->why are set. */
POA_MUST_USE poa_err api_body(api_exchange *x, json_t **out);

/**
 * api_deny() - note a refusal that no call of the library made: its code and the member of the request's body at fault.
 * Gives code back.
 */
poa_err api_deny(api_exchange *x, poa_err code, const char *member);

/**
 * api_note() - note what a call of the library or the store gave, which filled x->why if it refused; a fault has no
 * reason of its own. Gives err back.
 */
poa_err api_note(api_exchange *x, poa_err err);

/**
 * api_refuse() - reply with x->why as application/problem+json (RFC 9457): status from the one table, the code in
 * `type` and `code`; hop, member, values and inner code only where the caller proved possession of the leaf's key, or
 * no proof was asked (then the reason is about its own body). A 401 carries WWW-Authenticate, one about a nonce a fresh
 * DPoP-Nonce, a 503 Retry-After.
 */
void api_refuse(api_exchange *x);

/** api_refuse_as() - the same with another status than the table's, where the route has its own view of the code. */
void api_refuse_as(api_exchange *x, unsigned status);

/**
 * api_challenge() - the fields that go with a 401: WWW-Authenticate, and about a nonce, or a clock that wants one, a
 * fresh DPoP-Nonce.
 */
void api_challenge(api_exchange *x);

/** api_reply_json() - reply with JSON; a failed buffer makes it 503. */
void api_reply_json(api_exchange *x, unsigned status, poa_buf *body);

#endif
