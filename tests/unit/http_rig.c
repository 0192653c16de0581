#include "test.h"

#include "http_rig.h"

#include "cleanup.h"
#include "span.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- the server's side ---- */

static int64_t now_us(void *arg)
{
    (void)arg;
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static bool random_bytes(void *arg, void *bytes, size_t len)
{
    const rig *const r = arg;
    return !atomic_load(&r->no_randomness) && getrandom(bytes, len, 0) == (ssize_t)len;
}

static void on_done(void *arg, const http_request *request, const http_outcome *outcome)
{
    rig *const r = arg;
    assert(http_request_id(request).len == HTTP_REQUEST_ID_LEN && outcome->duration_us >= 0);
    atomic_store(&r->last_status, outcome->status);
    atomic_store(&r->last_whole, outcome->whole);
    atomic_store(&r->last_bytes, (unsigned)outcome->body_bytes);
    atomic_fetch_add(&r->done, 1);
}

static void on_log(void *arg, const char *line)
{
    rig *const r = arg;
    for (; *line != '\0'; line++)
        assert(*line >= 0x20 && *line <= 0x7e);
    atomic_fetch_add(&r->log_lines, 1);
}

static bool is_unlimited(void *arg, const http_address *peer)
{
    const rig *const r = arg;
    assert(http_address_is_loopback(peer));
    return atomic_load(&r->unlimited);
}

static void count_freed(void *data)
{
    atomic_fetch_add((atomic_uint *)data, 1);
}

static void seen(http_request *request, rig *r)
{
    atomic_fetch_add(&r->handled, 1);
    http_request_attach(request, &r->freed, count_freed);
}

/* What the handler saw, one fact a line. */
static void echo(http_request *request, void *arg)
{
    seen(request, arg);
    poa_buf body = {0};
    poa_buf_add(&body, http_request_method(request));
    poa_buf_text(&body, " ");
    poa_buf_add(&body, http_request_path(request));
    poa_buf_text(&body, "\nid=");
    poa_buf_add(&body, http_request_capture(request, 0));
    poa_buf_add(&body, http_request_capture(request, 1));

    poa_span value = POA_SPAN("-");
    (void)http_request_param(request, "limit", &value);
    poa_buf_text(&body, "\nlimit=");
    poa_buf_add(&body, value);
    value = POA_SPAN("-");
    poa_buf_printf(&body, "\nx=%zu,", http_request_header(request, "x-tEst", &value));
    poa_buf_add(&body, value);
    value = POA_SPAN("-");
    poa_buf_printf(&body, "\nauth=%zu,", http_request_header(request, "Authorization", &value));
    poa_buf_add(&body, value);
    poa_buf_printf(&body, "\ntls=%d\npeer=%d.%d\nbody=", http_request_is_tls(request),
                   http_request_peer(request)->family, http_request_peer(request)->bytes[0]);
    poa_buf_add(&body, http_request_body(request));
    http_reply_header(request, "X-Mine", POA_SPAN("yes"));
    http_reply(request, 200, "text/plain", &body);
}

static void health(http_request *request, void *arg)
{
    seen(request, arg);
    http_reply_header(request, "Cache-Control", POA_SPAN("max-age=5"));
    http_reply_constant(request, 200, "text/plain", POA_SPAN("ok"));
}

static void silent(http_request *request, void *arg)
{
    seen(request, arg);
}

static void splitter(http_request *request, void *arg)
{
    seen(request, arg);
    http_reply_header(request, "X-Mine", POA_SPAN("a\r\nSet-Cookie: b"));
    http_reply_constant(request, 200, "text/plain", POA_SPAN("never"));
}

static void empty(http_request *request, void *arg)
{
    seen(request, arg);
    http_reply_constant(request, 204, NULL, (poa_span){0});
}

static void big(http_request *request, void *arg)
{
    seen(request, arg);
    poa_buf body = {0};
    for (int i = 0; i < 40000; i++)
        poa_buf_text(&body, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    http_reply(request, 200, "text/plain", &body);
}

/* A reply that is no text. */
static void bytes(http_request *request, void *arg)
{
    seen(request, arg);
    poa_buf body = {0};
    poa_buf_add(&body, POA_SPAN("0\0\r\n\xff\0"));
    http_reply(request, 200, "application/pkix-crl", &body);
}

static void accepted(http_request *request, void *arg)
{
    seen(request, arg);
    http_reply_header(request, "Location", POA_SPAN("/v1/onboardings/0a"));
    http_reply_header(request, "Retry-After", POA_SPAN("10"));
    http_reply_constant(request, 202, "application/json", POA_SPAN("{}"));
}

static void later(http_request *request, void *arg)
{
    rig *const r = arg;
    seen(request, r);
    http_suspend(request);
    pthread_mutex_lock(&r->lock);
    assert(r->waiting_count < POA_COUNT(r->waiting));
    r->waiting[r->waiting_count++] = request;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void *work(void *arg)
{
    rig *const r = arg;
    pthread_mutex_lock(&r->lock);
    for (;;) {
        while ((r->hold || r->waiting_count == 0) && !r->quit)
            pthread_cond_wait(&r->changed, &r->lock);
        if (r->waiting_count == 0)
            break;
        http_request *const request = r->waiting[--r->waiting_count];
        pthread_mutex_unlock(&r->lock);
        poa_buf body = {0};
        poa_buf_text(&body, "later:");
        poa_buf_add(&body, http_request_body(request));
        http_reply(request, 201, "text/plain", &body);
        http_reply_header(request, "Location", POA_SPAN("/made"));
        http_resume(request);
        pthread_mutex_lock(&r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static const http_route routes[] = {
    {HTTP_GET, "/healthz", health, 0, NULL, 0},
    {HTTP_GET, "/items", echo, 0, NULL, HTTP_ROUTE_QUERY},
    {HTTP_POST, "/items", echo, HTTP_BODY_DEFAULT, "application/json", 0},
    {HTTP_GET, "/items/{id}", echo, 0, NULL, 0},
    {HTTP_GET, "/items/{id}/parts/{part}", echo, 0, NULL, 0},
    {HTTP_POST, "/any", echo, 16, NULL, 0},
    {HTTP_POST, "/later", later, HTTP_BODY_DEFAULT, NULL, 0},
    {HTTP_GET, "/silent", silent, 0, NULL, 0},
    {HTTP_GET, "/splitter", splitter, 0, NULL, 0},
    {HTTP_GET, "/empty", empty, 0, NULL, 0},
    {HTTP_GET, "/big", big, 0, NULL, 0},
    {HTTP_GET, "/bytes/{name}.crl", bytes, 0, NULL, 0},
    {HTTP_POST, "/items:accept", accepted, 0, NULL, 0},
};

http_limits rig_limits(void)
{
    return (http_limits){
        .threads = 2,
        .connections_max = 256,
        .connections_per_address = 0,
        .header_bytes_max = 8192,
        .body_bytes_max = 1024,
        .head_ms = 5000,
        .body_ms = 5000,
        .send_ms = 5000,
        .streams_max = 64,
        .spools_max = 4,
    };
}

void rig_init(rig *r)
{
    *r = (rig){0};
    r->listeners[0] = (http_listener){.address = {.family = 4, .bytes = {127, 0, 0, 1}}, .fd = -1};
    r->config = (http_config){
        .listeners = r->listeners,
        .listener_count = 1,
        .routes = routes,
        .route_count = POA_COUNT(routes),
        .handler_arg = r,
        .limits = rig_limits(),
        .hooks =
            {
                .now_us = now_us,
                .random = random_bytes,
                .done = on_done,
                .log = on_log,
                .unlimited = is_unlimited,
                .arg = r,
            },
    };
    assert_int_equal(pthread_mutex_init(&r->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&r->changed, NULL), 0);
}

void rig_start(rig *r)
{
    poa_buf why = {0};
    if (!http_server_start(&r->config, &r->server, &why))
        fail_msg("%s", why.text);
    assert_null(why.text);
    assert_int_equal(pthread_create(&r->worker, NULL, work, r), 0);
}

void rig_end(rig *r, unsigned grace_ms)
{
    http_server_stop(r->server, grace_ms);
    http_server_free(r->server);
    pthread_mutex_lock(&r->lock);
    r->quit = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->worker, NULL);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    /* Each handler attached something, and each request was ended. */
    assert_int_equal(atomic_load(&r->freed), atomic_load(&r->handled));
}

void rig_hold(rig *r, bool hold)
{
    pthread_mutex_lock(&r->lock);
    r->hold = hold;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

size_t rig_waiting(rig *r)
{
    pthread_mutex_lock(&r->lock);
    const size_t n = r->waiting_count;
    pthread_mutex_unlock(&r->lock);
    return n;
}

/* ---- the client's side ---- */

int rig_connect(const rig *r)
{
    struct sockaddr_storage there;
    const http_address *const address = http_server_address(r->server, 0);
    const socklen_t len = http_address_to_socket(address, &there);
    const int fd = socket(there.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, len), 0);
    const struct timeval wait = {.tv_sec = 3};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait), 0);
    return fd;
}

bool rig_send(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        const ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

bool rig_text(int fd, const char *text)
{
    return rig_send(fd, text, strlen(text));
}

static bool read_header(int fd, rig_reply *reply)
{
    size_t len = 0;
    while (len + 1 < sizeof reply->header) {
        const ssize_t got = recv(fd, reply->header + len, 1, 0);
        if (got != 1)
            return false;
        reply->header[++len] = '\0';
        if (len >= 4 && memcmp(reply->header + len - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

rig_reply rig_read(int fd, bool body)
{
    rig_reply reply = {0};
    if (!read_header(fd, &reply) || sscanf(reply.header, "HTTP/1.1 %u ", &reply.status) != 1)
        return (rig_reply){0};
    reply.close = strstr(reply.header, "\r\nConnection: close\r\n") != NULL;
    reply.problem = strstr(reply.header, "\r\nContent-Type: application/problem+json\r\n") != NULL;

    const char *const length = strstr(reply.header, "\r\nContent-Length: ");
    size_t want = length && body ? strtoul(length + 18, NULL, 10) : 0;
    char chunk[4096];
    while (want > 0) {
        const ssize_t got = recv(fd, chunk, want < sizeof chunk ? want : sizeof chunk, 0);
        if (got <= 0)
            return (rig_reply){0};
        want -= (size_t)got;
        for (ssize_t i = 0; i < got && reply.body_len + 1 < sizeof reply.body; i++)
            reply.body[reply.body_len++] = chunk[i];
    }
    return reply;
}

rig_reply rig_ask(const rig *r, const char *text)
{
    const int fd = rig_connect(r);
    assert_true(rig_text(fd, text));
    const rig_reply reply = rig_read(fd, true);
    close(fd);
    return reply;
}

bool rig_closed(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    char byte;
    if (poll(&polled, 1, 1000) != 1)
        return false;
    const ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static void nap(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

bool rig_until(const atomic_uint *value, unsigned want)
{
    for (int i = 0; i < 1000 && atomic_load(value) != want; i++)
        nap();
    return atomic_load(value) == want;
}

bool rig_until_connections(const rig *r, unsigned want)
{
    for (int i = 0; i < 1000 && http_server_connections(r->server) != want; i++)
        nap();
    return http_server_connections(r->server) == want;
}
