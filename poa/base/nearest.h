#ifndef POA_BASE_NEAREST_H
#define POA_BASE_NEAREST_H

#include "poa/span.h"

#include <stddef.h>

/*
 * Collects the nearest of several names: start with a zeroed one (word set), offer each name, read `best` (NULL when
 * none is near enough to be meant).
 */
typedef struct poa_nearest {
    poa_span word;
    const char *best;
    size_t distance;
} poa_nearest;

void poa_nearest_offer(poa_nearest *n, const char *name);

#endif
