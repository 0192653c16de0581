#include "conn.h"

#include "guard.h"

#include <stdlib.h>
#include <string.h>

#define PHASE_BITS 3

static uint64_t moment_word(http_phase phase, int64_t since_us)
{
    return (uint64_t)since_us << PHASE_BITS | (uint64_t)phase;
}

http_moment http_conn_moment(http_conn *conn)
{
    const uint64_t word = atomic_load(&conn->moment);
    return (http_moment){
        .word = word,
        .phase = (http_phase)(word & ((1u << PHASE_BITS) - 1)),
        .since_us = (int64_t)(word >> PHASE_BITS),
    };
}

bool http_conn_enter(http_conn *conn, http_phase phase, int64_t now_us)
{
    http_moment seen = http_conn_moment(conn);
    while (seen.phase != HTTP_PHASE_CUT) {
        if (atomic_compare_exchange_weak(&conn->moment, &seen.word, moment_word(phase, now_us)))
            return true;
        seen = http_conn_moment(conn);
    }
    return false;
}

void http_conn_rest(http_conn *conn, int64_t now_us)
{
    atomic_store(&conn->earned_us, 0);
    if (!http_conn_enter(conn, HTTP_PHASE_HEAD, now_us))
        return; /* its daemon is about to find out */
}

bool http_conn_cut(http_conn *conn, http_moment seen)
{
    return atomic_compare_exchange_strong(&conn->moment, &seen.word, moment_word(HTTP_PHASE_CUT, seen.since_us));
}

bool http_conns_init(http_conns *conns, unsigned connections_max, unsigned per_address, uint64_t seed)
{
    *conns = (http_conns){.per_address = per_address, .seed = seed, .bucket_count = 64};
    while (conns->bucket_count < connections_max && conns->bucket_count < 65536)
        conns->bucket_count *= 2;
    conns->buckets = calloc(conns->bucket_count, sizeof *conns->buckets);
    if (!conns->buckets)
        return false;
    if (pthread_mutex_init(&conns->lock, NULL) != 0) {
        free(conns->buckets);
        return false;
    }
    return true;
}

void http_conns_clear(http_conns *conns)
{
    for (size_t i = 0; i < conns->by_fd_len; i++)
        free(conns->by_fd[i]);
    free(conns->by_fd);
    free(conns->buckets);
    pthread_mutex_destroy(&conns->lock);
}

/* Neighbours share a bucket, so that counting them is a walk along one list. */
static http_conn **bucket_of(http_conns *conns, const http_address *peer)
{
    const size_t len = peer->family == 6 ? 8 : 4;
    uint64_t mixed = conns->seed;
    for (size_t i = 0; i < len; i++) {
        mixed = (mixed ^ peer->bytes[i]) * UINT64_C(0x9e3779b97f4a7c15);
        mixed ^= mixed >> 29;
    }
    return &conns->buckets[mixed & (conns->bucket_count - 1)];
}

static unsigned count_neighbours(http_conns *conns, const http_address *peer)
{
    unsigned n = 0;
    for (const http_conn *c = *bucket_of(conns, peer); c; c = c->next)
        n += c->counted && http_address_neighbours(&c->peer, peer);
    return n;
}

static bool make_room(http_conns *conns, int fd)
{
    if ((size_t)fd < conns->by_fd_len)
        return true;
    const size_t len = (size_t)fd * 2 + 64;
    http_conn **by_fd = realloc(conns->by_fd, len * sizeof(*by_fd));
    if (!by_fd)
        return false;
    memset(by_fd + conns->by_fd_len, 0, (len - conns->by_fd_len) * sizeof(*by_fd));
    conns->by_fd = by_fd;
    conns->by_fd_len = len;
    return true;
}

static void drop_locked(http_conns *conns, http_conn *conn)
{
    http_conn **at = bucket_of(conns, &conn->peer);
    while (*at != conn)
        at = &(*at)->next;
    *at = conn->next;
    conns->by_fd[conn->fd] = NULL;
    atomic_fetch_sub(&conns->count, 1);
    free(conn);
}

static http_conn *add_locked(http_conns *conns, const http_arrival *arrival)
{
    if (!make_room(conns, arrival->fd))
        return NULL;
    if (conns->by_fd[arrival->fd])
        drop_locked(conns, conns->by_fd[arrival->fd]);
    if (POA_GUARD(http_per_address, arrival->counted && conns->per_address > 0 &&
                                        count_neighbours(conns, &arrival->peer) >= conns->per_address))
        return NULL;

    http_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return NULL;
    conn->peer = arrival->peer;
    conn->fd = arrival->fd;
    conn->tls = arrival->tls;
    conn->counted = arrival->counted;
    conn->crew = arrival->crew;
    atomic_init(&conn->moment, moment_word(HTTP_PHASE_HEAD, arrival->now_us));

    http_conn **const bucket = bucket_of(conns, &conn->peer);
    conn->next = *bucket;
    *bucket = conn;
    conns->by_fd[conn->fd] = conn;
    atomic_fetch_add(&conns->count, 1);
    return conn;
}

http_conn *http_conns_add(http_conns *conns, const http_arrival *arrival)
{
    pthread_mutex_lock(&conns->lock);
    http_conn *const conn = add_locked(conns, arrival);
    pthread_mutex_unlock(&conns->lock);
    return conn;
}

http_conn *http_conns_find(http_conns *conns, int fd)
{
    pthread_mutex_lock(&conns->lock);
    http_conn *const conn = fd >= 0 && (size_t)fd < conns->by_fd_len ? conns->by_fd[fd] : NULL;
    pthread_mutex_unlock(&conns->lock);
    return conn;
}

void http_conns_drop(http_conns *conns, http_conn *conn)
{
    pthread_mutex_lock(&conns->lock);
    drop_locked(conns, conn);
    pthread_mutex_unlock(&conns->lock);
}

void http_conns_each(http_conns *conns, void (*visit)(http_conn *conn, void *arg), void *arg)
{
    pthread_mutex_lock(&conns->lock);
    for (size_t i = 0; i < conns->by_fd_len; i++) {
        if (conns->by_fd[i])
            visit(conns->by_fd[i], arg);
    }
    pthread_mutex_unlock(&conns->lock);
}
