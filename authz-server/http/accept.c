#include "inside.h"

#include "span.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections taken from one listener before the others have their turn. */
#define BATCH 64
/* How long no connection is accepted when descriptors or memory are out. */
#define BREATHER_MS 100
/* While draining, a connection that has been quiet for so long is told to go. */
#define QUIET_US 100000

void http_accept_wake(http_server *server)
{
    /* A full counter wakes as well. */
    (void)!eventfd_write(server->wake_fd, 1);
}

/* ---- deadlines ---- */

static int64_t limit_us(const http_server *server, const http_conn *conn, http_phase phase)
{
    switch (phase) {
    case HTTP_PHASE_HEAD:
        return (int64_t)server->limits.head_ms * 1000;
    case HTTP_PHASE_BODY:
        return (int64_t)server->limits.body_ms * 1000 + atomic_load(&conn->earned_us);
    case HTTP_PHASE_SEND:
        return (int64_t)server->limits.send_ms * 1000;
    case HTTP_PHASE_WORK:
    case HTTP_PHASE_CUT:
        break;
    }
    return INT64_MAX;
}

typedef struct sweep {
    http_server *server;
    int64_t now_us;
    bool cut_all;
} sweep;

/*
 * The daemon finds the end of its connection on the socket. Nothing was sent on a connection that brings a body, so the
 * 408 cannot land in another answer; under TLS only the daemon's thread could write it.
 */
static void cut(const sweep *s, http_conn *conn, http_moment seen)
{
    if (!http_conn_cut(conn, seen))
        return;
    const poa_span late = poa_buf_span(&s->server->late);
    if (seen.phase == HTTP_PHASE_BODY && !conn->tls && !s->cut_all)
        (void)!send(conn->fd, late.ptr, late.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(conn->fd, SHUT_RDWR);
}

static void watch(http_conn *conn, void *arg)
{
    const sweep *const s = arg;
    const http_moment seen = http_conn_moment(conn);
    const int64_t age_us = s->now_us - seen.since_us;
    conn->crew->in_use = true;

    const bool unwanted = s->cut_all && (seen.phase == HTTP_PHASE_HEAD || seen.phase == HTTP_PHASE_BODY);
    if (unwanted || age_us > limit_us(s->server, conn, seen.phase)) {
        cut(s, conn, seen);
        return;
    }
    /* What has arrived is still read and answered; then the daemon finds the end. */
    if (seen.phase == HTTP_PHASE_HEAD && age_us >= QUIET_US && atomic_load(&conn->crew->draining))
        (void)shutdown(conn->fd, SHUT_RD);
}

/* Crews whose last connection is gone. They cannot get one: only this thread deals them out. */
static http_crew *take_finished(http_server *server)
{
    http_crew *finished = NULL;
    for (http_crew **at = &server->retired; *at;) {
        http_crew *const crew = *at;
        if (crew->in_use) {
            at = &crew->older;
            continue;
        }
        *at = crew->older;
        crew->older = finished;
        finished = crew;
    }
    return finished;
}

static void sweep_connections(http_server *server)
{
    sweep s = {
        .server = server,
        .now_us = http_now_us(server),
        .cut_all = atomic_load(&server->state) >= HTTP_CUTTING,
    };
    pthread_mutex_lock(&server->crews_lock);
    for (http_crew *crew = server->retired; crew; crew = crew->older)
        crew->in_use = false;
    http_conns_each(&server->conns, watch, &s);
    http_crew *finished = take_finished(server);
    pthread_mutex_unlock(&server->crews_lock);
    http_streams_watch(server, s.now_us);

    while (finished) {
        http_crew *const next = finished->older;
        http_crew_end(finished);
        finished = next;
    }
}

/* ---- accepting ---- */

static void take_connection(http_server *server, http_door *door, int fd, const struct sockaddr_storage *peer,
                            socklen_t peer_len)
{
    pthread_mutex_lock(&server->crews_lock);
    http_crew *const crew = door->crew;
    pthread_mutex_unlock(&server->crews_lock);

    const http_hooks *const hooks = &server->hooks;
    http_arrival arrival = {
        .peer = http_address_from_socket(peer),
        .fd = fd,
        .tls = crew->tls,
        .crew = crew,
        .now_us = http_now_us(server),
    };
    arrival.counted = !hooks->unlimited || !hooks->unlimited(hooks->arg, &arrival.peer);
    http_conn *const conn = http_conns_add(&server->conns, &arrival);
    if (!conn) {
        (void)close(fd);
        return;
    }
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!http_crew_take(crew, fd, peer, peer_len)) /* the descriptor is closed */
        http_conns_drop(&server->conns, conn);
}

static bool is_full(http_server *server)
{
    if (http_server_connections(server) < server->limits.connections_max)
        return false;
    atomic_store(&server->full, true);
    /* Looked at again: the close that would have woken this thread may have come in between. */
    return http_server_connections(server) >= server->limits.connections_max;
}

/* Returns false when the process is short of something, so that asking again at once is of no use. */
static bool accept_some(http_server *server, http_door *door)
{
    for (unsigned i = 0; i < BATCH && !is_full(server); i++) {
        struct sockaddr_storage peer;
        socklen_t peer_len = sizeof peer;
        const int fd = accept4(door->fd, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_connection(server, door, fd, &peer, peer_len);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            http_log_line(server, "a connection cannot be accepted: %s", strerror(errno));
            return false;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        /* Anything else is the fault of that one connection (accept(2) lists what a network can report). */
    }
    return true;
}

/* A quarter of the shortest deadline: none is missed by more than that. */
static int tick_ms(const http_server *server)
{
    const http_limits *const limits = &server->limits;
    unsigned least = limits->head_ms < limits->body_ms ? limits->head_ms : limits->body_ms;
    least = limits->send_ms < least ? limits->send_ms : least;
    least = least / 4 < 1000 ? least / 4 : 1000;
    if (atomic_load(&server->state) != HTTP_RUNNING)
        least = least < 50 ? least : 50;
    return least < 10 ? 10 : (int)least;
}

/* One wait and what follows from it. Returns false when accepting needs a breather. */
static bool turn(http_server *server, bool open, int64_t *swept_us)
{
    struct pollfd polled[1 + HTTP_LISTENERS_MAX] = {{.fd = server->wake_fd, .events = POLLIN}};
    open = open && atomic_load(&server->state) == HTTP_RUNNING && !is_full(server);
    for (size_t i = 0; i < server->door_count; i++)
        polled[1 + i] = (struct pollfd){.fd = open ? server->doors[i].fd : -1, .events = POLLIN};
    (void)poll(polled, 1 + server->door_count, tick_ms(server));

    eventfd_t ignored;
    if (polled[0].revents)
        (void)!eventfd_read(server->wake_fd, &ignored);

    bool well = true;
    for (size_t i = 0; i < server->door_count; i++) {
        if (polled[1 + i].revents)
            well = accept_some(server, &server->doors[i]) && well;
    }

    const int64_t now_us = http_now_us(server);
    const bool hurry = polled[0].revents && atomic_load(&server->state) != HTTP_RUNNING;
    if (hurry || now_us - *swept_us >= (int64_t)tick_ms(server) * 1000) {
        sweep_connections(server);
        *swept_us = now_us;
    }
    return well;
}

void *http_accept_run(void *arg)
{
    http_server *const server = arg;
    int64_t swept_us = http_now_us(server);
    int64_t shut_until_us = swept_us;
    while (atomic_load(&server->state) != HTTP_STOPPED) {
        if (!turn(server, http_now_us(server) >= shut_until_us, &swept_us))
            shut_until_us = http_now_us(server) + BREATHER_MS * 1000;
    }
    return NULL;
}
