#include "constraint.h"

#include "address.h"
#include "bounds.h"
#include "constraint_list.h"
#include "guard.h"
#include "json.h"
#include "span.h"

#include <string.h>

/* networks: CIDR blocks from which the agent may act. Inside: each inside one of the parent's of the same family. */

typedef struct network {
    poa_address base;
    unsigned bits; /* how many leading bits of base count */
    poa_span text;
} network;

/* Are the first bits of both equal? */
static bool same_head(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    const size_t whole = bits / 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    const unsigned rest = bits % 8;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool has_host_bits(const network *n)
{
    for (unsigned bit = n->bits; bit < POA_ADDRESS_BITS(n->base.family); bit++)
        if (n->base.bytes[bit / 8] & 0x80u >> bit % 8)
            return true;
    return false;
}

/* Has a group of an IPv6 address a zero before its other digits? A dotted tail is no group. */
static bool has_leading_zero(poa_span text)
{
    poa_fields groups = poa_fields_of(text, ':');
    poa_span group;
    while (poa_fields_next(&groups, &group))
        if (group.len > 1 && group.ptr[0] == '0' && poa_span_find(group, '.') == SIZE_MAX)
            return true;
    return false;
}

static bool network_read(const json_t *json, void *item)
{
    const poa_span text = poa_json_span(json);
    const size_t slash = poa_span_find(text, '/');
    const poa_span address = poa_span_head(text, slash);
    network n = {.text = text};
    if (slash == SIZE_MAX || !poa_address_parse_raw(address, &n.base))
        return false;
    if (POA_GUARD(network_leading_zero, has_leading_zero(address)))
        return false;
    uint64_t bits = 0;
    if (!poa_span_number(poa_span_skip(text, slash + 1), POA_ADDRESS_BITS(n.base.family), &bits))
        return false;
    n.bits = (unsigned)bits;
    /* Addresses are unmapped before they are asked, so a mapped block would never match, or be read as IPv4. */
    if (POA_GUARD(network_mapped, poa_address_is_mapped(&n.base)))
        return false;
    if (POA_GUARD(network_host_bits, has_host_bits(&n)))
        return false;
    *(network *)item = n;
    return true;
}

static bool network_same(const void *a, const void *b)
{
    const network *x = a;
    const network *y = b;
    return x->base.family == y->base.family && x->bits == y->bits && memcmp(x->base.bytes, y->base.bytes, 16) == 0;
}

static bool network_inside(const void *child, const void *parent)
{
    const network *c = child;
    const network *p = parent;
    if (POA_GUARD(network_family_inside, c->base.family != p->base.family))
        return false;
    if (POA_GUARD(network_wider, c->bits < p->bits))
        return false;
    return !POA_GUARD(network_outside, !same_head(c->base.bytes, p->base.bytes, p->bits));
}

static void network_show(const void *item, poa_buf *b)
{
    poa_buf_add(b, ((const network *)item)->text);
}

static const poa_list networks = {
    .max = POA_NETWORKS_MAX,
    .size = sizeof(network),
    .read = network_read,
    .same = network_same,
    .inside = network_inside,
    .show = network_show,
};

static poa_err read(const json_t *json, poa_value *out)
{
    return poa_list_read(&networks, json, out);
}

static bool inside(const poa_value *child, const poa_value *parent)
{
    return poa_list_inside(&networks, child, parent);
}

static bool match(const poa_value *value, const poa_request *request)
{
    /* An unknown address is of no family, so no block holds it. */
    const poa_address address = poa_address_unmap(&request->address);
    const network *n = value->items;
    for (size_t i = 0; i < value->count; i++) {
        if (POA_GUARD(network_family, n[i].base.family != address.family))
            continue;
        if (!POA_GUARD(network_refused, !same_head(address.bytes, n[i].base.bytes, n[i].bits)))
            return true;
    }
    return false;
}

static json_t *asked(const poa_request *request)
{
    char text[46];
    const poa_address address = poa_address_unmap(&request->address);
    poa_address_print(&address, text);
    return text[0] != '\0' ? json_string(text) : NULL;
}

static void show(const poa_value *value, poa_buf *b)
{
    poa_list_show(&networks, value, b);
}

const poa_constraint poa_constraint_networks = {
    .name = "networks",
    .widened = POA_E_LIMIT_WIDENED,
    .refused = POA_E_NETWORK_NOT_GRANTED,
    .read = read,
    .inside = inside,
    .match = match,
    .asked = asked,
    .show = show,
};
