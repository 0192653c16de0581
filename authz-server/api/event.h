#ifndef API_EVENT_H
#define API_EVENT_H

#include "api/service.h"
#include "buf.h"
#include "store/devices.h"

/*
 * What orchestrators are told (GET /v1/devices/events): written in the transaction of the change itself, so that there
 * is no change without its event and no event without its change.
 */

/**
 * api_event() - append an event.
 * @kind:   1 to STORE_EVENT_KIND_MAX bytes of [a-z0-9_.]: "device.active", ...
 * @device: whom it is about, with its location; NULL: about none
 * @format: its further members as JSON without braces, as by printf(): "\"days\":%d"; NULL: none. A text goes through
 *          api_event_members()
 *
 * It is a put: what was read in this transaction is gone afterwards, @device too where it was not copied.
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE __attribute__((format(printf, 5, 6))) poa_err api_event(const api_service *service, store_txn *txn,
                                                                     const char *kind, const store_device *device,
                                                                     const char *format, ...);

/** api_event_members() - the same with members that were written into a buffer; an empty one: none. */
POA_MUST_USE poa_err api_event_members(const api_service *service, store_txn *txn, const char *kind,
                                       const store_device *device, const poa_buf *members);

/**
 * api_events_wake() - something was committed: who waits for events looks again. Any thread; does not block. Nothing
 * happens where nobody has set service->events_wake.
 */
void api_events_wake(const api_service *service);

#endif
