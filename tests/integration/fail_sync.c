/*
 * Preloaded into a server: once the file that FAIL_SYNC_WHEN names exists, no file can be synced, as with a disk that
 * fails.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(void)
{
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
