#include "files.h"

#include "bounds.h"
#include "cleanup.h"
#include "cli.h"
#include "file.h"
#include "output.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const char *shown(const char *path)
{
    return is_dash(path) ? "standard input" : path;
}

static int read_whole(int fd, const char *name, size_t max, char **text, size_t *len)
{
    const int failed = poa_file_read(fd, max, text, len);
    if (failed == ENOMEM)
        return cli_fault_of(POA_F_NOMEM);
    if (failed == EFBIG)
        return cli_usage("%s has more than %zu bytes", name, max);
    return failed ? cli_usage("cannot read %s: %s", name, strerror(failed)) : CLI_OK;
}

int cli_file_read(const char *path, size_t max, char **text, size_t *len)
{
    POA_CLEANUP(poa_file_closep) int fd = -1;
    const int failed = open_input(path, &fd);
    return failed ? failed : read_whole(fd, shown(path), max, text, len);
}

int cli_file_read_secret(const char *path, size_t max, poa_secret *out, bool *loose)
{
    POA_CLEANUP(poa_file_closep) int fd = -1;
    const int failed = open_input(path, &fd);
    if (failed)
        return failed;
    struct stat st;
    if (loose)
        *loose = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)) != 0;
    return read_whole(fd, shown(path), max, &out->text, &out->len);
}

int cli_secret_from_descriptor(int fd, const char *name, poa_secret *out)
{
    const int failed = read_whole(fd, name, CLI_PASSPHRASE_BYTES_MAX, &out->text, &out->len);
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
    /* Far more than the limit is read, so that the library itself can say that the chain is too large. */
    const int failed = cli_file_read(path, (size_t)16 * POA_CHAIN_BYTES_HARD, text, &len);
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
    cli_hint(how->once ? "name another one; nothing overwrites it" : "--force overwrites it");
    return CLI_USAGE;
}

/* It is read by setting it: once, so that no thread writes a file meanwhile. */
static mode_t mask;
static pthread_once_t mask_read = PTHREAD_ONCE_INIT;

static void read_mask(void)
{
    mask = umask(0);
    (void)umask(mask);
}

static mode_t mode_of(const cli_write *how)
{
    if (how->secret)
        return S_IRUSR | S_IWUSR;
    (void)pthread_once(&mask_read, read_mask);
    return 0666 & ~mask;
}

static int write_to_descriptor(int fd, const char *name, poa_span bytes)
{
    const int failed = poa_file_write_all(fd, bytes);
    return failed ? cli_fault("cannot write %s: %s", name, strerror(failed)) : CLI_OK;
}

int cli_file_write(const cli_write *how, poa_span bytes)
{
    if (is_dash(how->path))
        return write_to_descriptor(STDOUT_FILENO, "standard output", bytes);

    if (is_special(how->path)) {
        POA_CLEANUP(poa_file_closep) int fd = open(how->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? cli_fault("cannot write %s: %s", how->path, strerror(errno))
                      : write_to_descriptor(fd, how->path, bytes);
    }
    const int refused = cli_file_may_write(how);
    if (refused)
        return refused;
    const int failed = poa_file_write(how->path, mode_of(how), how->force, bytes);
    if (failed == EEXIST)
        return cli_file_may_write(how);
    if (failed == ENOENT || failed == ENOTDIR || failed == EACCES || failed == EROFS)
        return cli_usage("cannot write %s: %s", how->path, strerror(failed));
    return failed ? cli_fault("cannot write %s: %s", how->path, strerror(failed)) : CLI_OK;
}
