#ifndef POA_SPAN_H
#define POA_SPAN_H

#include <stddef.h>

/** Borrowed bytes: @len of them at @ptr, not NUL-terminated. A zeroed span is empty. */
typedef struct poa_span {
    const char *ptr;
    size_t len;
} poa_span;

/** The span of a string literal, in an expression. */
#define POA_SPAN(literal) ((poa_span)POA_SPAN_INIT(literal))
/** The same as an initializer of a static object. */
#define POA_SPAN_INIT(literal)            \
    {                                     \
        ("" literal), sizeof(literal) - 1 \
    }

#endif
