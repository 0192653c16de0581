#include "inside.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A body that came with less than this on average, beyond http_limits.body_ms, is late. */
#define BYTES_PER_SECOND_MIN 32768

/* For file systems without O_TMPFILE. */
static int open_and_unlink(const char *dir)
{
    POA_CLEANUP(poa_freep) char *path = NULL;
    if (asprintf(&path, "%s/.spool-XXXXXX", dir) < 0) {
        path = NULL;
        errno = ENOMEM;
        return -1;
    }
    const int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

static int open_nameless(const char *dir)
{
    const int fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    return fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR) ? open_and_unlink(dir) : fd;
}

/* A disk that has no room says so before the client sends what it announced. Not every file system can promise. */
static bool reserve(int fd, uint64_t len)
{
    return len == 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)len) == 0 || errno == EOPNOTSUPP;
}

static void fail(http_request *request, const char *what)
{
    request->spool.failed = true;
    http_log_line(request->server, "a body cannot be spooled: %s: %s", what, strerror(errno));
}

http_refusal http_spool_open(http_request *request)
{
    http_server *const server = request->server;
    http_spool *const spool = &request->spool;
    const unsigned others = atomic_fetch_add(&server->spools, 1);
    spool->held = true;
    if (POA_GUARD(http_spools_full, others >= server->limits.spools_max))
        return (http_refusal){503, "too many large bodies at once"};

    spool->fd = open_nameless(server->spool_dir);
    if (spool->fd < 0) {
        fail(request, "open");
        return (http_refusal){503, "there is no room for the body"};
    }
    spool->opened = true;
    if (!reserve(spool->fd, request->head.length)) {
        fail(request, "reserve");
        return (http_refusal){503, "there is no room for the body"};
    }
    return (http_refusal){0, NULL};
}

void http_spool_add(http_request *request, poa_span bytes)
{
    http_spool *const spool = &request->spool;
    spool->len += bytes.len;
    atomic_store(&request->conn->earned_us, (int64_t)spool->len * 1000000 / BYTES_PER_SECOND_MIN);
    while (bytes.len > 0 && !spool->failed) {
        const ssize_t written = write(spool->fd, bytes.ptr, bytes.len);
        if (written > 0)
            bytes = poa_span_skip(bytes, (size_t)written);
        else if (written == 0 || errno != EINTR)
            fail(request, "write");
    }
}

bool http_spool_close(http_request *request)
{
    http_spool *const spool = &request->spool;
    if (!spool->failed && spool->len > 0) {
        spool->map = mmap(NULL, spool->len, PROT_READ, MAP_PRIVATE, spool->fd, 0);
        if (spool->map == MAP_FAILED) {
            spool->map = NULL;
            fail(request, "map");
        }
    }
    (void)close(spool->fd);
    spool->opened = false;
    return !spool->failed;
}

void http_spool_clear(http_request *request)
{
    http_spool *const spool = &request->spool;
    if (spool->map)
        (void)munmap(spool->map, spool->len);
    if (spool->opened)
        (void)close(spool->fd);
    if (spool->held)
        atomic_fetch_sub(&request->server->spools, 1);
    *spool = (http_spool){0};
}
