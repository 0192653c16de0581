#include "inside.h"

#include "cleanup.h"
#include "span.h"

void http_problem_write(const http_server *server, const http_request *request, unsigned status, const char *detail,
                        poa_buf *body)
{
    if (server->hooks.problem) {
        server->hooks.problem(server->hooks.arg, request, status, detail, body);
        return;
    }
    /* RFC 9457 section 4.2.1: with about:blank the title is the status's own phrase. */
    poa_buf_text(body, "{\"type\":\"about:blank\",\"title\":");
    poa_buf_json_text(body, poa_span_of(MHD_get_reason_phrase_for(status)));
    poa_buf_printf(body, ",\"status\":%u,\"detail\":", status);
    poa_buf_json_text(body, poa_span_of(detail));
    poa_buf_text(body, "}");
}

void http_reply_problem(http_request *request, unsigned status, const char *detail)
{
    POA_CLEANUP(poa_buf_clear) poa_buf body = {0};
    http_problem_write(request->server, request, status, detail, &body);
    http_reply(request, status, "application/problem+json", &body);
}
