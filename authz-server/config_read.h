#ifndef SERVER_CONFIG_READ_H
#define SERVER_CONFIG_READ_H

#include "config.h"

#include <jansson.h>

/* Reading a configuration: every error is told, so reading goes on after one. */

/**
 * config_reader - what reading shares. All borrowed.
 * @folder: of the file, with its last slash; empty for the current one
 * @errors: how many there are
 */
typedef struct config_reader {
    const poa_ctx *ctx;
    server_config *config;
    poa_span file;
    poa_span folder;
    poa_buf *report;
    size_t errors;
} config_reader;

/** A JSON pointer into the file, NUL-terminated; cut where it does not fit. */
typedef struct config_pointer {
    char text[128];
} config_pointer;
__attribute__((format(printf, 1, 2))) config_pointer config_at(const char *format, ...);

/**
 * config_refuse() - tell an error.
 * @where:    JSON pointer, or the flag or variable that gave the value
 * @expected: what it must be
 * @found:    what is there as JSON, or NULL where nothing is
 * @hint:     what to do, or NULL
 */
void config_refuse(config_reader *r, const char *where, const char *expected, const json_t *found, const char *hint);

/* The same where it is not about one value. */
void config_complain(config_reader *r, const char *where, const char *what, const char *hint);

/**
 * config_only() - tell every member of an object that has none of these names, with the nearest.
 * @names: NULL-terminated
 *
 * Return: is it an object at all? (That is told, too.)
 */
bool config_only(config_reader *r, const json_t *body, const char *where, const char *const *names);

/* A copy that lives as long as the configuration; NULL when memory is out, which is told. */
const char *config_keep(config_reader *r, poa_span text);
/* The same for a file name, put behind the folder of the configuration file when relative. */
const char *config_keep_path(config_reader *r, poa_span path);
/* The same for a base URL, in normal form without its last slash; NULL also when it is none, which is not told. */
const char *config_keep_url(config_reader *r, poa_span url);

/* The lists of the file; body is the whole document. */
void config_read_listeners(config_reader *r, const json_t *body);
void config_read_proxies(config_reader *r, const json_t *body);
void config_read_forward_urls(config_reader *r, const json_t *body);
void config_read_points(config_reader *r, const json_t *body);

#endif
