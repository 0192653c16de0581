#include "constraint.h"

#include "bounds.h"
#include "guard.h"
#include "json.h"

#include <inttypes.h>

/*
 * Limits that are a whole number; absent is unlimited. max_devices: how many devices a power and all sub-grants below
 * it may bring in; it has no say in a request by itself, because only a store knows what is used up (poa_quota_check).
 * credential_lifetime: longest life of a credential, in seconds. Inside: not larger.
 */

static bool inside(const poa_value *child, const poa_value *parent)
{
    return !POA_GUARD(limits_widened, child->number > parent->number);
}

static poa_err max_devices_read(const json_t *json, poa_value *out)
{
    if (POA_GUARD(max_devices_range, !poa_json_int(json, 1, POA_DEVICES_COUNT_MAX, &out->number)))
        return POA_E_POWER_INVALID;
    return POA_OK;
}

static void max_devices_show(const poa_value *value, poa_buf *b)
{
    poa_buf_printf(b, "%" PRId64, value->number);
}

const poa_constraint poa_constraint_max_devices = {
    .name = "max_devices",
    .widened = POA_E_LIMIT_WIDENED,
    .refused = POA_E_QUOTA_EXCEEDED,
    .read = max_devices_read,
    .inside = inside,
    .show = max_devices_show,
};

static poa_err credential_lifetime_read(const json_t *json, poa_value *out)
{
    if (POA_GUARD(credential_lifetime_range, !poa_json_int(json, POA_CREDENTIAL_S_MIN, INT64_MAX, &out->number)))
        return POA_E_POWER_INVALID;
    return POA_OK;
}

static void credential_lifetime_show(const poa_value *value, poa_buf *b)
{
    poa_buf_printf(b, "%" PRId64 " s", value->number);
}

const poa_constraint poa_constraint_credential_lifetime = {
    .name = "credential_lifetime",
    .widened = POA_E_LIMIT_WIDENED,
    .read = credential_lifetime_read,
    .inside = inside,
    .show = credential_lifetime_show,
};
