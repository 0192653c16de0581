#ifndef POA_SRC_ID_LINK_H
#define POA_SRC_ID_LINK_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>

/**
 * poa_id_link - IEC 61406 identification links as a selector states them (protocol section 5.1). Borrows.
 * @text:   the one link, or the prefix without its `*`
 * @prefix: is it one?
 */
typedef struct poa_id_link {
    poa_span text;
    bool prefix;
} poa_id_link;

/* Is text one identification link? At most 255 bytes 0x21 to 0x7E, http or https, the host in lower case, no `%`, `#`,
 * `\` or `@`, no dot segment, and no `*`: it could be taken for a prefix. */
bool poa_id_link_is_valid(poa_span text);

/* Read a link, or at least `scheme://host/` ending at a `/` with a `*` behind it. */
POA_MUST_USE bool poa_id_link_parse(poa_span text, poa_id_link *out);

/* Does a device with this link match? */
bool poa_id_link_match(const poa_id_link *link, poa_span stated);

bool poa_id_link_inside(const poa_id_link *child, const poa_id_link *parent);

#endif
