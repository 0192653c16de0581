#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include "nearest.h"

typedef poa_nearest cli_nearest;
#define cli_nearest_offer poa_nearest_offer

#endif
