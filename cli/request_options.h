#ifndef CLI_REQUEST_OPTIONS_H
#define CLI_REQUEST_OPTIONS_H

#include "options.h"

#include "poa/request.h"

#include <jansson.h>

/*
 * A request to decide on, as it is typed: what would be asked, and what the verifier would have established.
 */
typedef struct cli_request_options {
    const char *type;
    const char *action;
    const char *location;
    const char *resource;
    json_t *device;   /* identity members; owned, NULL: none */
    json_t *replaced; /* likewise, for replace */
    const char *address;
    cli_texts evidence;
    /* What the request borrows from. */
    poa_id device_issuer;
    poa_id replaced_issuer;
    poa_identity replaced_identity;
} cli_request_options;

extern const struct argp cli_request_argp;

void cli_request_options_clear(cli_request_options *options);

/* Was a request asked at all? */
bool cli_request_is_asked(const cli_request_options *options);

/*
 * Make the request at a moment; it borrows from the options. CLI_USAGE for what cannot be a request: an address that is
 * none, evidence or an identity member that nobody knows.
 */
int cli_request_make(cli_request_options *options, int64_t now_s, poa_request *request);

/*
 * A device's identity: {"serial":…} or {"device":{"serial":…}} from a file, or serial=…,model=… as it is typed. Its
 * members, owned by the caller; CLI_USAGE or 3 for what is none.
 */
int cli_device_members(const char *from, json_t **device);

/* manufacturer, model, serial, id_link and idevid_issuer from an object; CLI_USAGE for another member. */
int cli_identity_make(const json_t *members, poa_id *issuer, poa_identity *identity);

#endif
