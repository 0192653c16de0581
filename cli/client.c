#include "client.h"

#include "buf.h"
#include "cleanup.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "span.h"

#include "poa/request.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_SERVER = CLI_OPTIONS_SERVER, OPTION_PUBLIC_URL, OPTION_CA, OPTION_TIMEOUT, OPTION_CLEAR_TEXT };

/* More than any reply of a server: a device record and its certificates. */
enum { REPLY_BYTES_MAX = 262144, TIMEOUT_DEFAULT_S = 30, CONNECT_TIMEOUT_S = 10 };

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

/* ---- One request ---- */

typedef struct exchange_state {
    poa_buf body;
    bool too_large;
    cli_reply *reply;
} exchange_state;

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
    exchange_state *state = arg;
    const size_t len = size * count; /* size is 1 */
    if (state->body.len + len > REPLY_BYTES_MAX) {
        state->too_large = true;
        return 0;
    }
    poa_buf_add(&state->body, (poa_span){bytes, len});
    return state->body.failed ? 0 : len;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *arg)
{
    static const char name[] = "dpop-nonce:";
    exchange_state *state = arg;
    poa_span line = {bytes, size * count};
    const size_t whole = line.len;
    if (line.len < sizeof name || strncasecmp(line.ptr, name, sizeof name - 1) != 0)
        return whole;
    line = poa_span_skip(line, sizeof name - 1);
    while (line.len > 0 && strchr(" \t", line.ptr[0]))
        line = poa_span_skip(line, 1);
    while (line.len > 0 && strchr(" \t\r\n", line.ptr[line.len - 1]))
        line = poa_span_head(line, line.len - 1);
    if (line.len < sizeof state->reply->nonce) {
        memcpy(state->reply->nonce, line.ptr, line.len);
        state->reply->nonce[line.len] = '\0';
    }
    return whole;
}

static void freep_list(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool set_headers(const cli_exchange *exchange, struct curl_slist **list)
{
    bool set = append(list, "Accept: application/json, application/problem+json") && append(list, "Expect:");
    if (exchange->body.ptr)
        set = set && append(list, "Content-Type: application/json");
    for (size_t i = 0; i < exchange->headers_len; i++)
        set = set && append(list, exchange->headers[i]);
    return set;
}

static bool set_limits(CURL *curl, const cli_server_options *server)
{
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)server->timeout_s) == CURLE_OK &&
           (!server->ca || (curl_easy_setopt(curl, CURLOPT_CAINFO, server->ca) == CURLE_OK &&
                            curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

static bool set_exchange(CURL *curl, const char *url, const cli_exchange *exchange, struct curl_slist *headers)
{
    const bool set = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_USERAGENT, "poa/" CLI_VERSION) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    if (strcmp(exchange->method, "POST") != 0)
        return set;
    return set && curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)exchange->body.len) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->body.ptr ? exchange->body.ptr : "") == CURLE_OK;
}

static bool set_receivers(CURL *curl, exchange_state *state, char error[CURL_ERROR_SIZE])
{
    return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, state) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, state) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error) == CURLE_OK;
}

static int unreachable(const cli_server_options *server, const exchange_state *state, CURLcode code, const char *error)
{
    const char *detail = error[0] != '\0' ? error : curl_easy_strerror(code);
    POA_CLEANUP(poa_freep)
    char *shown = cli_escaped(poa_span_of(state->too_large ? "the reply is larger than any of ours" : detail));
    (void)cli_usage("%s cannot be reached: %s", server->url, shown);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        cli_hint("--ca FILE names the CA of the site's server");
    else
        cli_hint("is the URL right, and the server up? `curl %s/healthz' asks it", server->url);
    return CLI_UNREACHABLE;
}

static void freep_curl(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

int cli_server_ask(const cli_server_options *server, const cli_exchange *exchange, cli_reply *reply)
{
    const int refused = cli_server_check(server);
    if (refused)
        return refused;
    POA_CLEANUP(freep_curl) CURL *curl = curl_easy_init();
    POA_CLEANUP(freep_list) struct curl_slist *headers = NULL;
    POA_CLEANUP(poa_freep) char *url = cli_server_url(server->url, exchange->path);
    char error[CURL_ERROR_SIZE] = "";
    *reply = (cli_reply){0};
    exchange_state state = {.reply = reply};
    if (!curl || !url || !set_headers(exchange, &headers) || !set_limits(curl, server) ||
        !set_exchange(curl, url, exchange, headers) || !set_receivers(curl, &state, error))
        return cli_fault("libcurl refused an option; nothing was sent");

    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        poa_buf_clear(&state.body);
        return unreachable(server, &state, code, error);
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    poa_buf_text(&state.body, "");
    reply->len = state.body.len;
    reply->body = poa_buf_take(&state.body);
    return reply->body ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

void cli_reply_clear(cli_reply *reply)
{
    free(reply->body);
    *reply = (cli_reply){0};
}
