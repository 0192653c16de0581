#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli.h"

#include "poa/span.h"

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>

/*
 * Requests to a PoA server, over libcurl. HTTPS, or HTTP to this machine alone; certificates are verified; no redirect
 * is followed, no proxy taken from the environment, no cookie or password of the user's sent; replies are bounded in
 * size and time.
 */

typedef struct cli_server_options {
    const char *url;        /* base: https://host[:port][/path] */
    const char *public_url; /* what the server calls itself, where it differs; NULL: url */
    const char *ca;         /* file of CA certificates; NULL: the system's */
    int64_t timeout_s;      /* of a whole request */
    bool clear_text;        /* the relaxing option was typed */
} cli_server_options;

/* --server, --public-url, --ca, --timeout and the option that allows clear text. Input: cli_server_options. */
extern const struct argp cli_server_argp;

/* Is the URL one that may be talked to? CLI_USAGE otherwise. */
int cli_server_check(const cli_server_options *server);

/* Base URL (server's or public), without slashes at its end, and path; malloc'ed, NULL without memory. */
char *cli_server_url(const char *base, const char *path);

/* One request. All borrowed. */
typedef struct cli_exchange {
    const char *method;
    const char *path; /* "/v1/challenges" */
    const char *const *headers;
    size_t headers_len;
    poa_span body; /* JSON; ptr NULL: none */
} cli_exchange;

typedef struct cli_reply {
    long status;
    char *body; /* owned; NUL-terminated */
    size_t len;
    char nonce[257]; /* DPoP-Nonce; "" where there was none */
} cli_reply;

void cli_reply_clear(cli_reply *reply);

/* Ask the server. CLI_UNREACHABLE when there is no reply; a reply of any status is CLI_OK. */
int cli_server_ask(const cli_server_options *server, const cli_exchange *exchange, cli_reply *reply);

/* The reply's JSON object, owned by the caller; CLI_UNREACHABLE when it is none. */
int cli_reply_json(const cli_reply *reply, json_t **object);

/* Tell what a reply that is no success says (application/problem+json, RFC 9457), and give its exit code. */
int cli_reply_refused(const cli_reply *reply);

/* Get a nonce; CLI_OK and the text, which ends with free(). */
int cli_server_challenge(const cli_server_options *server, char **nonce, int64_t *expires_in_s);

#endif
