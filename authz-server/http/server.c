#include "inside.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How long replies have to leave once all handlers are done. */
#define FAREWELL_MS 500

/* ---- starting ---- */

int http_listen(const http_address *address)
{
    struct sockaddr_storage where;
    const socklen_t len = http_address_to_socket(address, &where);
    const int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    const int on = 1;
    const bool six = address->family == 6;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!six || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind(fd, (const struct sockaddr *)&where, len) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    const int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

/* A socket that somebody else opened may block and may be inherited by children. */
static bool settle_socket(int fd)
{
    const int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static bool open_door(http_door *door, const http_listener *listener, poa_buf *why)
{
    struct sockaddr_storage where;
    socklen_t len = sizeof where;
    door->tls = listener->tls.certificate_pem.len > 0;
    door->priorities = poa_span_dup(poa_span_of(listener->priorities ? listener->priorities : HTTP_TLS_PRIORITIES));
    door->fd = listener->fd >= 0 ? listener->fd : http_listen(&listener->address);
    if (door->priorities && door->fd >= 0 && settle_socket(door->fd) &&
        getsockname(door->fd, (struct sockaddr *)&where, &len) == 0) {
        door->address = http_address_from_socket(&where);
        return true;
    }
    const char *const error = strerror(errno);
    char text[HTTP_ADDRESS_TEXT_MAX];
    http_address_text(&listener->address, text);
    poa_buf_printf(why, "cannot listen on %s: %s", text, error);
    return false;
}

/* The 408 that the watch over deadlines writes to a socket by itself. */
static bool compose_late(http_server *server)
{
    POA_CLEANUP(poa_buf_clear) poa_buf body = {0};
    http_problem_write(server, NULL, 408, "the body took too long", &body);
    poa_buf_printf(&server->late,
                   "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\n"
                   "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                   body.len);
    poa_buf_add(&server->late, poa_buf_span(&body));
    return !body.failed && !server->late.failed;
}

static bool start_crews(http_server *server, const http_config *config, poa_buf *why)
{
    for (size_t i = 0; i < server->door_count; i++) {
        server->doors[i].crew = http_crew_start(server, i, &config->listeners[i].tls, why);
        if (!server->doors[i].crew)
            return false;
    }
    return true;
}

/* Signals are for main(): no thread of this room gets one. */
static bool start_threads(http_server *server, const http_config *config, poa_buf *why)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool good = start_crews(server, config, why);
    if (good && pthread_create(&server->acceptor, NULL, http_accept_run, server) != 0) {
        poa_buf_text(why, "the accept thread cannot be started");
        good = false;
    }
    server->accepting = good;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

static http_server *new_server(const http_config *config)
{
    http_server *server = calloc(1, sizeof *server);
    if (!server)
        return NULL;
    server->limits = config->limits;
    server->hooks = config->hooks;
    server->routes = config->routes;
    server->route_count = config->route_count;
    server->handler_arg = config->handler_arg;
    server->spool_dir = poa_span_dup(poa_span_of(config->spool_dir));
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    uint64_t seed = 0;
    if (server->spool_dir && server->wake_fd >= 0 && server->hooks.random(server->hooks.arg, &seed, sizeof seed) &&
        http_conns_init(&server->conns, server->limits.connections_max, server->limits.connections_per_address, seed)) {
        pthread_mutex_init(&server->log.lock, NULL);
        pthread_mutex_init(&server->crews_lock, NULL);
        pthread_mutex_init(&server->streams.lock, NULL);
        return server;
    }
    if (server->wake_fd >= 0)
        (void)close(server->wake_fd);
    free(server->spool_dir);
    free(server);
    return NULL;
}

static bool has_spool(const http_config *config)
{
    for (size_t i = 0; i < config->route_count; i++) {
        if (config->routes[i].flags & HTTP_ROUTE_SPOOL)
            return true;
    }
    return false;
}

bool http_server_start(const http_config *config, http_server **out, poa_buf *why)
{
    assert(config->listener_count <= HTTP_LISTENERS_MAX && config->hooks.now_us && config->hooks.random);
    assert(config->limits.threads > 0 && config->limits.threads <= HTTP_THREADS_MAX);
    if (!http_routes_check(config->routes, config->route_count, why))
        return false;
    if (POA_GUARD(http_no_spool_dir, !config->spool_dir && has_spool(config))) {
        poa_buf_text(why, "a route keeps bodies in files, and there is no directory for them");
        return false;
    }
    http_server *server = new_server(config);
    if (!server || !compose_late(server)) {
        poa_buf_text(why, "memory, descriptors or randomness are out");
        http_server_free(server);
        return false;
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        server->door_count = i + 1;
        if (!open_door(&server->doors[i], &config->listeners[i], why)) {
            http_server_free(server);
            return false;
        }
    }
    if (!start_threads(server, config, why)) {
        http_server_free(server);
        return false;
    }
    *out = server;
    return true;
}

const http_address *http_server_address(const http_server *server, size_t listener)
{
    assert(listener < server->door_count);
    return &server->doors[listener].address;
}

unsigned http_server_connections(const http_server *server)
{
    return atomic_load(&server->conns.count);
}

/* ---- new certificates ---- */

static bool prepare_crews(http_server *server, const http_tls *pairs, http_crew **fresh, poa_buf *why)
{
    for (size_t i = 0; i < server->door_count; i++) {
        if (pairs[i].certificate_pem.len == 0)
            continue;
        if (!server->doors[i].tls) {
            poa_buf_text(why, "a listener for clear text cannot be given a certificate");
            return false;
        }
        fresh[i] = http_crew_start(server, i, &pairs[i], why);
        if (!fresh[i])
            return false;
    }
    return true;
}

static void retire_locked(http_server *server, http_crew *crew)
{
    atomic_store(&crew->draining, true);
    crew->older = server->retired;
    server->retired = crew;
}

bool http_server_reload_tls(http_server *server, const http_tls *pairs, poa_buf *why)
{
    http_crew *fresh[HTTP_LISTENERS_MAX] = {0};
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool good = prepare_crews(server, pairs, fresh, why);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    pthread_mutex_lock(&server->crews_lock);
    for (size_t i = 0; i < server->door_count && good; i++) {
        if (!fresh[i])
            continue;
        retire_locked(server, server->doors[i].crew);
        server->doors[i].crew = POA_TAKE(fresh[i]);
    }
    pthread_mutex_unlock(&server->crews_lock);

    for (size_t i = 0; i < server->door_count; i++)
        http_crew_end(fresh[i]);
    http_accept_wake(server);
    return good;
}

/* ---- stopping ---- */

static void nap(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void enter_state(http_server *server, http_state state)
{
    atomic_store(&server->state, (int)state);
    http_accept_wake(server);
}

static void wait_for_connections(const http_server *server, unsigned most_ms)
{
    for (unsigned waited_ms = 0; waited_ms < most_ms && http_server_connections(server) > 0; waited_ms += 5)
        nap();
}

static void end_crews(http_server *server)
{
    for (size_t i = 0; i < server->door_count; i++)
        http_crew_end(POA_TAKE(server->doors[i].crew));
    while (server->retired) {
        http_crew *const crew = server->retired;
        server->retired = crew->older;
        http_crew_end(crew);
    }
}

void http_server_stop(http_server *server, unsigned grace_ms)
{
    if (atomic_load(&server->state) != HTTP_RUNNING)
        return;
    pthread_mutex_lock(&server->crews_lock);
    for (size_t i = 0; i < server->door_count; i++) {
        if (server->doors[i].crew)
            atomic_store(&server->doors[i].crew->draining, true);
    }
    pthread_mutex_unlock(&server->crews_lock);
    enter_state(server, HTTP_DRAINING);
    http_streams_end(server, false);
    if (server->accepting)
        wait_for_connections(server, grace_ms);

    /* A suspended connection makes libmicrohttpd abort the process when its daemon is stopped. */
    enter_state(server, HTTP_CUTTING);
    http_streams_end(server, true);
    while (atomic_load(&server->busy) > 0)
        nap();
    if (server->accepting) {
        wait_for_connections(server, FAREWELL_MS);
        enter_state(server, HTTP_STOPPED);
        pthread_join(server->acceptor, NULL);
    }
    end_crews(server);
    /* Only now: until here the kernel kept new clients waiting rather than turning them away. */
    for (size_t i = 0; i < server->door_count; i++) {
        if (server->doors[i].fd >= 0)
            (void)close(server->doors[i].fd);
        server->doors[i].fd = -1;
    }
}

void http_server_free(http_server *server)
{
    if (!server)
        return;
    http_server_stop(server, 0);
    for (size_t i = 0; i < server->door_count; i++)
        free(server->doors[i].priorities);
    http_conns_clear(&server->conns);
    poa_buf_clear(&server->late);
    pthread_mutex_destroy(&server->log.lock);
    pthread_mutex_destroy(&server->crews_lock);
    pthread_mutex_destroy(&server->streams.lock);
    free(server->spool_dir);
    (void)close(server->wake_fd);
    free(server);
}
