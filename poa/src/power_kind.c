#include "power_kind.h"

#include "span.h"

static const poa_power_kind kinds[] = {
    {
        .name = "device_onboarding",
        .count = 10,
        .rows =
            {
                &poa_constraint_onboarding_actions,
                &poa_constraint_locations,
                &poa_constraint_devices,
                &poa_constraint_max_devices,
                &poa_constraint_evidence,
                &poa_constraint_credential_lifetime,
                &poa_constraint_effect,
                &poa_constraint_on_revoke,
                &poa_constraint_hours,
                &poa_constraint_networks,
            },
    },
    {
        .name = "access",
        .count = 4,
        .rows =
            {
                &poa_constraint_access_actions,
                &poa_constraint_resources,
                &poa_constraint_hours,
                &poa_constraint_networks,
            },
    },
    {
        .name = "administration",
        .count = 2,
        .rows =
            {
                &poa_constraint_administration_actions,
                &poa_constraint_locations,
            },
    },
};

const poa_power_kind *poa_power_kind_find(poa_span name)
{
    for (size_t i = 0; i < POA_COUNT(kinds); i++)
        if (poa_span_is(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

const char *poa_power_type_name(size_t i)
{
    return i < POA_COUNT(kinds) ? kinds[i].name : NULL;
}
