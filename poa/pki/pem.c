#include "pem.h"

#include "base64url.h"
#include "guard.h"
#include "span.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define LABEL_BYTES_MAX  64
#define LINE_CHARS_MAX   76
#define LINE_BYTES_OURS  48 /* 64 characters */
#define BASE64_CHARS(n)  (((n) + 2) / 3 * 4)
#define FRAME_BYTES(len) (2 * (len) + sizeof "-----BEGIN -----\n-----END -----\n")

static const poa_span begin = POA_SPAN_INIT("-----BEGIN ");
static const poa_span end = POA_SPAN_INIT("-----END ");
static const poa_span dashes = POA_SPAN_INIT("-----");

bool poa_pem_begins(poa_span text)
{
    return poa_span_starts(text, begin);
}

/* Take one line; its LF or CRLF is stepped over and not part of it. */
static poa_span take_line(poa_span *text)
{
    const size_t len = poa_span_find(*text, '\n');
    poa_span line = poa_span_head(*text, len);
    *text = len == SIZE_MAX ? (poa_span){0} : poa_span_skip(*text, len + 1);
    if (poa_span_ends(line, POA_SPAN("\r")))
        line.len--;
    return line;
}

/* The label of "-----BEGIN label-----"; the empty span when line is nothing of the kind. */
static poa_span frame_label(poa_span line, poa_span opening)
{
    if (!poa_span_starts(line, opening) || !poa_span_ends(line, dashes) || line.len <= opening.len + dashes.len)
        return (poa_span){0};
    const poa_span rest = poa_span_skip(line, opening.len);
    return poa_span_head(rest, rest.len - dashes.len);
}

/* Turn standard base64 with padding into base64url without, in place; the line reader left no '-' in it. */
static bool unpad(poa_bytes *chars)
{
    if (chars->len == 0 || chars->len % 4 != 0)
        return false;
    for (int pads = 0; pads < 2 && chars->ptr[chars->len - 1] == '='; pads++)
        chars->len--;
    for (size_t i = 0; i < chars->len; i++) {
        uint8_t *c = &chars->ptr[i];
        if (*c == '_')
            return false;
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    return true;
}

/* Join the lines up to the END line, which is stepped over. chars has room for the most that may stand there. */
static poa_err join_lines(poa_span *text, poa_span label, poa_bytes *chars)
{
    const size_t room = chars->len;
    size_t len = 0;
    for (;;) {
        const poa_span line = take_line(text);
        if (poa_span_starts(line, end)) {
            chars->len = len;
            return poa_span_equal(frame_label(line, end), label) ? POA_OK : POA_E_MALFORMED;
        }
        if (POA_GUARD(pem_line_length, line.len == 0 || line.len > LINE_CHARS_MAX))
            return POA_E_MALFORMED;
        if (POA_GUARD(pem_line_dash, poa_span_find(line, '-') != SIZE_MAX))
            return POA_E_MALFORMED;
        if (line.len > room - len)
            return POA_E_TOO_LARGE;
        memcpy(chars->ptr + len, line.ptr, line.len);
        len += line.len;
    }
}

/* The bytes that the joined characters stand for. */
static poa_err decode(poa_bytes *chars, size_t max, poa_bytes *der)
{
    if (POA_GUARD(pem_base64, !unpad(chars)))
        return POA_E_MALFORMED;
    const size_t len = POA_BASE64URL_BYTES(chars->len);
    if (POA_GUARD(pem_too_large, len > max))
        return POA_E_TOO_LARGE;

    POA_CLEANUP(poa_bytes_clear) poa_bytes bytes = {0};
    if (!poa_bytes_alloc(&bytes, len))
        return POA_F_NOMEM;
    if (!poa_base64url_decode_exact(poa_bytes_span(chars), bytes.ptr, len))
        return POA_E_MALFORMED;
    *der = poa_bytes_take(&bytes);
    return POA_OK;
}

poa_err poa_pem_next(poa_span *text, size_t max, poa_span *label, poa_bytes *der)
{
    poa_span rest = *text;
    const poa_span name = frame_label(take_line(&rest), begin);
    if (POA_GUARD(pem_begin, name.len == 0 || name.len > LABEL_BYTES_MAX))
        return POA_E_MALFORMED;

    POA_CLEANUP(poa_bytes_clear) poa_bytes room = {0};
    if (!poa_bytes_alloc(&room, BASE64_CHARS(max)))
        return POA_F_NOMEM;
    poa_bytes chars = room; /* borrowed: room wipes and frees all of it */
    poa_err err = join_lines(&rest, name, &chars);
    if (!err)
        err = decode(&chars, max, der);
    if (err)
        return err;

    *text = rest;
    *label = name;
    return POA_OK;
}

poa_err poa_pem_one(poa_span text, const char *label, size_t max, poa_bytes *der)
{
    POA_CLEANUP(poa_bytes_clear) poa_bytes bytes = {0};
    poa_span found = {0};
    const poa_err err = poa_pem_next(&text, max, &found, &bytes);
    if (err)
        return err;
    if (POA_GUARD(pem_label, !poa_span_is(found, label)))
        return POA_E_MALFORMED;
    if (POA_GUARD(pem_trailing, text.len > 0))
        return POA_E_MALFORMED;

    *der = poa_bytes_take(&bytes);
    return POA_OK;
}

poa_err poa_pem_write(const char *label, poa_span der, poa_bytes *pem)
{
    const size_t lines = (der.len + LINE_BYTES_OURS - 1) / LINE_BYTES_OURS;
    const size_t room = FRAME_BYTES(strlen(label)) + BASE64_CHARS(der.len) + lines;
    POA_CLEANUP(poa_bytes_clear) poa_bytes text = {0};
    if (!poa_bytes_alloc(&text, room))
        return POA_F_NOMEM;

    char *out = (char *)text.ptr;
    size_t at = (size_t)snprintf(out, room, "-----BEGIN %s-----\n", label);
    while (der.len > 0) {
        const poa_span line = poa_span_head(der, LINE_BYTES_OURS);
        at += (size_t)EVP_EncodeBlock(text.ptr + at, (const unsigned char *)line.ptr, (int)line.len);
        text.ptr[at++] = '\n';
        der = poa_span_skip(der, line.len);
    }
    at += (size_t)snprintf(out + at, room - at, "-----END %s-----\n", label);

    text.len = at;
    *pem = poa_bytes_take(&text);
    return POA_OK;
}
