#include "client.h"

#include "buf.h"
#include "cleanup.h"
#include "output.h"
#include "span.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* More than any reply of a server that is not handed out line by line, and than any such line. */
enum { REPLY_BYTES_MAX = 1048576, CONNECT_TIMEOUT_S = 10 };

/* A reply that comes line by line may last as long as something comes. */
enum { STALL_BYTES_PER_S = 1, RETRY_AFTER_MAX_S = 86400 };

struct cli_connection {
    const cli_server_options *server; /* borrowed */
    CURL *curl;                       /* owned */
};

typedef struct exchange_state {
    const cli_exchange *exchange;
    CURL *curl;
    poa_buf body; /* or the line that is not whole yet */
    bool too_large;
    int line_failed; /* exit code of the line callback */
    cli_reply *reply;
} exchange_state;

static bool is_handed_out(const exchange_state *state)
{
    long status = 0;
    (void)curl_easy_getinfo(state->curl, CURLINFO_RESPONSE_CODE, &status);
    return state->exchange->line && status == 200;
}

/* Every whole line that is there by now. */
static bool hand_out(exchange_state *state, bool last)
{
    poa_span rest = poa_buf_span(&state->body);
    for (;;) {
        const char *end = rest.len > 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
        if (!end && !(last && rest.len > 0))
            break;
        const poa_span line = poa_span_head(rest, end ? (size_t)(end - rest.ptr) : rest.len);
        rest = poa_span_skip(rest, end ? line.len + 1 : line.len);
        state->line_failed = state->exchange->line(state->exchange->line_arg, line);
        if (state->line_failed)
            return false;
    }
    if (rest.len > 0)
        memmove(state->body.text, rest.ptr, rest.len);
    state->body.len = rest.len;
    return true;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
    exchange_state *state = arg;
    const size_t len = size * count; /* size is 1 */
    if (state->body.len + len > REPLY_BYTES_MAX) {
        state->too_large = true;
        return 0;
    }
    poa_buf_add(&state->body, (poa_span){bytes, len});
    if (state->body.failed || (is_handed_out(state) && !hand_out(state, false)))
        return 0;
    return len;
}

/* The value of a header line where it has this name, without the blanks around it; ptr NULL where it has not. */
static poa_span value_of(poa_span line, poa_span name)
{
    if (line.len <= name.len || strncasecmp(line.ptr, name.ptr, name.len) != 0)
        return (poa_span){0};
    line = poa_span_skip(line, name.len);
    while (line.len > 0 && strchr(" \t", line.ptr[0]))
        line = poa_span_skip(line, 1);
    while (line.len > 0 && strchr(" \t\r\n", line.ptr[line.len - 1]))
        line = poa_span_head(line, line.len - 1);
    return line;
}

static void keep_text(char *slot, size_t room, poa_span value)
{
    if (!value.ptr || value.len >= room)
        return;
    memcpy(slot, value.ptr, value.len);
    slot[value.len] = '\0';
}

static size_t take_header(char *bytes, size_t size, size_t count, void *arg)
{
    exchange_state *state = arg;
    const poa_span line = {bytes, size * count};
    uint64_t seconds = 0;
    keep_text(state->reply->nonce, sizeof state->reply->nonce, value_of(line, POA_SPAN("dpop-nonce:")));
    keep_text(state->reply->location, sizeof state->reply->location, value_of(line, POA_SPAN("location:")));
    const poa_span after = value_of(line, POA_SPAN("retry-after:"));
    if (after.ptr && poa_span_number(after, RETRY_AFTER_MAX_S, &seconds))
        state->reply->retry_after_s = (int64_t)seconds;
    return line.len;
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
    POA_CLEANUP(poa_buf_clear) poa_buf type = {0};
    poa_buf_printf(&type, "Content-Type: %s", exchange->content_type ? exchange->content_type : "application/json");
    bool set = !type.failed && append(list, "Expect:");
    set = set && append(list, exchange->line ? "Accept: application/x-ndjson, application/problem+json"
                                             : "Accept: application/json, application/problem+json");
    if (exchange->body.ptr)
        set = set && append(list, type.text);
    for (size_t i = 0; i < exchange->headers_len; i++)
        set = set && append(list, exchange->headers[i]);
    return set;
}

static bool set_limits(CURL *curl, const cli_server_options *server, bool lines)
{
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, lines ? 0L : (long)server->timeout_s) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, lines ? (long)STALL_BYTES_PER_S : 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, lines ? (long)server->timeout_s : 0L) == CURLE_OK &&
           (!server->ca || (curl_easy_setopt(curl, CURLOPT_CAINFO, server->ca) == CURLE_OK &&
                            curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

static bool set_exchange(CURL *curl, const char *url, const cli_exchange *exchange, struct curl_slist *headers)
{
    const bool set = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_USERAGENT, "poa/" CLI_VERSION) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    if (strcmp(exchange->method, "GET") == 0)
        return set;
    if (strcmp(exchange->method, "POST") != 0)
        return set && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, exchange->method) == CURLE_OK;
    return set && curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body.len) == CURLE_OK &&
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

int cli_connect(const cli_server_options *server, cli_connection **out)
{
    const int refused = cli_server_check(server);
    if (refused)
        return refused;
    cli_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return cli_fault_of(POA_F_NOMEM);
    connection->server = server;
    connection->curl = curl_easy_init();
    if (!connection->curl) {
        free(connection);
        return cli_fault("libcurl cannot be started");
    }
    *out = connection;
    return CLI_OK;
}

void cli_connection_free(cli_connection *connection)
{
    if (!connection)
        return;
    curl_easy_cleanup(connection->curl);
    free(connection);
}

/* What was received, once the transfer ended well. */
static int take_reply(exchange_state *state)
{
    cli_reply *reply = state->reply;
    (void)curl_easy_getinfo(state->curl, CURLINFO_RESPONSE_CODE, &reply->status);
    if (is_handed_out(state) && !hand_out(state, true)) {
        poa_buf_clear(&state->body);
        return state->line_failed;
    }
    if (is_handed_out(state))
        state->body.len = 0;
    poa_buf_text(&state->body, "");
    reply->len = state->body.len;
    reply->body = poa_buf_take(&state->body);
    return reply->body ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

int cli_connection_ask(cli_connection *connection, const cli_exchange *exchange, cli_reply *reply)
{
    const cli_server_options *server = connection->server;
    CURL *curl = connection->curl;
    curl_easy_reset(curl); /* options alone: what is connected stays so */
    POA_CLEANUP(freep_list) struct curl_slist *headers = NULL;
    POA_CLEANUP(poa_freep) char *url = cli_server_url(server->url, exchange->path);
    char error[CURL_ERROR_SIZE] = "";
    *reply = (cli_reply){0};
    exchange_state state = {.exchange = exchange, .curl = curl, .reply = reply};
    if (!url || !set_headers(exchange, &headers) || !set_limits(curl, server, exchange->line) ||
        !set_exchange(curl, url, exchange, headers) || !set_receivers(curl, &state, error))
        return cli_fault("libcurl refused an option; nothing was sent");

    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        return take_reply(&state);
    poa_buf_clear(&state.body);
    return state.line_failed ? state.line_failed : unreachable(server, &state, code, error);
}

int cli_server_ask(const cli_server_options *server, const cli_exchange *exchange, cli_reply *reply)
{
    POA_CLEANUP(cli_connection_freep) cli_connection *connection = NULL;
    *reply = (cli_reply){0};
    const int failed = cli_connect(server, &connection);
    return failed ? failed : cli_connection_ask(connection, exchange, reply);
}

void cli_reply_clear(cli_reply *reply)
{
    free(reply->body);
    *reply = (cli_reply){0};
}
