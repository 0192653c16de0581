#include "api/service.h"

#include <pthread.h>
#include <stdlib.h>

struct api_slot {
    pthread_mutex_t lock;
    api_snapshot *current; /* one reference */
};

void api_snapshot_free(api_snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) != 1)
        return;
    api_makers_free(snapshot->makers);
    poa_policy_free(snapshot->policy);
    poa_ca_free(snapshot->ca);
    poa_key_free(snapshot->answer_key);
    free(snapshot);
}

poa_err api_slot_new(api_slot **out)
{
    api_slot *slot = calloc(1, sizeof *slot);
    if (!slot)
        return POA_F_NOMEM;
    pthread_mutex_init(&slot->lock, NULL);
    *out = slot;
    return POA_OK;
}

void api_slot_free(api_slot *slot)
{
    if (!slot)
        return;
    api_snapshot_free(slot->current);
    pthread_mutex_destroy(&slot->lock);
    free(slot);
}

api_snapshot *api_slot_get(api_slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    api_snapshot *snapshot = api_snapshot_ref(slot->current);
    pthread_mutex_unlock(&slot->lock);
    return snapshot;
}

void api_slot_set(api_slot *slot, api_snapshot *snapshot)
{
    pthread_mutex_lock(&slot->lock);
    api_snapshot *old = slot->current;
    slot->current = snapshot;
    pthread_mutex_unlock(&slot->lock);
    api_snapshot_free(old);
}
