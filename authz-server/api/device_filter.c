#include "api/device_filter.h"

#include "api/device_json.h"
#include "bounds.h"
#include "power.h"
#include "span.h"
#include "store/poas.h"

/* ---- the query string ---- */

static bool read_state(poa_span value, api_device_filter *filter)
{
    return store_device_state_by_name(value, &filter->state);
}

static bool read_location(poa_span value, api_device_filter *filter)
{
    filter->location = value;
    return poa_location_is_valid(value);
}

static bool read_serial(poa_span value, api_device_filter *filter)
{
    filter->serial = value;
    return value.len > 0;
}

static bool read_id_link(poa_span value, api_device_filter *filter)
{
    filter->id_link = value;
    return value.len > 0;
}

static bool read_manufacturer(poa_span value, api_device_filter *filter)
{
    filter->manufacturer = value;
    return value.len > 0;
}

static bool read_idevid(poa_span value, api_device_filter *filter)
{
    filter->has_idevid = true;
    return poa_id_parse(value, &filter->idevid);
}

static bool read_poa(poa_span value, api_device_filter *filter)
{
    filter->has_poa = true;
    return poa_id_parse(value, &filter->poa);
}

static bool read_below(poa_span value, api_device_filter *filter)
{
    filter->below = poa_span_is(value, "true");
    return filter->below || poa_span_is(value, "false");
}

static bool read_due_before(poa_span value, api_device_filter *filter)
{
    uint64_t time_s = 0;
    const bool good = poa_span_number(value, POA_TIME_MAX, &time_s) && time_s > 0;
    filter->due_before_s = (int64_t)time_s;
    return good;
}

static bool read_limit(poa_span value, api_device_filter *filter)
{
    uint64_t limit = 0;
    const bool good = poa_span_number(value, API_DEVICES_PAGE_MAX, &limit) && limit > 0;
    filter->limit = (size_t)limit;
    return good;
}

static bool read_cursor(poa_span value, api_device_filter *filter)
{
    filter->has_after = true;
    return api_uuid_parse(value, &filter->after);
}

static const struct {
    const char *name;
    const char *member;
    bool (*read)(poa_span value, api_device_filter *filter);
} params[] = {
    {"state", "/state", read_state},
    {"location", "/location", read_location},
    {"serial", "/serial", read_serial},
    {"id_link", "/id_link", read_id_link},
    {"manufacturer", "/manufacturer", read_manufacturer},
    {"idevid", "/idevid", read_idevid},
    {"poa", "/poa", read_poa},
    {"below", "/below", read_below},
    {"due_before", "/due_before", read_due_before},
    {"limit", "/limit", read_limit},
    {"cursor", "/cursor", read_cursor},
};

poa_err api_device_filter_read(api_exchange *x, api_device_filter *filter)
{
    *filter = (api_device_filter){.below = true, .limit = API_DEVICES_PAGE_DEFAULT};
    for (size_t i = 0; i < POA_COUNT(params); i++) {
        poa_span value;
        if (http_request_param(x->request, params[i].name, &value) && !params[i].read(value, filter))
            return api_deny(x, POA_E_CLAIM_TYPE, params[i].member);
    }
    return POA_OK;
}

/* ---- a record ---- */

static bool is_text(poa_span wanted, poa_span recorded)
{
    return !wanted.ptr || poa_span_equal(wanted, recorded);
}

/* Up the line of PoAs, which is no longer than a chain. */
static poa_err is_under(const api_device_filter *filter, store_txn *txn, const poa_id *leaf, bool *under)
{
    poa_id id = *leaf;
    *under = false;
    for (size_t i = 0; i < POA_CHAIN_LINKS_HARD && !store_id_is_none(&id); i++) {
        store_poa poa;
        bool found = false;
        *under = poa_id_equal(&id, &filter->poa);
        if (*under || !filter->below)
            return POA_OK;
        const poa_err err = store_poa_get(txn, &id, &poa, &found);
        if (err || !found)
            return err;
        id = poa.parent;
    }
    return POA_OK;
}

static bool fits_itself(const api_device_filter *filter, const store_device *device)
{
    return (filter->state == 0 || filter->state == device->state) &&
           (!filter->location.ptr || poa_location_covers(filter->location, device->location)) &&
           is_text(filter->serial, device->serial) && is_text(filter->id_link, device->id_link) &&
           is_text(filter->manufacturer, device->manufacturer) &&
           (!filter->has_idevid || poa_id_equal(&filter->idevid, &device->idevid)) &&
           (filter->due_before_s == 0 || (device->due_s > 0 && device->due_s < filter->due_before_s));
}

poa_err api_device_filter_match(const api_device_filter *filter, store_txn *txn, const store_device *device, bool *fits)
{
    *fits = fits_itself(filter, device);
    return *fits && filter->has_poa ? is_under(filter, txn, &device->leaf, fits) : POA_OK;
}
