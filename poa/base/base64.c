#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a character, or 64 for one outside the alphabet. */
static uint32_t value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : 64;
}

/* How many '=' end the text: 0 to 2. */
static size_t padding_of(poa_span text)
{
    if (text.len == 0 || text.ptr[text.len - 1] != '=')
        return 0;
    return text.ptr[text.len - 2] == '=' ? 2 : 1;
}

bool poa_base64_decode(poa_span text, uint8_t *out, size_t cap, size_t *len)
{
    if (text.len % 4 != 0)
        return false;
    const size_t padding = padding_of(text);
    const size_t bytes = POA_BASE64_BYTES(text.len) - padding;
    if (bytes > cap)
        return false;

    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len - padding; i++) {
        const uint32_t value = value_of(text.ptr[i]);
        if (value == 64)
            return false;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[at++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    if (bits != 0) /* what is held now are the unused bits */
        return false;
    *len = bytes;
    return true;
}

void poa_base64_encode(const uint8_t *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i += 3) {
        const uint32_t second = i + 1 < len ? bytes[i + 1] : 0;
        const uint32_t third = i + 2 < len ? bytes[i + 2] : 0;
        const uint32_t bits = (uint32_t)bytes[i] << 16 | second << 8 | third;
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = i + 1 < len ? alphabet[bits >> 6 & 63] : '=';
        *out++ = i + 2 < len ? alphabet[bits & 63] : '=';
    }
    *out = '\0';
}
