#include "id_link.h"

#include "bounds.h"
#include "guard.h"
#include "path.h"
#include "span.h"
#include "uri.h"

/* The protocol allows printable ASCII; a blank is left out because no URI has one (RFC 3986 section 2). */
static bool is_plain(poa_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (POA_GUARD(id_link_chars, c < 0x21 || c > 0x7e))
            return false;
        if (POA_GUARD(id_link_special, c == '%' || c == '#' || c == '\\' || c == '@' || c == '*'))
            return false;
    }
    return true;
}

/* The path ends where a query begins. */
static bool has_dot_segment(poa_span rest)
{
    poa_fields fields = poa_fields_of(poa_span_head(rest, poa_span_find(rest, '?')), '/');
    poa_span segment;
    while (poa_fields_next(&fields, &segment))
        if (poa_segment_is_dots(segment))
            return true;
    return false;
}

bool poa_id_link_is_valid(poa_span text)
{
    if (POA_GUARD(id_link_length, text.len > POA_ID_LINK_BYTES_MAX))
        return false;
    if (!is_plain(text))
        return false;
    poa_uri uri = {0};
    if (!poa_uri_parse(text, &uri))
        return false;
    if (POA_GUARD(id_link_scheme, !poa_span_is(uri.scheme, "https") && !poa_span_is(uri.scheme, "http")))
        return false;
    return !POA_GUARD(id_link_dots, has_dot_segment(uri.rest));
}

bool poa_id_link_parse(poa_span text, poa_id_link *out)
{
    if (POA_GUARD(id_link_text_length, text.len > POA_ID_LINK_BYTES_MAX))
        return false;
    const bool prefix = poa_span_ends(text, POA_SPAN("*"));
    const poa_span link = prefix ? poa_span_head(text, text.len - 1) : text;
    if (!poa_id_link_is_valid(link))
        return false;
    if (POA_GUARD(id_link_prefix_end, prefix && !poa_span_ends(link, POA_SPAN("/"))))
        return false;
    *out = (poa_id_link){link, prefix};
    return true;
}

/* Is one link, or all links with this prefix, among those of link? */
static bool holds(const poa_id_link *link, poa_span text)
{
    if (link->prefix)
        return !POA_GUARD(id_link_prefix, !poa_span_starts(text, link->text));
    return !POA_GUARD(id_link_exact, !poa_span_equal(text, link->text));
}

bool poa_id_link_match(const poa_id_link *link, poa_span stated)
{
    /* A link with a dot segment could begin with a prefix and lead elsewhere. */
    return poa_id_link_is_valid(stated) && holds(link, stated);
}

bool poa_id_link_inside(const poa_id_link *child, const poa_id_link *parent)
{
    if (POA_GUARD(id_link_prefix_in_exact, child->prefix && !parent->prefix))
        return false;
    return holds(parent, child->text);
}
