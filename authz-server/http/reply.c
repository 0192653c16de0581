#include "inside.h"

#include "span.h"

#include <stdlib.h>

/* Streams and large bodies take their time: sooner there is hardly room again. */
#define RETRY_AFTER_S "5"

static void drop_body(http_answer *answer)
{
    free(answer->text);
    if (answer->stream)
        http_stream_end(answer->stream);
    answer->text = NULL;
    answer->stream = NULL;
}

void http_answer_clear(http_answer *answer)
{
    drop_body(answer);
    for (size_t i = 0; i < answer->header_count; i++)
        free(answer->headers[i].value);
    *answer = (http_answer){0};
}

static void set_body(http_answer *answer, unsigned status, const char *content_type, char *text, poa_span body)
{
    drop_body(answer);
    answer->status = status;
    answer->content_type = content_type;
    answer->text = text;
    answer->body = body;
}

void http_answer_stream(http_answer *answer, unsigned status, const char *content_type, http_stream *stream)
{
    set_body(answer, status, content_type, NULL, (poa_span){0});
    answer->stream = stream;
}

void http_reply_busy(http_request *request, const char *detail)
{
    http_reply_header(request, MHD_HTTP_HEADER_RETRY_AFTER, POA_SPAN(RETRY_AFTER_S));
    http_reply_problem(request, 503, detail);
}

void http_reply(http_request *request, unsigned status, const char *content_type, poa_buf *body)
{
    const size_t len = body->len;
    char *const text = poa_buf_take(body);
    if (!text)
        request->answer.broken = true;
    set_body(&request->answer, status, content_type, text, (poa_span){text, text ? len : 0});
}

void http_reply_constant(http_request *request, unsigned status, const char *content_type, poa_span body)
{
    set_body(&request->answer, status, content_type, NULL, body);
}

static bool is_header_value(poa_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        const char c = value.ptr[i];
        if ((c < 0x20 && c != '\t') || c > 0x7e)
            return false;
    }
    return true;
}

void http_reply_header(http_request *request, const char *name, poa_span value)
{
    http_answer *const answer = &request->answer;
    char *copy = NULL;
    if (is_header_value(value) && answer->header_count < HTTP_REPLY_HEADERS_MAX)
        copy = poa_span_dup(value);
    if (!copy) {
        answer->broken = true;
        return;
    }
    answer->headers[answer->header_count].name = name;
    answer->headers[answer->header_count].value = copy;
    answer->header_count++;
}

static bool add_headers(struct MHD_Response *response, const http_answer *answer, bool close)
{
    bool good = true;
    bool cache_told = false;
    for (size_t i = 0; i < answer->header_count && good; i++) {
        cache_told |= http_text_equal(poa_span_of(answer->headers[i].name), POA_SPAN(MHD_HTTP_HEADER_CACHE_CONTROL));
        good = MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value) == MHD_YES;
    }
    if (good && answer->content_type)
        good = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) == MHD_YES;
    /* What is true now may be revoked in a second. */
    if (good && !cache_told)
        good = MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES;
    if (good && close)
        good = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
    return good;
}

static struct MHD_Response *response_of(const http_answer *answer, bool head)
{
    if (answer->stream)
        return http_stream_response(answer->stream, head);
    /* libmicrohttpd takes a void pointer and only reads through it. */
    union {
        const char *in;
        void *out;
    } body = {.in = answer->body.ptr};
    return MHD_create_response_from_buffer(answer->body.len, body.out,
                                           answer->text ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
}

struct MHD_Response *http_answer_build(http_answer *answer, bool head, bool close)
{
    struct MHD_Response *const response = response_of(answer, head);
    if (!response)
        return NULL;
    answer->text = NULL;
    if (!add_headers(response, answer, close)) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}
