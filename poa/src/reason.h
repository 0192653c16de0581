#ifndef POA_SRC_REASON_H
#define POA_SRC_REASON_H

#include "poa/reason.h"

#include <jansson.h>

/*
 * Fill a reason and give its code back, so that a refusal is one line:
 *
 *     return poa_deny(why, POA_E_CLAIM_TYPE, hop, "/exp");
 *
 * why may be NULL in all of these. The values of an earlier reason are wiped. The pointer is printf-like; one that does
 * not fit is cut back to the nearest container. A name from a token goes through poa_deny_name(), which escapes it.
 */
__attribute__((format(printf, 4, 5))) poa_err poa_deny(poa_reason *why, poa_err code, int hop, const char *member, ...);

/* The same for container + "/" + name, escaped as RFC 6901 wants; a name too long to show leaves the container. */
poa_err poa_deny_name(poa_reason *why, poa_err code, int hop, const char *container, const char *name);

/* Add values to a reason that poa_deny() made; NULL or a value too long to show leaves it absent. */
void poa_reason_values(poa_reason *why, const json_t *parent, const json_t *child, const json_t *request);

/*
 * Put a reason inside a wider one: the code that it has becomes its `because`. Gives outer back, or inner as it is when
 * that is a fault: then nothing is known.
 */
poa_err poa_reason_wrap(poa_reason *why, poa_err outer, poa_err inner);

/* Add a value given as text (shown as a JSON string). */
void poa_reason_text(char slot[POA_REASON_TEXT_BYTES], poa_span text);

#endif
