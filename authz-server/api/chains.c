#include "api/chains.h"

#include "buf.h"
#include "crypto.h"
#include "guard.h"
#include "span.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4 };

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
    struct entry entries[];
};

poa_err api_chains_new(size_t entries, api_chains **out)
{
    const size_t sets = entries / WAYS + 1;
    api_chains *chains = calloc(1, sizeof *chains + sets * WAYS * sizeof chains->entries[0]);
    if (!chains)
        return POA_F_NOMEM;
    chains->sets = sets;
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

static void keep(api_chains *chains, const poa_id *key, const poa_chain *chain)
{
    pthread_mutex_lock(&chains->lock);
    struct entry *set = set_of(chains, key);
    struct entry *oldest = set;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].used < oldest->used)
            oldest = &set[i];
    poa_chain *gone = oldest->chain;
    *oldest = (struct entry){.chain = poa_chain_ref(chain), .key = *key, .used = ++chains->clock};
    pthread_mutex_unlock(&chains->lock);
    poa_chain_free(gone);
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
