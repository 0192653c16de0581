#ifndef POA_BASE_JSON_HOOK_H
#define POA_BASE_JSON_HOOK_H

#include "poa/json_hook.h"

#include <stdbool.h>

/* Forget earlier failures of this thread. */
void poa_json_hook_arm(void);
/* Has an allocation of jansson failed on this thread since? Always false where the hook is not installed. */
bool poa_json_hook_failed(void);

#endif
