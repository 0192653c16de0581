#include "files.h"

#include "bounds.h"
#include "cleanup.h"
#include "cli.h"
#include "output.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void closep(int *fd)
{
    if (*fd > STDERR_FILENO)
        (void)close(*fd);
}

static bool is_dash(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

static int open_input(const char *path, int *fd)
{
    if (is_dash(path)) {
        *fd = STDIN_FILENO;
        return CLI_OK;
    }
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*fd < 0)
        return cli_usage("cannot read %s: %s", path, strerror(errno));
    return CLI_OK;
}

/* Fill buffer to its end or to that of the file. */
static int read_up_to(int fd, const char *path, char *buffer, size_t cap, size_t *len)
{
    *len = 0;
    while (*len < cap) {
        const ssize_t n = read(fd, buffer + *len, cap - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cli_usage("cannot read %s: %s", path, strerror(errno));
        if (n == 0)
            return CLI_OK;
        *len += (size_t)n;
    }
    return CLI_OK;
}

/* A buffer of one byte more than max tells a file that is too large, and has room for the NUL. */
static int read_whole(int fd, const char *path, size_t max, char *buffer, size_t *len)
{
    const int failed = read_up_to(fd, path, buffer, max + 1, len);
    if (failed)
        return failed;
    if (*len > max)
        return cli_usage("%s has more than %zu bytes", path, max);
    buffer[*len] = '\0';
    return CLI_OK;
}

static const char *shown(const char *path)
{
    return is_dash(path) ? "standard input" : path;
}

int cli_file_read(const char *path, size_t max, char **text, size_t *len)
{
    POA_CLEANUP(closep) int fd = -1;
    int failed = open_input(path, &fd);
    if (failed)
        return failed;
    POA_CLEANUP(poa_freep) char *buffer = malloc(max + 1);
    if (!buffer)
        return cli_fault_of(POA_F_NOMEM);
    failed = read_whole(fd, shown(path), max, buffer, len);
    if (failed)
        return failed;
    *text = POA_TAKE(buffer);
    return CLI_OK;
}

static int read_secret(int fd, const char *name, size_t max, poa_secret *out)
{
    POA_CLEANUP(poa_secret_clear) poa_secret secret = {.text = malloc(max + 1), .len = max};
    if (!secret.text)
        return cli_fault_of(POA_F_NOMEM);
    size_t len = 0;
    const int failed = read_whole(fd, name, max, secret.text, &len);
    if (failed)
        return failed;
    secret.len = len;
    *out = secret;
    secret = (poa_secret){0};
    return CLI_OK;
}

int cli_file_read_secret(const char *path, size_t max, poa_secret *out, bool *loose)
{
    POA_CLEANUP(closep) int fd = -1;
    const int failed = open_input(path, &fd);
    if (failed)
        return failed;
    struct stat st;
    if (loose)
        *loose = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)) != 0;
    return read_secret(fd, shown(path), max, out);
}

int cli_secret_from_descriptor(int fd, const char *name, poa_secret *out)
{
    const int failed = read_secret(fd, name, CLI_PASSPHRASE_BYTES_MAX, out);
    if (failed)
        return failed;
    char *newline = memchr(out->text, '\n', out->len);
    if (newline) {
        explicit_bzero(newline, (size_t)(out->text + out->len - newline));
        out->len = (size_t)(newline - out->text);
    }
    if (out->len > 0)
        return CLI_OK;
    poa_secret_clear(out);
    return cli_usage("%s gives an empty passphrase", name);
}

int cli_file_read_chain(const char *path, char **text, poa_span *chain)
{
    size_t len = 0;
    /* One byte beyond the limit is read, so that the library itself can say that the chain is too large. */
    const int failed = cli_file_read(path, POA_CHAIN_BYTES_HARD + 2, text, &len);
    if (failed)
        return failed;
    if (len > 0 && (*text)[len - 1] == '\n')
        len--;
    *chain = (poa_span){*text, len};
    return CLI_OK;
}

/* A pipe or a device is written to, never replaced. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int cli_file_may_write(const cli_write *how)
{
    struct stat st;
    if (is_dash(how->path) || how->force || is_special(how->path) || lstat(how->path, &st) != 0)
        return CLI_OK;
    (void)cli_usage("%s is there already", how->path);
    cli_hint("--force overwrites it");
    return CLI_USAGE;
}

static bool write_all(int fd, poa_span bytes)
{
    while (bytes.len > 0) {
        const ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = poa_span_skip(bytes, (size_t)n);
    }
    return true;
}

/* Put a finished file in its place. EEXIST when there is one and it may not be replaced. */
static bool move_into_place(const char *temporary, const char *path, bool force)
{
    if (force)
        return rename(temporary, path) == 0;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* A file system that does not know the flag: a link does not replace either. */
    return link(temporary, path) == 0 && unlink(temporary) == 0;
}

static mode_t mode_of(const cli_write *how)
{
    if (how->secret)
        return S_IRUSR | S_IWUSR;
    const mode_t mask = umask(0);
    (void)umask(mask);
    return 0666 & ~mask;
}

static int write_to_descriptor(int fd, const char *name, poa_span bytes)
{
    return write_all(fd, bytes) ? CLI_OK : cli_fault("cannot write %s: %s", name, strerror(errno));
}

static int write_new(const cli_write *how, const char *temporary, int fd, poa_span bytes)
{
    if (fchmod(fd, mode_of(how)) != 0 || !write_all(fd, bytes) || fsync(fd) != 0)
        return cli_fault("cannot write %s: %s", how->path, strerror(errno));
    if (move_into_place(temporary, how->path, how->force))
        return CLI_OK;
    if (errno == EEXIST)
        return cli_file_may_write(how);
    return cli_fault("cannot write %s: %s", how->path, strerror(errno));
}

int cli_file_write(const cli_write *how, poa_span bytes)
{
    if (is_dash(how->path))
        return write_to_descriptor(STDOUT_FILENO, "standard output", bytes);

    POA_CLEANUP(closep) int fd = -1;
    if (is_special(how->path)) {
        fd = open(how->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? cli_fault("cannot write %s: %s", how->path, strerror(errno))
                      : write_to_descriptor(fd, how->path, bytes);
    }
    const int refused = cli_file_may_write(how);
    if (refused)
        return refused;

    POA_CLEANUP(poa_freep) char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", how->path) < 0) {
        temporary = NULL;
        return cli_fault_of(POA_F_NOMEM);
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return cli_usage("cannot write %s: %s", how->path, strerror(errno));
    const int failed = write_new(how, temporary, fd, bytes);
    if (failed)
        (void)unlink(temporary);
    return failed;
}
