#include "file.h"

#include "cleanup.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void poa_file_closep(int *fd)
{
    if (*fd > STDERR_FILENO)
        (void)close(*fd);
}

/* Fill buffer to its end or to that of the file. */
static int read_up_to(int fd, char *buffer, size_t cap, size_t *len)
{
    *len = 0;
    while (*len < cap) {
        const ssize_t n = read(fd, buffer + *len, cap - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return 0;
        *len += (size_t)n;
    }
    return 0;
}

int poa_file_read(int fd, size_t max, char **text, size_t *len)
{
    /* A byte more than max tells a file that is too large, and has room for the NUL. */
    char *buffer = malloc(max + 1);
    if (!buffer)
        return ENOMEM;
    size_t got = 0;
    int failed = read_up_to(fd, buffer, max + 1, &got);
    if (!failed && got > max)
        failed = EFBIG;
    if (failed) {
        explicit_bzero(buffer, got);
        free(buffer);
        return failed;
    }
    buffer[got] = '\0';
    *text = buffer;
    *len = got;
    return 0;
}

int poa_file_write_all(int fd, poa_span bytes)
{
    while (bytes.len > 0) {
        const ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        bytes = poa_span_skip(bytes, (size_t)n);
    }
    return 0;
}

/* Put a finished file in its place. */
static int move_into_place(const char *temporary, const char *path, bool replace)
{
    if (replace)
        return rename(temporary, path) == 0 ? 0 : errno;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    /* A file system that does not know the flag: a link does not replace either. */
    return link(temporary, path) == 0 && unlink(temporary) == 0 ? 0 : errno;
}

static int fill(int fd, mode_t mode, poa_span bytes)
{
    if (fchmod(fd, mode) != 0)
        return errno;
    const int failed = poa_file_write_all(fd, bytes);
    if (failed)
        return failed;
    return fsync(fd) == 0 ? 0 : errno;
}

int poa_file_write(const char *path, mode_t mode, bool replace, poa_span bytes)
{
    POA_CLEANUP(poa_freep) char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return ENOMEM;
    }
    POA_CLEANUP(poa_file_closep) int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return errno;
    int failed = fill(fd, mode, bytes);
    if (!failed)
        failed = move_into_place(temporary, path, replace);
    if (failed)
        (void)unlink(temporary);
    return failed;
}
