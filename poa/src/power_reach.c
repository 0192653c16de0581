#include "power.h"

#include "guard.h"
#include "power_kind.h"
#include "span.h"

/* The next administration power of admin that grants action, from *i on; NULL when there is no more. */
static const poa_power *next_granting(const poa_powers *admin, poa_span action, size_t *i)
{
    while (*i < admin->count) {
        const poa_power *power = admin->items[(*i)++];
        const bool administration = poa_span_is(poa_span_of(poa_power_type(power)), "administration");
        if (POA_GUARD(reach_type, !administration))
            continue;
        if (!POA_GUARD(reach_action, !poa_power_has_action(power, action)))
            return power;
    }
    return NULL;
}

static bool reaches_location(const poa_powers *admin, poa_span action, poa_span location)
{
    size_t i = 0;
    for (const poa_power *power = NULL; (power = next_granting(admin, action, &i));) {
        const poa_span *own = NULL;
        const size_t count = poa_power_locations(power, &own);
        for (size_t k = 0; k < count; k++)
            if (poa_location_covers(own[k], location))
                return true;
    }
    return false;
}

bool poa_powers_reach(const poa_powers *admin, poa_span action, const poa_powers *link)
{
    size_t i = 0;
    if (!next_granting(admin, action, &i))
        return false;
    for (size_t p = 0; p < link->count; p++) {
        const poa_span *location = NULL;
        const size_t count = poa_power_locations(link->items[p], &location);
        for (size_t k = 0; k < count; k++)
            if (POA_GUARD(reach_location, !reaches_location(admin, action, location[k])))
                return false;
    }
    return true;
}
