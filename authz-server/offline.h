#ifndef SERVER_OFFLINE_H
#define SERVER_OFFLINE_H

#include "program.h"
#include "store/store.h"

/* Verbs that work on the store while no server does. */

/**
 * offline_open() - open the store of a configuration. It is never made: a directory without one is refused.
 *
 * Return: SERVER_OK; SERVER_USAGE where there is none; SERVER_FAULT where it cannot be opened, or a server holds it.
 * That was told.
 */
int offline_open(const poa_ctx *ctx, const server_config *config, store **out);

/* A verb that has nothing but a configuration. Ends the program on an error and after --help. */
void offline_parse(const char *doc, int argc, char **argv, config_flags *flags);

static inline void offline_closep(store **s)
{
    store_close(*s);
}

#endif
