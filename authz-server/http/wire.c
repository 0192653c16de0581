#include "wire.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"

#include <string.h>

static http_refusal refuse(unsigned status, const char *detail)
{
    return (http_refusal){status, detail};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool http_text_equal(poa_span a, poa_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

size_t http_head_find(const http_head *head, const char *name, poa_span *value)
{
    size_t found = 0;
    poa_span last = {0};
    for (size_t i = 0; i < head->field_count; i++) {
        if (!http_text_equal(head->fields[i].name, poa_span_of(name)))
            continue;
        found++;
        last = head->fields[i].value;
    }
    if (found == 1)
        *value = last;
    return found;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Did libmicrohttpd understand all that stood on the wire? It keeps a request in one buffer and hands out pointers into
 * it, so the pieces must touch: one blank, CRLF or colon between them and nothing else. Where it cut a value at a NUL,
 * passed over a line, joined folded ones or took a lone LF for a line end, there is a gap. Only addresses are
 * compared; nothing outside the pieces is read. A version that arranges its buffer otherwise would refuse everything.
 */

static uintptr_t end_of(poa_span span)
{
    return (uintptr_t)span.ptr + span.len;
}

static bool request_line_is_whole(http_wire_request request)
{
    const uintptr_t method_end = (uintptr_t)request.method + strlen(request.method);
    return request.target.ptr && method_end + 1 == (uintptr_t)request.target.ptr &&
           end_of(request.target) + 1 == (uintptr_t)request.version;
}

/* The header proper: from the end of the request line to the empty line that ends at header_end. */
static bool fields_are_whole(const http_head *head, uintptr_t line_end, uintptr_t header_end)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const http_field *const field = &head->fields[i];
        if (line_end + 2 != (uintptr_t)field->name.ptr)
            return false;
        /* Between colon and value only blanks were skipped. */
        if (end_of(field->name) >= (uintptr_t)field->value.ptr)
            return false;
        line_end = end_of(field->value);
    }
    return line_end + 4 == header_end;
}

/* ---------------------------------------------------------------------------------------------------------------- */

typedef struct collector {
    http_head *head;
    bool too_many;
} collector;

static enum MHD_Result collect(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
                               size_t value_len)
{
    (void)kind;
    collector *c = arg;
    if (c->head->field_count == HTTP_FIELDS_MAX) {
        c->too_many = true;
        return MHD_NO;
    }
    c->head->fields[c->head->field_count++] = (http_field){{name, name_len}, {value, value_len}};
    return MHD_YES;
}

/* RFC 9110 section 5.6.2: token. */
static bool is_token(poa_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return text.len > 0;
}

static bool has_control(poa_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

/* Blanks before a value are gone already; those behind it are no part of it either (RFC 9112 section 5). */
static poa_span without_trailing_blanks(poa_span value)
{
    while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
        value.len--;
    return value;
}

static http_refusal check_fields(http_head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        http_field *const field = &head->fields[i];
        if (POA_GUARD(http_field_name, !is_token(field->name)))
            return refuse(400, "a field name is not a token");
        if (POA_GUARD(http_field_value, has_control(field->value)))
            return refuse(400, "a field value has a control character");
        field->value = without_trailing_blanks(field->value);
    }
    return refuse(0, NULL);
}

/* Of each of these one is meant; two are two meanings for two readers. */
static http_refusal check_repeats(const http_head *head)
{
    static const struct {
        const char *name;
        const char *detail;
    } once[] = {
        {"Host", "more than one Host"},
        {"Content-Length", "more than one Content-Length"},
        {"Transfer-Encoding", "more than one Transfer-Encoding"},
        {"Authorization", "more than one Authorization"},
        {"DPoP", "more than one DPoP"},
        {"Content-Type", "more than one Content-Type"},
        {"Content-Encoding", "more than one Content-Encoding"},
        {"Connection", "more than one Connection"},
        {"Expect", "more than one Expect"},
        {"Upgrade", "more than one Upgrade"},
    };
    for (size_t i = 0; i < POA_COUNT(once); i++) {
        poa_span value;
        if (POA_GUARD(http_field_repeated, http_head_find(head, once[i].name, &value) > 1))
            return refuse(400, once[i].detail);
    }
    return refuse(0, NULL);
}

/* RFC 3986 section 3.2, without user info: a name, an address, a port. */
static bool is_host(poa_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        const char c = value.ptr[i];
        const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || !strchr("-._~[]:", c)))
            return false;
    }
    return value.len > 0;
}

static http_refusal check_host(const http_head *head)
{
    poa_span host;
    const size_t hosts = http_head_find(head, "Host", &host);
    if (POA_GUARD(http_host_missing, hosts == 0 && !head->http10))
        return refuse(400, "no Host");
    if (POA_GUARD(http_host_malformed, hosts == 1 && !is_host(host)))
        return refuse(400, "Host is malformed");
    return refuse(0, NULL);
}

static http_refusal check_framing(http_head *head)
{
    poa_span coding;
    poa_span length;
    head->chunked = http_head_find(head, "Transfer-Encoding", &coding) > 0;
    const bool measured = http_head_find(head, "Content-Length", &length) > 0;

    if (POA_GUARD(http_two_framings, head->chunked && measured))
        return refuse(400, "both Content-Length and Transfer-Encoding");
    if (POA_GUARD(http_chunked_in_10, head->chunked && head->http10))
        return refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (POA_GUARD(http_coding_unknown, head->chunked && !http_text_equal(coding, POA_SPAN("chunked"))))
        return refuse(501, "a Transfer-Encoding other than chunked");
    if (POA_GUARD(http_length_malformed, measured && !poa_span_number(length, UINT64_MAX, &head->length)))
        return refuse(400, "Content-Length is not a plain number");
    return refuse(0, NULL);
}

static http_refusal check_layout(struct MHD_Connection *connection, http_wire_request request, size_t bytes_max,
                                 const http_head *head)
{
    const union MHD_ConnectionInfo *const size =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!size)
        return refuse(500, "the size of the header is not known");
    if (POA_GUARD(http_header_too_large, size->header_size > bytes_max))
        return refuse(431, "the header is too large");

    const uintptr_t version_end = (uintptr_t)request.version + strlen(request.version);
    const uintptr_t header_end = (uintptr_t)request.method + size->header_size;
    if (POA_GUARD(http_request_line_gap, !request_line_is_whole(request)))
        return refuse(400, "the request line is malformed");
    if (POA_GUARD(http_header_gap, !fields_are_whole(head, version_end, header_end)))
        return refuse(400, "the header is malformed");
    return refuse(0, NULL);
}

http_refusal http_wire_read(struct MHD_Connection *connection, http_wire_request request, size_t bytes_max,
                            http_head *head)
{
    head->http10 = strcmp(request.version, "HTTP/1.0") == 0;
    if (POA_GUARD(http_version, !head->http10 && strcmp(request.version, "HTTP/1.1") != 0))
        return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (POA_GUARD(http_target_too_long, request.target.len > HTTP_TARGET_BYTES_MAX))
        return refuse(414, "the request target is too long");

    collector c = {.head = head};
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, collect, &c);
    if (POA_GUARD(http_too_many_fields, c.too_many))
        return refuse(431, "too many header fields");

    http_refusal refusal = check_layout(connection, request, bytes_max, head);
    if (!refusal.status)
        refusal = check_fields(head);
    if (!refusal.status)
        refusal = check_repeats(head);
    if (!refusal.status)
        refusal = check_host(head);
    if (!refusal.status)
        refusal = check_framing(head);
    return refusal;
}
