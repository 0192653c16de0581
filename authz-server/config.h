#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "bounds.h"
#include "buf.h"
#include "http/server.h"
#include "poa/key.h"
#include "poa/policy.h"
#include "poa/request.h"

/*
 * The configuration of a server: one JSON file, each scalar overridable by flag and environment (settings.h). Unknown
 * members are errors. docs/operations.md has the table.
 */

#define CONFIG_FILE_BYTES_MAX POA_JSON_BYTES_MAX

#define CONFIG_POINTS_MAX       64
#define CONFIG_POINT_URLS_MAX   16
#define CONFIG_PROXIES_MAX      64
#define CONFIG_FORWARD_URLS_MAX 16

/** A listener of the configuration; texts are owned by the configuration. */
typedef struct config_listener {
    http_address address;
    const char *certificate; /* file; NULL: clear text */
    const char *key;         /* file */
} config_listener;

/**
 * config_point - an enforcement point (an onboarding endpoint that asks us for decisions).
 * @name: 1 to 64 characters
 * @key:  its public key; owned
 * @urls: its own base URLs, against which an agent's proof is checked
 */
typedef struct config_point {
    const char *name;
    poa_key *key;
    const char *urls[CONFIG_POINT_URLS_MAX];
    size_t urls_len;
} config_point;

/** A block of addresses: a trusted proxy, or several. */
typedef struct config_block {
    poa_address address;
    unsigned prefix;
} config_block;

/**
 * config_limits - everything that bounds memory or time, defaults filled in.
 * @replay_bytes: memory for proofs that were seen
 * @chain_cache:  verified chains that are kept
 * @queue, @group: of the writer
 * @retry_after_s: told where there is no room
 * @keeper_tick_ms: how long the background thread rests
 * @events_kept: for readers who come back
 */
typedef struct config_limits {
    http_limits http;
    poa_limits chain;
    size_t replay_bytes;
    size_t chain_cache;
    size_t queue;
    size_t group;
    unsigned retry_after_s;
    unsigned stop_grace_ms;
    unsigned keeper_tick_ms;
    uint64_t events_kept;
} config_limits;

/** config_onboarding - how devices come in. @pending_s: how long one waits for an approval. */
typedef struct config_onboarding {
    unsigned pending_s;
} config_onboarding;

/** What a configuration keeps alive: its texts. */
typedef struct config_text config_text;

/**
 * server_config - all of it. Texts and keys are owned by the configuration and live until server_config_free(). File
 * names are as the process can open them: relative ones of the file were put behind its folder.
 */
typedef struct server_config {
    config_text *texts;
    const char *file;       /* the configuration file */
    const char *public_url; /* normalised, no trailing slash */
    config_listener listeners[HTTP_LISTENERS_MAX];
    size_t listeners_len;
    bool clear_text_beyond_loopback; /* the awkwardly named option */
    config_block proxies[CONFIG_PROXIES_MAX];
    size_t proxies_len;
    const char *data;
    uint64_t map_bytes;
    const char *policy;                                /* file */
    const char *ca_certificate;                        /* file: the site CA and intermediates, PEM */
    const char *ca_key;                                /* file */
    const char *ca_passphrase_file;                    /* its first line opens ca_key; NULL: ca_key is in clear */
    const char *answer_key;                            /* file */
    const char *forward_urls[CONFIG_FORWARD_URLS_MAX]; /* base URLs that a proxy in front of /v1/authorize serves */
    size_t forward_urls_len;
    config_point points[CONFIG_POINTS_MAX];
    size_t points_len;
    config_onboarding onboarding;
    config_limits limits;
} server_config;

/**
 * config_source - where a configuration comes from. All borrowed.
 * @file:        the JSON file
 * @flags:       settings_len texts in the order of the table (settings.h), NULL where no flag was given; NULL: no flags
 * @environment: as environ; NULL: none
 */
typedef struct config_source {
    const char *file;
    const char *const *flags;
    char *const *environment;
} config_source;

/**
 * server_config_load() - read and check a configuration: flags before environment before file before defaults.
 * @out:    set on success; the caller ends it with server_config_free()
 * @report: on failure gets all errors, each a line with the file, a JSON pointer, what was expected and what was
 *          found, and a line with a hint where there is one
 *
 * Only the file itself is opened, not those that it names.
 *
 * Return: false when there is an error in it.
 */
POA_MUST_USE bool server_config_load(const poa_ctx *ctx, const config_source *source, server_config **out,
                                     poa_buf *report);

/** NULL is fine. */
void server_config_free(server_config *config);
static inline void server_config_freep(server_config **config)
{
    server_config_free(*config);
}

#endif
