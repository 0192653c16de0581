#include "url.h"

#include "address.h"
#include "guard.h"
#include "span.h"

#include <stdint.h>
#include <string.h>

/* RFC 3986 section 2: the characters that a part may hold besides letters, digits and percent-encodings. */
#define UNRESERVED "-._~"
#define SUB_DELIMS "!$&'()*+,;="
#define PATH_CHARS UNRESERVED SUB_DELIMS ":@/"
#define TAIL_CHARS PATH_CHARS "?"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_alnum(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    return lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}

static void put(poa_url *url, char c)
{
    url->text[url->len++] = c;
}

/* What "%41" stands for, or -1 when text does not start with a percent-encoding. */
static int read_percent(poa_span text)
{
    if (text.len < 3 || text.ptr[0] != '%' || hex_value(text.ptr[1]) < 0 || hex_value(text.ptr[2]) < 0)
        return -1;
    return hex_value(text.ptr[1]) * 16 + hex_value(text.ptr[2]);
}

/* Sections 6.2.2.1 and 6.2.2.2: a percent-encoding in its only normal form. */
static void put_percent(poa_url *url, int value)
{
    static const char digits[] = "0123456789ABCDEF";
    const char c = (char)value;
    if (is_alnum(c) || is_one_of(c, UNRESERVED)) {
        put(url, c);
        return;
    }
    put(url, '%');
    put(url, digits[value / 16]);
    put(url, digits[value % 16]);
}

/* Copy a part whose characters are letters, digits, percent-encodings and those of set. Never makes it longer. */
static bool put_part(poa_url *url, poa_span part, const char *set)
{
    while (part.len > 0) {
        const char c = part.ptr[0];
        const int value = read_percent(part);
        if (value >= 0)
            put_percent(url, value);
        else if (is_alnum(c) || is_one_of(c, set))
            put(url, c);
        else
            return false;
        part = poa_span_skip(part, value >= 0 ? 3 : 1);
    }
    return true;
}

/* Percent-encodings stay in upper case. */
static void lower_from(poa_url *url, size_t start)
{
    for (size_t i = start; i < url->len; i += url->text[i] == '%' ? 3 : 1)
        url->text[i] = lower(url->text[i]);
}

/* Length of the text before the first character of set. */
static size_t length_before(poa_span text, const char *set)
{
    size_t len = 0;
    while (len < text.len && !is_one_of(text.ptr[len], set))
        len++;
    return len;
}

static poa_span take(poa_span *rest, size_t len)
{
    const poa_span taken = poa_span_head(*rest, len);
    *rest = poa_span_skip(*rest, len);
    return taken;
}

static bool read_scheme(poa_span *rest, poa_url *url)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        const size_t len = strlen(schemes[i]);
        if (rest->len < len)
            return false;
        url->len = 0;
        for (size_t at = 0; at < len; at++)
            put(url, lower(rest->ptr[at]));
        if (poa_span_is((poa_span){url->text, url->len}, schemes[i])) {
            (void)take(rest, len);
            return true;
        }
    }
    return false;
}

/* An IPv6 address in brackets; its own spelling is not normalised, because RFC 3986 does not. */
static bool read_ip_literal(poa_span *rest, poa_url *url)
{
    (void)take(rest, 1);
    const poa_span text = take(rest, length_before(*rest, "]"));
    poa_address address;
    if (rest->len == 0 || !poa_address_parse_raw(text, &address) || address.family != 6)
        return false;
    (void)take(rest, 1);

    put(url, '[');
    for (size_t i = 0; i < text.len; i++)
        put(url, lower(text.ptr[i]));
    put(url, ']');
    return true;
}

static bool read_host(poa_span *rest, poa_url *url)
{
    if (rest->len > 0 && rest->ptr[0] == '[')
        return read_ip_literal(rest, url);

    const size_t start = url->len;
    const poa_span name = take(rest, length_before(*rest, ":"));
    /* RFC 9110 section 4.2.1: an http URI without host is invalid. User info fails at its "@", or at its port. */
    if (name.len == 0 || !put_part(url, name, UNRESERVED SUB_DELIMS))
        return false;
    lower_from(url, start);
    return true;
}

/* Section 6.2.3: no port, an empty port and the scheme's own are one. */
static bool read_port(poa_span rest, poa_url *url)
{
    if (rest.len == 0)
        return true;
    if (rest.ptr[0] != ':')
        return false;
    const poa_span digits = poa_span_skip(rest, 1);
    if (digits.len == 0)
        return true;

    uint64_t port = 0;
    if (!poa_span_number(digits, UINT16_MAX, &port) || port == 0)
        return false;
    const bool is_https = url->text[strlen("http")] == 's';
    if (port == (is_https ? 443 : 80))
        return true;
    put(url, ':');
    for (size_t i = 0; i < digits.len; i++)
        put(url, digits.ptr[i]);
    return true;
}

static bool read_authority(poa_span *rest, poa_url *url)
{
    poa_span authority = take(rest, length_before(*rest, "/?#"));
    return read_host(&authority, url) && read_port(authority, url);
}

/* Take the last segment and its slash off a path that starts at `path`. */
static void drop_segment(poa_url *url, size_t path)
{
    while (url->len > path) {
        url->len--;
        if (url->text[url->len] == '/')
            return;
    }
}

/* Section 5.2.4: one segment, decoded already, behind the ones before it. */
static void put_segment(poa_url *url, size_t path, poa_span segment, bool last)
{
    const bool up = poa_span_is(segment, "..");
    if (up)
        drop_segment(url, path);
    if (up || poa_span_is(segment, ".")) {
        if (last)
            put(url, '/');
        return;
    }
    put(url, '/');
    for (size_t i = 0; i < segment.len; i++)
        put(url, segment.ptr[i]);
}

/* Dot segments go after decoding, because "%2E" is a dot. */
static bool read_path(poa_span path, poa_url *url)
{
    poa_url decoded = {.len = 0};
    if (!put_part(&decoded, path, PATH_CHARS))
        return false;
    if (decoded.len == 0) {
        put(url, '/');
        return true;
    }

    const size_t start = url->len;
    poa_fields segments = poa_fields_of(poa_span_skip((poa_span){decoded.text, decoded.len}, 1), '/');
    for (poa_span segment; poa_fields_next(&segments, &segment);)
        put_segment(url, start, segment, segments.done);
    return true;
}

bool poa_url_normalise(poa_span text, poa_url *out)
{
    if (POA_GUARD(url_too_long, text.len > POA_URL_BYTES_MAX))
        return false;

    poa_url url = {.len = 0};
    poa_span rest = text;
    if (POA_GUARD(url_scheme, !read_scheme(&rest, &url)) || POA_GUARD(url_authority, !read_authority(&rest, &url)))
        return false;

    const poa_span path = take(&rest, length_before(rest, "?#"));
    poa_url ignored = {.len = 0};
    const poa_span query = poa_span_skip(take(&rest, length_before(rest, "#")), 1);
    const poa_span fragment = poa_span_skip(rest, 1);
    if (POA_GUARD(url_path, !read_path(path, &url)) ||
        POA_GUARD(url_tail, !put_part(&ignored, query, TAIL_CHARS) || !put_part(&ignored, fragment, TAIL_CHARS)))
        return false;

    url.text[url.len] = '\0';
    *out = url;
    return true;
}
