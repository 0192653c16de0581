#include "buf.h"
#include "cleanup.h"
#include "crypto.h"
#include "guard.h"
#include "machine.h"
#include "offline.h"
#include "site.h"
#include "span.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char doc[] =
    "Make every check that a start makes, without listening and without touching the store: the configuration, the "
    "policy, the CA, the answer key, the listeners' certificates. Prints what it found.\v"
    "Example:\n"
    "  poa-authz-server check-config --config /etc/poa/site.json";

/* A moment as people read it, in UTC. */
typedef struct moment {
    char text[32];
} moment;

static moment moment_of(int64_t s)
{
    moment m = {0};
    struct tm parts;
    const time_t time_s = (time_t)s;
    if (gmtime_r(&time_s, &parts))
        (void)strftime(m.text, sizeof m.text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return m;
}

/* ---- the store's directory ---- */

static int check_data(const server_config *config, const char **state)
{
    struct stat st;
    *state = "there";
    if (stat(config->data, &st) != 0) {
        *state = "not there yet; the first start makes it";
        return SERVER_OK;
    }
    if (POA_GUARD(check_data_kind, !S_ISDIR(st.st_mode)))
        return program_usage("%s: /data wants a directory", config->data);
    if (POA_GUARD(check_data_open, (st.st_mode & 077) != 0))
        return program_usage("%s: others on this machine may enter it\n  hint: chmod 700 %s", config->data,
                             config->data);
    return SERVER_OK;
}

/* ---- what was found ---- */

static void print_listeners(const server_config *config)
{
    for (size_t i = 0; i < config->listeners_len; i++) {
        const config_listener *listener = &config->listeners[i];
        char address[HTTP_ADDRESS_TEXT_MAX];
        http_address_text(&listener->address, address);
        (void)printf("listener      %s, %s\n", address,
                     listener->certificate ? listener->certificate : "in clear text");
    }
}

static void print_policy(const server_config *config, const poa_policy *policy)
{
    const poa_span owner = poa_policy_get(policy)->resource_owner;
    (void)printf("policy        %s, SHA-256 %s\n", config->policy, poa_id_print(poa_policy_document_id(policy)).chars);
    (void)printf("site          %.*s\n", (int)owner.len, owner.ptr);
    const poa_policy_owner *pinned = NULL;
    for (size_t i = 0; (pinned = poa_policy_owner_at(policy, i)) != NULL; i++)
        (void)printf("owner         %.*s%s\n", (int)pinned->iss.len, pinned->iss.ptr,
                     pinned->administers_all ? ", administers all" : "");
}

static void print_points(const server_config *config)
{
    for (size_t i = 0; i < config->points_len; i++)
        (void)printf("enforcement   %s, key %s\n", config->points[i].name,
                     poa_id_print(poa_key_thumbprint(config->points[i].key)).chars);
    for (size_t i = 0; i < config->forward_urls_len; i++)
        (void)printf("forward       %s\n", config->forward_urls[i]);
}

static void print_found(const server_config *config, const site *s, const char *data)
{
    const api_snapshot *snapshot = s->snapshot;
    (void)printf("public URL    %s\n", config->public_url);
    print_listeners(config);
    (void)printf("store         %s, %s\n", config->data, data);
    print_policy(config, snapshot->policy);
    (void)printf("CA            %s, key %s, until %s\n", config->ca_certificate,
                 poa_id_print(poa_ca_key_id(snapshot->ca)).chars, moment_of(poa_ca_not_after_s(snapshot->ca)).text);
    (void)printf("answer key    %s, %s\n", poa_id_print(poa_key_thumbprint(snapshot->answer_key)).chars,
                 poa_key_kind(snapshot->answer_key));
    print_points(config);
}

int verb_check_config(const poa_ctx *ctx, int argc, char **argv)
{
    config_flags flags = {0};
    offline_parse(doc, argc, argv, &flags);
    machine_prepare(false);
    POA_CLEANUP(server_config_freep) server_config *config = NULL;
    int failed = program_config(ctx, &flags, &config);
    if (failed)
        return failed;

    POA_CLEANUP(site_clear) site found = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf warnings = {0};
    const char *data = NULL;
    const bool good = site_load(ctx, config, machine_now_s(NULL), &found, &report, &warnings);
    program_report(&report);
    program_report(&warnings);
    failed = check_data(config, &data);
    if (!good || failed)
        return SERVER_USAGE;
    print_found(config, &found, data);
    (void)puts("A server would start with it.");
    return SERVER_OK;
}
