/*
 * Preloaded into a real server, this lets a test choose the time: the file that POA_TEST_CLOCK names says by how many
 * seconds the wall clock is ahead. Not part of any product.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long ahead_s(void)
{
    const char *path = getenv("POA_TEST_CLOCK");
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    char text[24] = {0};
    const ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    return len > 0 ? strtol(text, NULL, 10) : 0;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
    const long failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME)
        now->tv_sec += ahead_s();
    return (int)failed;
}
