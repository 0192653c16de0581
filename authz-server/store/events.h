#ifndef STORE_EVENTS_H
#define STORE_EVENTS_H

#include "store/store.h"

/*
 * Table `events`: what orchestrators are told, in order, written in the transaction of the change itself.
 */

#define STORE_EVENT_KIND_MAX 32
#define STORE_EVENT_DATA_MAX 4096

/**
 * store_event - one event.
 * @id:       number from 1 without gaps, given by store_event_append()
 * @time_s:   seconds since 1970
 * @kind:     1 to STORE_EVENT_KIND_MAX bytes of [a-z0-9_.]
 * @device:   UUID; zero: about none
 * @location: of that device then, so that who may read it is judged without the record; empty exactly when about none
 * @data:     the members beyond these, a JSON object's text, at most STORE_EVENT_DATA_MAX bytes; empty: none
 */
typedef struct store_event {
    uint64_t id;
    int64_t time_s;
    poa_span kind;
    store_uuid device;
    poa_span location;
    poa_span data;
} store_event;

/**
 * store_event_append() - add an event behind the last.
 * @event: its id is ignored
 * @id:    the number that it got; may be NULL
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE poa_err store_event_append(store_txn *txn, const store_event *event, uint64_t *id);

/**
 * store_event_next() - the first event behind @after that is still there.
 * @gap: were events behind @after dropped already? Also said when none is found
 */
POA_MUST_USE poa_err store_event_next(store_txn *txn, uint64_t after, store_event *event, bool *gap, bool *found);

/* The number of the last one; 0 before the first. */
POA_MUST_USE poa_err store_event_last(store_txn *txn, uint64_t *id);

/* Drop the oldest, at most @max now, until at most @keep are left; @removed: how many. Numbers are not given again. */
POA_MUST_USE poa_err store_event_trim(store_txn *txn, uint64_t keep, size_t max, size_t *removed);

#endif
