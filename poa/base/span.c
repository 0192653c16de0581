#include "span.h"

#include "bounds.h"

#include <stdlib.h>
#include <string.h>

poa_span poa_span_of(const char *text)
{
    return text ? (poa_span){text, strlen(text)} : (poa_span){0};
}

bool poa_span_equal(poa_span a, poa_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool poa_span_is(poa_span span, const char *text)
{
    return poa_span_equal(span, poa_span_of(text));
}

bool poa_span_starts(poa_span span, poa_span prefix)
{
    return span.len >= prefix.len && poa_span_equal(poa_span_head(span, prefix.len), prefix);
}

bool poa_span_ends(poa_span span, poa_span suffix)
{
    return span.len >= suffix.len && poa_span_equal(poa_span_skip(span, span.len - suffix.len), suffix);
}

poa_span poa_span_skip(poa_span span, size_t n)
{
    if (n >= span.len)
        return (poa_span){0};
    return (poa_span){span.ptr + n, span.len - n};
}

poa_span poa_span_head(poa_span span, size_t n)
{
    return (poa_span){span.ptr, n < span.len ? n : span.len};
}

size_t poa_span_find(poa_span span, char c)
{
    const char *hit = span.len > 0 ? memchr(span.ptr, c, span.len) : NULL;
    return hit ? (size_t)(hit - span.ptr) : SIZE_MAX;
}

poa_span poa_take_until(poa_cursor *c, char sep, size_t max)
{
    const size_t len = c->failed ? SIZE_MAX : poa_span_find(c->rest, sep);
    if (len == SIZE_MAX || len > max) {
        c->failed = true;
        return (poa_span){0};
    }
    const poa_span taken = poa_span_head(c->rest, len);
    c->rest = poa_span_skip(c->rest, len + 1);
    return taken;
}

poa_fields poa_fields_of(poa_span text, char sep)
{
    return (poa_fields){.rest = text, .sep = sep};
}

bool poa_fields_next(poa_fields *f, poa_span *field)
{
    if (f->done)
        return false;
    const size_t len = poa_span_find(f->rest, f->sep);
    if (len == SIZE_MAX) {
        f->done = true;
        *field = f->rest;
        return true;
    }
    *field = poa_span_head(f->rest, len);
    f->rest = poa_span_skip(f->rest, len + 1);
    return true;
}

bool poa_span_number(poa_span digits, uint64_t max, uint64_t *out)
{
    if (digits.len == 0 || (digits.ptr[0] == '0' && digits.len > 1))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        const unsigned digit = (unsigned char)digits.ptr[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

size_t poa_span_code_point(poa_span span, uint32_t *code)
{
    if (span.len == 0)
        return 0;
    const unsigned char *b = (const unsigned char *)span.ptr;
    if (b[0] < 0x80) {
        *code = b[0];
        return 1;
    }

    const size_t len = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : b[0] >= 0xc0 ? 2 : 0;
    if (len == 0 || b[0] > 0xf4 || span.len < len)
        return 0;
    uint32_t value = b[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (b[i] & 0x3fu);
    }

    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return len;
}

bool poa_span_is_utf8(poa_span span)
{
    while (span.len > 0) {
        uint32_t code = 0;
        const size_t len = poa_span_code_point(span, &code);
        if (len == 0)
            return false;
        span = poa_span_skip(span, len);
    }
    return true;
}

bool poa_span_is_text(poa_span span, size_t max)
{
    if (span.len == 0 || span.len > max)
        return false;
    while (span.len > 0) {
        uint32_t code = 0;
        const size_t len = poa_span_code_point(span, &code);
        if (len == 0 || code < 0x20 || (code >= 0x7f && code <= 0x9f))
            return false;
        span = poa_span_skip(span, len);
    }
    return true;
}

bool poa_span_is_identifier(poa_span span)
{
    return poa_span_is_text(span, POA_NAME_BYTES_MAX);
}

char *poa_span_dup(poa_span span)
{
    char *copy = malloc(span.len + 1);
    if (!copy)
        return NULL;
    if (span.len > 0)
        memcpy(copy, span.ptr, span.len);
    copy[span.len] = '\0';
    return copy;
}

bool poa_span_is_uuid(poa_span span)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (span.len != sizeof shape - 1) /* no guard: it bounds what is read below */
        return false;
    for (size_t i = 0; i < span.len; i++) {
        const char c = span.ptr[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (shape[i] == 'x' ? !hex : c != '-')
            return false;
    }
    return true;
}
