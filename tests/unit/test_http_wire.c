#include "test.h"

#include "cleanup.h"
#include "http_rig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What may stand on the wire, byte by byte, and what must not. */

static rig server;

static int set_up(void **state)
{
    (void)state;
    rig_init(&server);
    rig_start(&server);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_end(&server, 1000);
    return 0;
}

#define NEXT "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"

typedef struct wire_case {
    const char *name;
    poa_span bytes;
    unsigned status;
    bool close; /* nothing that follows is answered */
} wire_case;

/* The case's bytes with another request behind them: it is answered exactly where the connection may live on. */
static void try_case(const wire_case *c)
{
    const unsigned handled = atomic_load(&server.handled);
    const int fd = rig_connect(&server);
    assert_true(rig_send(fd, c->bytes.ptr, c->bytes.len));
    assert_true(rig_text(fd, NEXT));
    const rig_reply reply = rig_read(fd, true);
    if (reply.status != c->status || reply.close != c->close)
        fail_msg("%s: %u%s", c->name, reply.status, reply.close ? " and close" : "");
    if (reply.status >= 400 && !reply.problem)
        fail_msg("%s: no problem", c->name);
    if (c->close && !rig_closed(fd))
        fail_msg("%s: not closed", c->name);
    if (!c->close) {
        const rig_reply next = rig_read(fd, true);
        if (next.status != 200 || strcmp(next.body, "ok") != 0)
            fail_msg("%s: the next request was answered %u", c->name, next.status);
    }
    close(fd);
    const unsigned want = handled + (c->status == 200) + !c->close;
    if (!rig_until(&server.handled, want))
        fail_msg("%s: %u handlers ran", c->name, atomic_load(&server.handled) - handled);
}

#define TRY_ALL(cases)                                \
    do {                                              \
        for (size_t i = 0; i < POA_COUNT(cases); i++) \
            try_case(&(cases)[i]);                    \
    } while (0)

#define HEAD(line, fields) POA_SPAN_INIT(line " HTTP/1.1\r\nHost: h\r\n" fields "\r\n")
#define POST(fields, body) \
    POA_SPAN_INIT("POST /items HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" fields "\r\n" body)

static void framing(void **state)
{
    (void)state;
    static const wire_case cases[] = {
        {"length", POST("Content-Length: 2\r\n", "{}"), 200, false},
        {"chunked", POST("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"), 200, true},
        {"chunked, trailer", POST("Transfer-Encoding: Chunked\r\n", "2\r\n{}\r\n0\r\nHost: x\r\n\r\n"), 200, true},
        {"no body", POST("", ""), 200, false},
        {"length zero", POST("Content-Length: 0\r\n", ""), 200, false},
        {"length and chunked", POST("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, true},
        {"chunked and length", POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400, true},
        {"two lengths", POST("Content-Length: 2\r\nContent-Length: 40\r\n", "{}"), 400, true},
        {"the same length twice", POST("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), 400, true},
        {"length with leading zero", POST("Content-Length: 02\r\n", "{}"), 400, true},
        {"two codings", POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, true},
        {"coding list", POST("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501, true},
        {"coding identity", POST("Transfer-Encoding: identity\r\n", ""), 501, true},
        {"coding chunked twice", POST("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 501, true},
        {"coding empty", POST("Transfer-Encoding:\r\n", ""), 501, true},
        {"coding cut by NUL", POST("Transfer-Encoding: chunked\0x\r\n", "0\r\n\r\n"), 400, true},
        {"blank before colon", POST("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400, true},
        {"coding folded", POST("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400, true},
        {"coding after lone LF", POST("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, true},
        {"coding after lone CR", POST("X: y\rTransfer-Encoding: chunked\r\n", ""), 400, true},
        {"HTTP/1.0 chunked",
         POA_SPAN_INIT("POST /items HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, true},
        {"coding in GET", HEAD("GET /healthz", "Transfer-Encoding: chunked\r\n"), 413, true},
        {"body in GET", HEAD("GET /healthz", "Content-Length: 5\r\n"), 413, true},
    };
    TRY_ALL(cases);
}

static void fields(void **state)
{
    (void)state;
    static const wire_case cases[] = {
        {"plain", HEAD("GET /healthz", ""), 200, false},
        {"no blank after colon", HEAD("GET /healthz", "X:y\r\n"), 200, false},
        {"empty value", HEAD("GET /healthz", "X:\r\nY: \r\n"), 200, false},
        {"blanks around a value", HEAD("GET /healthz", "X: \t y \t \r\n"), 200, false},
        {"list in two fields", HEAD("GET /healthz", "Accept: a\r\nAccept: b\r\nCookie: a=b; c=\"d\"\r\n"), 200, false},
        {"bytes above ASCII", HEAD("GET /healthz", "X: \xc3\xa9\r\n"), 200, false},
        {"two hosts", HEAD("GET /healthz", "Host: i\r\n"), 400, true},
        {"two hosts, other case", HEAD("GET /healthz", "hOST: h\r\n"), 400, true},
        {"two Authorization", HEAD("GET /healthz", "Authorization: a\r\nauthorization: a\r\n"), 400, true},
        {"two DPoP", HEAD("GET /healthz", "DPoP: a\r\ndpop: b\r\n"), 400, true},
        {"two Content-Type", HEAD("GET /healthz", "Content-Type: a\r\nContent-Type: a\r\n"), 400, true},
        {"two Content-Encoding", HEAD("GET /healthz", "Content-Encoding: a\r\nContent-Encoding: a\r\n"), 400, true},
        {"two Connection", HEAD("GET /healthz", "Connection: keep-alive\r\nConnection: close\r\n"), 400, true},
        {"two Expect", HEAD("GET /healthz", "Expect: 100-continue\r\nExpect: 100-continue\r\n"), 400, true},
        {"two Upgrade", HEAD("GET /healthz", "Upgrade: h2c\r\nUpgrade: h2c\r\n"), 400, true},
        {"NUL in a value", HEAD("GET /healthz", "Authorization: PoA a\0b\r\n"), 400, true},
        {"NUL at the end of a value", HEAD("GET /healthz", "Authorization: PoA a\0\r\n"), 400, true},
        {"NUL in the last value but one", HEAD("GET /healthz", "X: a\0\r\nY: b\r\n"), 400, true},
        {"NUL as a value", HEAD("GET /healthz", "X: \0\r\n"), 400, true},
        {"NUL begins a line", HEAD("GET /healthz", "\0X: y\r\n"), 400, true},
        {"folded", HEAD("GET /healthz", "X: a\r\n b\r\n"), 400, true},
        {"folded by a tab", HEAD("GET /healthz", "X: a\r\n\tb\r\nY: z\r\n"), 400, true},
        {"blank before colon", HEAD("GET /healthz", "X : y\r\n"), 400, true},
        {"tab before colon", HEAD("GET /healthz", "X\t: y\r\n"), 400, true},
        {"no name", HEAD("GET /healthz", ": y\r\n"), 400, true},
        {"name with a slash", HEAD("GET /healthz", "X/Y: y\r\n"), 400, true},
        {"name above ASCII", HEAD("GET /healthz", "\xc3\xa9: y\r\n"), 400, true},
        {"lone LF in a header", HEAD("GET /healthz", "X: y\nZ: z\r\n"), 400, true},
        {"lone LF ends it", POA_SPAN_INIT("GET /healthz HTTP/1.1\r\nHost: h\r\n\n"), 400, true},
        {"lone LF in the request line", POA_SPAN_INIT("GET /healthz HTTP/1.1\nHost: h\r\n\r\n"), 400, true},
        {"lone CR in a value", HEAD("GET /healthz", "X: y\rZ: z\r\n"), 400, true},
        {"control in a value", HEAD("GET /healthz", "X: a\x01\r\n"), 400, true},
        {"DEL in a value", HEAD("GET /healthz", "X: a\x7f\r\n"), 400, true},
        {"no host", POA_SPAN_INIT("GET /healthz HTTP/1.1\r\n\r\n"), 400, true},
        {"empty host", POA_SPAN_INIT("GET /healthz HTTP/1.1\r\nHost:\r\n\r\n"), 400, true},
        {"host with a path", POA_SPAN_INIT("GET /healthz HTTP/1.1\r\nHost: h/x\r\n\r\n"), 400, true},
        {"host with a user", POA_SPAN_INIT("GET /healthz HTTP/1.1\r\nHost: u@h\r\n\r\n"), 400, true},
        {"host list", POA_SPAN_INIT("GET /healthz HTTP/1.1\r\nHost: h, i\r\n\r\n"), 400, true},
        {"host with a port", POA_SPAN_INIT("GET /healthz HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 200, false},
        {"HTTP/1.0", POA_SPAN_INIT("GET /healthz HTTP/1.0\r\n\r\n"), 200, true},
        {"HTTP/1.0, keep-alive", POA_SPAN_INIT("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 200, true},
        {"HTTP/1.1, close", HEAD("GET /healthz", "Connection: close\r\n"), 200, true},
        {"HTTP/1.2", POA_SPAN_INIT("GET /healthz HTTP/1.2\r\nHost: h\r\n\r\n"), 505, true},
        {"expectation", HEAD("POST /items", "Expect: 200-ok\r\n"), 417, false},
        {"coded body", POST("Content-Encoding: gzip\r\nContent-Length: 2\r\n", "{}"), 415, true},
    };
    TRY_ALL(cases);
}

static void request_lines(void **state)
{
    (void)state;
    static const wire_case cases[] = {
        {"empty lines before it", POA_SPAN_INIT("\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), 200, false},
        {"query", HEAD("GET /items?limit=5", ""), 200, false},
        {"empty query", HEAD("GET /healthz?", ""), 200, false},
        {"query where none is taken", HEAD("GET /healthz?a=b", ""), 400, false},
        {"query malformed", HEAD("GET /items?limit=%zz", ""), 400, false},
        {"query with NUL escaped", HEAD("GET /items?limit=%00", ""), 400, false},
        {"unknown path", HEAD("GET /nothing", ""), 404, false},
        {"unknown path and body", HEAD("POST /nothing", "Content-Length: 3\r\n"), 404, true},
        {"wrong method", HEAD("POST /healthz", ""), 405, false},
        {"known method of no route", HEAD("OPTIONS /healthz", ""), 405, false},
        {"TRACE", HEAD("TRACE /healthz", ""), 405, false},
        {"unknown method", HEAD("BREW /healthz", ""), 501, false},
        {"lower case", HEAD("get /healthz", ""), 501, false},
        {"escaped NUL", HEAD("GET /healthz%00x", ""), 400, false},
        {"escaped letter", HEAD("GET /%68ealthz", ""), 400, false},
        {"escaped slash", HEAD("GET /items/..%2fhealthz", ""), 400, false},
        {"dot segments", HEAD("GET /items/../healthz", ""), 400, false},
        {"absolute form", HEAD("GET http://h/healthz", ""), 400, false},
        {"asterisk form", HEAD("OPTIONS *", ""), 400, false},
        {"authority form", HEAD("CONNECT h:80", ""), 400, false},
        {"fragment", HEAD("GET /healthz#x", ""), 400, false},
        {"backslash", HEAD("GET /items\\x", ""), 400, false},
        {"NUL in the path", HEAD("GET /healthz\0/x", ""), 400, true},
        {"NUL in the query", HEAD("GET /items?limit=1\0", ""), 400, true},
        {"NUL in the method", HEAD("GET\0 /healthz", ""), 400, true},
        {"two blanks", HEAD("GET  /healthz", ""), 400, true},
        {"two blanks before the version", HEAD("GET /healthz ", ""), 400, true},
        {"blank in the path", HEAD("GET /items/a b", ""), 400, true},
        {"tab in the path", HEAD("GET /items/a\tb", ""), 400, true},
        {"wrong type",
         POA_SPAN_INIT("POST /items HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: "
                       "2\r\n\r\n{}"),
         415, true},
        {"no type", POA_SPAN_INIT("POST /items HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"), 415, true},
        {"type with parameter",
         POA_SPAN_INIT("POST /items HTTP/1.1\r\nHost: h\r\nContent-Type: Application/JSON ; "
                       "charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"),
         200, false},
        {"longer type",
         POA_SPAN_INIT("POST /items HTTP/1.1\r\nHost: h\r\nContent-Type: application/jsonx\r\n"
                       "Content-Length: 2\r\n\r\n{}"),
         415, true},
        {"any type", HEAD("POST /any", "Content-Length: 0\r\n"), 200, false},
    };
    TRY_ALL(cases);
}

/* Those that libmicrohttpd answers by itself: in its own words, and never by a handler. */
static void not_http(void **state)
{
    (void)state;
    static const wire_case cases[] = {
        {"no version", POA_SPAN_INIT("GET /healthz\r\n\r\n"), 400, true},
        {"no target", POA_SPAN_INIT("GET \r\n\r\n"), 400, true},
        {"HTTP/2.0", POA_SPAN_INIT("GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n"), 505, true},
        {"version cut by NUL", POA_SPAN_INIT("GET /healthz HTTP/1.1\0\r\nHost: h\r\n\r\n"), 400, true},
        {"blank after the version", POA_SPAN_INIT("GET /healthz HTTP/1.1 \r\nHost: h\r\n\r\n"), 400, true},
        {"line without colon", HEAD("GET /healthz", "Nonsense\r\n"), 400, true},
        {"name cut by NUL", HEAD("GET /healthz", "X\0: y\r\n"), 400, true},
        {"length list", POST("Content-Length: 2, 2\r\n", "{}"), 400, true},
        {"length negative", POST("Content-Length: -1\r\n", ""), 400, true},
        {"length hexadecimal", POST("Content-Length: 0x2\r\n", "{}"), 400, true},
        {"length with sign", POST("Content-Length: +2\r\n", "{}"), 400, true},
        {"length empty", POST("Content-Length:\r\n", ""), 400, true},
        {"length of 2^64", POST("Content-Length: 18446744073709551616\r\n", ""), 413, true},
        {"chunk of 2^64", POST("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n"), 413, true},
        {"chunk without size", POST("Transfer-Encoding: chunked\r\n", "\r\n"), 400, true},
        {"chunk size with sign", POST("Transfer-Encoding: chunked\r\n", "+2\r\n{}\r\n0\r\n\r\n"), 400, true},
        {"chunk longer than told", POST("Transfer-Encoding: chunked\r\n", "1\r\n{}\r\n0\r\n\r\n"), 400, true},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        const unsigned handled = atomic_load(&server.handled);
        const unsigned done = atomic_load(&server.done);
        const int fd = rig_connect(&server);
        assert_true(rig_send(fd, cases[i].bytes.ptr, cases[i].bytes.len));
        const rig_reply reply = rig_read(fd, true);
        if (reply.status != cases[i].status || !reply.close)
            fail_msg("%s: %u", cases[i].name, reply.status);
        close(fd);
        assert_true(rig_until_connections(&server, 0));
        assert_int_equal(atomic_load(&server.handled), handled);
        /* Once there is a request line, the refusal is told to the log as well. */
        if (atomic_load(&server.done) != done)
            assert_int_equal(atomic_load(&server.last_status), cases[i].status);
        else
            assert_true(i < 5);
    }
}

/* `GET /healthz` with one field of this many bytes, or with so many fields. */
static rig_reply ask_large(size_t value_len, size_t field_count)
{
    poa_buf text = {0};
    poa_buf_text(&text, "GET /healthz HTTP/1.1\r\nHost: h\r\n");
    for (size_t i = 0; i < field_count; i++) {
        poa_buf_printf(&text, "X-%zu: ", i);
        for (size_t n = 0; n < value_len; n++)
            poa_buf_text(&text, "x");
        poa_buf_text(&text, "\r\n");
    }
    poa_buf_text(&text, "\r\n");
    const rig_reply reply = rig_ask(&server, text.text);
    poa_buf_clear(&text);
    return reply;
}

static void sizes(void **state)
{
    (void)state;
    /* 39 bytes are around the value; the limit of the rig is 8192. */
    assert_int_equal(ask_large(8192 - 41, 1).status, 200);
    const rig_reply over = ask_large(8192 - 40, 1);
    assert_int_equal(over.status, 431);
    assert_true(over.close && over.problem);
    assert_int_equal(ask_large(16000, 1).status, 431);
    assert_int_equal(ask_large(1, 63).status, 200);
    assert_int_equal(ask_large(1, 64).status, 431);
    /* More than libmicrohttpd has room for. */
    assert_int_equal(ask_large(60000, 1).status, 431);

    char target[4096];
    memset(target, 'a', sizeof target);
    memcpy(target, "GET /items/", 11);
    static const char tail[] = " HTTP/1.1\r\nHost: h\r\n\r\n";
    memcpy(target + 4 + 2048, tail, sizeof tail);
    assert_int_equal(rig_ask(&server, target).status, 200);
    memset(target, 'a', sizeof target);
    memcpy(target, "GET /items/", 11);
    memcpy(target + 4 + 2049, tail, sizeof tail);
    assert_int_equal(rig_ask(&server, target).status, 414);
}

/* A header in many pieces, growing its buffer on the way, is the same header. */
static void pieces(void **state)
{
    (void)state;
    char text[7000];
    memset(text, 'x', sizeof text);
    static const char start[] = "GET /items?limit=7 HTTP/1.1\r\nHost: h\r\nX-Test: ";
    static const char end[] = "\r\nAuthorization: PoA a~b\r\n\r\n";
    memcpy(text, start, sizeof start - 1);
    memcpy(text + sizeof text - (sizeof end - 1), end, sizeof end - 1);

    const int fd = rig_connect(&server);
    for (int round = 0; round < 3; round++) {
        for (size_t at = 0; at < sizeof text; at += 500)
            assert_true(rig_send(fd, text + at, at + 500 < sizeof text ? 500 : sizeof text - at));
        const rig_reply reply = rig_read(fd, true);
        assert_int_equal(reply.status, 200);
        assert_non_null(strstr(reply.body, "limit=7\n"));
        assert_non_null(strstr(reply.body, "auth=1,PoA a~b\n"));
    }
    for (size_t i = 0; i < sizeof start - 1; i++)
        assert_true(rig_send(fd, start + i, 1));
    assert_true(rig_text(fd, end));
    assert_int_equal(rig_read(fd, true).status, 200);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing),  cmocka_unit_test(fields), cmocka_unit_test(request_lines),
        cmocka_unit_test(not_http), cmocka_unit_test(sizes),  cmocka_unit_test(pieces),
    };
    return cmocka_run_group_tests_name("http_wire", tests, set_up, tear_down);
}
