#include "buf.h"

#include "base64url.h"
#include "span.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Make room for more bytes and the NUL behind them. */
static bool reserve(poa_buf *b, size_t more)
{
    size_t want = 0;
    if (b->failed || __builtin_add_overflow(b->len, more, &want) || __builtin_add_overflow(want, (size_t)1, &want)) {
        b->failed = true;
        return false;
    }
    if (want <= b->cap)
        return true;

    const size_t cap = want < 64 ? 64 : want + want / 2;
    char *text = realloc(b->text, cap);
    if (!text) {
        b->failed = true;
        return false;
    }
    b->text = text;
    b->cap = cap;
    return true;
}

void poa_buf_clear(poa_buf *b)
{
    free(b->text);
    *b = (poa_buf){0};
}

void poa_buf_add(poa_buf *b, poa_span span)
{
    if (!reserve(b, span.len))
        return;
    if (span.len > 0)
        memcpy(b->text + b->len, span.ptr, span.len);
    b->len += span.len;
    b->text[b->len] = '\0';
}

void poa_buf_text(poa_buf *b, const char *text)
{
    poa_buf_add(b, poa_span_of(text));
}

void poa_buf_printf(poa_buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !reserve(b, (size_t)len)) {
        b->failed = true;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(b->text + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
}

void poa_buf_base64url(poa_buf *b, const void *bytes, size_t len)
{
    const size_t chars = POA_BASE64URL_LEN(len);
    if (!reserve(b, chars))
        return;
    poa_base64url_encode(bytes, len, b->text + b->len);
    b->len += chars;
}

static int add_dumped(const char *text, size_t len, void *arg)
{
    poa_buf *b = arg;
    poa_buf_add(b, (poa_span){text, len});
    return b->failed ? -1 : 0;
}

void poa_buf_json(poa_buf *b, const json_t *value)
{
    if (!value || json_dump_callback(value, add_dumped, b, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        b->failed = true;
}

void poa_buf_json_text(poa_buf *b, poa_span text)
{
    json_t *value = json_stringn(text.ptr ? text.ptr : "", text.len);
    poa_buf_json(b, value);
    json_decref(value);
}

poa_span poa_buf_span(const poa_buf *b)
{
    return (poa_span){b->text, b->len};
}

char *poa_buf_take(poa_buf *b)
{
    if (!b->failed && !b->text)
        poa_buf_add(b, (poa_span){0});
    if (b->failed) {
        poa_buf_clear(b);
        return NULL;
    }
    char *text = b->text;
    *b = (poa_buf){0};
    return text;
}
