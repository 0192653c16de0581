#include "test.h"

#include "cleanup.h"
#include "http/stream.h"
#include "http_rig.h"
#include "span.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Replies that are made while they are sent. */

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

#define LINES    5000
#define LINE     "{\"n\":%06u}\n"
#define LINE_LEN 13

/* A source. What it gives depends on its path. */
typedef struct tap {
    char kind;             /* the path's first letter */
    atomic_uint available; /* events that were published */
    unsigned given;
    char line[32]; /* what is being handed out, */
    size_t rest;   /* and how much of its end is left */
    http_stream *stream;
    struct tap *next;
} tap;

static pthread_mutex_t taps_lock = PTHREAD_MUTEX_INITIALIZER;
static tap *taps;
static http_stream *kept; /* a handle that outlives its stream */
static bool keep;
static atomic_uint began;
static atomic_uint ended;
static atomic_size_t pulled;

static void end_tap(void *self)
{
    tap *const t = self;
    pthread_mutex_lock(&taps_lock);
    tap **at = &taps;
    while (*at && *at != t)
        at = &(*at)->next;
    if (*at)
        *at = t->next;
    if (keep && t->stream)
        kept = t->stream;
    else
        http_stream_release(t->stream);
    pthread_mutex_unlock(&taps_lock);
    free(t);
    atomic_fetch_add(&ended, 1);
}

/* Lines are longer than some caps, so they are handed out in parts. */
static ssize_t give(tap *t, char *buf, size_t cap)
{
    const size_t len = t->rest < cap ? t->rest : cap;
    memcpy(buf, t->line + strlen(t->line) - t->rest, len);
    t->rest -= len;
    return (ssize_t)len;
}

static ssize_t pull_events(tap *t, char *buf, size_t cap)
{
    if (t->given == atomic_load(&t->available))
        return HTTP_STREAM_WAIT;
    (void)snprintf(t->line, sizeof t->line, "data: %06u\n", t->given++);
    t->rest = strlen(t->line);
    return give(t, buf, cap);
}

static ssize_t pull_lines(tap *t, char *buf, size_t cap)
{
    if (t->kind == 'f' && t->given == 3)
        return HTTP_STREAM_FAIL;
    if (t->given == LINES)
        return HTTP_STREAM_END;
    (void)snprintf(t->line, sizeof t->line, LINE, t->given++);
    t->rest = LINE_LEN;
    return give(t, buf, cap);
}

static ssize_t pull_tap(void *self, char *buf, size_t cap)
{
    tap *const t = self;
    assert(cap > 0);
    if (t->kind == 'g') { /* without end */
        memset(buf, 'g', cap);
        atomic_fetch_add(&pulled, cap);
        return (ssize_t)cap;
    }
    if (t->rest > 0)
        return give(t, buf, cap);
    return t->kind == 'l' || t->kind == 'f' ? pull_lines(t, buf, cap) : pull_events(t, buf, cap);
}

static void open_tap(http_request *request)
{
    tap *const t = calloc(1, sizeof *t);
    assert(t);
    t->kind = http_request_path(request).ptr[1];
    atomic_fetch_add(&began, 1);
    const http_stream_source source = {
        .self = t,
        .pull = pull_tap,
        .end = end_tap,
        .max_life_ms = t->kind == 'm' || t->kind == 'v' ? 150 : 0,
        .whole = t->kind == 'w' || t->kind == 'v',
    };
    http_stream *const stream = http_reply_stream(request, 200, "text/event-stream", &source);
    if (!stream)
        return;
    pthread_mutex_lock(&taps_lock);
    t->stream = stream;
    t->next = taps;
    taps = t;
    pthread_mutex_unlock(&taps_lock);
}

static void publish(void)
{
    pthread_mutex_lock(&taps_lock);
    for (tap *t = taps; t; t = t->next) {
        atomic_fetch_add(&t->available, 1);
        http_stream_wake(t->stream);
    }
    pthread_mutex_unlock(&taps_lock);
}

static void stream(http_request *request, void *arg)
{
    (void)arg;
    open_tap(request);
}

static void second_thoughts(http_request *request, void *arg)
{
    (void)arg;
    open_tap(request);
    http_reply_constant(request, 200, "text/plain", POA_SPAN("ok"));
}

static void ok(http_request *request, void *arg)
{
    (void)arg;
    http_reply_constant(request, 200, "text/plain", POA_SPAN("ok"));
}

static void *open_later(void *request)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    open_tap(request);
    http_resume(request);
    return NULL;
}

static void later(http_request *request, void *arg)
{
    (void)arg;
    pthread_t thread;
    http_suspend(request);
    assert(pthread_create(&thread, NULL, open_later, request) == 0);
    pthread_detach(thread);
}

static const http_route routes[] = {
    {HTTP_GET, "/ok", ok, 0, NULL, 0},         {HTTP_GET, "/lines", stream, 0, NULL, 0},
    {HTTP_GET, "/later", later, 0, NULL, 0},   {HTTP_GET, "/fail", stream, 0, NULL, 0},
    {HTTP_GET, "/events", stream, 0, NULL, 0}, {HTTP_GET, "/gush", stream, 0, NULL, 0},
    {HTTP_GET, "/mayfly", stream, 0, NULL, 0}, {HTTP_GET, "/vanish", stream, 0, NULL, 0},
    {HTTP_GET, "/whole", stream, 0, NULL, 0},  {HTTP_GET, "/second", second_thoughts, 0, NULL, 0},
};

static void prepare(rig *r)
{
    rig_init(r);
    r->config.routes = routes;
    r->config.route_count = POA_COUNT(routes);
    atomic_store(&began, 0);
    atomic_store(&ended, 0);
    atomic_store(&pulled, 0);
}

static void finish(rig *r)
{
    rig_end(r, 1000);
    assert_int_equal(atomic_load(&ended), atomic_load(&began));
    assert_null(taps);
}

static void nap_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the reader's side ---- */

static int open_stream(const rig *r, const char *request)
{
    const int fd = rig_connect(r);
    assert_true(rig_text(fd, request));
    const rig_reply reply = rig_read(fd, false);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.header, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_non_null(strstr(reply.header, "\r\nContent-Type: text/event-stream\r\n"));
    assert_non_null(strstr(reply.header, "\r\nCache-Control: no-store\r\n"));
    assert_null(strstr(reply.header, "Content-Length"));
    return fd;
}

static bool read_whole(int fd, void *bytes, size_t len)
{
    return len == 0 || recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

/* The length of the next chunk; -1: the connection ended first. */
static long read_length(int fd)
{
    char line[16];
    size_t len = 0;
    while (len < sizeof line - 1) {
        if (!read_whole(fd, line + len, 1))
            return -1;
        if (line[len++] == '\n')
            break;
    }
    line[len] = '\0';
    return strtol(line, NULL, 16);
}

/* Append the next chunk. 0: it was the last one; -1: the connection ended first. */
static long read_chunk(int fd, poa_buf *text)
{
    const long len = read_length(fd);
    if (len < 0)
        return -1;
    char bytes[65536];
    assert_true((size_t)len + 2 <= sizeof bytes);
    if (!read_whole(fd, bytes, (size_t)len + 2))
        return -1;
    poa_buf_add(text, (poa_span){bytes, (size_t)len});
    return len;
}

/* All chunks; was there a last one? */
static bool read_all(int fd, poa_buf *text)
{
    long len = 1;
    while (len > 0)
        len = read_chunk(fd, text);
    return len == 0;
}

/* Until as many bytes have come. */
static bool read_some(int fd, poa_buf *text, size_t want)
{
    while (text->len < want) {
        if (read_chunk(fd, text) <= 0)
            return false;
    }
    return true;
}

static bool are_lines(const poa_buf *text)
{
    if (text->len != (size_t)LINES * LINE_LEN)
        return false;
    for (unsigned i = 0; i < LINES; i++) {
        char line[32];
        (void)snprintf(line, sizeof line, LINE, i);
        if (memcmp(text->text + (size_t)i * LINE_LEN, line, LINE_LEN) != 0)
            return false;
    }
    return true;
}

/* ---- the tests ---- */

static void lines(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    rig_start(&r);

    /* A stream, another one that another thread answers with, and the connection lives on. */
    const int fd = open_stream(&r, GET("/lines"));
    for (unsigned i = 0; i < 2; i++) {
        poa_buf text = {0};
        assert_true(read_all(fd, &text));
        assert_true(are_lines(&text));
        poa_buf_clear(&text);
        assert_true(rig_until(&r.done, i + 1));
        assert_int_equal(atomic_load(&ended), i + 1);
        assert_int_equal(atomic_load(&r.last_bytes), LINES * LINE_LEN);
        assert_int_equal(atomic_load(&r.last_whole), 1);
        if (i == 0) {
            assert_true(rig_text(fd, GET("/later")));
            assert_int_equal(rig_read(fd, false).status, 200);
        }
    }
    assert_true(rig_text(fd, GET("/ok")));
    assert_string_equal(rig_read(fd, true).body, "ok");

    /* The last reply counts, and the stream before it is over. */
    assert_true(rig_text(fd, GET("/second")));
    assert_string_equal(rig_read(fd, true).body, "ok");
    assert_int_equal(atomic_load(&ended), 3);

    /* HEAD pulls nothing, and not a byte follows the header. */
    assert_true(rig_text(fd, "HEAD /gush HTTP/1.1\r\nHost: h\r\n\r\n"));
    const rig_reply head = rig_read(fd, false);
    assert_int_equal(head.status, 200);
    assert_non_null(strstr(head.header, "\r\nContent-Type: text/event-stream\r\n"));
    assert_true(head.close && rig_closed(fd));
    assert_int_equal(atomic_load(&pulled), 0);
    assert_true(rig_until(&ended, 4));
    close(fd);
    finish(&r);
}

static void http10(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    rig_start(&r);
    const int fd = rig_connect(&r);
    assert_true(rig_text(fd, "GET /lines HTTP/1.0\r\n\r\n"));
    poa_buf text = {0};
    char bytes[4096];
    for (ssize_t got = 1; got > 0;) {
        got = recv(fd, bytes, sizeof bytes, 0);
        assert_true(got >= 0);
        poa_buf_add(&text, (poa_span){bytes, (size_t)got});
    }
    const char *const body = strstr(text.text, "\r\n\r\n") + 4;
    const size_t header_len = (size_t)(body - text.text);
    assert_null(strstr(text.text, "chunked"));
    assert_int_equal(text.len - header_len, LINES * LINE_LEN);
    memmove(text.text, body, text.len - header_len);
    text.len -= header_len;
    assert_true(are_lines(&text));
    poa_buf_clear(&text);
    close(fd);
    finish(&r);
}

static void failures(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    rig_start(&r);
    const int fd = open_stream(&r, GET("/fail"));
    poa_buf text = {0};
    assert_false(read_all(fd, &text));
    assert_int_equal(text.len, 3 * LINE_LEN);
    poa_buf_clear(&text);
    close(fd);
    assert_true(rig_until(&r.done, 1));
    assert_int_equal(atomic_load(&r.last_whole), 0);
    assert_int_equal(atomic_load(&r.last_status), 200);
    finish(&r);
}

static void events(void **state)
{
    (void)state;
    enum { READERS = 30, EVENTS = 40, EVENT_LEN = 13 };
    rig r;
    prepare(&r);
    /* Shorter than the streams live: none of these is about a healthy one. */
    r.config.limits.head_ms = 200;
    r.config.limits.body_ms = 200;
    r.config.limits.send_ms = 200;
    rig_start(&r);
    int fds[READERS];
    const int64_t start_ms = now_ms();
    for (size_t i = 0; i < READERS; i++)
        fds[i] = open_stream(&r, GET("/events"));
    assert_true(now_ms() - start_ms < READERS * 100); /* the header waits for no event, nor in the kernel for more */
    nap_ms(500);
    assert_string_equal(rig_ask(&r, GET("/ok")).body, "ok");
    poa_buf texts[READERS] = {0};
    for (unsigned n = 1; n <= EVENTS; n++) {
        publish();
        for (size_t i = 0; i < READERS && n % 10 == 0; i++)
            assert_true(read_some(fds[i], &texts[i], (size_t)n * EVENT_LEN));
        if (n % 20 == 0)
            nap_ms(250);
    }
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(texts[i].len, EVENTS * EVENT_LEN);
        for (unsigned n = 0; n < EVENTS; n++) {
            char want[32];
            (void)snprintf(want, sizeof want, "data: %06u\n", n);
            assert_memory_equal(texts[i].text + (size_t)n * EVENT_LEN, want, EVENT_LEN);
        }
        poa_buf_clear(&texts[i]);
        close(fds[i]);
    }

    /* Nobody says anything, and yet it is seen that they left. */
    assert_true(rig_until(&ended, READERS));
    assert_true(rig_until_connections(&r, 0));
    finish(&r);
}

static void handle_outlives(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.limits.head_ms = 400; /* for a quick watch */
    keep = true;
    rig_start(&r);
    close(open_stream(&r, GET("/events")));
    assert_true(rig_until(&ended, 1));
    keep = false;
    for (int i = 0; i < 100; i++)
        http_stream_wake(kept);
    assert_string_equal(rig_ask(&r, GET("/ok")).body, "ok");
    finish(&r);
    http_stream_wake(kept); /* the server is gone, too */
    http_stream_release(kept);
    http_stream_release(NULL);
}

static void slow_reader(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.limits.threads = 1; /* all share the slow one's thread */
    r.config.limits.send_ms = 300;
    rig_start(&r);
    const int slow = open_stream(&r, GET("/gush"));
    const int other = open_stream(&r, GET("/events"));
    poa_buf text = {0};
    for (unsigned i = 1; i <= 10; i++) {
        publish();
        assert_true(read_some(other, &text, (size_t)i * 13));
        assert_string_equal(rig_ask(&r, GET("/ok")).body, "ok");
    }
    assert_true(rig_until(&ended, 1));
    assert_true(atomic_load(&pulled) < 16 * 1024 * 1024); /* what the kernel's buffers took, and nothing more */
    assert_int_equal(atomic_load(&r.last_whole), 0);
    publish();
    assert_true(read_some(other, &text, (size_t)11 * 13));
    poa_buf_clear(&text);

    /* One that takes longer than that for the whole, though never for a piece, is not cut. */
    const int gentle = open_stream(&r, GET("/gush"));
    const int64_t until_ms = now_ms() + 900;
    for (char bytes[65536]; now_ms() < until_ms; nap_ms(2))
        assert_true(recv(gentle, bytes, sizeof bytes, 0) > 0);
    close(gentle);
    close(slow);
    close(other);
    finish(&r);
}

static void lives(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.limits.head_ms = 400; /* for a quick watch */
    rig_start(&r);
    poa_buf text = {0};
    const int mayfly = open_stream(&r, GET("/mayfly"));
    publish();
    assert_true(read_all(mayfly, &text));
    assert_string_equal(text.text, "data: 000000\n");
    assert_true(rig_text(mayfly, GET("/ok")));
    assert_string_equal(rig_read(mayfly, true).body, "ok");
    close(mayfly);

    const int vanish = open_stream(&r, GET("/vanish"));
    publish();
    assert_false(read_all(vanish, &text));
    assert_string_equal(text.text, "data: 000000\ndata: 000000\n");
    poa_buf_clear(&text);
    close(vanish);
    finish(&r);
}

static void limits(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    r.config.limits.streams_max = 2;
    r.config.limits.head_ms = 2000;
    rig_start(&r);
    const int one = open_stream(&r, GET("/events"));
    const int two = open_stream(&r, GET("/events"));
    const int three = rig_connect(&r);
    assert_true(rig_text(three, GET("/events") GET("/ok")));
    const rig_reply reply = rig_read(three, true);
    assert_int_equal(reply.status, 503);
    assert_true(reply.problem);
    assert_non_null(strstr(reply.header, "\r\nRetry-After: 5\r\n"));
    assert_int_equal(atomic_load(&ended), 1);
    assert_string_equal(rig_read(three, true).body, "ok");
    close(three);
    close(one);
    assert_true(rig_until(&ended, 2));
    close(open_stream(&r, GET("/events")));
    close(two);
    finish(&r);
}

static void *stop(void *server)
{
    http_server_stop(server, 400);
    return NULL;
}

static void stops(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    rig_start(&r);
    const int asleep = open_stream(&r, GET("/events"));
    const int slow = open_stream(&r, GET("/gush"));
    const int whole = open_stream(&r, GET("/whole"));
    assert_int_equal(atomic_load(&began), 3);
    const int64_t start_ms = now_ms();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop, r.server), 0);

    poa_buf text = {0};
    assert_true(read_all(asleep, &text));
    assert_true(now_ms() - start_ms < 300);
    assert_true(rig_closed(asleep));
    publish(); /* for the one that has the grace */
    assert_true(read_some(whole, &text, 13));
    assert_false(read_all(whole, &text));
    assert_true(now_ms() - start_ms >= 390);
    pthread_join(thread, NULL);
    assert_true(now_ms() - start_ms < 3000);
    assert_int_equal(atomic_load(&ended), 3);
    poa_buf_clear(&text);
    close(asleep);
    close(slow);
    close(whole);
    finish(&r);
}

/* Readers come and go while several threads publish and the server stops. */
static atomic_bool quiet;

static void *publish_on(void *arg)
{
    (void)arg;
    while (!atomic_load(&quiet)) {
        publish();
        (void)nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return NULL;
}

static void *read_on(void *arg)
{
    const rig *const r = arg;
    struct sockaddr_storage there;
    const socklen_t len = http_address_to_socket(http_server_address(r->server, 0), &there);
    for (unsigned round = 0;; round++) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool good = fd >= 0 && connect(fd, (struct sockaddr *)&there, len) == 0 && rig_text(fd, GET("/events"));
        char bytes[256];
        for (unsigned i = 0; i < round % 5 && good; i++)
            good = recv(fd, bytes, sizeof bytes, 0) > 0;
        close(fd);
        if (!good)
            return NULL;
    }
}

static void storm(void **state)
{
    (void)state;
    rig r;
    prepare(&r);
    rig_start(&r);
    atomic_store(&quiet, false);
    pthread_t publishers[2];
    pthread_t readers[4];
    for (size_t i = 0; i < POA_COUNT(publishers); i++)
        assert_int_equal(pthread_create(&publishers[i], NULL, publish_on, NULL), 0);
    for (size_t i = 0; i < POA_COUNT(readers); i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &r), 0);
    nap_ms(400);
    http_server_stop(r.server, 20);
    for (size_t i = 0; i < POA_COUNT(readers); i++)
        pthread_join(readers[i], NULL);
    atomic_store(&quiet, true);
    for (size_t i = 0; i < POA_COUNT(publishers); i++)
        pthread_join(publishers[i], NULL);
    assert_true(atomic_load(&began) > 0);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),  cmocka_unit_test(http10),          cmocka_unit_test(failures),
        cmocka_unit_test(events), cmocka_unit_test(handle_outlives), cmocka_unit_test(slow_reader),
        cmocka_unit_test(lives),  cmocka_unit_test(limits),          cmocka_unit_test(stops),
        cmocka_unit_test(storm),
    };
    return cmocka_run_group_tests_name("http_stream", tests, NULL, NULL);
}
