#include "uri.h"

#include "guard.h"
#include "span.h"

#define LABEL_BYTES_MAX 63 /* RFC 1035 section 2.3.4 */
#define HOST_BYTES_MAX  253

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 3986 section 3.1, lower case. */
static bool is_scheme(poa_span scheme)
{
    if (POA_GUARD(uri_scheme_start, scheme.len == 0 || !is_lower(scheme.ptr[0])))
        return false;
    for (size_t i = 1; i < scheme.len; i++) {
        const char c = scheme.ptr[i];
        if (POA_GUARD(uri_scheme_chars, !is_lower(c) && !is_digit(c) && c != '+' && c != '-' && c != '.'))
            return false;
    }
    return true;
}

static bool is_label(poa_span label)
{
    if (label.len < 1 || label.len > LABEL_BYTES_MAX)
        return false;
    if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_lower(label.ptr[i]) && !is_digit(label.ptr[i]) && label.ptr[i] != '-')
            return false;
    return true;
}

static bool is_ipv4(poa_span host)
{
    size_t octets = 0;
    poa_fields fields = poa_fields_of(host, '.');
    poa_span field;
    uint64_t octet = 0;
    while (poa_fields_next(&fields, &field)) {
        if (!poa_span_number(field, 255, &octet))
            return false;
        octets++;
    }
    return octets == 4;
}

/* Would some resolver take this label for a number: digits, or hexadecimal ones behind 0x? */
static bool is_numeric(poa_span label)
{
    const bool hex = poa_span_starts(label, POA_SPAN("0x"));
    for (size_t i = hex ? 2 : 0; i < label.len; i++)
        if (!is_digit(label.ptr[i]) && !(hex && label.ptr[i] >= 'a' && label.ptr[i] <= 'f'))
            return false;
    return true;
}

static bool is_host(poa_span host)
{
    if (POA_GUARD(uri_host_length, host.len > HOST_BYTES_MAX))
        return false;
    poa_span label = {0};
    poa_fields labels = poa_fields_of(host, '.');
    while (poa_fields_next(&labels, &label))
        if (POA_GUARD(uri_host_label, !is_label(label)))
            return false;
    return !POA_GUARD(uri_host_number, is_numeric(label) && !is_ipv4(host));
}

bool poa_uri_is_name(poa_span text)
{
    return is_host(text) && !POA_GUARD(uri_name_address, is_ipv4(text));
}

/* Index of the first byte of text behind its authority. */
static size_t authority_len(poa_span text)
{
    size_t i = 0;
    while (i < text.len && text.ptr[i] != '/' && text.ptr[i] != '?' && text.ptr[i] != '#')
        i++;
    return i;
}

bool poa_uri_parse(poa_span text, poa_uri *out)
{
    poa_uri uri = {0};
    poa_cursor cursor = {.rest = text};
    uri.scheme = poa_take_until(&cursor, ':', text.len);
    if (!is_scheme(uri.scheme))
        return false;
    if (POA_GUARD(uri_slashes, !poa_span_starts(cursor.rest, POA_SPAN("//"))))
        return false;

    const poa_span behind = poa_span_skip(cursor.rest, 2);
    const poa_span authority = poa_span_head(behind, authority_len(behind));
    uri.rest = poa_span_skip(behind, authority.len);

    const size_t colon = poa_span_find(authority, ':');
    uri.host = poa_span_head(authority, colon);
    if (!is_host(uri.host))
        return false;
    uint64_t port = 0;
    if (colon != SIZE_MAX) {
        const bool number = poa_span_number(poa_span_skip(authority, colon + 1), UINT16_MAX, &port);
        if (POA_GUARD(uri_port, !number || port == 0))
            return false;
    }
    uri.port = (uint16_t)port;
    *out = uri;
    return true;
}
