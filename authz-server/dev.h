#ifndef SERVER_DEV_H
#define SERVER_DEV_H

#include "program.h"

/**
 * dev_serve() - serve a site that is made now and removed at the end, to try things.
 * @listen: an address as http_address_parse() reads it, on loopback; NULL: 127.0.0.1:8080
 *
 * Prints on stdout what to type next. Return: SERVER_*; everything was told.
 */
int dev_serve(const poa_ctx *ctx, const char *listen);

#endif
