#include "client.h"

#include "buf.h"
#include "cleanup.h"
#include "options.h"
#include "output.h"
#include "span.h"

#include "poa/request.h"

#include <curl/curl.h>
#include <string.h>

enum { OPTION_SERVER = CLI_OPTIONS_SERVER, OPTION_PUBLIC_URL, OPTION_CA, OPTION_TIMEOUT, OPTION_CLEAR_TEXT };

enum { TIMEOUT_DEFAULT_S = 30 };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    cli_server_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        o->timeout_s = TIMEOUT_DEFAULT_S;
        return 0;
    case OPTION_SERVER:
        o->url = arg;
        return 0;
    case OPTION_PUBLIC_URL:
        o->public_url = arg;
        return 0;
    case OPTION_CA:
        o->ca = arg;
        return 0;
    case OPTION_TIMEOUT:
        o->timeout_s = cli_number(state, "--timeout", arg, 1, 3600);
        return 0;
    case OPTION_CLEAR_TEXT:
        o->clear_text = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "The server:", 60},
    {"server", OPTION_SERVER, "URL", 0, "Base URL of the site's server: https://poa.site.example", 61},
    {"public-url", OPTION_PUBLIC_URL, "URL", 0, "Base URL that the server calls itself, where it is reached by another",
     61},
    {"ca", OPTION_CA, "FILE", 0, "CA certificates (PEM) to verify the server by, not the system's", 61},
    {"timeout", OPTION_TIMEOUT, "SECONDS", 0, "Longest time for a whole request (30)", 61},
    {"allow-clear-text-over-the-network", OPTION_CLEAR_TEXT, NULL, 0,
     "Relaxes: speak http to another machine, where anybody on the way reads and changes it", 62},
    {0},
};
const struct argp cli_server_argp = {.options = options, .parser = parse};

static void freep_url(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void freep_text(char **text)
{
    curl_free(*text);
}

static bool is_this_machine(const char *host)
{
    if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    poa_address address;
    return poa_address_parse(poa_span_of(host), &address) && address.family == 4 && address.bytes[0] == 127;
}

static int check_scheme(const cli_server_options *server, const char *scheme, const char *host)
{
    if (strcmp(scheme, "https") == 0)
        return CLI_OK;
    if (strcmp(scheme, "http") != 0)
        return cli_usage("a server's URL begins with https://");
    if (is_this_machine(host))
        return CLI_OK;
    if (server->clear_text) {
        cli_warn("%s is spoken to in clear text, because of --allow-clear-text-over-the-network", host);
        return CLI_OK;
    }
    (void)cli_usage("http to another machine is read and changed by anybody on the way");
    cli_hint("--server https://%s", host);
    return CLI_USAGE;
}

int cli_server_check(const cli_server_options *server)
{
    POA_CLEANUP(freep_url) CURLU *url = curl_url();
    POA_CLEANUP(freep_text) char *scheme = NULL;
    POA_CLEANUP(freep_text) char *host = NULL;
    POA_CLEANUP(freep_text) char *user = NULL;
    POA_CLEANUP(freep_text) char *query = NULL;
    POA_CLEANUP(freep_text) char *fragment = NULL;
    if (!url)
        return cli_fault_of(POA_F_NOMEM);
    if (curl_url_set(url, CURLUPART_URL, server->url, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return cli_usage("--server wants a base URL: https://poa.site.example");
    if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK ||
        curl_url_get(url, CURLUPART_QUERY, &query, 0) == CURLUE_OK ||
        curl_url_get(url, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
        return cli_usage("a server's base URL has no user, query or fragment");
    return check_scheme(server, scheme, host);
}

char *cli_server_url(const char *base, const char *path)
{
    poa_span head = poa_span_of(base);
    while (poa_span_ends(head, POA_SPAN("/")))
        head = poa_span_head(head, head.len - 1);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_add(&b, head);
    poa_buf_text(&b, path);
    return poa_buf_take(&b);
}
