#include "address.h"

#include "span.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* ::ffff:a.b.c.d is how a socket for both families shows an IPv4 peer. */
static void unmap(http_address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->family != 6 || memcmp(address->bytes, mapped, sizeof mapped) != 0)
        return;
    memmove(address->bytes, address->bytes + sizeof mapped, 4);
    memset(address->bytes + 4, 0, sizeof address->bytes - 4);
    address->family = 4;
}

/* The text of the IP address alone, for inet_pton, which wants a NUL. */
static bool parse_ip(poa_span text, int family, http_address *out)
{
    char host[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof host || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(host, text.ptr, text.len);
    host[text.len] = '\0';
    out->family = family == AF_INET6 ? 6 : 4;
    return inet_pton(family, host, out->bytes) == 1;
}

bool http_address_parse(poa_span text, http_address *out)
{
    const bool bracketed = poa_span_starts(text, POA_SPAN("["));
    poa_cursor c = {.rest = bracketed ? poa_span_skip(text, 1) : text};
    const poa_span host = poa_take_until(&c, bracketed ? ']' : ':', INET6_ADDRSTRLEN);
    if (bracketed && poa_take_until(&c, ':', 0).len != 0)
        return false;

    http_address address = {0};
    uint64_t port = 0;
    if (c.failed || !poa_span_number(c.rest, UINT16_MAX, &port) ||
        !parse_ip(host, bracketed ? AF_INET6 : AF_INET, &address))
        return false;
    address.port = (uint16_t)port;
    unmap(&address);
    *out = address;
    return true;
}

bool http_address_is_loopback(const http_address *address)
{
    if (address->family == 4)
        return address->bytes[0] == 127;
    return address->family == 6 && memcmp(address->bytes, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

void http_address_text(const http_address *address, char out[HTTP_ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN];
    const bool six = address->family == 6;
    if (address->family == 0 || !inet_ntop(six ? AF_INET6 : AF_INET, address->bytes, host, sizeof host)) {
        (void)snprintf(out, HTTP_ADDRESS_TEXT_MAX, "?");
        return;
    }
    (void)snprintf(out, HTTP_ADDRESS_TEXT_MAX, six ? "[%s]:%u" : "%s:%u", host, (unsigned)address->port);
}

bool http_address_neighbours(const http_address *a, const http_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 6 ? 8 : 4) == 0;
}

http_address http_address_from_socket(const struct sockaddr_storage *socket_address)
{
    http_address address = {0};
    if (socket_address->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, socket_address, sizeof in);
        address.family = 4;
        address.port = ntohs(in.sin_port);
        memcpy(address.bytes, &in.sin_addr, 4);
    } else if (socket_address->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, socket_address, sizeof in6);
        address.family = 6;
        address.port = ntohs(in6.sin6_port);
        memcpy(address.bytes, &in6.sin6_addr, 16);
        unmap(&address);
    }
    return address;
}

socklen_t http_address_to_socket(const http_address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == 4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&in.sin_addr, address->bytes, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    if (address->family == 6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
        memcpy(&in6.sin6_addr, address->bytes, 16);
        memcpy(out, &in6, sizeof in6);
        return sizeof in6;
    }
    return 0;
}
