#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "poa/key.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>

/* Files are read with a bound and written whole or not at all. "-" is standard input or output. */

/* Most that a key file or a passphrase may have. */
enum { CLI_KEY_BYTES_MAX = 16384, CLI_PASSPHRASE_BYTES_MAX = 1024 };

/*
 * Read all of a file of at most max bytes into malloc'ed, NUL-terminated text. CLI_USAGE when it cannot be read or is
 * larger, CLI_FAULT without memory.
 */
int cli_file_read(const char *path, size_t max, char **text, size_t *len);

/*
 * The same for a secret: the buffer has its final size from the start, and poa_secret_clear() wipes it.
 * @loose: set when the file is a regular one that its group or others may read; may be NULL
 */
int cli_file_read_secret(const char *path, size_t max, poa_secret *out, bool *loose);
/* A secret from an open descriptor, up to its end; the first line of it. */
int cli_secret_from_descriptor(int fd, const char *name, poa_secret *out);

/* Chain text of a .poa file: without the newline that ends it. */
int cli_file_read_chain(const char *path, char **text, poa_span *chain);

/* How a file is written. */
typedef struct cli_write {
    const char *path; /* NULL or "-": standard output */
    bool force;       /* replace a file that is there */
    bool secret;      /* mode 0600; else 0666 less the umask */
    bool once;        /* no option of the verb replaces it */
} cli_write;

/*
 * Would cli_file_write() find the file there? Asked before work that cannot be taken back. CLI_OK or CLI_USAGE.
 */
int cli_file_may_write(const cli_write *how);

/*
 * Write bytes, then put the file in its place in one step. Without force a file that is there is never replaced, also
 * not one that appears in between (CLI_USAGE). CLI_USAGE when there is no such folder or it may not be written there,
 * CLI_FAULT when the writing fails.
 */
int cli_file_write(const cli_write *how, poa_span bytes);

#endif
