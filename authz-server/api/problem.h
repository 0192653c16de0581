#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "buf.h"
#include "poa/reason.h"

/**
 * api_problem - a reason, to be told as application/problem+json (RFC 9457). All borrowed.
 * @status:  of the reply
 * @whole:   hop, member, values and inner code too, @detail and @more; else only the code
 * @detail:  a sentence for people, or ""
 * @more:    further members, JSON without braces, or empty
 * @request: id of the request
 */
typedef struct api_problem {
    unsigned status;
    const poa_reason *why;
    bool whole;
    const char *detail;
    poa_span more;
    poa_span request;
} api_problem;

/**
 * api_problem_members() - "type":"urn:poa:reason:<code>","title":…,"status":…,"code":…,"request_id":… and, where whole,
 * the members of poa_reason_json(): without the braces.
 */
void api_problem_members(poa_buf *body, const api_problem *problem);

#endif
