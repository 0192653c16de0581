#ifndef API_ADMISSION_H
#define API_ADMISSION_H

#include "api/change.h"
#include "api/contest.h"
#include "api/onboard_request.h"
#include "api/pending.h"
#include "store/devices.h"

/**
 * api_admission - one device on its way in: the decision, its certificate, its record, and what is replied. Every route
 * that lets a device in has one.
 *
 * The decision and the certificate are made before the writer is troubled, so that a refusal costs it nothing; in the
 * writer's transaction everything that may have moved meanwhile is asked again.
 *
 * The caller sets:
 * @x:           where refusals are noted, and whose policy and CA count; borrowed
 * @chain:       verified: under which it is asked; borrowed
 * @request:     what is asked; borrowed. A ticket that announced it before is added to it
 * @address:     from where
 * @approved:    somebody approved: what was charged then; borrowed. NULL: nobody did, and where somebody has to it
 * waits
 *
 * @replaced:    the record whose place it takes: the action is `replace`, nothing is charged, nobody has to approve;
 *               borrowed. NULL: it comes in anew
 *
 * @id:          of the record to be
 * @decision:    which powers applied
 * @waits:       it waits for somebody's approval, and gets no certificate before
 * @certificate: made for this device; owned
 * @expected:    the record that announced it, or NULL; owned
 * @contest:     records that it contests, and how many others there are
 * @stored:      the record of the same request made before, or NULL; owned
 * @members:     members of the reply's object, without its braces; owned
 * @status:      of the reply
 */
typedef struct api_admission {
    api_exchange *x;
    const poa_chain *chain;
    api_onboard_request *request;
    poa_address address;
    api_pending *approved;
    const store_device *replaced;
    store_uuid id;
    poa_decision decision;
    bool waits;
    poa_leaf certificate;
    store_device *expected;
    api_contest contest;
    store_device *stored;
    poa_buf members;
    unsigned status;
} api_admission;

/** api_admission_clear() - end what it owns. */
void api_admission_clear(api_admission *a);

/**
 * api_admission_prepare() - everything that can be said before the writer is troubled.
 *
 * Return: POA_OK; a code of the group request, quota_exceeded; POA_F_*. x->why and x->detail say why.
 */
POA_MUST_USE poa_err api_admission_prepare(api_admission *a);

/**
 * api_admission_check() - may it come in, seen from this transaction? Only reads; may run twice.
 *
 * The same request made before, by leaf PoA and device's key, is answered with the record of then. POA_OK also where it
 * is refused with device_exists and that is a change all the same (contest.h): api_admission_reply() says so.
 *
 * Return: as api_admission_prepare(), and device_exists.
 */
POA_MUST_USE poa_err api_admission_check(api_admission *a, store_txn *txn, int64_t now_s);

/** api_admission_apply() - put the record, charge the quota, fill the audit entry and the reply; may run twice. */
POA_MUST_USE poa_err api_admission_apply(api_admission *a, store_txn *txn, api_change *change);

/** api_admission_decide() - the decision alone, for somebody who waited. As api_admission_check(). */
POA_MUST_USE poa_err api_admission_decide(api_admission *a, store_txn *txn, int64_t now_s);

/** api_admission_issue() - make the certificate under that decision. POA_OK, POA_F_*. */
POA_MUST_USE poa_err api_admission_issue(api_admission *a, int64_t now_s);

/** api_admission_due() - when the device has to re-establish trust first. POA_OK, POA_F_CRYPTO. */
POA_MUST_USE poa_err api_admission_due(const api_admission *a, int64_t now_s, int64_t *due_s);

/** api_admission_fill() - what an active record says of the certificate; borrowed from @a and its CA. */
void api_admission_fill(const api_admission *a, store_device *device);

/** api_admission_keep() - note the certificate among those issued, once the record is put. POA_OK, POA_F_*. */
POA_MUST_USE poa_err api_admission_keep(const api_admission *a, store_txn *txn);

/** api_admission_show() - `"device":{…},"certificate":"…"` of a record; POA_OK, POA_F_NOMEM. */
POA_MUST_USE poa_err api_admission_show(const store_device *device, poa_buf *members);

/** api_admission_show_waiting() - `"onboarding":{…}` of a record that waits for approval. */
void api_admission_show_waiting(const store_device *device, poa_buf *members);

/** api_admission_reply() - reply to x->request after the commit. */
void api_admission_reply(const api_admission *a);

/** api_reply_onboarding() - reply with such members: 200, 201, or 202 with what goes with it. */
void api_reply_onboarding(api_exchange *x, unsigned status, const poa_buf *members);

/** api_reply_impossible() - reply 409: the state of a device does not allow it. @detail: plain ASCII, for people. */
void api_reply_impossible(api_exchange *x, store_device_state state, const char *detail);

#endif
