#ifndef HTTP_RIG_H
#define HTTP_RIG_H

#include "http/server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* A real server on loopback with a few routes, and a client that writes the bytes it is told to. */

typedef struct rig {
    http_server *server;
    http_config config;
    http_listener listeners[2];
    atomic_uint handled; /* calls of handlers */
    atomic_uint done;    /* calls of the done hook */
    atomic_uint last_status;
    atomic_uint last_whole;
    atomic_uint last_bytes;
    atomic_uint log_lines;
    atomic_uint freed; /* data attached to requests */
    atomic_bool unlimited;
    atomic_bool no_randomness;

    /* /later: requests that wait for the worker */
    pthread_t worker;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    http_request *waiting[64];
    size_t waiting_count;
    bool hold;
    bool quit;
} rig;

/* Limits for tests: short, generous enough for a slow machine. */
http_limits rig_limits(void);
/* Set all up for one clear-text listener on a free port of 127.0.0.1; the caller may change config before rig_start().
 */
void rig_init(rig *r);
void rig_start(rig *r);
/* Stops with this grace, if it was started, and ends everything. */
void rig_end(rig *r, unsigned grace_ms);
/* Keep suspended requests suspended, or let the worker answer them. */
void rig_hold(rig *r, bool hold);
size_t rig_waiting(rig *r);

int rig_connect(const rig *r);
/* False when the other end is gone. */
bool rig_send(int fd, const void *bytes, size_t len);
bool rig_text(int fd, const char *text);

typedef struct rig_reply {
    unsigned status; /* 0: none came */
    bool close;      /* it says so */
    bool problem;    /* application/problem+json */
    char header[2048];
    char body[8192];
    size_t body_len;
} rig_reply;

/* Read one reply; body false for HEAD. */
rig_reply rig_read(int fd, bool body);
/* Send a text, read the reply and close. */
rig_reply rig_ask(const rig *r, const char *text);
/* Does the other end close, without another byte, within a second? */
bool rig_closed(int fd);
/* Wait, two seconds at most, until *value is want. */
bool rig_until(const atomic_uint *value, unsigned want);
/* The same for the number of connections. */
bool rig_until_connections(const rig *r, unsigned want);

#endif
