#include "store/devices.h"
#include "api/device_json.h"
#include "api/exchange.h"
#include "api/routes.h"
#include "chain.h"
#include "poa/decision.h"
#include "span.h"

#include <stdlib.h>

enum { PAGE_DEFAULT = 50, PAGE_MAX = 200, SCAN_MAX = 2000 };

/* May the caller read this record? Its location and identity are those of the record (protocol section 7). */
static poa_err may_read(api_exchange *x, const store_device *device, poa_reason *why)
{
    const poa_request request = {
        .type = POA_SPAN("device_onboarding"),
        .action = POA_SPAN("read"),
        .location = device->location,
        .device = api_device_identity(device),
        .evidence = device->evidence,
        .id_link_vouched = device->link_evidence >= STORE_LINK_TICKET,
        .address = x->address,
        .now_s = x->now_s,
    };
    poa_decision decision;
    return poa_decide(x->chain, &request, NULL, &decision, why);
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
        err = may_read(x, &device, &x->why);
    if (err) {
        refuse(x, err);
        return;
    }
    poa_buf body = {0};
    api_device_json(&body, &device);
    poa_buf_text(&body, "\n");
    api_reply_json(x, 200, &body);
}

/* ---- GET /v1/devices?limit=…&cursor=… ---- */

struct page {
    size_t limit;
    store_uuid after;
    bool has_after;
};

static poa_err read_page(api_exchange *x, struct page *page)
{
    *page = (struct page){.limit = PAGE_DEFAULT};
    poa_span value = {0};
    uint64_t limit = 0;
    if (http_request_param(x->request, "limit", &value)) {
        if (!poa_span_number(value, PAGE_MAX, &limit) || limit == 0)
            return api_deny(x, POA_E_CLAIM_TYPE, "/limit");
        page->limit = (size_t)limit;
    }
    page->has_after = http_request_param(x->request, "cursor", &value);
    if (page->has_after && !api_uuid_parse(value, &page->after))
        return api_deny(x, POA_E_CLAIM_TYPE, "/cursor");
    return POA_OK;
}

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

/*
 * Walk the devices at the granted locations and write those that the caller may read, up to the limit. A page looks at
 * SCAN_MAX records at most, so that one request has a bound; the cursor goes on behind the last one looked at.
 */
static poa_err write_page(api_exchange *x, store_txn *txn, struct page *page, poa_buf *body)
{
    poa_span locations[STORE_QUERY_LOCATIONS_MAX];
    store_device_query query = {.locations = locations};
    const poa_powers *leaf = poa_chain_powers(x->chain, poa_chain_len(x->chain) - 1);
    query.location_count = read_locations(leaf, locations, POA_COUNT(locations));
    if (query.location_count == 0)
        return refuse_reading(x);

    poa_buf_text(body, "{\"devices\":[");
    size_t shown = 0;
    bool more = true;
    for (size_t seen = 0; more && shown < page->limit && seen < SCAN_MAX;) {
        store_uuid ids[PAGE_MAX];
        size_t count = 0;
        query.after = page->has_after ? &page->after : NULL;
        poa_err err = store_device_page(txn, &query, ids, page->limit, &count);
        more = count == page->limit;
        for (size_t i = 0; !err && i < count; i++, seen++) {
            if (shown == page->limit) {
                more = true;
                break;
            }
            page->after = ids[i];
            page->has_after = true;
            store_device device;
            bool found = false;
            err = store_device_get(txn, &ids[i], &device, &found);
            if (err || !found || may_read(x, &device, NULL))
                continue;
            poa_buf_text(body, shown++ > 0 ? "," : "");
            api_device_json(body, &device);
        }
        if (err)
            return err;
    }
    poa_buf_text(body, "],\"cursor\":");
    if (more)
        poa_buf_printf(body, "\"%s\"}\n", api_uuid_print(&page->after).chars);
    else
        poa_buf_text(body, "null}\n");
    return POA_OK;
}

void api_devices_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    struct page page;
    if (api_present(x, API_READ) || read_page(x, &page)) {
        api_refuse(x);
        return;
    }
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_buf body = {0};
    poa_err err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = write_page(x, txn, &page, &body);
    if (err) {
        poa_buf_clear(&body);
        refuse(x, err);
        return;
    }
    api_reply_json(x, 200, &body);
}
