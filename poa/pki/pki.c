#include "pki.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void poa_bytes_clear(poa_bytes *bytes)
{
    if (bytes->ptr)
        OPENSSL_cleanse(bytes->ptr, bytes->len);
    free(bytes->ptr);
    *bytes = (poa_bytes){0};
}

poa_span poa_bytes_span(const poa_bytes *bytes)
{
    return (poa_span){(const char *)bytes->ptr, bytes->len};
}

bool poa_bytes_alloc(poa_bytes *bytes, size_t len)
{
    uint8_t *ptr = len < SIZE_MAX ? calloc(1, len + 1) : NULL;
    if (!ptr)
        return false;
    *bytes = (poa_bytes){ptr, len};
    return true;
}

bool poa_bytes_copy(poa_bytes *bytes, poa_span from)
{
    return poa_bytes_join(bytes, from, (poa_span){0});
}

bool poa_bytes_join(poa_bytes *bytes, poa_span head, poa_span tail)
{
    size_t len = 0;
    if (__builtin_add_overflow(head.len, tail.len, &len) || !poa_bytes_alloc(bytes, len))
        return false;
    if (head.len > 0)
        memcpy(bytes->ptr, head.ptr, head.len);
    if (tail.len > 0)
        memcpy(bytes->ptr + head.len, tail.ptr, tail.len);
    return true;
}

poa_err poa_why_set(poa_why *why, poa_err err, const char *text)
{
    if (why)
        (void)snprintf(why->text, sizeof why->text, "%s", text);
    return err;
}
