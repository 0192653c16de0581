#include "api/replays.h"

#include "buf.h"
#include "crypto.h"
#include "guard.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MIN = 65536, SWEEP = 8 };

/*
 * Two tables of fixed size, both with chains of indexes instead of pointers: the proofs, and the agents with how many
 * proofs each holds. Index 0 is "none", so that zeroed memory is empty.
 */
struct proof {
    poa_id name; /* SHA-256 of key and jti */
    int64_t until_s;
    uint32_t agent;
    uint32_t next; /* in its bucket, or in the free list */
};

struct agent {
    poa_id key;
    uint32_t held;
    uint32_t next;
};

struct api_replays {
    pthread_mutex_t lock;
    uint32_t room; /* proofs, and agents: each has at least one proof */
    uint32_t held;
    uint32_t agents_held;
    uint32_t sweep;  /* bucket that is looked through next */
    int64_t swept_s; /* when all were looked through: once a second at most, so that a flood does not buy work */
    uint32_t free_proof;
    uint32_t free_agent;
    struct proof *proofs; /* owned; room + 1, index 0 unused */
    struct agent *agents; /* owned; likewise */
    uint32_t *proof_buckets;
    uint32_t *agent_buckets;
};

poa_err api_replays_new(size_t bytes, api_replays **out)
{
    const size_t each = sizeof(struct proof) + sizeof(struct agent) + 2 * sizeof(uint32_t);
    size_t room = (bytes < BYTES_MIN ? BYTES_MIN : bytes) / each;
    if (room > UINT32_MAX - 1)
        room = UINT32_MAX - 1;
    api_replays *r = calloc(1, sizeof *r);
    if (!r)
        return POA_F_NOMEM;
    pthread_mutex_init(&r->lock, NULL);
    r->room = (uint32_t)room;
    r->proofs = calloc(room + 1, sizeof *r->proofs);
    r->agents = calloc(room + 1, sizeof *r->agents);
    r->proof_buckets = calloc(room, sizeof *r->proof_buckets);
    r->agent_buckets = calloc(room, sizeof *r->agent_buckets);
    if (!r->proofs || !r->agents || !r->proof_buckets || !r->agent_buckets) {
        api_replays_free(r);
        return POA_F_NOMEM;
    }
    for (uint32_t i = 1; i < r->room; i++) {
        r->proofs[i].next = i + 1;
        r->agents[i].next = i + 1;
    }
    r->free_proof = r->free_agent = 1;
    *out = r;
    return POA_OK;
}

void api_replays_free(api_replays *replays)
{
    if (!replays)
        return;
    free(replays->proofs);
    free(replays->agents);
    free(replays->proof_buckets);
    free(replays->agent_buckets);
    pthread_mutex_destroy(&replays->lock);
    free(replays);
}

static uint32_t bucket_of(const api_replays *r, const poa_id *id)
{
    uint32_t number = 0;
    memcpy(&number, id->bytes, sizeof number);
    return number % r->room;
}

static uint32_t find_proof(const api_replays *r, const poa_id *name)
{
    uint32_t at = r->proof_buckets[bucket_of(r, name)];
    while (at && !poa_id_equal(&r->proofs[at].name, name))
        at = r->proofs[at].next;
    return at;
}

static uint32_t find_agent(const api_replays *r, const poa_id *key)
{
    uint32_t at = r->agent_buckets[bucket_of(r, key)];
    while (at && !poa_id_equal(&r->agents[at].key, key))
        at = r->agents[at].next;
    return at;
}

static void drop_agent(api_replays *r, uint32_t index)
{
    uint32_t *link = &r->agent_buckets[bucket_of(r, &r->agents[index].key)];
    while (*link != index)
        link = &r->agents[*link].next;
    *link = r->agents[index].next;
    r->agents[index].next = r->free_agent;
    r->free_agent = index;
    r->agents_held--;
}

/* Drop the proof to which link leads. */
static void drop_proof(api_replays *r, uint32_t *link)
{
    const uint32_t index = *link;
    struct proof *proof = &r->proofs[index];
    *link = proof->next;
    if (--r->agents[proof->agent].held == 0)
        drop_agent(r, proof->agent);
    proof->next = r->free_proof;
    r->free_proof = index;
    r->held--;
}

static void drop_expired(api_replays *r, uint32_t bucket, int64_t now_s)
{
    uint32_t *link = &r->proof_buckets[bucket];
    while (*link) {
        if (r->proofs[*link].until_s < now_s)
            drop_proof(r, link);
        else
            link = &r->proofs[*link].next;
    }
}

/* A few buckets at each use keep the table clean; all of it before somebody is turned away. */
static void sweep(api_replays *r, int64_t now_s, uint32_t buckets)
{
    for (uint32_t i = 0; i < buckets; i++) {
        drop_expired(r, r->sweep, now_s);
        r->sweep = (r->sweep + 1) % r->room;
    }
}

static bool has_room(const api_replays *r, uint32_t agent)
{
    if (r->held >= r->room)
        return false;
    if (r->held < r->room / 2)
        return true;
    const uint32_t sharers = r->agents_held + (agent ? 0 : 1);
    return !agent || r->agents[agent].held < r->room / sharers;
}

static void add(api_replays *r, const poa_id *key, const poa_id *name, int64_t until_s)
{
    uint32_t agent = find_agent(r, key);
    if (!agent) {
        agent = r->free_agent;
        r->free_agent = r->agents[agent].next;
        uint32_t *bucket = &r->agent_buckets[bucket_of(r, key)];
        r->agents[agent] = (struct agent){.key = *key, .next = *bucket};
        *bucket = agent;
        r->agents_held++;
    }
    const uint32_t index = r->free_proof;
    r->free_proof = r->proofs[index].next;
    uint32_t *bucket = &r->proof_buckets[bucket_of(r, name)];
    r->proofs[index] = (struct proof){.name = *name, .until_s = until_s, .agent = agent, .next = *bucket};
    *bucket = index;
    r->agents[agent].held++;
    r->held++;
}

static poa_err use_locked(api_replays *r, const poa_id *key, const poa_id *name, int64_t now_s, int64_t keep_until_s)
{
    sweep(r, now_s, SWEEP);
    const uint32_t seen = find_proof(r, name);
    if (seen) {
        if (r->proofs[seen].until_s < keep_until_s)
            r->proofs[seen].until_s = keep_until_s;
        return POA_E_PROOF_REPLAYED;
    }
    if (!has_room(r, find_agent(r, key))) {
        if (r->swept_s != now_s)
            sweep(r, now_s, r->room);
        r->swept_s = now_s;
        if (!has_room(r, find_agent(r, key)))
            return POA_F_STORE;
    }
    add(r, key, name, keep_until_s);
    return POA_OK;
}

poa_err api_replays_use(api_replays *replays, const poa_ctx *ctx, const poa_id *key, poa_span jti, int64_t now_s,
                        int64_t until_s, int64_t skew_s)
{
    if (POA_GUARD(replays_stale, until_s < now_s) || POA_GUARD(replays_ahead, until_s > now_s + API_REPLAYS_AHEAD_S))
        return POA_OK;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_add(&b, (poa_span){(const char *)key->bytes, sizeof key->bytes});
    poa_buf_add(&b, jti);
    poa_id name;
    poa_err err = b.failed ? POA_F_NOMEM : poa_sha256(ctx, poa_buf_span(&b), &name);
    if (err)
        return err;
    pthread_mutex_lock(&replays->lock);
    err = use_locked(replays, key, &name, now_s, until_s + skew_s);
    pthread_mutex_unlock(&replays->lock);
    return err;
}

void api_replays_count(api_replays *replays, size_t *held, size_t *room)
{
    pthread_mutex_lock(&replays->lock);
    *held = replays->held;
    *room = replays->room;
    pthread_mutex_unlock(&replays->lock);
}
