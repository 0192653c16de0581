#ifndef POA_BASE_GUARD_H
#define POA_BASE_GUARD_H

#include <stdbool.h>

/*
 * POA_GUARD(id, condition) - a condition under which the caller refuses.
 *
 *     if (POA_GUARD(child_outlives_parent, child->exp > parent->exp))
 *         return ...;
 *
 * Products compile the plain condition. A build with -Dguards=true lets a test switch one guard off by its id, in the
 * environment variable POA_GUARD_OFF, and so prove that some test notices its absence. An id is unique in the tree.
 */
#ifdef POA_GUARDS
bool poa_guard_on(const char *id);
#define POA_GUARD(id, condition) (poa_guard_on(#id) && (condition))
#else
#define POA_GUARD(id, condition) (condition)
#endif

#endif
