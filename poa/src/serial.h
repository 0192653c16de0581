#ifndef POA_SRC_SERIAL_H
#define POA_SRC_SERIAL_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * poa_serial - serial numbers as a selector states them (protocol section 5.1). Borrows.
 * @first: the one serial; the prefix, without its `*`; or the first of a range
 * @last:  of a range: its last, of the same length
 * @fixed: of a range: how many bytes both ends begin with; digits follow
 */
typedef struct poa_serial {
    enum poa_serial_kind { POA_SERIAL_EXACT, POA_SERIAL_PREFIX, POA_SERIAL_RANGE } kind;
    poa_span first;
    poa_span last;
    size_t fixed;
} poa_serial;

/**
 * poa_serial_parse() - read `SN-1`, `SN-*` or `SN-100..SN-199`.
 *
 * 1 to 64 bytes 0x21 to 0x7E. A prefix has at least one byte. The ends of a range have equal length, the first is
 * smaller, and after what both begin with they have only digits. `*` and `..` stand nowhere else.
 */
POA_MUST_USE bool poa_serial_parse(poa_span text, poa_serial *out);

/* Is text a serial number that a device may state: 1 to 64 bytes 0x21 to 0x7E? */
bool poa_serial_is_valid(poa_span text);

/* Does a device with this serial number match? */
bool poa_serial_match(const poa_serial *serial, poa_span stated);

/* Exact in what it matches; range in a prefix or range that both its ends match; prefix in a prefix it begins with. */
bool poa_serial_inside(const poa_serial *child, const poa_serial *parent);

#endif
