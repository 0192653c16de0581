#include "machine.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

int64_t machine_now_s(void *arg)
{
    (void)arg;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

int64_t machine_now_us(void *arg)
{
    (void)arg;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool machine_random(void *arg, void *bytes, size_t len)
{
    (void)arg;
    uint8_t *at = bytes;
    while (len > 0) {
        const ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool fill(void *self, uint8_t *out, size_t len)
{
    return machine_random(self, out, len);
}

const poa_random machine_randomness = {.fill = fill};

void machine_log(void *arg, poa_span line)
{
    (void)arg;
    static char end[] = "\n";
    const struct iovec parts[] = {{(void *)(uintptr_t)line.ptr, line.len}, {end, 1}};
    /* A log that cannot be written is nothing that the log could be told. */
    (void)!writev(STDERR_FILENO, parts, POA_COUNT(parts));
}

void machine_open_standard(void)
{
    int fd = 0;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        (void)close(fd);
}

void machine_prepare(bool traceable)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)umask(S_IRWXG | S_IRWXO);
    if (traceable)
        return;
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

uint64_t machine_allow_descriptors(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}
