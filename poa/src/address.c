#include "address.h"

#include "guard.h"
#include "span.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool poa_address_is_mapped(const poa_address *address)
{
    return address->family == 6 && memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

poa_address poa_address_unmap(const poa_address *address)
{
    if (!poa_address_is_mapped(address))
        return *address;
    poa_address plain = {.family = 4};
    memcpy(plain.bytes, address->bytes + sizeof mapped_prefix, 4);
    return plain;
}

/* Four numbers without leading zeros: some readers take 010 for eight. */
static bool parse_ipv4(poa_span text, poa_address *out)
{
    poa_address address = {.family = 4};
    size_t octets = 0;
    poa_fields fields = poa_fields_of(text, '.');
    poa_span field;
    while (poa_fields_next(&fields, &field)) {
        uint64_t octet = 0;
        if (POA_GUARD(address_octet, !poa_span_number(field, 255, &octet)))
            return false;
        if (octets == 4)
            return false;
        address.bytes[octets++] = (uint8_t)octet;
    }
    if (POA_GUARD(address_octets, octets != 4))
        return false;
    *out = address;
    return true;
}

static bool parse_ipv6(poa_span text, poa_address *out)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex && c != ':' && c != '.') /* no zone, and no NUL that would hide what follows */
            return false;
        copy[i] = c;
    }
    copy[text.len] = '\0';

    poa_address address = {.family = 6};
    if (inet_pton(AF_INET6, copy, address.bytes) != 1)
        return false;
    *out = address;
    return true;
}

bool poa_address_parse_raw(poa_span text, poa_address *out)
{
    return poa_span_find(text, ':') == SIZE_MAX ? parse_ipv4(text, out) : parse_ipv6(text, out);
}

bool poa_address_parse(poa_span text, poa_address *out)
{
    poa_address address;
    if (!poa_address_parse_raw(text, &address))
        return false;
    *out = poa_address_unmap(&address);
    return true;
}

void poa_address_print(const poa_address *address, char out[46])
{
    const int family = address->family == 4 ? AF_INET : AF_INET6;
    if (address->family == 0 || !inet_ntop(family, address->bytes, out, INET6_ADDRSTRLEN))
        out[0] = '\0';
}
