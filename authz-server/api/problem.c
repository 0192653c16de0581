#include "api/problem.h"

#include "cleanup.h"
#include "span.h"

#include <stdlib.h>

/* The members of the reason, without its braces. */
static void add_reason(poa_buf *body, const poa_reason *why)
{
    POA_CLEANUP(poa_freep) char *reason = poa_reason_json(why);
    if (!reason) {
        body->failed = true;
        return;
    }
    const poa_span members = poa_span_skip(poa_span_of(reason), 1);
    poa_buf_add(body, poa_span_head(members, members.len - 1));
}

void api_problem_members(poa_buf *body, const api_problem *problem)
{
    const poa_err_info *info = poa_err_describe(problem->why->code);
    poa_buf_printf(body, "\"type\":\"urn:poa:reason:%s\",\"title\":\"%s\",\"status\":%u,\"request_id\":", info->name,
                   info->condition, problem->status);
    poa_buf_json_text(body, problem->request);
    if (!problem->whole) {
        poa_buf_printf(body, ",\"code\":\"%s\"", info->name);
        return;
    }
    if (problem->detail[0] != '\0') {
        poa_buf_text(body, ",\"detail\":");
        poa_buf_json_text(body, poa_span_of(problem->detail));
    }
    poa_buf_text(body, problem->more.len > 0 ? "," : "");
    poa_buf_add(body, problem->more);
    poa_buf_text(body, ",");
    add_reason(body, problem->why);
}
