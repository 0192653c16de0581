#include "base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 0 marks a character outside the alphabet; a value is kept plus one. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/* The walk that decoding and checking share: out may be NULL. */
static bool walk(poa_span text, uint8_t *out)
{
    if (text.len % 4 == 1)
        return false;

    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t value = values[(unsigned char)text.ptr[i]];
        if (value == 0)
            return false;
        bits = bits << 6 | (uint32_t)(value - 1);
        held += 6;
        if (held >= 8) {
            held -= 8;
            if (out)
                out[at++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    return bits == 0; /* what is held now are the unused bits */
}

bool poa_base64url_decode(poa_span text, uint8_t *out, size_t cap, size_t *len)
{
    if (POA_BASE64URL_BYTES(text.len) > cap || !walk(text, out))
        return false;
    *len = POA_BASE64URL_BYTES(text.len);
    return true;
}

bool poa_base64url_decode_exact(poa_span text, uint8_t *out, size_t len)
{
    return text.len == POA_BASE64URL_LEN(len) && walk(text, out);
}

bool poa_base64url_is_canonical(poa_span text)
{
    return walk(text, NULL);
}

void poa_base64url_encode(const uint8_t *bytes, size_t len, char *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8 | bytes[i]) & 0xffff;
        for (held += 8; held >= 6;) {
            held -= 6;
            *out++ = alphabet[bits >> held & 63];
        }
    }
    if (held > 0)
        *out++ = alphabet[bits << (6 - held) & 63];
    *out = '\0';
}
