#include "config_read.h"

#include "cleanup.h"
#include "file.h"
#include "guard.h"
#include "json.h"
#include "nearest.h"
#include "settings.h"
#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Of a request's header beside chain and proof: the request line, and what proxies add. */
#define OTHER_HEADER_BYTES 8192

static const char *const document_members[] = {
    "public_url",
    "listeners",
    "trusted_proxies",
    "data",
    "map_bytes",
    "policy",
    "answer_key",
    "ca",
    "allow_clear_text_beyond_loopback",
    "forward_urls",
    "enforcement_points",
    "limits",
    "onboarding",
    "keeper",
    "events",
    NULL,
};

/* ---- scalars ---- */

static void put_number(void *field, const setting *s, uint64_t number)
{
    if (s->kind == SETTING_SIZE)
        *(size_t *)field = (size_t)number;
    else if (s->kind == SETTING_U64)
        *(uint64_t *)field = number;
    else if (s->kind == SETTING_COUNT)
        *(unsigned *)field = (unsigned)number;
    else if (s->kind == SETTING_SECONDS)
        *(unsigned *)field = (unsigned)number * 1000;
    else
        *(bool *)field = number != 0;
}

/* Names in the file are relative to its folder, typed ones to where they are typed. False for an URL that is none. */
static bool put(config_reader *r, const setting *s, const setting_value *value, bool typed)
{
    void *field = (char *)r->config + s->at;
    if (s->kind == SETTING_URL)
        return (*(const char **)field = config_keep_url(r, value->text)) != NULL;
    if (s->kind == SETTING_PATH)
        *(const char **)field = typed ? config_keep(r, value->text) : config_keep_path(r, value->text);
    else
        put_number(field, s, value->number);
    return true;
}

static void refuse_setting(config_reader *r, const setting *s, const char *where, const json_t *found)
{
    POA_CLEANUP(poa_buf_clear) poa_buf expected = {0};
    setting_expected(s, &expected);
    config_refuse(r, where, expected.text ? expected.text : "another value", found, s->help);
}

/* The text that a flag or the environment gives for a setting, and which of them it is. */
static const char *overriding(const config_source *source, size_t at, setting_name *where)
{
    if (source->flags && source->flags[at]) {
        const setting_name flag = setting_flag(&settings[at]);
        (void)snprintf(where->text, sizeof where->text, "--%.60s", flag.text);
        return source->flags[at];
    }
    *where = setting_variable(&settings[at]);
    const poa_span name = poa_span_of(where->text);
    for (char *const *variable = source->environment; variable && *variable; variable++) {
        const poa_span entry = poa_span_of(*variable);
        if (poa_span_starts(entry, name) && poa_span_head(poa_span_skip(entry, name.len), 1).len == 1 &&
            entry.ptr[name.len] == '=')
            return *variable + name.len + 1;
    }
    return NULL;
}

static const json_t *find(const json_t *body, const char *pointer)
{
    const char *rest = strchr(pointer + 1, '/');
    if (!rest)
        return json_object_get(body, pointer + 1);
    char outer[32];
    (void)snprintf(outer, sizeof outer, "%.*s", (int)(rest - pointer - 1), pointer + 1);
    return json_object_get(json_object_get(body, outer), rest + 1);
}

static void read_setting(config_reader *r, const config_source *source, const json_t *body, size_t at)
{
    const setting *s = &settings[at];
    setting_name where;
    setting_value value = {.number = s->number, .text = poa_span_of(s->path)};
    const char *text = overriding(source, at, &where);
    if (text) {
        POA_CLEANUP(poa_json_decrefp) json_t *found = json_string(text);
        const config_pointer both = config_at("%s (%s)", s->pointer, where.text);
        if (!setting_from_text(s, poa_span_of(text), &value) || !put(r, s, &value, true))
            refuse_setting(r, s, both.text, found);
        return;
    }
    const json_t *found = find(body, s->pointer);
    if (found) {
        if (!setting_from_json(s, found, &value) || !put(r, s, &value, false))
            refuse_setting(r, s, s->pointer, found);
        return;
    }
    if (s->required)
        refuse_setting(r, s, s->pointer, NULL);
    else if (value.text.ptr || s->kind != SETTING_PATH)
        (void)put(r, s, &value, false);
}

/* A misspelled variable would otherwise leave a limit where nobody wants it. */
static void check_variables(config_reader *r, const config_source *source)
{
    for (char *const *variable = source->environment; variable && *variable; variable++) {
        const poa_span entry = poa_span_of(*variable);
        const poa_span name = poa_span_head(entry, poa_span_find(entry, '='));
        if (!poa_span_starts(name, POA_SPAN(SETTING_VARIABLE_PREFIX)))
            continue;
        setting_name nearest_name = {0};
        poa_nearest nearest = {.word = poa_span_skip(name, sizeof SETTING_VARIABLE_PREFIX - 1)};
        bool known = false;
        for (size_t i = 0; i < settings_len && !known; i++) {
            const setting_name candidate = setting_variable(&settings[i]);
            known = poa_span_is(name, candidate.text);
            poa_nearest_offer(&nearest, candidate.text + sizeof SETTING_VARIABLE_PREFIX - 1);
            if (nearest.best == candidate.text + sizeof SETTING_VARIABLE_PREFIX - 1) {
                nearest_name = candidate;
                nearest.best = nearest_name.text;
            }
        }
        if (!POA_GUARD(config_variable_unknown, !known))
            continue;
        const config_pointer hint = config_at("did you mean %s?", nearest_name.text);
        const config_pointer what =
            config_at("there is no setting %.*s", (int)(name.len > 80 ? 80 : name.len), name.ptr);
        config_complain(r, "environment", what.text, nearest_name.text[0] != '\0' ? hint.text : NULL);
    }
}

/* ---- members ---- */

/* Names of the settings below a pointer: `/limits` gives chain_bytes, links, ... */
static void check_group(config_reader *r, const json_t *body, const char *pointer)
{
    const json_t *group = json_object_get(body, pointer + 1);
    if (!group)
        return;
    const char *names[64] = {0};
    size_t count = 0;
    const size_t len = strlen(pointer);
    for (size_t i = 0; i < settings_len && count + 1 < POA_COUNT(names); i++)
        if (strncmp(settings[i].pointer, pointer, len) == 0 && settings[i].pointer[len] == '/')
            names[count++] = settings[i].pointer + len + 1;
    (void)config_only(r, group, pointer, names);
}

static const char *host_of(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? host + 3 : url;
}

static bool url_is_local(const char *url)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < POA_COUNT(hosts); i++) {
        const size_t len = strlen(hosts[i]);
        const char *host = host_of(url);
        if (strncmp(host, hosts[i], len) == 0 && strchr(":/", host[len]))
            return true;
    }
    return false;
}

static void check_whole(config_reader *r)
{
    server_config *config = r->config;
    static const char relax[] = "give it a certificate and a key, put a TLS proxy on this machine in front of it, or "
                                "set allow_clear_text_beyond_loopback, and everybody on the way reads along";
    for (size_t i = 0; i < config->listeners_len; i++) {
        const config_listener *listener = &config->listeners[i];
        const bool clear = !listener->certificate && !http_address_is_loopback(&listener->address);
        if (POA_GUARD(config_clear_text, clear && !config->clear_text_beyond_loopback))
            config_complain(r, config_at("/listeners/%zu/address", i).text,
                            "other machines reach this address, and it has no TLS", relax);
    }
    const char *url = config->public_url;
    const bool clear = url && strncmp(url, "http://", 7) == 0 && !url_is_local(url);
    if (POA_GUARD(config_clear_url, clear && !config->clear_text_beyond_loopback))
        config_complain(r, "/public_url", "other machines use this URL, and it has no TLS",
                        "begin it with https://, or set allow_clear_text_beyond_loopback");
    config->limits.http.header_bytes_max = config->limits.chain.chain_bytes + POA_PROOF_BYTES_MAX + OTHER_HEADER_BYTES;
}

static void read_document(config_reader *r, const config_source *source, const json_t *body)
{
    (void)config_only(r, body, "", document_members);
    check_group(r, body, "/ca");
    check_group(r, body, "/onboarding");
    check_group(r, body, "/limits");
    check_group(r, body, "/keeper");
    check_group(r, body, "/events");
    check_variables(r, source);
    for (size_t i = 0; i < settings_len; i++)
        read_setting(r, source, body, i);
    config_read_listeners(r, body);
    config_read_proxies(r, body);
    config_read_forward_urls(r, body);
    config_read_points(r, body);
    check_whole(r);
}

static bool read_file(config_reader *r, char **text, size_t *len)
{
    POA_CLEANUP(poa_file_closep) int fd = open(r->config->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    const int failed = fd < 0 ? errno : poa_file_read(fd, CONFIG_FILE_BYTES_MAX, text, len);
    if (failed)
        config_complain(r, "", failed == EFBIG ? "it is larger than 1 MiB" : strerror(failed),
                        "`poa-authz-server init DIRECTORY' makes a site with its configuration");
    return !failed;
}

static void read_all(config_reader *r, const config_source *source)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    if (!read_file(r, &text, &len))
        return;
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    const poa_err err = poa_json_parse((poa_span){text, len}, &body);
    if (err == POA_E_DUPLICATE_MEMBER)
        config_complain(r, "", "a member stands twice in one object", NULL);
    else if (err)
        config_complain(r, "", "it is not one JSON object", "no comments, no comma behind the last member");
    else
        read_document(r, source, body);
}

bool server_config_load(const poa_ctx *ctx, const config_source *source, server_config **out, poa_buf *report)
{
    POA_CLEANUP(server_config_freep) server_config *config = calloc(1, sizeof *config);
    if (!config) {
        poa_buf_text(report, "memory ran out\n");
        return false;
    }
    const char *slash = strrchr(source->file, '/');
    config_reader r = {
        .ctx = ctx,
        .config = config,
        .file = poa_span_of(source->file),
        .folder = {source->file, slash ? (size_t)(slash - source->file) + 1 : 0},
        .report = report,
    };
    config->file = config_keep(&r, r.file);
    if (config->file)
        read_all(&r, source);
    if (r.errors > 0)
        return false;
    *out = POA_TAKE(config);
    return true;
}
