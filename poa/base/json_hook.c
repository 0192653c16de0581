#include "json_hook.h"

#include <jansson.h>
#include <stdlib.h>

/* The one piece of state outside a parameter: jansson's allocator has no place for a context. */
static _Thread_local bool failed;

static void *hooked_malloc(size_t size)
{
    void *p = malloc(size);
    if (!p)
        failed = true;
    return p;
}

void poa_json_hook_install(void)
{
    json_set_alloc_funcs(hooked_malloc, free);
    json_object_seed(0);
}

void poa_json_hook_arm(void)
{
    failed = false;
}

bool poa_json_hook_failed(void)
{
    return failed;
}
