#include "api/walks.h"

#include "api/effects.h"
#include "api/event.h"
#include "api/keeper.h"
#include "cleanup.h"
#include "span.h"
#include "statement.h"
#include "store/walks.h"

/* ---- it begins ---- */

static poa_err tell(const api_service *service, store_txn *txn, const store_statement *record,
                    const poa_statement_facts *facts)
{
    static const char *const targets[] = {
        [POA_TARGET_POA] = "poa_id", [POA_TARGET_KEY] = "key", [POA_TARGET_HOLD] = "hold"};
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    poa_buf_printf(&members, "\"op\":\"%s\",\"%s\":", poa_statement_op_name(facts->op), targets[facts->target_kind]);
    if (facts->target_kind == POA_TARGET_HOLD)
        poa_buf_json_text(&members, facts->hold);
    else
        poa_buf_printf(&members, "\"%s\"", poa_id_print(&facts->target).chars);
    poa_buf_text(&members, ",\"reason\":");
    poa_buf_json_text(&members, facts->reason);
    poa_buf_printf(&members, ",\"by\":\"%s\"", poa_id_print(&facts->kid).chars);
    poa_buf_printf(&members, ",\"statement\":\"%s\"", poa_id_print(&facts->id).chars);
    poa_buf_printf(&members, ",\"epoch\":%llu", (unsigned long long)record->epoch);
    return api_event_members(service, txn, "poa.revoked", NULL, &members);
}

/*
 * On a PoA every chain that holds it agrees about what stands above, so who may say what of it is known now. A key may
 * stand anywhere, and a hold that a resume names is found when it is walked.
 */
static poa_err can_count(store_txn *txn, const poa_policy *policy, const store_statement *record,
                         const poa_statement_facts *facts, bool *can)
{
    *can = poa_statement_counts_at(facts, poa_policy_get(policy)->resource_owner);
    if (!*can || facts->target_kind != POA_TARGET_POA)
        return POA_OK;
    api_lineage line;
    poa_revocation_hit hit = {.standing = POA_STANDING_NONE};
    bool seen = false;
    poa_err err = api_lineage_of(txn, &facts->target, &line, &seen);
    if (!err && seen)
        err = api_lineage_judge(&line, policy, facts, record->reach, record->accepted_s, &hit);
    *can = hit.standing != POA_STANDING_NONE;
    return err;
}

poa_err api_walk_begin(const api_service *service, store_txn *txn, const poa_policy *policy,
                       const store_statement *record, const poa_statement_facts *facts)
{
    bool can = false;
    poa_err err = can_count(txn, policy, record, facts, &can);
    poa_id any;
    bool devices = false;
    if (!err)
        err = store_leaf_next(txn, NULL, &any, &devices);
    const store_walk walk = {.epoch = record->epoch, .started_s = record->accepted_s};
    if (!err && can && devices)
        err = store_walk_put(txn, &walk);
    return err ? err : tell(service, txn, record, facts);
}

/* ---- one batch ---- */

/* What one step may do: look at leaves, verify chains that are named, look at devices. */
enum { LEAVES_MAX = 512, CHAINS_MAX = 32, DEVICES_MAX = API_KEEPER_STEP_MAX };

struct batch {
    api_service *service;
    store_txn *txn;
    const poa_policy *policy;
    int64_t now_s;
    api_spoken spoken;
    store_walk walk;
    size_t leaves;
    size_t chains;
    size_t devices;
    bool done; /* there is no leaf behind the last one */
};

static bool is_full(const struct batch *b)
{
    return b->leaves >= LEAVES_MAX || b->chains >= CHAINS_MAX || b->devices >= DEVICES_MAX;
}

static poa_err next_leaf(struct batch *b)
{
    bool found = false;
    poa_id next;
    const poa_id *after = store_id_is_none(&b->walk.leaf) ? NULL : &b->walk.leaf;
    const poa_err err = store_leaf_next(b->txn, after, &next, &found);
    if (err)
        return err;
    b->done = !found;
    b->leaves++;
    if (found) {
        b->walk.leaf = next;
        b->walk.device = (store_uuid){{0}};
    }
    return POA_OK;
}

/* Any of its devices has the text of its chain. */
static poa_err open_leaf(struct batch *b, const api_lineage *line, const store_uuid *first, api_leaf *leaf)
{
    store_device device;
    bool found = false;
    const poa_err err = store_device_get(b->txn, first, &device, &found);
    if (err || !found)
        return err ? err : POA_F_STORE;
    b->chains++;
    const poa_id text = device.chain;
    return api_leaf_open(b->service, b->txn, b->policy, line, &text, b->now_s, leaf);
}

static poa_err touch(struct batch *b, const store_uuid *id, const poa_revocation_hit *hit, int64_t since_s,
                     const poa_id *poa)
{
    store_device device;
    bool found = false;
    const poa_err err = store_device_get(b->txn, id, &device, &found);
    if (err || !found)
        return err ? err : POA_F_STORE;
    const enum api_effect effect = api_effect_of(hit, since_s, &device);
    if (effect > API_EFFECT_NOTICE)
        b->walk.touched++;
    return api_effect_apply(b->service, b->txn, b->policy, effect, poa, &device, b->now_s);
}

/* Does it count on the leaf of these devices? Then each of them. */
static poa_err touch_all(struct batch *b, const api_lineage *line, const store_uuid *ids, size_t count, bool *counts)
{
    api_leaf leaf = {.chain = NULL};
    poa_revocation_hit hit;
    int64_t since_s = -1;
    poa_err err = open_leaf(b, line, &ids[0], &leaf);
    if (!err)
        err = api_spoken_judge(&b->spoken, &leaf, b->policy, &hit, &since_s);
    api_leaf_clear(&leaf);
    if (err)
        return err;
    *counts = hit.standing != POA_STANDING_NONE;
    for (size_t i = 0; !err && *counts && i < count; i++)
        err = touch(b, &ids[i], &hit, since_s, &line->links[hit.hop].id);
    return err;
}

/* Devices of a leaf that is named, behind the cursor, as many as still go into the batch. */
static poa_err walk_named(struct batch *b, const api_lineage *line)
{
    store_uuid ids[DEVICES_MAX];
    const size_t room = DEVICES_MAX - b->devices;
    const store_uuid after = b->walk.device;
    const poa_id leaf = b->walk.leaf;
    const store_device_query query = {.leaf = &leaf, .after = &after};
    size_t count = 0;
    poa_err err = store_device_page(b->txn, &query, ids, room, &count);
    if (err || count == 0)
        return err ? err : next_leaf(b);
    bool counts = false;
    err = touch_all(b, line, ids, count, &counts);
    b->walk.device = ids[count - 1];
    b->devices += counts ? count : 0;
    return err || (counts && count == room) ? err : next_leaf(b);
}

static poa_err walk_leaf(struct batch *b)
{
    api_lineage line;
    bool seen = false;
    const poa_err err = api_lineage_of(b->txn, &b->walk.leaf, &line, &seen);
    if (err || !seen)
        return err ? err : POA_F_STORE;
    return api_spoken_names(&b->spoken, &line) ? walk_named(b, &line) : next_leaf(b);
}

static poa_err walk_on(struct batch *b)
{
    poa_err err = store_id_is_none(&b->walk.leaf) ? next_leaf(b) : POA_OK;
    while (!err && !b->done && !is_full(b))
        err = walk_leaf(b);
    if (err)
        return err;
    return b->done ? store_walk_end(b->txn, b->walk.epoch) : store_walk_put(b->txn, &b->walk);
}

poa_err api_walks_step(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    struct batch b = {.service = service, .txn = txn, .now_s = now_s};
    bool found = false;
    poa_err err = store_walk_next(txn, 0, &b.walk, &found);
    if (err || !found)
        return err;
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    b.policy = snapshot->policy;
    err = api_spoken_open(service, txn, b.walk.epoch, &b.spoken, &found);
    if (!err)
        err = found ? walk_on(&b) : store_walk_end(txn, b.walk.epoch);
    api_spoken_clear(&b.spoken);
    *more = !err;
    return err;
}
