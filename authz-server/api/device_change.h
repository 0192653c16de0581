#ifndef API_DEVICE_CHANGE_H
#define API_DEVICE_CHANGE_H

#include "api/change.h"
#include "json.h"
#include "poa/decision.h"
#include "policy_read.h"
#include "store/devices.h"

typedef struct api_device_change api_device_change;

/**
 * api_device_verb - what can be done to a device that is there: POST /v1/devices/{id}/<verb>. Static.
 * @kind:     for the audit log
 * @read:     take the members of the body; what is left over is refused; NULL: it takes none. Spans into it are good
 *            as long as the change
 * @granted:  may x do it to c->device? It sets x->why on a refusal
 * @possible: does the record allow it now? POA_OK, api_device_impossible(), POA_F_*
 * @make:     change c->device, put it and tell of it; it may write into c->note
 */
typedef struct api_device_verb {
    const char *kind;
    void (*read)(api_device_change *c, poa_members *members);
    poa_err (*granted)(api_device_change *c, store_txn *txn);
    poa_err (*possible)(api_device_change *c, store_txn *txn);
    poa_err (*make)(api_device_change *c, store_txn *txn);
} api_device_verb;

/**
 * api_device_change - one such change on its way.
 * @body:     owned
 * @id:       of the path
 * @reason:   of the body, for people; empty: none
 * @released: of the body of a release: set of 1 << store_identifier
 * @device:   a copy of the record, as of the transaction in hand; owned
 * @decision: of api_device_granted()
 * @absent, @impossible: there is no such device; the state does not allow it, x->detail says why
 * @note:     members of the audit entry's reason, as JSON without braces; owned
 */
struct api_device_change {
    api_change change;
    const api_device_verb *verb;
    json_t *body;
    store_uuid id;
    poa_span reason;
    unsigned released;
    store_device *device;
    poa_decision decision;
    bool absent;
    bool impossible;
    poa_buf note;
    poa_buf audited; /* owned: note within its braces */
};

/** api_device_change_run() - answer a request for one. The grant is asked before the state: who may not, learns none.
 */
void api_device_change_run(api_service *service, http_request *request, const api_device_verb *verb);

/**
 * api_device_granted() - does x's chain grant an action of device_onboarding over c->device? Location, identity and
 * evidence are the record's. Return: as poa_decide().
 */
POA_MUST_USE poa_err api_device_granted(api_device_change *c, const char *action);

/**
 * api_device_impossible() - refuse with 409: the device's state does not allow it.
 * @format: why, for people, as by printf()
 *
 * No reason code says it, because nothing about the asker's powers is wrong: type about:blank, with `state`, and in
 * `allowed` the states that may follow it.
 */
POA_MUST_USE __attribute__((format(printf, 2, 3))) poa_err api_device_impossible(api_device_change *c,
                                                                                 const char *format, ...);

#endif
