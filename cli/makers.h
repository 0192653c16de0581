#ifndef CLI_MAKERS_H
#define CLI_MAKERS_H

#include "cli.h"

#include "maker.h"

#include <jansson.h>

/*
 * A made-up manufacturer: a folder with its CA.
 *
 *   maker.key   the CA's private key; maker.pem its certificate, which a site's policy takes
 *   maker.json  {"name":…,"id_link_hosts":[…]}
 */
typedef struct cli_maker {
    poa_ca *ca;
    json_t *about;
    poa_span name; /* in about */
} cli_maker;

int cli_maker_load(const cli *app, const char *folder, cli_maker *maker);
void cli_maker_clear(cli_maker *maker);

/* A private key into a new file, mode 0600. */
int cli_maker_write_key(const char *folder, const char *name, const poa_key *key);
/* Text into a new file of a folder. */
int cli_maker_write_text(const char *folder, const char *name, poa_span text);
/* Make the folder; one that is there must be empty, or force is typed. */
int cli_maker_make_folder(const char *folder);

#endif
