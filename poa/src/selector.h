#ifndef POA_SRC_SELECTOR_H
#define POA_SRC_SELECTOR_H

#include "buf.h"
#include "id_link.h"
#include "serial.h"

#include "poa/request.h"

#include <jansson.h>
#include <stdbool.h>

/**
 * poa_selector - a selector of devices (protocol section 5.1). Borrows from the JSON that it was read from.
 * @any: {"any":true}: every device
 * The others: a member whose span has no bytes, and idevid_issuer without has_issuer, is not stated.
 */
typedef struct poa_selector {
    const json_t *json;
    bool any;
    poa_span manufacturer;
    poa_span model;
    poa_serial serial;
    poa_id_link id_link;
    bool has_issuer;
    poa_id issuer;
} poa_selector;

/* One or more members, no other, each well-formed; or {"any":true} alone. */
POA_MUST_USE bool poa_selector_read(const json_t *json, poa_selector *out);

/* Every member that the selector states matches one that the device states. */
bool poa_selector_match(const poa_selector *selector, const poa_identity *device);

/* The child states every member that the parent states, equal or narrower. */
bool poa_selector_inside(const poa_selector *child, const poa_selector *parent);

void poa_selector_show(const poa_selector *selector, poa_buf *b);

#endif
