#include "serial.h"

#include "bounds.h"
#include "guard.h"
#include "span.h"

#include <string.h>

static bool is_digits(poa_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return true;
}

/* Of texts of equal length: is a before b, byte by byte? */
static bool before(poa_span a, poa_span b)
{
    return memcmp(a.ptr, b.ptr, a.len) < 0;
}

bool poa_serial_is_valid(poa_span text)
{
    if (POA_GUARD(serial_length, text.len < 1 || text.len > POA_SERIAL_BYTES_MAX))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (POA_GUARD(serial_chars, text.ptr[i] < 0x21 || text.ptr[i] > 0x7e))
            return false;
    return true;
}

/* Index of the first ".." in text, or SIZE_MAX. */
static size_t find_dots(poa_span text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '.' && text.ptr[i + 1] == '.')
            return i;
    return SIZE_MAX;
}

static bool parse_range(poa_span text, size_t dots, poa_serial *out)
{
    const poa_span first = poa_span_head(text, dots);
    const poa_span last = poa_span_skip(text, dots + 2);
    if (first.len == 0 || first.len != last.len) /* plain: what follows reads as many bytes of both */
        return false;
    if (POA_GUARD(serial_range_order, !before(first, last)))
        return false;

    size_t fixed = 0;
    while (fixed < first.len && first.ptr[fixed] == last.ptr[fixed])
        fixed++;
    /* Another ".." in last would stand behind what is common. */
    const bool digits = is_digits(poa_span_skip(first, fixed)) && is_digits(poa_span_skip(last, fixed));
    if (POA_GUARD(serial_range_digits, !digits))
        return false;
    *out = (poa_serial){.kind = POA_SERIAL_RANGE, .first = first, .last = last, .fixed = fixed};
    return true;
}

bool poa_serial_parse(poa_span text, poa_serial *out)
{
    if (!poa_serial_is_valid(text))
        return false;

    const bool prefix = poa_span_ends(text, POA_SPAN("*"));
    const poa_span rest = prefix ? poa_span_head(text, text.len - 1) : text;
    if (POA_GUARD(serial_star, poa_span_find(rest, '*') != SIZE_MAX))
        return false;
    if (POA_GUARD(serial_prefix_empty, rest.len == 0))
        return false;

    const size_t dots = find_dots(rest);
    if (POA_GUARD(serial_prefix_dots, prefix && dots != SIZE_MAX))
        return false;
    if (dots != SIZE_MAX)
        return parse_range(rest, dots, out);
    *out = (poa_serial){.kind = prefix ? POA_SERIAL_PREFIX : POA_SERIAL_EXACT, .first = rest};
    return true;
}

static bool in_range(const poa_serial *range, poa_span text)
{
    if (text.len != range->first.len) /* plain: what follows compares as many bytes */
        return false;
    /* What lies between both ends begins as both do. */
    if (POA_GUARD(serial_range_below, before(text, range->first)))
        return false;
    if (POA_GUARD(serial_range_above, before(range->last, text)))
        return false;
    return !POA_GUARD(serial_range_other, !is_digits(poa_span_skip(text, range->fixed)));
}

/* Is one serial number among those of serial? */
static bool holds(const poa_serial *serial, poa_span text)
{
    switch (serial->kind) {
    case POA_SERIAL_EXACT:
        return !POA_GUARD(serial_exact, !poa_span_equal(text, serial->first));
    case POA_SERIAL_PREFIX:
        return !POA_GUARD(serial_prefix, !poa_span_starts(text, serial->first));
    case POA_SERIAL_RANGE:
        return in_range(serial, text);
    }
    return false;
}

bool poa_serial_match(const poa_serial *serial, poa_span stated)
{
    return poa_serial_is_valid(stated) && holds(serial, stated);
}

bool poa_serial_inside(const poa_serial *child, const poa_serial *parent)
{
    switch (child->kind) {
    case POA_SERIAL_EXACT:
        return holds(parent, child->first);
    case POA_SERIAL_PREFIX:
        /* Never in a range, whose serials have one length, nor in an exact one. */
        return !POA_GUARD(serial_prefix_parent, parent->kind != POA_SERIAL_PREFIX) && holds(parent, child->first);
    case POA_SERIAL_RANGE:
        return holds(parent, child->first) && holds(parent, child->last);
    }
    return false;
}
