#ifndef POA_SRC_ADDRESS_H
#define POA_SRC_ADDRESS_H

#include "poa/request.h"

/* Bits of an address of this family. */
#define POA_ADDRESS_BITS(family) ((family) == 4 ? 32u : 128u)

/* Is it an IPv4-mapped IPv6 address, ::ffff:0:0/96 (RFC 4291 section 2.5.5.2)? */
bool poa_address_is_mapped(const poa_address *address);

/* The same address, IPv4 where it was an IPv4-mapped one. */
poa_address poa_address_unmap(const poa_address *address);

/* As poa_address_parse(), but an IPv4-mapped address stays one. */
POA_MUST_USE bool poa_address_parse_raw(poa_span text, poa_address *out);

/* The address as text, at most 45 characters and a NUL; "" where it is unknown. */
void poa_address_print(const poa_address *address, char out[46]);

#endif
