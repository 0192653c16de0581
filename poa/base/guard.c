#include "guard.h"

#ifdef POA_GUARDS

#include <stdlib.h>
#include <string.h>

bool poa_guard_on(const char *id)
{
    const char *off = getenv("POA_GUARD_OFF");
    return !off || strcmp(off, id) != 0;
}

#endif

/* ISO C wants at least one declaration in every translation unit. */
typedef int poa_guard_unit;
