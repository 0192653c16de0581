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

/*
 * One request. All borrowed.
 *
 * Where there is a `line`, a 200 reply is handed to it line by line as it comes, for as long as something comes, and
 * the reply's body is empty. What it returns, when it is not CLI_OK, ends the exchange and is its exit code.
 */
typedef struct cli_exchange {
    const char *method;
    const char *path; /* "/v1/challenges" */
    const char *const *headers;
    size_t headers_len;
    const char *content_type; /* of the body; NULL: application/json */
    poa_span body;            /* of a POST; ptr NULL: none */
    int (*line)(void *arg, poa_span line);
    void *line_arg;
} cli_exchange;

typedef struct cli_reply {
    long status;
    char *body; /* owned; NUL-terminated */
    size_t len;
    char nonce[257];       /* DPoP-Nonce; "" where there was none */
    char location[513];    /* Location; likewise */
    int64_t retry_after_s; /* Retry-After; 0 where there was none */
} cli_reply;

void cli_reply_clear(cli_reply *reply);

/*
 * What is kept between requests to one server: so that many of them cost one connection. For one thread at a time.
 * cli_connect() checks the URL; server is borrowed, and outlives the connection.
 */
typedef struct cli_connection cli_connection;
int cli_connect(const cli_server_options *server, cli_connection **out);
void cli_connection_free(cli_connection *connection);
static inline void cli_connection_freep(cli_connection **connection)
{
    cli_connection_free(*connection);
}

/* Ask the server. CLI_UNREACHABLE when there is no reply; a reply of any status is CLI_OK. */
int cli_connection_ask(cli_connection *connection, const cli_exchange *exchange, cli_reply *reply);
/* The same over a connection for this one request. */
int cli_server_ask(const cli_server_options *server, const cli_exchange *exchange, cli_reply *reply);

/* The reply's JSON object, owned by the caller; CLI_UNREACHABLE when it is none. */
int cli_reply_json(const cli_reply *reply, json_t **object);

/* Tell what a reply that is no success says (application/problem+json, RFC 9457), and give its exit code. */
int cli_reply_refused(const cli_reply *reply);

/* Get a nonce; CLI_OK and the text, which ends with free(). */
int cli_connection_challenge(cli_connection *connection, char **nonce, int64_t *expires_in_s);
int cli_server_challenge(const cli_server_options *server, char **nonce, int64_t *expires_in_s);

#endif
