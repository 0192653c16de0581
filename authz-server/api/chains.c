#include "api/chains.h"

#include "buf.h"
#include "crypto.h"
#include "guard.h"
#include "span.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* BYTES_EACH of text an entry may have on average: a chain of three or four links. ELSEWHERE sets are looked at when a
 * chain does not fit. */
enum { WAYS = 4, BYTES_EACH = 4096, ELSEWHERE = 16 };

struct entry {
    poa_chain *chain; /* one reference; NULL: empty */
    poa_id key;       /* SHA-256 of the policy's version and the text */
    uint64_t used;    /* of the set's clock */
};

struct api_chains {
    pthread_mutex_t lock;
    size_t sets;
    uint64_t clock;
    uint64_t hits;
    uint64_t misses;
    size_t turn;  /* the set that makes room next for another */
    size_t bytes; /* of text, in all entries */
    size_t bytes_max;
    struct entry entries[];
};

poa_err api_chains_new(size_t entries, api_chains **out)
{
    const size_t sets = entries / WAYS + 1;
    api_chains *chains = calloc(1, sizeof *chains + sets * WAYS * sizeof chains->entries[0]);
    if (!chains)
        return POA_F_NOMEM;
    chains->sets = sets;
    chains->bytes_max = sets * WAYS * BYTES_EACH;
    pthread_mutex_init(&chains->lock, NULL);
    *out = chains;
    return POA_OK;
}

void api_chains_free(api_chains *chains)
{
    if (!chains)
        return;
    for (size_t i = 0; i < chains->sets * WAYS; i++)
        poa_chain_free(chains->entries[i].chain);
    pthread_mutex_destroy(&chains->lock);
    free(chains);
}

static poa_err key_of(const poa_ctx *ctx, poa_span text, const poa_policy *policy, poa_id *key)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    const poa_id *version = poa_policy_version(policy);
    poa_buf_add(&b, (poa_span){(const char *)version->bytes, sizeof version->bytes});
    poa_buf_add(&b, text);
    return b.failed ? POA_F_NOMEM : poa_sha256(ctx, poa_buf_span(&b), key);
}

static struct entry *set_of(api_chains *chains, const poa_id *key)
{
    uint64_t number = 0;
    memcpy(&number, key->bytes, sizeof number);
    return &chains->entries[number % chains->sets * WAYS];
}

/* The bytes are compared too: a verdict is kept by what was verified, not by a hash of it. */
static bool is_it(const struct entry *entry, const poa_id *key, poa_span text, const poa_policy *policy)
{
    return entry->chain && poa_id_equal(&entry->key, key) && poa_span_equal(poa_chain_text(entry->chain), text) &&
           poa_id_equal(poa_policy_version(poa_chain_policy(entry->chain)), poa_policy_version(policy));
}

static poa_chain *find(api_chains *chains, const poa_id *key, poa_span text, const poa_policy *policy)
{
    poa_chain *found = NULL;
    pthread_mutex_lock(&chains->lock);
    struct entry *set = set_of(chains, key);
    for (size_t i = 0; i < WAYS && !found; i++) {
        if (!is_it(&set[i], key, text, policy))
            continue;
        set[i].used = ++chains->clock;
        found = poa_chain_ref(set[i].chain);
    }
    *(found ? &chains->hits : &chains->misses) += 1;
    pthread_mutex_unlock(&chains->lock);
    return found;
}

static struct entry *free_of(struct entry *set)
{
    for (size_t i = 0; i < WAYS; i++)
        if (!set[i].chain)
            return &set[i];
    return NULL;
}

/* The entry that was used longest ago; NULL where all are free. */
static struct entry *oldest_of(struct entry *set)
{
    struct entry *oldest = NULL;
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].chain && (!oldest || set[i].used < oldest->used))
            oldest = &set[i];
    return oldest;
}

/* Take an entry out; its chain is the caller's. */
static poa_chain *take_out(api_chains *chains, struct entry *entry)
{
    poa_chain *chain = entry->chain;
    chains->bytes -= poa_chain_text(chain).len;
    *entry = (struct entry){0};
    return chain;
}

/* What was dropped, to be freed without the lock. */
struct dropped {
    poa_chain *chains[WAYS + ELSEWHERE];
    size_t count;
};

static bool fits(const api_chains *chains, size_t bytes)
{
    return chains->bytes + bytes <= chains->bytes_max;
}

/* The oldest of the next few sets in turn, so that long chains which nobody asks for do not keep others out. */
static void drop_elsewhere(api_chains *chains, size_t bytes, struct dropped *gone)
{
    for (size_t i = 0; i < ELSEWHERE && !fits(chains, bytes); i++) {
        struct entry *oldest = oldest_of(&chains->entries[chains->turn * WAYS]);
        chains->turn = (chains->turn + 1) % chains->sets;
        if (oldest)
            gone->chains[gone->count++] = take_out(chains, oldest);
    }
}

/* Drop the oldest of a set until an entry is free and so many bytes fit; that entry, or NULL where they do not. */
static struct entry *make_room(api_chains *chains, struct entry *set, size_t bytes, struct dropped *gone)
{
    struct entry *oldest = NULL;
    while ((!free_of(set) || !fits(chains, bytes)) && (oldest = oldest_of(set)))
        gone->chains[gone->count++] = take_out(chains, oldest);
    drop_elsewhere(chains, bytes, gone);
    return fits(chains, bytes) ? free_of(set) : NULL;
}

static void keep(api_chains *chains, const poa_id *key, const poa_chain *chain)
{
    struct dropped gone = {.count = 0};
    const size_t bytes = poa_chain_text(chain).len;
    pthread_mutex_lock(&chains->lock);
    struct entry *place = make_room(chains, set_of(chains, key), bytes, &gone);
    if (place) {
        *place = (struct entry){.chain = poa_chain_ref(chain), .key = *key, .used = ++chains->clock};
        chains->bytes += bytes;
    }
    pthread_mutex_unlock(&chains->lock);
    for (size_t i = 0; i < gone.count; i++)
        poa_chain_free(gone.chains[i]);
}

/* The one thing in steps 1 to 6 that time changes: a pin may have ended since. */
static bool root_is_pinned(const poa_chain *chain, int64_t now_s)
{
    return poa_policy_pin(poa_chain_policy(chain), &poa_chain_link(chain, 0)->kid, now_s, NULL) != NULL;
}

poa_err api_chains_verify(api_chains *chains, const poa_ctx *ctx, poa_span text, const poa_policy *policy,
                          int64_t now_s, poa_chain **chain, poa_reason *why)
{
    poa_id key;
    poa_err err = key_of(ctx, text, policy, &key);
    if (err)
        return err;
    poa_chain *found = find(chains, &key, text, policy);
    if (found && POA_GUARD(kept_root_unpinned, !root_is_pinned(found, now_s)))
        poa_chain_free(POA_TAKE(found)); /* verifying it again gives the reason */
    if (!found) {
        err = poa_chain_verify(ctx, text, policy, now_s, &found, why);
        if (err)
            return err;
        keep(chains, &key, found);
    }
    *chain = found;
    return POA_OK;
}

void api_chains_count(api_chains *chains, uint64_t *hits, uint64_t *misses)
{
    pthread_mutex_lock(&chains->lock);
    *hits = chains->hits;
    *misses = chains->misses;
    pthread_mutex_unlock(&chains->lock);
}
