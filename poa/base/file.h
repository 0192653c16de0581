#ifndef POA_BASE_FILE_H
#define POA_BASE_FILE_H

#include "poa/macros.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Files, for our programs; the library itself opens none. Read with a bound, written whole or not at all. Results are
 * 0 or an errno value.
 */

/* Closes what is open and none of the three standard descriptors; for POA_CLEANUP. */
void poa_file_closep(int *fd);

/**
 * poa_file_read() - read a descriptor to its end.
 * @max:  most bytes that it may have
 * @text: malloc'ed with its final size from the start, so that a secret leaves no copy behind; NUL-terminated
 *
 * Return: 0; EFBIG for more than max bytes; ENOMEM; what read() says.
 */
POA_MUST_USE int poa_file_read(int fd, size_t max, char **text, size_t *len);

/* Write all of it. 0 or what write() says. */
POA_MUST_USE int poa_file_write_all(int fd, poa_span bytes);

/**
 * poa_file_write() - write a file beside its place, sync it, put it there in one step.
 * @mode:    exactly, whatever the umask
 * @replace: false: a file that is there is never replaced, also not one that appears in between
 *
 * Return: 0; EEXIST; ENOMEM; what the system says.
 */
POA_MUST_USE int poa_file_write(const char *path, mode_t mode, bool replace, poa_span bytes);

#endif
