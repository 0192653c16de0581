#include "api/effects.h"
#include "api/preview_request.h"
#include "api/routes.h"
#include "cleanup.h"
#include "span.h"
#include "store/poas.h"

/*
 * POST /v1/revocations:preview: what a statement would do, before it is made. Only reads; counted is what the statement
 * would count on, so that nobody learns of what he has no say in.
 */

/* Bounds of what one request looks at; beyond them the numbers are what was seen so far, and `more` says so. */
enum { POAS_MAX = 10000, LEAVES_MAX = 10000, CHAINS_MAX = 500, DEVICES_MAX = 10000, PAGE = 256 };

enum outcome { CASCADE, REVIEW, STOP_NEW, LAPSE, UNTOUCHED, OUTCOMES };
static const char *const outcomes[OUTCOMES] = {"cascade", "review", "stop_new", "lapse", "untouched"};

struct preview {
    api_exchange *x;
    store_txn *txn;
    const api_preview_request *asked;
    bool counts;
    bool more;
    size_t poas;
    size_t leaves;
    size_t chains;
    size_t devices;
    size_t states[STORE_DEVICE_DECOMMISSIONED + 1];
    size_t effects[OUTCOMES];
};

/* ---- does it count? ---- */

static poa_err judge(struct preview *p, const api_lineage *line, const poa_id *text, poa_revocation_hit *hit)
{
    const poa_policy *policy = p->x->snapshot->policy;
    const poa_span reach = poa_span_of(p->asked->reach);
    POA_CLEANUP(api_leaf_clear) api_leaf leaf = {.chain = NULL};
    p->chains++;
    const poa_err err = api_leaf_open(p->x->service, p->txn, policy, line, text, p->x->now_s, &leaf);
    if (err)
        return err;
    if (leaf.chain)
        return poa_facts_judge(&p->asked->facts, reach, p->x->now_s, leaf.chain, hit);
    return api_lineage_judge(line, policy, &p->asked->facts, reach, p->x->now_s, hit);
}

/* ---- PoAs ---- */

/* Ends a walk that has seen enough. */
#define ENOUGH POA_E_LIMIT_EXCEEDED

/* The PoAs below one that is meant, in a walk over all of them. */
struct counting {
    struct preview *preview;
    size_t seen;
    unsigned below; /* the depth of the PoA that is meant, while the walk is below it; 0: it is not */
};

/* Is it meant, and does the statement count on it? */
static poa_err is_meant(struct preview *p, const poa_id *id, bool *meant)
{
    store_poa poa;
    api_lineage line;
    bool found = false;
    poa_err err = store_poa_get(p->txn, id, &poa, &found);
    if (err || !found)
        return err;
    const poa_id text = poa.chain;
    err = api_lineage_of(p->txn, id, &line, &found);
    if (err || !found || !api_lineage_named(&line, &p->asked->facts))
        return err;
    poa_revocation_hit hit = {.standing = POA_STANDING_NONE};
    err = judge(p, &line, &text, &hit);
    *meant = hit.standing != POA_STANDING_NONE && hit.hop < (int)line.len;
    return err;
}

static poa_err see_poa(void *arg, const poa_id *id, unsigned depth)
{
    struct counting *c = arg;
    struct preview *p = c->preview;
    if (++c->seen > POAS_MAX || p->chains > CHAINS_MAX)
        return ENOUGH;
    if (c->below > 0 && depth > c->below) {
        p->poas++;
        return POA_OK;
    }
    bool meant = false;
    const poa_err err = is_meant(p, id, &meant);
    c->below = meant ? depth : 0;
    p->poas += meant ? 1 : 0;
    p->counts = p->counts || meant;
    return err;
}

static poa_err enough(struct preview *p, poa_err err)
{
    if (err != ENOUGH)
        return err;
    p->more = true;
    return POA_OK;
}

/* Of a key: each PoA that it signed or that empowers it, and what is below. */
static poa_err count_by_key(struct preview *p)
{
    const poa_id none = {{0}};
    struct counting counting = {.preview = p};
    return enough(p, store_poa_each_below(p->txn, &none, see_poa, &counting));
}

static poa_err see_below(void *arg, const poa_id *id, unsigned depth)
{
    struct preview *p = arg;
    (void)id;
    (void)depth;
    return ++p->poas > POAS_MAX ? ENOUGH : POA_OK;
}

/* Of a PoA: itself, where it was seen, and what is below. */
static poa_err count_by_poa(struct preview *p)
{
    const poa_id *target = &p->asked->facts.target;
    const poa_err err = is_meant(p, target, &p->counts);
    if (err || !p->counts)
        return err;
    p->poas = 1;
    return enough(p, store_poa_each_below(p->txn, target, see_below, p));
}

/* ---- devices ---- */

static enum outcome outcome_of(const struct preview *p, const poa_revocation_hit *hit, const store_device *device)
{
    switch (api_effect_of(hit, p->asked->facts.invalid_since_s, device)) {
    case API_EFFECT_SUSPEND:
        return CASCADE;
    case API_EFFECT_REVIEW:
        return REVIEW;
    case API_EFFECT_LAPSE:
        return LAPSE;
    case API_EFFECT_NOTICE:
        return poa_revocation_effect(hit, device->on_revoke) == POA_ON_REVOKE_STOP_NEW ? STOP_NEW : UNTOUCHED;
    case API_EFFECT_NONE:
        break;
    }
    return UNTOUCHED;
}

static poa_err count_page(struct preview *p, const store_uuid *ids, size_t count, const poa_revocation_hit *hit)
{
    for (size_t i = 0; i < count; i++) {
        store_device device;
        bool found = false;
        const poa_err err = store_device_get(p->txn, &ids[i], &device, &found);
        if (err || !found)
            return err ? err : POA_F_STORE;
        p->states[device.state]++;
        p->effects[outcome_of(p, hit, &device)]++;
        p->devices++;
    }
    return POA_OK;
}

/* The statement on this leaf, judged by the chain of its first device. */
static poa_err judge_leaf(struct preview *p, const api_lineage *line, const store_uuid *first, poa_revocation_hit *hit)
{
    store_device device;
    bool found = false;
    const poa_err err = store_device_get(p->txn, first, &device, &found);
    if (err || !found)
        return err ? err : POA_F_STORE;
    return judge(p, line, &device.chain, hit);
}

static poa_err count_leaf(struct preview *p, const poa_id *leaf, const api_lineage *line)
{
    store_uuid ids[PAGE];
    store_uuid after = {{0}};
    size_t count = PAGE;
    poa_revocation_hit hit = {.standing = POA_STANDING_NONE};
    for (bool first = true; count == PAGE; first = false) {
        const store_device_query query = {.leaf = leaf, .after = &after};
        if (p->devices >= DEVICES_MAX)
            return ENOUGH;
        poa_err err = store_device_page(p->txn, &query, ids, PAGE, &count);
        if (!err && first && count > 0)
            err = judge_leaf(p, line, &ids[0], &hit);
        if (err || count == 0 || hit.standing == POA_STANDING_NONE)
            return err;
        err = count_page(p, ids, count, &hit);
        if (err)
            return err;
        after = ids[count - 1];
    }
    return POA_OK;
}

static poa_err count_devices(struct preview *p)
{
    poa_id leaf = {{0}};
    for (bool first = true;; first = false) {
        api_lineage line;
        bool found = false;
        if (p->leaves++ >= LEAVES_MAX || p->chains > CHAINS_MAX)
            return ENOUGH;
        const poa_id after = leaf;
        poa_err err = store_leaf_next(p->txn, first ? NULL : &after, &leaf, &found);
        if (err || !found)
            return err;
        err = api_lineage_of(p->txn, &leaf, &line, &found);
        if (err || !found)
            return err ? err : POA_F_STORE;
        if (api_lineage_named(&line, &p->asked->facts))
            err = count_leaf(p, &leaf, &line);
        if (err)
            return err;
    }
}

/* ---- the route ---- */

static void write_preview(const struct preview *p, poa_buf *body)
{
    poa_buf_printf(body, "{\"counts\":%s,\"poas\":%zu,\"devices\":{", p->counts ? "true" : "false", p->poas);
    for (int state = STORE_DEVICE_EXPECTED; state <= STORE_DEVICE_DECOMMISSIONED; state++)
        poa_buf_printf(body, "%s\"%s\":%zu", state > STORE_DEVICE_EXPECTED ? "," : "",
                       store_device_state_name((store_device_state)state), p->states[state]);
    poa_buf_text(body, "},\"effect\":{");
    for (size_t i = 0; i < OUTCOMES; i++)
        poa_buf_printf(body, "%s\"%s\":%zu", i > 0 ? "," : "", outcomes[i], p->effects[i]);
    poa_buf_printf(body, "},\"more\":%s}\n", p->more ? "true" : "false");
}

static poa_err look(struct preview *p)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_err err = store_read_begin(p->x->service->store, &txn);
    if (err)
        return err;
    p->txn = txn;
    err = p->asked->facts.target_kind == POA_TARGET_KEY ? count_by_key(p) : count_by_poa(p);
    return err || !p->counts ? err : enough(p, count_devices(p));
}

void api_preview_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    POA_CLEANUP(api_preview_request_clear) api_preview_request asked;
    if (api_preview_read(x, &asked)) {
        api_refuse(x);
        return;
    }
    struct preview p = {.x = x, .asked = &asked};
    if (api_note(x, look(&p))) {
        api_refuse(x);
        return;
    }
    poa_buf body = {0};
    write_preview(&p, &body);
    api_reply_json(x, 200, &body);
}
