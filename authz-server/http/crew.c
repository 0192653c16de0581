#include "inside.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/* Beyond the largest header: libmicrohttpd's records of its fields, a part of a body, and the header of the reply. */
#define CONNECTION_BYTES_EXTRA 16384

/* Decoding before matching is how `/a%2f..%2fb` becomes something else. */
static size_t leave_escapes(void *arg, struct MHD_Connection *mhd, char *text)
{
    (void)arg;
    (void)mhd;
    return strlen(text);
}

static void wipe_keyp(char **key)
{
    if (*key)
        explicit_bzero(*key, strlen(*key));
    free(*key);
}

static struct MHD_Daemon *start_daemon(http_crew *crew, char *certificate, char *key)
{
    const http_server *const server = crew->server;
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC |
                           MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (crew->tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, server->doors[crew->listener].priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    if (!crew->tls)
        tls[0].option = MHD_OPTION_END;
    /* The limits of libmicrohttpd count per daemon and it has no deadline for anything whole: ours do both. */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, http_exchange_step, crew, MHD_OPTION_EXTERNAL_LOGGER, http_log_daemon, crew->server,
        MHD_OPTION_URI_LOG_CALLBACK, http_exchange_line, crew, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, http_exchange_ended, crew, MHD_OPTION_NOTIFY_CONNECTION, http_exchange_connection,
        crew, MHD_OPTION_CONNECTION_LIMIT, server->limits.connections_max + 64, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, server->limits.header_bytes_max + CONNECTION_BYTES_EXTRA, MHD_OPTION_ARRAY,
        tls, MHD_OPTION_END);
}

static bool start_daemons(http_crew *crew, const http_tls *tls, poa_buf *why)
{
    POA_CLEANUP(poa_freep) char *certificate = poa_span_dup(tls->certificate_pem);
    POA_CLEANUP(wipe_keyp) char *key = poa_span_dup(tls->key_pem);
    if (!certificate || !key) {
        poa_buf_text(why, "memory is out");
        return false;
    }
    if (POA_GUARD(http_key_alone, !crew->tls && tls->key_pem.len > 0)) {
        poa_buf_text(why, "TLS cannot be started: there is a key and no certificate");
        return false;
    }
    while (crew->daemon_count < crew->server->limits.threads) {
        struct MHD_Daemon *const daemon = start_daemon(crew, certificate, key);
        if (!daemon) {
            poa_buf_text(why, crew->tls ? "TLS cannot be started: the certificate or its key is malformed, or they do "
                                          "not belong together"
                                        : "the HTTP threads cannot be started");
            return false;
        }
        crew->daemons[crew->daemon_count++] = daemon;
    }
    return true;
}

http_crew *http_crew_start(http_server *server, size_t listener, const http_tls *tls, poa_buf *why)
{
    http_crew *crew = calloc(1, sizeof *crew);
    if (!crew) {
        poa_buf_text(why, "memory is out");
        return NULL;
    }
    crew->server = server;
    crew->listener = listener;
    crew->tls = tls->certificate_pem.len > 0;
    if (!start_daemons(crew, tls, why)) {
        http_crew_end(crew);
        return NULL;
    }
    return crew;
}

bool http_crew_take(http_crew *crew, int fd, const struct sockaddr_storage *peer, socklen_t peer_len)
{
    struct MHD_Daemon *const daemon = crew->daemons[crew->turn];
    crew->turn = (crew->turn + 1) % crew->daemon_count;
    return MHD_add_connection(daemon, fd, (const struct sockaddr *)peer, peer_len) == MHD_YES;
}

void http_crew_end(http_crew *crew)
{
    if (!crew)
        return;
    for (unsigned i = 0; i < crew->daemon_count; i++)
        MHD_stop_daemon(crew->daemons[i]);
    free(crew);
}
