#ifndef POA_BASE_CLEANUP_H
#define POA_BASE_CLEANUP_H

#include <stdlib.h>

/* Runs fn(&variable) at the end of the variable's scope; clang would call a variable unused that only this reads. */
#define POA_CLEANUP(fn) __attribute__((cleanup(fn), unused))

/* Defines the static inline `fnp`, which a POA_CLEANUP of a `type *` variable wants. */
#define POA_CLEANUP_DEFINE(type, fn)   \
    static inline void fn##p(type **p) \
    {                                  \
        fn(*p);                        \
    }

static inline void poa_freep(void *p)
{
    free(*(void **)p);
}

/* Hand over what an owning variable holds and leave NULL behind, so that its cleanup finds nothing. */
#define POA_TAKE(variable)                        \
    __extension__({                               \
        __typeof__(variable) taken_ = (variable); \
        (variable) = NULL;                        \
        taken_;                                   \
    })

#define POA_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
