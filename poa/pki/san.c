#include "san.h"

#include "guard.h"
#include "id_link.h"
#include "span.h"

#define TRUST_DOMAIN_BYTES_MAX 255

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool poa_san_is_uri_text(poa_span uri)
{
    for (size_t i = 0; i < uri.len; i++)
        if (uri.ptr[i] < 0x21 || uri.ptr[i] > 0x7e)
            return false;
    return uri.len >= 1 && uri.len <= POA_SAN_URI_BYTES_MAX;
}

/* Does uri begin so, whatever the case of its letters? Schemes are blind to it (RFC 3986 section 3.1). */
static bool begins(poa_span uri, poa_span lower)
{
    if (uri.len < lower.len)
        return false;
    for (size_t i = 0; i < lower.len; i++) {
        const char c = uri.ptr[i];
        if ((is_upper(c) ? (char)(c | 0x20) : c) != lower.ptr[i])
            return false;
    }
    return true;
}

/* The SPIFFE ID standard, section 2.1: lower case letters, digits, '.', '-', '_'; so no port and no user. */
static bool is_trust_domain(poa_span domain)
{
    if (POA_GUARD(san_spiffe_domain_length, domain.len < 1 || domain.len > TRUST_DOMAIN_BYTES_MAX))
        return false;
    for (size_t i = 0; i < domain.len; i++) {
        const char c = domain.ptr[i];
        if (POA_GUARD(san_spiffe_domain, !is_lower(c) && !is_digit(c) && c != '.' && c != '-' && c != '_'))
            return false;
    }
    return true;
}

/* Section 2.2: letters, digits, '.', '-', '_'; not empty, not "." and not "..". */
static bool is_path_segment(poa_span segment)
{
    if (POA_GUARD(san_spiffe_segment_empty, segment.len == 0))
        return false;
    if (POA_GUARD(san_spiffe_segment_dots, poa_span_is(segment, ".") || poa_span_is(segment, "..")))
        return false;
    for (size_t i = 0; i < segment.len; i++) {
        const char c = segment.ptr[i];
        const bool allowed = is_lower(c) || is_upper(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
        if (POA_GUARD(san_spiffe_segment, !allowed))
            return false;
    }
    return true;
}

/* What stands behind spiffe://: the trust domain, then at least one segment, for without one it names no workload. */
static bool is_workload(poa_span rest)
{
    poa_fields fields = poa_fields_of(rest, '/');
    poa_span field = {0};
    if (!poa_fields_next(&fields, &field) || !is_trust_domain(field))
        return false;
    size_t segments = 0;
    for (; poa_fields_next(&fields, &field); segments++)
        if (!is_path_segment(field))
            return false;
    return !POA_GUARD(san_spiffe_path, segments == 0);
}

/* A scheme (RFC 3986 section 3.1), a colon and something behind it. */
static bool is_absolute(poa_span uri)
{
    const size_t colon = poa_span_find(uri, ':');
    if (colon == SIZE_MAX || colon + 1 == uri.len)
        return false;
    for (size_t i = 0; i < colon; i++) {
        const char c = uri.ptr[i];
        const bool letter = is_lower(c) || is_upper(c);
        if (!letter && (i == 0 || (!is_digit(c) && c != '+' && c != '-' && c != '.')))
            return false;
    }
    return colon > 0;
}

poa_san_kind poa_san_kind_of(poa_span uri)
{
    static const poa_span spiffe = POA_SPAN_INIT("spiffe:");
    static const poa_span workload = POA_SPAN_INIT("spiffe://");
    static const poa_span urn = POA_SPAN_INIT(POA_URN_UUID);
    if (POA_GUARD(san_chars, !poa_san_is_uri_text(uri)))
        return POA_SAN_OTHER;
    if (begins(uri, spiffe)) {
        const bool exact = poa_span_starts(uri, workload) && is_workload(poa_span_skip(uri, workload.len));
        return exact ? POA_SAN_SPIFFE : POA_SAN_OTHER;
    }
    if (begins(uri, urn)) {
        const bool exact = poa_span_starts(uri, urn) && poa_span_is_uuid(poa_span_skip(uri, urn.len));
        return exact ? POA_SAN_DEVICE : POA_SAN_OTHER;
    }
    if (poa_id_link_is_valid(uri))
        return POA_SAN_ID_LINK;
    return is_absolute(uri) ? POA_SAN_PRODUCT : POA_SAN_OTHER;
}
