#include "power.h"

#include "guard.h"
#include "json.h"
#include "power_kind.h"
#include "span.h"

/* Index of the first row that does not hold the request, or kind->count when all do. */
static size_t first_refusal(const poa_power *power, const poa_request *request)
{
    for (size_t i = 0; i < power->kind->count; i++) {
        const poa_constraint *row = power->kind->rows[i];
        const poa_value *value = &power->values[i];
        if (value->json && row->match && !row->match(value, request))
            return i;
    }
    return power->kind->count;
}

/* Has power i of this link room for one device more? Only `onboard` asks for room. */
static poa_err check_quota(const poa_powers *powers, int hop, size_t i, const poa_request *request,
                           poa_quota_check *quota, void *arg)
{
    int64_t max_devices = 0;
    if (!quota || !poa_span_is(request->action, "onboard") || !poa_power_max_devices(powers->items[i], &max_devices))
        return POA_OK;
    return quota(arg, hop, i, max_devices);
}

/* The power that refused last: the row that did, or kind->count when it holds the request but is full. */
typedef struct refusal {
    bool any;
    size_t index;
    size_t row;
} refusal;

static void note(refusal *worst, size_t index, size_t row)
{
    if (!worst->any || row > worst->row)
        *worst = (refusal){true, index, row};
}

static poa_err deny_match(const poa_powers *powers, int hop, const poa_request *request, const refusal *worst,
                          poa_reason *why)
{
    if (!worst->any) {
        (void)poa_deny(why, POA_E_ACTION_NOT_GRANTED, hop, "%s", powers->container);
        if (why)
            poa_reason_text(why->request, request->type);
        return POA_E_ACTION_NOT_GRANTED;
    }

    const poa_power *power = powers->items[worst->index];
    const bool full = worst->row == power->kind->count;
    const poa_constraint *row = full ? &poa_constraint_max_devices : power->kind->rows[worst->row];
    (void)poa_deny(why, row->refused, hop, "%s/%zu/%s", powers->container, worst->index, row->name);
    if (why) {
        POA_CLEANUP(poa_json_decrefp) json_t *asked = row->asked ? row->asked(request) : NULL;
        poa_reason_values(why, NULL, poa_power_value(power, row)->json, asked);
    }
    return row->refused;
}

poa_err poa_powers_match(const poa_powers *powers, int hop, const poa_request *request, poa_quota_check *quota,
                         void *arg, size_t *applied, poa_reason *why)
{
    const poa_power_kind *kind = poa_power_kind_find(request->type);
    refusal worst = {0};
    for (size_t i = 0; i < powers->count; i++) {
        const poa_power *power = powers->items[i];
        if (POA_GUARD(match_type, power->kind != kind))
            continue;
        const size_t row = first_refusal(power, request);
        if (row < power->kind->count) {
            note(&worst, i, row);
            continue;
        }
        const poa_err err = check_quota(powers, hop, i, request, quota, arg);
        if (poa_err_is_fault(err))
            return err;
        if (POA_GUARD(quota_full, err != POA_OK)) {
            note(&worst, i, row);
            continue;
        }
        *applied = i;
        return POA_OK;
    }
    return deny_match(powers, hop, request, &worst, why);
}
