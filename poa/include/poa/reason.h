#ifndef POA_REASON_H
#define POA_REASON_H

#include "poa/error.h"
#include "poa/span.h"

/** No link: the protocol's hop null. */
#define POA_HOP_NONE (-1)

/** Bytes of a member pointer or of a value, NUL included. */
#define POA_REASON_TEXT_BYTES 512

/**
 * poa_reason - why a decision is what it is (protocol section 7).
 * @code:    the outcome; POA_OK is permit
 * @hop:     index of the link, root 0, or POA_HOP_NONE
 * @member:  JSON pointer (RFC 6901) to the member of section 2 or 5, header members as /header/alg; "" is null
 * @parent:  the value in the parent, as compact JSON; "" where it would not help (or is too long to show)
 * @child:   the value in this link, likewise
 * @request: the value in the request, likewise
 * @because: inner code, where the code itself only says what failed (POA_E_CEILING_EXCEEDED, POA_E_STATEMENT_INVALID,
 *           POA_E_STATEMENT_UNAUTHORIZED, POA_E_REVOCATION_UNKNOWN; at a server POA_E_EVIDENCE_MISSING of a token that
 * a device or its maker made, POA_E_DEVICE_NOT_GRANTED of somebody else's chain); else POA_OK
 *
 * A plain value: copied by assignment, owns nothing. It may hold values from a token; escape before a terminal.
 */
typedef struct poa_reason {
    poa_err code;
    int hop;
    char member[POA_REASON_TEXT_BYTES];
    char parent[POA_REASON_TEXT_BYTES];
    char child[POA_REASON_TEXT_BYTES];
    char request[POA_REASON_TEXT_BYTES];
    poa_err because;
} poa_reason;

/**
 * poa_reason_json() - the reason as JSON, the same wherever it is shown.
 *
 * {"decision":"permit|deny","code":…,"hop":…,"member":…,"parent":…,"child":…,"request":…,"because":…}, absent ones
 * null.
 *
 * Return: a malloc'ed string, or NULL when memory is out.
 */
POA_API POA_MUST_USE char *poa_reason_json(const poa_reason *why);

#endif
