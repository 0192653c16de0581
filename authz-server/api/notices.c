#include "api/notices.h"

#include "api/event.h"
#include "api/keeper.h"
#include "store/devices.h"
#include "store/poas.h"

#define DAY_S 86400

/* Between two rounds; leaves and devices that one step looks at; devices that one step counts for an event. */
enum { ROUND_S = 60, LEAVES_MAX = 512, LOOK_MAX = 2048, COUNT_MAX = 2048, PAGE = API_KEEPER_STEP_MAX };

unsigned api_notices_mark(int64_t exp_s, int64_t now_s)
{
    const int64_t left_s = exp_s - now_s;
    if (left_s <= 0 || left_s > 30 * DAY_S)
        return 0;
    if (left_s > 7 * DAY_S)
        return 30;
    return left_s > DAY_S ? 7 : 1;
}

/* Who is told of a mark need not be told of those before it. */
static unsigned told_by(unsigned mark)
{
    switch (mark) {
    case 30:
        return STORE_NOTICE_30_DAYS;
    case 7:
        return STORE_NOTICE_30_DAYS | STORE_NOTICE_7_DAYS;
    default:
        return STORE_NOTICE_30_DAYS | STORE_NOTICE_7_DAYS | STORE_NOTICE_1_DAY;
    }
}

/* What a step has done, over all its leaves. */
struct work {
    size_t leaves;
    size_t looked; /* at devices */
    size_t marked;
};

static bool is_enough(const struct work *work)
{
    return work->leaves >= LEAVES_MAX || work->looked >= LOOK_MAX || work->marked >= PAGE;
}

/* A leaf that ends soon, and the mark. */
struct ending {
    struct work *work;
    api_notices_round *round;
    api_service *service;
    store_txn *txn;
    poa_id leaf;
    int64_t exp_s;
    unsigned mark;
    bool told; /* it was asked in this step whether the event is there; never kept, because a step may be undone */
};

/* Devices that end with their leaf, and that somebody may still want to ratify. */
static bool is_concerned(const store_device *device)
{
    return device->effect == POA_EFFECT_UNTIL_EXP &&
           (device->state == STORE_DEVICE_ACTIVE || device->state == STORE_DEVICE_REVIEW ||
            device->state == STORE_DEVICE_SUSPENDED);
}

static bool is_told(const store_device *device, unsigned mark)
{
    return (device->notices & told_by(mark)) == told_by(mark);
}

static poa_err page_of(const struct ending *e, const store_uuid *after, store_uuid *ids, size_t *count)
{
    const store_device_query query = {.leaf = &e->leaf, .after = after};
    return store_device_page(e->txn, &query, ids, PAGE, count);
}

static poa_err device_of(store_txn *txn, const store_uuid *id, store_device *device)
{
    bool found = false;
    const poa_err err = store_device_get(txn, id, device, &found);
    return err || found ? err : POA_F_STORE;
}

/* ---- the event ---- */

struct counted {
    size_t looked;
    size_t devices;
    bool told; /* one of them was told of this mark */
    bool more; /* than were counted */
};

static poa_err count_page(const struct ending *e, const store_uuid *ids, size_t count, struct counted *c)
{
    for (size_t i = 0; i < count; i++) {
        store_device device;
        const poa_err err = device_of(e->txn, &ids[i], &device);
        if (err)
            return err;
        if (!is_concerned(&device))
            continue;
        c->devices++;
        c->told = c->told || is_told(&device, e->mark);
    }
    c->looked += count;
    return POA_OK;
}

static poa_err count_devices(const struct ending *e, struct counted *c)
{
    store_uuid ids[PAGE];
    store_uuid after = {{0}};
    size_t count = PAGE;
    while (count == PAGE && !c->told) {
        if (c->looked >= COUNT_MAX) {
            c->more = true;
            return POA_OK;
        }
        poa_err err = page_of(e, &after, ids, &count);
        if (!err)
            err = count_page(e, ids, count, c);
        if (err)
            return err;
        if (count > 0)
            after = ids[count - 1];
    }
    return POA_OK;
}

/*
 * Told once, in the step that marks the first device: afterwards there is one that says so. One that comes in later
 * hears no mark that was told before.
 */
static poa_err tell(struct ending *e)
{
    struct counted c = {.looked = 0};
    e->told = true;
    const poa_err err = count_devices(e, &c);
    e->work->looked += c.looked;
    if (err || c.told || c.devices == 0)
        return err;
    return api_event(e->service, e->txn, "poa.expiring", NULL,
                     "\"poa_id\":\"%s\",\"days\":%u,\"exp\":%lld,\"devices\":%zu,\"more\":%s",
                     poa_id_print(&e->leaf).chars, e->mark, (long long)e->exp_s, c.devices, c.more ? "true" : "false");
}

/* ---- the marks ---- */

static poa_err mark_device(struct ending *e, const store_uuid *id)
{
    store_device device;
    poa_err err = device_of(e->txn, id, &device);
    if (err || !is_concerned(&device) || is_told(&device, e->mark))
        return err;
    if (!e->told) {
        err = tell(e);
        if (!err)
            err = device_of(e->txn, id, &device);
        if (err)
            return err;
    }
    device.notices |= told_by(e->mark);
    e->work->marked++;
    return store_device_put(e->txn, &device);
}

/* Behind the cursor; *done: all devices of the leaf say that they were told. */
static poa_err mark_devices(struct ending *e, bool *done)
{
    store_uuid ids[PAGE];
    size_t count = PAGE;
    while (count == PAGE && !is_enough(e->work)) {
        poa_err err = page_of(e, &e->round->device, ids, &count);
        for (size_t i = 0; !err && i < count && e->work->marked < PAGE; i++) {
            err = mark_device(e, &ids[i]);
            e->round->device = ids[i];
        }
        if (err)
            return err;
        e->work->looked += count;
    }
    *done = count < PAGE && e->work->marked < PAGE;
    return POA_OK;
}

/* ---- one leaf after the other ---- */

/* *done: nothing is left to do about this leaf. */
static poa_err see_leaf(api_service *service, store_txn *txn, int64_t now_s, struct work *work, bool *done)
{
    struct ending e = {
        .work = work, .round = &service->notices, .service = service, .txn = txn, .leaf = service->notices.leaf};
    work->leaves++;
    store_poa poa;
    bool found = false;
    const poa_err err = store_poa_get(txn, &e.leaf, &poa, &found);
    if (err || !found)
        return err ? err : POA_F_STORE;
    e.exp_s = poa.exp_s;
    e.mark = api_notices_mark(poa.exp_s, now_s);
    *done = e.mark == 0;
    return *done ? POA_OK : mark_devices(&e, done);
}

static poa_err next_leaf(api_notices_round *round, store_txn *txn)
{
    poa_id next;
    bool found = false;
    const poa_err err = store_leaf_next(txn, store_id_is_none(&round->leaf) ? NULL : &round->leaf, &next, &found);
    if (err)
        return err;
    round->under_way = found;
    round->leaf = found ? next : (poa_id){{0}};
    round->device = (store_uuid){{0}};
    return POA_OK;
}

static bool is_time(const api_notices_round *round, int64_t now_s)
{
    return now_s < round->begun_s || now_s - round->begun_s >= ROUND_S;
}

/*
 * How far a round is stands in memory alone: what matters is in the records. A step that was undone leaves out what it
 * had looked at, until the next round.
 */
poa_err api_notices_step(api_service *service, store_txn *txn, int64_t now_s, bool *more)
{
    api_notices_round *round = &service->notices;
    poa_err err = POA_OK;
    if (!round->under_way && !is_time(round, now_s))
        return POA_OK;
    if (!round->under_way) {
        round->begun_s = now_s;
        err = next_leaf(round, txn);
    }
    struct work work = {.leaves = 0};
    while (!err && round->under_way && !is_enough(&work)) {
        bool done = false;
        err = see_leaf(service, txn, now_s, &work, &done);
        if (!err && done)
            err = next_leaf(round, txn);
    }
    if (err)
        round->under_way = false;
    *more = round->under_way;
    return err;
}
