#include "test.h"

#include "cleanup.h"
#include "http_rig.h"
#include "span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What a server does with requests: replies, bodies, deadlines, waiting. */

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static void replies(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    rig_start(&r);

    rig_reply reply = rig_ask(&r, GET("/items/abc/parts/7"));
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body,
                        "GET /items/abc/parts/7\nid=abc7\nlimit=-\nx=0,-\nauth=0,-\ntls=0\npeer=4.127\nbody=");
    assert_non_null(strstr(reply.header, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(reply.header, "\r\nX-Mine: yes\r\n"));
    assert_non_null(strstr(reply.header, "\r\nCache-Control: no-store\r\n"));
    assert_false(reply.close);

    reply = rig_ask(&r, "GET /items?limit=a%2Fb HTTP/1.1\r\nHost: h\r\nX-Test:  a  b \r\nAuthorization: PoA x\r\n\r\n");
    assert_non_null(strstr(reply.body, "\nlimit=a/b\nx=1,a  b\nauth=1,PoA x\n"));
    reply = rig_ask(&r, "GET /items HTTP/1.1\r\nHost: h\r\nX-Test: a\r\nX-TEST: b\r\n\r\n");
    assert_non_null(strstr(reply.body, "\nx=2,-\n"));

    reply = rig_ask(&r, GET("/healthz"));
    assert_string_equal(reply.body, "ok");
    assert_non_null(strstr(reply.header, "\r\nCache-Control: max-age=5\r\n"));
    assert_null(strstr(reply.header, "no-store"));

    reply = rig_ask(&r, GET("/empty"));
    assert_int_equal(reply.status, 204);
    assert_int_equal(reply.body_len, 0);

    reply = rig_ask(&r, GET("/bytes/site.crl"));
    assert_non_null(strstr(reply.header, "\r\nContent-Type: application/pkix-crl\r\n"));
    assert_int_equal(reply.body_len, 6);
    assert_memory_equal(reply.body, "0\0\r\n\xff\0", 6);

    reply = rig_ask(&r, "POST /items:accept HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(reply.status, 202);
    assert_non_null(strstr(reply.header, "\r\nLocation: /v1/onboardings/0a\r\n"));
    assert_non_null(strstr(reply.header, "\r\nRetry-After: 10\r\n"));

    reply = rig_ask(&r, "DELETE /items HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(reply.status, 405);
    assert_non_null(strstr(reply.header, "\r\nAllow: GET, HEAD, POST\r\n"));
    assert_string_equal(reply.body, "{\"type\":\"about:blank\",\"title\":\"Method Not Allowed\",\"status\":405,"
                                    "\"detail\":\"this method is not for this resource\"}");

    /* A handler that says nothing, and one that would let a value split the reply. */
    assert_int_equal(rig_ask(&r, GET("/silent")).status, 500);
    reply = rig_ask(&r, GET("/splitter"));
    assert_int_equal(reply.status, 500);
    assert_null(strstr(reply.header, "Set-Cookie"));
    assert_null(strstr(reply.header, "X-Mine"));

    atomic_store(&r.no_randomness, true);
    const unsigned handled = atomic_load(&r.handled);
    assert_int_equal(rig_ask(&r, GET("/healthz")).status, 500);
    assert_int_equal(atomic_load(&r.handled), handled);
    rig_end(&r, 1000);
}

static void malformed_table(void **state)
{
    (void)state;
    static const http_route bad[] = {{HTTP_GET, "/a/{b", NULL, 0, NULL, 0}};
    rig r;
    rig_init(&r);
    r.config.routes = bad;
    r.config.route_count = 1;
    poa_buf why = {0};
    assert_false(http_server_start(&r.config, &r.server, &why));
    assert_string_equal(why.text, "row 0 of the routes (/a/{b): the pattern is malformed");
    poa_buf_clear(&why);
}

static void one_connection_for_all(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    rig_start(&r);
    const int fd = rig_connect(&r);

    for (int i = 0; i < 50; i++) {
        assert_true(
            rig_text(fd, "POST /items HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
                         "\r\n[1,2]"));
        const rig_reply reply = rig_read(fd, true);
        assert_int_equal(reply.status, 200);
        assert_non_null(strstr(reply.body, "\nbody=[1,2]"));
    }

    /* HEAD is GET without the body: what follows is the next reply. */
    assert_true(rig_text(fd, "HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n" GET("/nothing") GET("/healthz")));
    const rig_reply head = rig_read(fd, false);
    assert_int_equal(head.status, 200);
    assert_non_null(strstr(head.header, "\r\nContent-Length: 2\r\n"));
    assert_int_equal(rig_read(fd, true).status, 404);
    assert_string_equal(rig_read(fd, true).body, "ok");

    assert_true(rig_until(&r.done, 53));
    assert_int_equal(http_server_connections(r.server), 1);
    assert_int_equal(atomic_load(&r.last_status), 200);
    assert_int_equal(atomic_load(&r.last_whole), 1);
    assert_int_equal(atomic_load(&r.last_bytes), 2);
    close(fd);
    assert_true(rig_until_connections(&r, 0));
    rig_end(&r, 1000);
}

/* POST /items with a body of that many bytes, in one piece or in chunks of 100. */
static rig_reply post(const rig *r, size_t len, bool chunked, bool *closed)
{
    poa_buf text = {0};
    poa_buf_text(&text, "POST /items HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n");
    if (chunked)
        poa_buf_text(&text, "Transfer-Encoding: chunked\r\n\r\n");
    else
        poa_buf_printf(&text, "Content-Length: %zu\r\n\r\n", len);
    for (size_t left = len; left > 0;) {
        const size_t part = left < 100 ? left : 100;
        if (chunked)
            poa_buf_printf(&text, "%zx\r\n", part);
        for (size_t i = 0; i < part; i++)
            poa_buf_text(&text, "b");
        if (chunked)
            poa_buf_text(&text, "\r\n");
        left -= part;
    }
    if (chunked)
        poa_buf_text(&text, "0\r\n\r\n");

    const int fd = rig_connect(r);
    (void)rig_send(fd, text.text, text.len);
    poa_buf_clear(&text);
    const rig_reply reply = rig_read(fd, true);
    *closed = reply.close && rig_closed(fd);
    close(fd);
    return reply;
}

static void bodies(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        unsigned status;
    } cases[] = {{1, 200}, {1023, 200}, {1024, 200}, {1025, 413}, {5000, 413}, {60000, 413}, {300000, 413}};
    rig r;
    rig_init(&r);
    rig_start(&r);
    for (size_t i = 0; i < 2 * POA_COUNT(cases); i++) {
        const bool chunked = i % 2;
        const unsigned handled = atomic_load(&r.handled);
        bool closed = false;
        const rig_reply reply = post(&r, cases[i / 2].len, chunked, &closed);
        if (reply.status != cases[i / 2].status)
            fail_msg("%zu bytes%s: %u", cases[i / 2].len, chunked ? " in chunks" : "", reply.status);
        if (reply.status == 200) {
            const char *const body = strstr(reply.body, "\nbody=");
            assert_int_equal(strlen(body + 6), cases[i / 2].len);
        } else {
            assert_true(reply.problem && closed);
            assert_int_equal(atomic_load(&r.handled), handled);
        }
    }
    rig_end(&r, 1000);
}

static void expectation(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    rig_start(&r);
    int fd = rig_connect(&r);
    assert_true(rig_text(fd, "POST /any HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    assert_int_equal(rig_read(fd, true).status, 100);
    assert_true(rig_text(fd, "abc"));
    assert_int_equal(rig_read(fd, true).status, 200);
    close(fd);

    /* A body that will not be taken is not asked for. */
    fd = rig_connect(&r);
    assert_true(rig_text(fd, "POST /any HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 17\r\n\r\n"));
    assert_int_equal(rig_read(fd, true).status, 413);
    assert_true(rig_closed(fd));
    close(fd);
    rig_end(&r, 1000);
}

static void nap_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void deadlines(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    r.config.limits.head_ms = 300;
    r.config.limits.body_ms = 200;
    r.config.limits.send_ms = 200;
    rig_start(&r);

    /* Drop by drop: each drop would have reset a time-out for idleness. */
    const int silent = rig_connect(&r);
    const int head = rig_connect(&r);
    const int body = rig_connect(&r);
    const int stuck = rig_connect(&r);
    const int chunked = rig_connect(&r);
    const int kept = rig_connect(&r);
    const int greedy = rig_connect(&r);
    assert_true(rig_text(head, "GET /healthz HTTP/1.1\r\nX-Long: "));
    assert_true(rig_text(body, "POST /any HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\n\r\n"));
    assert_true(rig_text(stuck, "POST /any HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\n\r\n"));
    assert_true(rig_text(chunked, "POST /any HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
    assert_true(rig_text(kept, GET("/healthz")));
    assert_int_equal(rig_read(kept, true).status, 200);
    assert_true(rig_text(greedy, GET("/big"))); /* and never reads */
    bool head_alive = true;
    for (int i = 0; i < 12; i++) {
        nap_ms(50);
        head_alive = rig_text(head, "x") && head_alive;
        (void)rig_text(body, "x");
        (void)rig_text(chunked, "1\r\nx\r\n");
    }
    assert_false(head_alive);
    assert_int_equal(rig_read(stuck, true).status, 408);
    assert_true(rig_closed(stuck));
    assert_true(rig_closed(silent));
    assert_true(rig_closed(kept));
    assert_true(rig_until_connections(&r, 0));
    assert_int_equal(atomic_load(&r.handled), 2);
    close(silent);
    close(head);
    close(body);
    close(stuck);
    close(chunked);
    close(kept);
    close(greedy);

    /* In time, though slowly. */
    const int slow = rig_connect(&r);
    assert_true(rig_text(slow, "POST /any HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n"));
    nap_ms(50);
    assert_true(rig_text(slow, "a"));
    nap_ms(50);
    assert_true(rig_text(slow, "b"));
    assert_int_equal(rig_read(slow, true).status, 200);
    close(slow);
    assert_true(rig_until_connections(&r, 0));

    /* A 408 is a request that ended like any other. */
    const unsigned done = atomic_load(&r.done);
    assert_int_equal(rig_ask(&r, "POST /any HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na").status, 408);
    assert_true(rig_until(&r.done, done + 1));
    assert_int_equal(atomic_load(&r.last_status), 408);
    assert_int_equal(atomic_load(&r.last_whole), 0);
    rig_end(&r, 1000);
}

static void later_replies(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    r.config.limits.head_ms = 200;
    r.config.limits.body_ms = 200;
    r.config.limits.send_ms = 200;
    rig_start(&r);

    const int fd = rig_connect(&r);
    for (int i = 0; i < 200; i++) {
        assert_true(rig_text(fd, "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nxy"));
        const rig_reply reply = rig_read(fd, true);
        assert_int_equal(reply.status, 201);
        assert_string_equal(reply.body, "later:xy");
        assert_non_null(strstr(reply.header, "\r\nLocation: /made\r\n"));
    }
    close(fd);

    /* Work has no deadline, and one client's waiting holds nobody up. */
    rig_hold(&r, true);
    int waiting[8];
    for (size_t i = 0; i < POA_COUNT(waiting); i++) {
        waiting[i] = rig_connect(&r);
        assert_true(rig_text(waiting[i], "POST /later HTTP/1.1\r\nHost: h\r\n\r\n"));
    }
    while (rig_waiting(&r) < POA_COUNT(waiting))
        nap_ms(2);
    nap_ms(400);
    assert_string_equal(rig_ask(&r, GET("/healthz")).body, "ok");
    close(waiting[0]); /* leaves before its answer */
    rig_hold(&r, false);
    for (size_t i = 1; i < POA_COUNT(waiting); i++) {
        assert_int_equal(rig_read(waiting[i], true).status, 201);
        close(waiting[i]);
    }
    assert_true(rig_until(&r.done, 200 + 1 + POA_COUNT(waiting)));
    rig_end(&r, 1000);
}

static void listeners(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    r.listeners[1] = (http_listener){.address = {.family = 6, .bytes = {[15] = 1}}, .fd = -1};
    r.config.listener_count = 2;
    rig_start(&r);
    assert_int_equal(http_server_address(r.server, 1)->family, 6);
    assert_true(http_server_address(r.server, 1)->port > 0);

    /* One that somebody else opened, and one on a port that is taken. */
    rig other;
    rig_init(&other);
    struct sockaddr_storage there;
    const http_address any = {.family = 4, .bytes = {127, 0, 0, 1}};
    const socklen_t len = http_address_to_socket(&any, &there);
    other.listeners[0].fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(other.listeners[0].fd, (struct sockaddr *)&there, len), 0);
    assert_int_equal(listen(other.listeners[0].fd, 8), 0);
    rig_start(&other);
    assert_string_equal(rig_ask(&other, GET("/healthz")).body, "ok");

    rig third;
    rig_init(&third);
    third.listeners[0].address = *http_server_address(other.server, 0);
    poa_buf why = {0};
    assert_false(http_server_start(&third.config, &third.server, &why));
    char text[128];
    char where[HTTP_ADDRESS_TEXT_MAX];
    http_address_text(&third.listeners[0].address, where);
    (void)snprintf(text, sizeof text, "cannot listen on %s: Address already in use", where);
    assert_string_equal(why.text, text);
    poa_buf_clear(&why);
    pthread_mutex_destroy(&third.lock);
    pthread_cond_destroy(&third.changed);
    rig_end(&other, 1000);
    rig_end(&r, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies),       cmocka_unit_test(malformed_table), cmocka_unit_test(one_connection_for_all),
        cmocka_unit_test(bodies),        cmocka_unit_test(expectation),     cmocka_unit_test(deadlines),
        cmocka_unit_test(later_replies), cmocka_unit_test(listeners),
    };
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
