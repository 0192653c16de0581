#ifndef API_SERVICE_H
#define API_SERVICE_H

#include "api/makers.h"
#include "ca.h"
#include "config.h"
#include "poa/context.h"
#include "poa/policy.h"
#include "poa/signer.h"
#include "store/store.h"
#include "store/writer.h"

#include <stdatomic.h>

/*
 * What every resource shares: made once by main(), handed to each handler. The rooms below (http, store, poa) know
 * nothing of it.
 */

typedef struct api_chains api_chains;
typedef struct api_nonces api_nonces;
typedef struct api_replays api_replays;
typedef struct api_metrics api_metrics;
typedef struct api_keeper api_keeper;
typedef struct api_events api_events;
typedef struct api_crls api_crls;

/**
 * api_snapshot - what a reload replaces, whole or not at all: the policy, the site's CA, the answer key. Immutable,
 * reference-counted; a request keeps the one with which it began.
 */
typedef struct api_snapshot {
    atomic_uint refs;
    poa_policy *policy;  /* owned */
    api_makers *makers;  /* owned: the policy's manufacturers */
    poa_ca *ca;          /* owned */
    poa_key *answer_key; /* owned: the key pair */
    poa_signer answers;  /* on answer_key */
} api_snapshot;

/* One more reference. */
static inline api_snapshot *api_snapshot_ref(api_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
    return snapshot;
}
void api_snapshot_free(api_snapshot *snapshot);
static inline void api_snapshot_freep(api_snapshot **snapshot)
{
    api_snapshot_free(*snapshot);
}

/** api_slot - where the current snapshot stands. */
typedef struct api_slot api_slot;

POA_MUST_USE poa_err api_slot_new(api_slot **out);
void api_slot_free(api_slot *slot);
/* The current snapshot, one more reference to it. */
api_snapshot *api_slot_get(api_slot *slot);
/* Put another in its place; takes the reference over. */
void api_slot_set(api_slot *slot, api_snapshot *snapshot);

/** api_notices_round - how far the round over the leaves is, about notices of their end (api/notices.h). */
typedef struct api_notices_round {
    int64_t begun_s;
    bool under_way;
    poa_id leaf;
    store_uuid device;
} api_notices_round;

/**
 * api_service - all borrowed by the handlers; made and ended by main(), outlives the HTTP server.
 * @now_s:     seconds since the epoch; @now_arg goes with it
 * @started_s: the first whole second of this process: proofs from before it are asked for a nonce
 * @log:       write one line (JSON, without its end) to the log; from any thread
 * @acted_s:   latest time that this process acted on; begins 0
 * @events_wake: told after each commit that may have added events, from any thread; does not block; NULL: nobody
 *              listens. Set before the first request; @events_wake_arg goes with it
 * @ready:     set once everything stands; cleared when the server stops
 */
typedef struct api_service {
    const server_config *config;
    const poa_ctx *ctx;
    store *store;
    store_writer *writer;
    api_slot *slot;
    api_chains *chains;
    api_nonces *nonces;
    api_replays *replays;
    api_metrics *metrics;
    api_keeper *keeper;
    api_events *events;
    api_crls *crls;
    api_notices_round notices; /* the keeper's alone */
    poa_random random;
    int64_t (*now_s)(void *arg);
    void *now_arg;
    int64_t started_s;
    void (*log)(void *arg, poa_span line);
    void *log_arg;
    void (*events_wake)(void *arg);
    void *events_wake_arg;
    atomic_bool ready;
    _Atomic int64_t acted_s;
} api_service;

static inline int64_t api_now(const api_service *service)
{
    return service->now_s(service->now_arg);
}

#endif
