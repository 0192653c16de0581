#ifndef POA_JSON_HOOK_H
#define POA_JSON_HOOK_H

#include "poa/macros.h"

/**
 * poa_json_hook_install() - let the library notice when jansson runs out of memory.
 *
 * jansson 2.14 does not notice when its lexer lacks memory: it can report success with a byte of a string missing, read
 * beyond its buffer, or abort. This sets jansson's process-wide allocator (json_set_alloc_funcs) to malloc and free
 * with a thread-local note of each failure, so that every JSON text read during which memory ran out is a fault
 * (POA_F_NOMEM). It also seeds jansson's hash.
 *
 * Process-wide, so a host decides: call it once in main(), before any thread and any use of jansson, and not at all
 * where the host sets allocators of its own. The library itself never calls it.
 */
POA_API void poa_json_hook_install(void);

#endif
