#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "address.h"
#include "poa/macros.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a connection is busy with, which decides how long it may be. */
typedef enum http_phase {
    HTTP_PHASE_HEAD, /* nothing, or bringing a header */
    HTTP_PHASE_BODY, /* bringing a body */
    HTTP_PHASE_WORK, /* nothing to do with the client: no deadline; so does a stream wait for its source */
    HTTP_PHASE_SEND, /* taking the reply, or a piece of a stream */
    HTTP_PHASE_CUT,  /* its deadline has passed: the end */
} http_phase;

/** One TCP connection, from accept to close. */
typedef struct http_conn {
    http_address peer;
    int fd;
    bool tls;
    bool counted;              /* among those of its address */
    struct http_crew *crew;    /* borrowed: outlives it */
    struct http_conn *next;    /* in its bucket */
    _Atomic uint64_t moment;   /* the phase and since when, in one word: see http_conn_enter() */
    _Atomic int64_t earned_us; /* by what a large body has brought, beyond the time that every body has */
} http_conn;

/**
 * http_conns - all connections of a server. Kept by descriptor, so that one that libmicrohttpd lost without a word
 * (memory was out) is found and forgotten when the kernel gives its number out again.
 */
typedef struct http_conns {
    pthread_mutex_t lock;
    http_conn **by_fd; /* owned, with what they point to */
    size_t by_fd_len;
    http_conn **buckets; /* by address; a power of two of them */
    size_t bucket_count;
    uint64_t seed; /* so that nobody fills one bucket on purpose */
    unsigned per_address;
    atomic_uint count;
} http_conns;

/** http_conns_init() - per_address 0: no limit. False when memory is out. */
POA_MUST_USE bool http_conns_init(http_conns *conns, unsigned connections_max, unsigned per_address, uint64_t seed);
void http_conns_clear(http_conns *conns);

/** What http_conns_add() is told of a new connection. */
typedef struct http_arrival {
    http_address peer;
    int fd;
    bool tls;
    bool counted;
    struct http_crew *crew;
    int64_t now_us;
} http_arrival;

/** http_conns_add() - a new connection, in phase HEAD. NULL: its address has as many as it may, or memory is out. */
POA_MUST_USE http_conn *http_conns_add(http_conns *conns, const http_arrival *arrival);

/** http_conns_find() - the connection on a descriptor; NULL: there is none. */
http_conn *http_conns_find(http_conns *conns, int fd);

/** http_conns_drop() - forget a connection, before its descriptor is closed. */
void http_conns_drop(http_conns *conns, http_conn *conn);

/** http_conns_each() - visit all; none is dropped, so no descriptor is closed, while the visitor looks at it. */
void http_conns_each(http_conns *conns, void (*visit)(http_conn *conn, void *arg), void *arg);

/** http_conn_enter() - begin a phase. False: the connection was cut in the meantime, and stays so. */
POA_MUST_USE bool http_conn_enter(http_conn *conn, http_phase phase, int64_t now_us);

/** http_conn_rest() - a request has ended: phase HEAD again, unless the connection was cut. */
void http_conn_rest(http_conn *conn, int64_t now_us);

/** A phase, and since when. */
typedef struct http_moment {
    uint64_t word;
    http_phase phase;
    int64_t since_us;
} http_moment;

http_moment http_conn_moment(http_conn *conn);

/** http_conn_cut() - end a connection, unless it has moved on since that moment. */
POA_MUST_USE bool http_conn_cut(http_conn *conn, http_moment seen);

#endif
