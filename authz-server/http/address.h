#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

#include "poa/macros.h"
#include "poa/span.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/** Room for the longest text of an address with its port, and a NUL. */
#define HTTP_ADDRESS_TEXT_MAX 64

/**
 * http_address - an IP address and a TCP port.
 * @family: 4, 6, or 0 where none is known
 * @bytes:  in network order, 4 or 16 of them; an IPv4-mapped IPv6 address is kept as the IPv4 address that it is
 * @port:   in host order
 */
typedef struct http_address {
    uint8_t family;
    uint8_t bytes[16];
    uint16_t port;
} http_address;

/** http_address_parse() - read `127.0.0.1:8080` or `[::1]:8443`; no names, no zones. False otherwise, *out untouched.
 */
POA_MUST_USE bool http_address_parse(poa_span text, http_address *out);

/** http_address_is_loopback() - can only this machine reach it: 127.0.0.0/8 or ::1? */
bool http_address_is_loopback(const http_address *address);

/** http_address_text() - what http_address_parse() would read; `?` for an address without family. */
void http_address_text(const http_address *address, char out[HTTP_ADDRESS_TEXT_MAX]);

/** http_address_neighbours() - the same IPv4 address, or the same IPv6 /64: one customer of one network gets no less.
 */
bool http_address_neighbours(const http_address *a, const http_address *b);

/** http_address_from_socket() - a sockaddr of any family; what is neither IPv4 nor IPv6 gets family 0. */
http_address http_address_from_socket(const struct sockaddr_storage *socket_address);

/** http_address_to_socket() - the length of what was written to *out; 0 for an address without family. */
socklen_t http_address_to_socket(const http_address *address, struct sockaddr_storage *out);

#endif
