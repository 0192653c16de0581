#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "buf.h"
#include "poa/reason.h"

/**
 * api_problem_write() - a reason as application/problem+json (RFC 9457).
 * @status:  of the reply
 * @whole:   hop, member, values and inner code too; else only the code
 * @detail:  a sentence for people, or ""
 * @request: id of the request
 *
 * {"type":"urn:poa:reason:<code>","title":…,"status":…,"code":…,"request_id":…} and, where whole, the members of
 * poa_reason_json().
 */
void api_problem_write(poa_buf *body, unsigned status, const poa_reason *why, bool whole, const char *detail,
                       poa_span request);

#endif
