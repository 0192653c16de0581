#include "api/log.h"

#include "cleanup.h"
#include "http/route.h"
#include "span.h"

#include <stdlib.h>

/* RFC 8259 section 7: in a string every character may stand as \uXXXX, one beyond U+FFFF as a pair of surrogates. */
static void add_escaped(poa_buf *b, uint32_t code)
{
    if (code <= 0xffff)
        poa_buf_printf(b, "\\u%04x", code);
    else
        poa_buf_printf(b, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
}

/*
 * A line of JSON, in printable ASCII: what somebody wrote into a token or a body acts neither on a terminal nor on who
 * splits the log into lines. All else stands inside a string there.
 */
static void write_line(const api_service *service, const poa_buf *line)
{
    POA_CLEANUP(poa_buf_clear) poa_buf ascii = {0};
    poa_span rest = poa_buf_span(line);
    while (rest.len > 0) {
        uint32_t code = 0xfffd;
        size_t len = 0;
        while (len < rest.len && rest.ptr[len] >= 0x20 && rest.ptr[len] < 0x7f)
            len++;
        poa_buf_add(&ascii, poa_span_head(rest, len));
        rest = poa_span_skip(rest, len);
        if (rest.len == 0)
            break;
        len = poa_span_code_point(rest, &code);
        add_escaped(&ascii, code);
        rest = poa_span_skip(rest, len > 0 ? len : 1);
    }
    if (!line->failed && !ascii.failed)
        service->log(service->log_arg, poa_buf_span(&ascii));
}

/*
 * The path may hold anything that a stranger sent; the pattern of the route says as much. So may the method: one that
 * nobody knows may be long, or no text at all, which would cost the line.
 */
static void add_route(poa_buf *b, const http_request *request)
{
    const http_route *route = http_request_route(request);
    unsigned known = 0;
    poa_buf_text(b, ",\"method\":");
    if (http_method_of(http_request_method(request), &known))
        poa_buf_json_text(b, http_request_method(request));
    else
        poa_buf_text(b, "null");
    poa_buf_text(b, ",\"route\":");
    if (route)
        poa_buf_json_text(b, poa_span_of(route->pattern));
    else
        poa_buf_text(b, "null");
}

static void add_peer(poa_buf *b, const http_request *request)
{
    char text[HTTP_ADDRESS_TEXT_MAX];
    http_address_text(http_request_peer(request), text);
    poa_buf_text(b, ",\"peer\":");
    poa_buf_json_text(b, poa_span_of(text));
}

static void add_chain(poa_buf *b, const poa_chain *chain)
{
    poa_buf_text(b, ",\"chain\":[");
    for (size_t i = 0; i < poa_chain_len(chain); i++)
        poa_buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", poa_id_print(&poa_chain_link(chain, i)->id).chars);
    poa_buf_text(b, "]");
}

/* The whole reason, also where the caller was told only its code. */
static void add_decision(poa_buf *b, const api_exchange *x)
{
    poa_reason why = x->why;
    why.code = x->code;
    POA_CLEANUP(poa_freep) char *reason = poa_reason_json(&why);
    if (!reason) {
        b->failed = true;
        return;
    }
    poa_buf_text(b, ",");
    poa_span members = poa_span_skip(poa_span_of(reason), 1);
    poa_buf_add(b, poa_span_head(members, members.len - 1));
    poa_buf_printf(b, ",\"proven\":%s", x->proven ? "true" : "false");
    if (x->proven) {
        poa_buf_text(b, ",\"proof_jti\":");
        poa_buf_json_text(b, poa_span_of(x->proof.jti));
    }
}

void api_log_request(const api_service *service, const http_request *request, const api_exchange *x,
                     const http_outcome *outcome)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "{\"time\":%lld,\"request_id\":", (long long)api_now(service));
    poa_buf_json_text(&b, http_request_id(request));
    add_route(&b, request);
    add_peer(&b, request);
    poa_buf_printf(&b, ",\"status\":%u,\"us\":%lld,\"bytes\":%zu", outcome->status, (long long)outcome->duration_us,
                   outcome->body_bytes);
    if (x && (x->presented || x->code != POA_OK || x->statement.chars[0] != '\0'))
        add_decision(&b, x);
    if (x && x->chain)
        add_chain(&b, x->chain);
    if (x && x->point) {
        poa_buf_text(&b, ",\"point\":");
        poa_buf_json_text(&b, poa_span_of(x->point));
    }
    if (x && x->device[0] != '\0')
        poa_buf_printf(&b, ",\"device\":\"%s\"", x->device);
    if (x && x->statement.chars[0] != '\0')
        poa_buf_printf(&b, ",\"statement\":\"%s\"", x->statement.chars);
    poa_buf_text(&b, "}");
    write_line(service, &b);
}

void api_log_event(const api_service *service, const char *event, const char *message)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "{\"time\":%lld,\"event\":\"%s\",\"message\":", (long long)api_now(service), event);
    poa_buf_json_text(&b, poa_span_of(message));
    poa_buf_text(&b, "}");
    write_line(service, &b);
}
