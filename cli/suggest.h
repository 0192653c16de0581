#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include "poa/span.h"

#include <stddef.h>

/*
 * Collects the nearest of several names: start with a zeroed one (word set), offer each name, read `best` (NULL when
 * none is near enough to be meant).
 */
typedef struct cli_nearest {
    poa_span word;
    const char *best;
    size_t distance;
} cli_nearest;

void cli_nearest_offer(cli_nearest *n, const char *name);

#endif
