#include "api/problem.h"

#include "cleanup.h"
#include "span.h"

#include <stdlib.h>

void api_problem_write(poa_buf *body, unsigned status, const poa_reason *why, bool whole, const char *detail,
                       poa_span request)
{
    const poa_err_info *info = poa_err_describe(why->code);
    poa_buf_printf(body, "{\"type\":\"urn:poa:reason:%s\",\"title\":\"%s\",\"status\":%u,\"request_id\":", info->name,
                   info->condition, status);
    poa_buf_json_text(body, request);
    if (detail[0] != '\0') {
        poa_buf_text(body, ",\"detail\":");
        poa_buf_json_text(body, poa_span_of(detail));
    }
    poa_buf_text(body, ",");
    if (!whole) {
        poa_buf_printf(body, "\"code\":\"%s\"}", info->name);
        return;
    }
    POA_CLEANUP(poa_freep) char *reason = poa_reason_json(why);
    if (!reason) {
        body->failed = true;
        return;
    }
    poa_buf_add(body, poa_span_skip(poa_span_of(reason), 1)); /* its members, and its closing brace */
}
