#ifndef HTTP_INSIDE_H
#define HTTP_INSIDE_H

/* What the files of this room share. Not for others. */

#include "conn.h"
#include "query.h"
#include "route.h"
#include "server.h"
#include "stream.h"
#include "wire.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

/* ---- log.c: lines for http_hooks.log ---- */

/** So that a client cannot fill the disk: at most ten lines a second, and how many more there would have been. */
typedef struct http_log {
    pthread_mutex_t lock;
    int64_t second;
    unsigned written;
    unsigned withheld;
} http_log;

__attribute__((format(printf, 2, 3))) void http_log_line(http_server *server, const char *format, ...);
/** The same as libmicrohttpd calls it. */
__attribute__((format(printf, 2, 0))) void http_log_daemon(void *server, const char *format, va_list args);

/* ---- crew.c: the threads that serve one listener with one certificate ---- */

typedef struct http_crew {
    http_server *server;
    size_t listener;
    bool tls;
    atomic_bool draining; /* answers close their connection */
    struct MHD_Daemon *daemons[HTTP_THREADS_MAX];
    unsigned daemon_count;
    unsigned turn;           /* whose is the next connection; the accept thread's own */
    bool in_use;             /* seen on a connection in this sweep; the accept thread's own */
    struct http_crew *older; /* the next of the retired ones */
} http_crew;

/** http_crew_start() - NULL and a sentence in *why on failure. */
POA_MUST_USE http_crew *http_crew_start(http_server *server, size_t listener, const http_tls *tls, poa_buf *why);
/** http_crew_take() - give a new connection to the next daemon, which owns the descriptor from now on. */
POA_MUST_USE bool http_crew_take(http_crew *crew, int fd, const struct sockaddr_storage *peer, socklen_t peer_len);
/** http_crew_end() - stop the daemons, none of which has a suspended connection. NULL is fine. */
void http_crew_end(http_crew *crew);

/* ---- accept.c: the accept thread ---- */

void *http_accept_run(void *server);
/** Let the accept thread look at the state at once. */
void http_accept_wake(http_server *server);

/* ---- server.c ---- */

typedef enum http_state {
    HTTP_RUNNING,
    HTTP_DRAINING, /* no new connection; requests finish */
    HTTP_CUTTING,  /* no handler is begun; connections are cut */
    HTTP_STOPPED,  /* the accept thread ends */
} http_state;

/** A listener at work. */
typedef struct http_door {
    int fd;
    bool tls;
    http_address address;
    char *priorities; /* owned */
    http_crew *crew;  /* owned; under crews_lock */
} http_door;

/** The streams that are not over. */
typedef struct http_streams {
    pthread_mutex_t lock;
    http_stream *first; /* borrowed: each leaves before its answer lets go of it */
    unsigned count;
} http_streams;

struct http_server {
    http_limits limits;
    http_hooks hooks;
    const http_route *routes;
    size_t route_count;
    void *handler_arg;
    char *spool_dir; /* owned; empty: there is none */

    http_log log;
    http_streams streams;
    atomic_uint spools; /* bodies in files */
    http_conns conns;
    http_door doors[HTTP_LISTENERS_MAX];
    size_t door_count;
    pthread_mutex_t crews_lock;
    http_crew *retired; /* owned; under crews_lock */

    pthread_t acceptor;
    bool accepting; /* the thread exists */
    int wake_fd;
    atomic_int state; /* http_state */
    atomic_bool full; /* connections_max is reached: the accept thread waits for a close */
    atomic_uint busy; /* handlers begun and neither returned nor, where suspended, resumed */
    poa_buf late;     /* the whole 408, for a socket */
};

int64_t http_now_us(const http_server *server);

/* ---- request.c, reply.c ---- */

typedef enum http_stage {
    HTTP_STAGE_LINE,   /* only the request line is known */
    HTTP_STAGE_BODY,   /* header read, body awaited */
    HTTP_STAGE_HANDLED /* the handler was called; a reply is there, or will be */
} http_stage;

typedef struct http_answer {
    unsigned status; /* 0: none yet */
    const char *content_type;
    char *text;          /* owned, or NULL */
    poa_span body;       /* text, or a constant */
    http_stream *stream; /* instead of a body; one reference is owned; or NULL */
    struct {
        const char *name;
        char *value; /* owned */
    } headers[HTTP_REPLY_HEADERS_MAX];
    size_t header_count;
    bool broken; /* sticky: something could not be kept */
} http_answer;

/** A body in a file without a name. */
typedef struct http_spool {
    bool held;   /* counted in http_server.spools */
    bool opened; /* fd is owned */
    bool failed; /* nothing more is kept */
    int fd;
    size_t len;
    void *map; /* once it is whole; owned, or NULL */
} http_spool;

struct http_request {
    http_server *server;
    http_crew *crew;
    http_conn *conn;
    struct MHD_Connection *mhd;
    char id[HTTP_REQUEST_ID_LEN + 1];
    bool id_failed;
    int64_t arrived_us;
    http_stage stage;

    const char *wire_target; /* where the target stood in libmicrohttpd's buffer; never read */
    size_t wire_target_len;  /* how long it was there */
    poa_span method;         /* borrowed from libmicrohttpd, as the header is */
    char *target;            /* owned copy, cut at HTTP_TARGET_BYTES_MAX */
    poa_span path;           /* part of it */
    char *scratch;           /* owned: decoded query */
    http_query query;
    http_head head;
    http_match match;
    size_t body_max;
    poa_buf body; /* empty where the body is in the spool */
    http_spool spool;
    bool body_too_large;
    bool close;     /* the connection ends with this reply */
    bool queued;    /* the reply was handed to libmicrohttpd */
    bool suspended; /* the daemon's thread's own */
    http_answer answer;

    void *data;
    void (*end_data)(void *data);
};

http_request *http_request_new(http_crew *crew, http_conn *conn, struct MHD_Connection *mhd, const char *target);
void http_request_free(http_request *request);
void http_answer_clear(http_answer *answer);
/** http_answer_stream() - answer with a stream, whose reference is taken over. */
void http_answer_stream(http_answer *answer, unsigned status, const char *content_type, http_stream *stream);
/** http_reply_busy() - 503 and a time after which to try again; detail is static. */
void http_reply_busy(http_request *request, const char *detail);
/** http_answer_build() - as libmicrohttpd wants it; takes the body's text over. NULL: memory is out. */
POA_MUST_USE struct MHD_Response *http_answer_build(http_answer *answer, bool head, bool close);

/* ---- stream.c ---- */

/** http_stream_response() - what pulls from a stream, or, for a HEAD, its header alone. NULL: memory is out. */
POA_MUST_USE struct MHD_Response *http_stream_response(http_stream *stream, bool head);
/** http_stream_bytes() - pulled so far. */
size_t http_stream_bytes(const http_stream *stream);
/** http_stream_leave() - its connection is not suspended and nothing is pulled any more; it counts no longer. */
void http_stream_leave(http_stream *stream);
/** http_stream_end() - the same, if need be; end its source and let go of the reference. */
void http_stream_end(http_stream *stream);
/** http_streams_watch() - end those that are too old or whose client left while they slept. */
void http_streams_watch(http_server *server, int64_t now_us);
/** http_streams_end() - end all, or all that need not be whole. After the state was changed: none is begun then. */
void http_streams_end(http_server *server, bool whole_too);

/* ---- spool.c ---- */

/** http_spool_open() - a file for the body to come. Return: why there is none. */
POA_MUST_USE http_refusal http_spool_open(http_request *request);
/** http_spool_add() - keep a part of the body. What cannot be written shows at the end. */
void http_spool_add(http_request *request, poa_span bytes);
/** http_spool_close() - the body is whole; map it. False: a part of it could not be kept. */
POA_MUST_USE bool http_spool_close(http_request *request);
/** http_spool_clear() - end the mapping and the file. */
void http_spool_clear(http_request *request);

/* ---- admit.c: may this request reach its handler? ---- */

/**
 * http_admit() - read the header and find the route.
 * Return: why not; request->close says whether the connection must end with that.
 */
POA_MUST_USE http_refusal http_admit(http_request *request, const char *method, const char *version);

/* ---- problem.c ---- */

/** http_problem_write() - the body of an error; request may be NULL. */
void http_problem_write(const http_server *server, const http_request *request, unsigned status, const char *detail,
                        poa_buf *body);

/* ---- exchange.c: what libmicrohttpd calls; the crew is their first argument ---- */

void *http_exchange_line(void *crew, const char *target, struct MHD_Connection *mhd);
enum MHD_Result http_exchange_step(void *crew, struct MHD_Connection *mhd, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_len, void **context);
void http_exchange_ended(void *crew, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode how);
void http_exchange_connection(void *crew, struct MHD_Connection *mhd, void **context,
                              enum MHD_ConnectionNotificationCode what);

#endif
