#include "store/devices.h"
#include "api/administration.h"
#include "api/device_filter.h"
#include "api/device_json.h"
#include "api/known_device.h"
#include "api/routes.h"
#include "chain.h"
#include "span.h"

enum { SCAN_MAX = 2000 };

/* Is it a record that somebody still has to say yes to, or announced? */
static bool awaits(store_device_state state)
{
    return state == STORE_DEVICE_PENDING || state == STORE_DEVICE_EXPECTED;
}

/* Who approves has to see what is asked, also without `read` or the evidence that only a yes will give. */
static bool may_approve(const api_exchange *x, store_txn *txn, const store_device *device)
{
    poa_span owner;
    return awaits(device->state) && api_device_owner(txn, device, &owner) == POA_OK &&
           api_administers(x, POA_SPAN("approve"), device->location, owner);
}

static poa_err may_read(const api_exchange *x, store_txn *txn, const store_device *device, poa_reason *why)
{
    poa_decision decision;
    const poa_err err = api_decide_known(x, device, POA_SPAN("read"), x->now_s, &decision, why);
    return err && !poa_err_is_fault(err) && may_approve(x, txn, device) ? POA_OK : err;
}

static void refuse(api_exchange *x, poa_err err)
{
    (void)api_note(x, err);
    api_refuse(x);
}

/* ---- GET /v1/devices/{id} ---- */

void api_device_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    if (api_present(x, API_READ)) {
        api_refuse(x);
        return;
    }
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    store_uuid id;
    store_device device;
    bool found = api_uuid_parse(http_request_capture(request, 0), &id);
    poa_err err = found ? store_read_begin(x->service->store, &txn) : POA_OK;
    if (!err && found)
        err = store_device_get(txn, &id, &device, &found);
    if (!err && !found) {
        http_reply_problem(request, 404, "there is no such device");
        return;
    }
    if (!err)
        err = may_read(x, txn, &device, &x->why);
    if (err) {
        refuse(x, err);
        return;
    }
    poa_buf body = {0};
    api_device_json(&body, &device);
    poa_buf_text(&body, "\n");
    api_reply_json(x, 200, &body);
}

/* ---- GET /v1/devices?… ---- */

/* The locations over which a link grants read. */
static size_t read_locations(const poa_powers *powers, poa_span *out, size_t cap)
{
    size_t count = 0;
    for (size_t i = 0; i < poa_powers_count(powers); i++) {
        const poa_power *power = poa_powers_at(powers, i);
        const poa_span *locations = NULL;
        const size_t len = poa_power_locations(power, &locations);
        if (!poa_span_is(poa_span_of(poa_power_type(power)), "device_onboarding") ||
            !poa_power_has_action(power, POA_SPAN("read")))
            continue;
        for (size_t k = 0; k < len && count < cap; k++)
            out[count++] = locations[k];
    }
    return count;
}

/* The leaf grants read nowhere: the first link that does not is told. */
static poa_err refuse_reading(api_exchange *x)
{
    const poa_request any = {.type = POA_SPAN("device_onboarding"), .action = POA_SPAN("read")};
    size_t hop = 0;
    poa_span one;
    while (read_locations(poa_chain_powers(x->chain, hop), &one, 1) > 0)
        hop++;
    size_t applied = 0;
    return poa_powers_match(poa_chain_powers(x->chain, hop), (int)hop, &any, NULL, NULL, &applied, &x->why);
}

/**
 * listing - one page in the making.
 * @locations: where the caller may read and the filter wants; @query points at them
 * @none:      nothing can be in it
 * @more:      records are left that were not looked at
 */
struct listing {
    api_device_filter filter;
    poa_span locations[STORE_QUERY_LOCATIONS_MAX];
    store_device_query query;
    bool none;
    bool more;
    size_t shown;
    size_t seen;
};

/* What both the caller's powers and the filter cover. */
static size_t narrow(poa_span *locations, size_t count, poa_span wanted)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (poa_location_covers(locations[i], wanted)) {
            locations[0] = wanted;
            return 1;
        }
        if (poa_location_covers(wanted, locations[i]))
            locations[kept++] = locations[i];
    }
    return kept;
}

/*
 * Which index is walked. Under a PoA and in a state that few devices are in there are fewer than at a location, and
 * every record is held against the whole filter and the caller's powers anyway.
 */
static poa_err plan(api_exchange *x, struct listing *l)
{
    const poa_powers *leaf = poa_chain_powers(x->chain, poa_chain_len(x->chain) - 1);
    const api_device_filter *filter = &l->filter;
    if (awaits(filter->state) && !filter->has_poa) {
        l->query = (store_device_query){.state = filter->state};
        return POA_OK;
    }
    size_t count = read_locations(leaf, l->locations, POA_COUNT(l->locations));
    if (count == 0)
        return refuse_reading(x);
    if (filter->location.ptr)
        count = narrow(l->locations, count, filter->location);
    l->none = count == 0;
    if (filter->has_poa && !filter->below)
        l->query = (store_device_query){.leaf = &filter->poa};
    else if (filter->state != 0 && filter->state != STORE_DEVICE_ACTIVE)
        l->query = (store_device_query){.state = filter->state};
    else
        l->query = (store_device_query){.locations = l->locations, .location_count = count};
    return POA_OK;
}

/* Look at one record; show it where it fits and the caller may read it. */
static poa_err look_at(api_exchange *x, store_txn *txn, struct listing *l, const store_uuid *id, poa_buf *body)
{
    store_device device;
    bool found = false, fits = false;
    poa_err err = store_device_get(txn, id, &device, &found);
    if (!err && found)
        err = api_device_filter_match(&l->filter, txn, &device, &fits);
    if (err || !fits || may_read(x, txn, &device, NULL))
        return err;
    poa_buf_text(body, l->shown++ > 0 ? "," : "");
    api_device_json(body, &device);
    return POA_OK;
}

/* As many ids as the page may still want; the cursor is the last one that was looked at. */
static poa_err look_on(api_exchange *x, store_txn *txn, struct listing *l, poa_buf *body)
{
    store_uuid ids[API_DEVICES_PAGE_MAX];
    size_t count = 0;
    api_device_filter *filter = &l->filter;
    l->query.after = filter->has_after ? &filter->after : NULL;
    poa_err err = store_device_page(txn, &l->query, ids, filter->limit, &count);
    l->more = count == filter->limit;
    for (size_t i = 0; !err && i < count; i++, l->seen++) {
        if (l->shown == filter->limit) {
            l->more = true;
            break;
        }
        filter->after = ids[i];
        filter->has_after = true;
        err = look_at(x, txn, l, &ids[i], body);
    }
    return err;
}

/*
 * A page looks at SCAN_MAX records at most, so that one request has a bound; the cursor goes on behind the last one
 * looked at. It is a place in the order of ids, so it stays good whatever comes and goes.
 */
static poa_err write_page(api_exchange *x, store_txn *txn, struct listing *l, poa_buf *body)
{
    poa_err err = plan(x, l);
    if (err)
        return err;
    poa_buf_text(body, "{\"devices\":[");
    l->more = !l->none;
    while (!err && l->more && l->shown < l->filter.limit && l->seen < SCAN_MAX)
        err = look_on(x, txn, l, body);
    poa_buf_text(body, "],\"cursor\":");
    if (l->more)
        poa_buf_printf(body, "\"%s\"}\n", api_uuid_print(&l->filter.after).chars);
    else
        poa_buf_text(body, "null}\n");
    return err;
}

void api_devices_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    struct listing l = {.shown = 0};
    if (api_present(x, API_READ) || api_device_filter_read(x, &l.filter)) {
        api_refuse(x);
        return;
    }
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_buf body = {0};
    poa_err err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = write_page(x, txn, &l, &body);
    if (err) {
        poa_buf_clear(&body);
        refuse(x, err);
        return;
    }
    api_reply_json(x, 200, &body);
}
