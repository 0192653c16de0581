/*
 * Preloaded into a server: once the file that FAIL_SYNC_WHEN names exists, no file can be synced, as with a disk that
 * fails. FAIL_SYNC_SLOW_MS makes every sync take so long, as with a disk that is busy.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void take_long(void)
{
    const char *slow = getenv("FAIL_SYNC_SLOW_MS");
    const long ms = slow ? strtol(slow, NULL, 10) : 0;
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    if (ms > 0)
        (void)nanosleep(&time, NULL);
}

static int fails(void)
{
    take_long();
    const char *when = getenv("FAIL_SYNC_WHEN");
    return when && access(when, F_OK) == 0;
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    if (!fails())
        return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    if (!fails())
        return (int)syscall(SYS_fsync, fd);
    errno = EIO;
    return -1;
}
