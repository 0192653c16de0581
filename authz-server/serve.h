#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "program.h"

/**
 * serve_options - how to serve.
 * @sockets: for each listener a socket that listens already, or -1; taken over
 * @ready:   called once when everything stands; may be NULL
 */
typedef struct serve_options {
    const server_config *config;
    int sockets[HTTP_LISTENERS_MAX];
    void (*ready)(void *arg);
    void *ready_arg;
} serve_options;

/**
 * serve() - run the server until SIGTERM or SIGINT. SIGHUP reloads policy, CA, answer key and certificates.
 *
 * serve_block_signals() was called before, while there was one thread. Return: SERVER_*; everything was told.
 */
int serve(const poa_ctx *ctx, const serve_options *options);

/** serve_block_signals() - leave the signals that serve() waits for to it. */
void serve_block_signals(void);

#endif
