#include "test.h"

#include "cleanup.h"
#include "http_rig.h"

#include <assert.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Many clients, too many clients, and a stop in the midst of them. */

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static void nap_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void limits(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    r.config.limits.connections_per_address = 4;
    r.config.limits.connections_max = 6;
    rig_start(&r);

    int fds[8];
    for (size_t i = 0; i < 4; i++) {
        fds[i] = rig_connect(&r);
        assert_true(rig_text(fds[i], GET("/healthz")));
        assert_int_equal(rig_read(fds[i], true).status, 200);
    }
    fds[4] = rig_connect(&r);
    assert_true(rig_closed(fds[4]));
    close(fds[4]);
    close(fds[0]);
    assert_true(rig_until_connections(&r, 3));
    fds[0] = rig_connect(&r);
    assert_true(rig_text(fds[0], GET("/healthz")));
    assert_int_equal(rig_read(fds[0], true).status, 200);

    /* For a proxy the limit does not hold, but the one for all does: the rest waits and is served in its turn. */
    atomic_store(&r.unlimited, true);
    for (size_t i = 4; i < 8; i++) {
        fds[i] = rig_connect(&r);
        assert_true(rig_text(fds[i], GET("/healthz")));
    }
    assert_int_equal(rig_read(fds[4], true).status, 200);
    assert_int_equal(rig_read(fds[5], true).status, 200);
    nap_ms(50);
    char byte;
    assert_int_equal(recv(fds[6], &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(http_server_connections(r.server), 6);
    close(fds[1]);
    close(fds[2]);
    assert_int_equal(rig_read(fds[6], true).status, 200);
    assert_int_equal(rig_read(fds[7], true).status, 200);
    for (size_t i = 3; i < 8; i++)
        close(fds[i]);
    close(fds[0]);
    assert_true(rig_until_connections(&r, 0));
    rig_end(&r, 1000);
}

static void many_idle(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    rig r;
    rig_init(&r);
    r.config.limits.connections_max = COUNT + 10;
    rig_start(&r);
    int fds[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        fds[i] = rig_connect(&r);
    assert_true(rig_until_connections(&r, COUNT));
    assert_string_equal(rig_ask(&r, GET("/healthz")).body, "ok");
    for (size_t i = 0; i < COUNT; i += 40) {
        assert_true(rig_text(fds[i], GET("/healthz")));
        assert_int_equal(rig_read(fds[i], true).status, 200);
    }
    for (size_t i = 0; i < COUNT; i++)
        close(fds[i]);
    assert_true(rig_until_connections(&r, 0));
    rig_end(&r, 1000);
}

/* No descriptor left: clients wait, the others are served, and it goes on by itself. */
static void no_descriptors(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    rig_start(&r);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const int fd = rig_connect(&r);
    assert_true(rig_until_connections(&r, 1));
    const int second = rig_connect(&r);
    assert_true(rig_until_connections(&r, 2));
    close(second);
    assert_true(rig_until_connections(&r, 1));

    const int third = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* made while that is possible */
    const struct rlimit none = {.rlim_cur = (rlim_t)third + 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct sockaddr_storage there;
    const socklen_t len = http_address_to_socket(http_server_address(r.server, 0), &there);
    assert_int_equal(connect(third, (struct sockaddr *)&there, len), 0);
    assert_true(rig_text(third, GET("/healthz")));
    assert_true(rig_until(&r.log_lines, 1));
    assert_true(rig_text(fd, GET("/healthz")));
    assert_int_equal(rig_read(fd, true).status, 200);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(rig_read(third, true).status, 200);
    close(third);
    close(fd);
    rig_end(&r, 1000);
}

typedef struct stopper {
    rig *r;
    unsigned grace_ms;
} stopper;

static void *stop(void *arg)
{
    const stopper *const s = arg;
    http_server_stop(s->r->server, s->grace_ms);
    return NULL;
}

static void graceful_stop(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    rig_start(&r);
    rig_hold(&r, true);
    const int suspended = rig_connect(&r);
    const int half = rig_connect(&r);
    const int idle = rig_connect(&r);
    assert_true(rig_text(suspended, "POST /later HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_true(rig_text(half, "POST /any HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na"));
    while (rig_waiting(&r) == 0)
        nap_ms(2);
    assert_true(rig_until_connections(&r, 3));

    pthread_t thread;
    stopper s = {&r, 5000};
    assert_int_equal(pthread_create(&thread, NULL, stop, &s), 0);
    nap_ms(50);
    const int late = rig_connect(&r); /* only the kernel's queue takes it */
    assert_true(rig_closed(idle));
    assert_true(rig_text(half, "b"));
    rig_reply reply = rig_read(half, true);
    assert_int_equal(reply.status, 200);
    assert_true(reply.close && rig_closed(half));
    rig_hold(&r, false);
    reply = rig_read(suspended, true);
    assert_int_equal(reply.status, 201);
    assert_true(reply.close && rig_closed(suspended));
    pthread_join(thread, NULL);
    assert_true(rig_closed(late));
    close(late);
    close(suspended);
    close(half);
    close(idle);

    http_server_stop(r.server, 5000); /* nothing more happens */
    rig_end(&r, 0);
}

/* A client that does not end its request does not keep the server from ending, nor does it lose a reply under way. */
static void impatient_stop(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    rig_start(&r);
    rig_hold(&r, true);
    const int suspended = rig_connect(&r);
    const int half = rig_connect(&r);
    assert_true(rig_text(suspended, "POST /later HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_true(rig_text(half, "POST /any HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na"));
    while (rig_waiting(&r) == 0)
        nap_ms(2);
    assert_true(rig_until_connections(&r, 2));

    pthread_t thread;
    stopper s = {&r, 50};
    assert_int_equal(pthread_create(&thread, NULL, stop, &s), 0);
    assert_true(rig_closed(half));
    nap_ms(200);
    assert_int_equal(http_server_connections(r.server), 1); /* stop waits for the one who has the request */
    rig_hold(&r, false);
    assert_int_equal(rig_read(suspended, true).status, 201);
    pthread_join(thread, NULL);
    close(suspended);
    close(half);
    rig_end(&r, 0);
}

/* Requests without end, from all sides, while the server stops: each gets a whole reply or none. */
static void *ask_for_ever(void *arg)
{
    const rig *const r = arg;
    struct sockaddr_storage there;
    const socklen_t len = http_address_to_socket(http_server_address(r->server, 0), &there);
    for (;;) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool good = fd >= 0 && connect(fd, (struct sockaddr *)&there, len) == 0;
        for (int i = 0; i < 20 && good; i++) {
            good = rig_text(fd, i % 2 ? GET("/healthz") : "POST /later HTTP/1.1\r\nHost: h\r\n\r\n");
            const unsigned status = good ? rig_read(fd, true).status : 0;
            good = status == 200 || status == 201;
            assert(good || status == 0 || status == 503);
        }
        close(fd);
        if (!good)
            return NULL;
    }
}

static void stop_under_load(void **state)
{
    (void)state;
    rig r;
    rig_init(&r);
    rig_start(&r);
    pthread_t clients[6];
    for (size_t i = 0; i < POA_COUNT(clients); i++)
        assert_int_equal(pthread_create(&clients[i], NULL, ask_for_ever, &r), 0);
    nap_ms(200);
    http_server_stop(r.server, 20);
    for (size_t i = 0; i < POA_COUNT(clients); i++)
        pthread_join(clients[i], NULL);
    assert_int_equal(atomic_load(&r.freed), atomic_load(&r.handled));
    assert_int_equal(http_server_connections(r.server), 0);
    rig_end(&r, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),        cmocka_unit_test(many_idle),      cmocka_unit_test(no_descriptors),
        cmocka_unit_test(graceful_stop), cmocka_unit_test(impatient_stop), cmocka_unit_test(stop_under_load),
    };
    return cmocka_run_group_tests_name("http_load", tests, NULL, NULL);
}
