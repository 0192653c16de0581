#include "settings.h"

#include "cleanup.h"
#include "json.h"
#include "span.h"
#include "store/store.h"

#include <inttypes.h>
#include <stddef.h>

enum { MIB = 1048576 };

#define AT(member) .at = offsetof(server_config, member)

const setting settings[] = {
    {"/public_url", SETTING_URL, .required = true, AT(public_url),
     .help = "base URL under which clients reach the server; proofs are checked against it"},
    {"/data", SETTING_PATH, .path = "data", AT(data),
     .help = "directory of the store, made with mode 0700 where missing"},
    {"/map_bytes", SETTING_U64, .min = 16 * MIB, .max = UINT64_C(1) << 46, .number = STORE_MAP_BYTES_DEFAULT,
     AT(map_bytes), .help = "most that the store may grow to; address space, not disk"},
    {"/policy", SETTING_PATH, .path = "policy.json", AT(policy), .help = "the site policy"},
    {"/answer_key", SETTING_PATH, .path = "answer.key", AT(answer_key),
     .help = "private key that signs revocation answers (PKCS#8 PEM); the policy lists its public half"},
    {"/ca/certificate", SETTING_PATH, .path = "ca.pem", AT(ca_certificate),
     .help = "certificate of the site's CA and those above it (PEM)"},
    {"/ca/key", SETTING_PATH, .path = "ca.key", AT(ca_key), .help = "private key of the site's CA (PKCS#8 PEM)"},
    {"/ca/passphrase_file", SETTING_PATH, AT(ca_passphrase_file), .help = "file whose first line opens the CA's key"},
    {"/allow_clear_text_beyond_loopback", SETTING_SWITCH, AT(clear_text_beyond_loopback),
     .help = "relaxes: speak HTTP without TLS on addresses that other machines reach"},
    {"/onboarding/pending_seconds", SETTING_COUNT, .min = 60, .max = 31622400, .number = 604800,
     AT(onboarding.pending_s), .help = "seconds that an onboarding waits for somebody's approval before it lapses"},
    {"/limits/chain_bytes", SETTING_SIZE, .min = 1024, .max = POA_CHAIN_BYTES_HARD, .number = POA_CHAIN_BYTES_DEFAULT,
     AT(limits.chain.chain_bytes), .help = "bytes of a chain's text; request headers are bounded by it too"},
    {"/limits/links", SETTING_SIZE, .min = 1, .max = POA_CHAIN_LINKS_HARD, .number = POA_CHAIN_LINKS_DEFAULT,
     AT(limits.chain.links), .help = "links of a chain"},
    {"/limits/body_bytes", SETTING_SIZE, .min = 4096, .max = MIB, .number = 65536, AT(limits.http.body_bytes_max),
     .help = "bytes of a request body"},
    {"/limits/connections", SETTING_COUNT, .min = 1, .max = 65536, .number = 1024, AT(limits.http.connections_max),
     .help = "connections at once; further ones wait"},
    {"/limits/connections_per_address", SETTING_COUNT, .max = 65536, .number = 64,
     AT(limits.http.connections_per_address),
     .help = "connections at once from one IPv4 address or IPv6 /64, but for trusted proxies; 0: no limit"},
    {"/limits/threads", SETTING_COUNT, .min = 1, .max = HTTP_THREADS_MAX, .number = 2, AT(limits.http.threads),
     .help = "threads of each listener"},
    {"/limits/head_s", SETTING_SECONDS, .min = 1, .max = 3600, .number = 30, AT(limits.http.head_ms),
     .help = "seconds that a client has to bring a whole request header, and an idle connection to bring the next"},
    {"/limits/body_s", SETTING_SECONDS, .min = 1, .max = 3600, .number = 15, AT(limits.http.body_ms),
     .help = "seconds that a client has to bring a whole body"},
    {"/limits/send_s", SETTING_SECONDS, .min = 1, .max = 3600, .number = 30, AT(limits.http.send_ms),
     .help = "seconds that a client has to take an answer"},
    {"/limits/streams", SETTING_COUNT, .max = 4096, .number = 64, AT(limits.http.streams_max),
     .help =
         "answers that are sent while they are made, event streams above all, at once; further ones are answered 503"},
    {"/limits/spools", SETTING_COUNT, .max = 256, .number = 4, AT(limits.http.spools_max),
     .help = "large bodies at once, each in a file in the directory of the store; further ones are answered 503"},
    {"/limits/replay_bytes", SETTING_SIZE, .min = 65536, .max = UINT64_C(1) << 36, .number = 64 * MIB,
     AT(limits.replay_bytes), .help = "memory that remembers the proofs seen"},
    {"/limits/chain_cache", SETTING_SIZE, .min = 16, .max = 1000000, .number = 4096, AT(limits.chain_cache),
     .help = "verified chains that are kept"},
    {"/limits/queue", SETTING_SIZE, .min = 1, .max = 65536, .number = 1024, AT(limits.queue),
     .help = "changes that may wait for the writer; further ones are answered 503"},
    {"/limits/group", SETTING_SIZE, .min = 1, .max = 4096, .number = 64, AT(limits.group),
     .help = "changes that the writer commits at once"},
    {"/limits/retry_after_s", SETTING_COUNT, .min = 1, .max = 3600, .number = 1, AT(limits.retry_after_s),
     .help = "seconds after which a client that found no room is told to come back"},
    {"/limits/stop_grace_s", SETTING_SECONDS, .max = 3600, .number = 5, AT(limits.stop_grace_ms),
     .help = "seconds that requests under way have when the server stops"},
    {"/keeper/tick_ms", SETTING_COUNT, .min = 10, .max = 5000, .number = 1000, AT(limits.keeper_tick_ms),
     .help = "milliseconds between two looks at what has fallen due: trust, reviews, effects of revocations"},
    {"/events/kept", SETTING_U64, .min = 1000, .max = 100000000, .number = 100000, AT(limits.events_kept),
     .help = "events that are kept for readers who come back"},
};
const size_t settings_len = POA_COUNT(settings);

static setting_name spelled(const setting *s, const char *prefix, char between, bool upper)
{
    setting_name name = {0};
    size_t len = 0;
    for (const char *c = prefix; *c; c++)
        name.text[len++] = *c;
    for (const char *c = s->pointer + 1; *c && len < sizeof name.text - 1; c++) {
        const char plain = *c == '/' || *c == '_' ? between : *c;
        name.text[len++] = upper && plain >= 'a' && plain <= 'z' ? (char)(plain - 'a' + 'A') : plain;
    }
    return name;
}

setting_name setting_flag(const setting *s)
{
    return spelled(s, "", '-', false);
}

setting_name setting_variable(const setting *s)
{
    return spelled(s, SETTING_VARIABLE_PREFIX, '_', true);
}

void setting_expected(const setting *s, poa_buf *out)
{
    switch (s->kind) {
    case SETTING_PATH:
        poa_buf_text(out, "the name of a file or directory");
        return;
    case SETTING_URL:
        poa_buf_text(out, "an http or https URL without user, query and fragment");
        return;
    case SETTING_SWITCH:
        poa_buf_text(out, "true or false");
        return;
    case SETTING_SIZE:
    case SETTING_U64:
    case SETTING_COUNT:
    case SETTING_SECONDS:
        poa_buf_printf(out, "a whole number from %" PRIu64 " to %" PRIu64, s->min, s->max);
        return;
    }
}

void setting_default(const setting *s, poa_buf *out)
{
    switch (s->kind) {
    case SETTING_PATH:
    case SETTING_URL:
        poa_buf_text(out, s->path ? s->path : s->required ? "required" : "none");
        return;
    case SETTING_SWITCH:
        poa_buf_text(out, s->number ? "true" : "false");
        return;
    case SETTING_SIZE:
    case SETTING_U64:
    case SETTING_COUNT:
    case SETTING_SECONDS:
        poa_buf_printf(out, "%" PRIu64, s->number);
        return;
    }
}

static bool is_number(const setting *s)
{
    return s->kind != SETTING_PATH && s->kind != SETTING_URL && s->kind != SETTING_SWITCH;
}

bool setting_from_json(const setting *s, const json_t *json, setting_value *out)
{
    if (s->kind == SETTING_SWITCH) {
        out->number = json_is_true(json);
        return json_is_boolean(json);
    }
    if (!is_number(s)) {
        out->text = poa_json_span(json);
        return poa_span_is_text(out->text, POA_URL_BYTES_MAX);
    }
    int64_t number = 0;
    if (!poa_json_int(json, (int64_t)s->min, (int64_t)s->max, &number))
        return false;
    out->number = (uint64_t)number;
    return true;
}

bool setting_from_text(const setting *s, poa_span text, setting_value *out)
{
    if (s->kind == SETTING_SWITCH) {
        out->number = poa_span_is(text, "true");
        return out->number || poa_span_is(text, "false");
    }
    if (!is_number(s)) {
        out->text = text;
        return poa_span_is_text(text, POA_URL_BYTES_MAX);
    }
    return poa_span_number(text, s->max, &out->number) && out->number >= s->min;
}
