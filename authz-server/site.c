#include "site.h"

#include "cleanup.h"
#include "crypto.h"
#include "file.h"
#include "guard.h"
#include "span.h"
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_BYTES_MAX = 16384, CERTIFICATES_BYTES_MAX = 262144, PASSPHRASE_BYTES_MAX = 1024, DAY_S = 86400 };

/* A warning comes so long before a certificate ends. */
#define WARN_BEFORE_S (30 * DAY_S)

typedef struct loader {
    const poa_ctx *ctx;
    const server_config *config;
    int64_t now_s;
    site *site;
    poa_buf *report;
    poa_buf *warnings;
    size_t errors;
} loader;

/* An error about a file: `FILE: TEXT`. Gives false, so that a check can return it. */
__attribute__((format(printf, 3, 4))) static bool complain(loader *l, const char *file, const char *format, ...)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    l->errors++;
    poa_buf_printf(l->report, "%s: %s\n", file, text ? text : "memory ran out");
    return false;
}

static bool complain_of(loader *l, const char *file, poa_err err, const poa_why *why)
{
    return complain(l, file, "%s (%s)", why->text[0] != '\0' ? why->text : poa_err_describe(err)->condition,
                    poa_err_name(err));
}

/* ---- files ---- */

/* Others of the machine may not read it, nor its group change it. A group of the service's own may read. */
static bool is_private(loader *l, const char *file, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return complain(l, file, "%s", strerror(errno));
    const bool loose = S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXO | S_IWGRP)) != 0;
    if (POA_GUARD(site_secret_loose, loose))
        return complain(l, file, "others on this machine may read or change it\n  hint: chmod 600 %s", file);
    return true;
}

static bool read_file(loader *l, const char *file, size_t max, bool secret, poa_secret *out)
{
    POA_CLEANUP(poa_file_closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return complain(l, file, "%s", strerror(errno));
    if (secret && !is_private(l, file, fd))
        return false;
    const int failed = poa_file_read(fd, max, &out->text, &out->len);
    if (failed == EFBIG)
        return complain(l, file, "it has more than %zu bytes", max);
    return !failed || complain(l, file, "%s", strerror(failed));
}

static poa_span span_of(const poa_secret *secret)
{
    return (poa_span){secret->text, secret->len};
}

/* The first line of the file, as with every program that reads one. */
static bool read_passphrase(loader *l, const char *file, poa_secret *out)
{
    if (!file)
        return true;
    if (!read_file(l, file, PASSPHRASE_BYTES_MAX, true, out))
        return false;
    const size_t end = poa_span_find(span_of(out), '\n');
    if (end != SIZE_MAX)
        out->len = end;
    return out->len > 0 || complain(l, file, "its first line is empty; it should be a passphrase");
}

static bool read_key(loader *l, const char *file, const char *passphrase_file, poa_key **out)
{
    POA_CLEANUP(poa_secret_clear) poa_secret passphrase = {0};
    POA_CLEANUP(poa_secret_clear) poa_secret text = {0};
    if (!read_passphrase(l, passphrase_file, &passphrase) || !read_file(l, file, KEY_BYTES_MAX, true, &text))
        return false;
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    const poa_err err = poa_key_from_pem(l->ctx, span_of(&text), span_of(&passphrase), &key);
    if (err)
        return complain(l, file, "it is no private key in PEM of an accepted kind%s (%s)",
                        passphrase_file ? ", or the passphrase does not open it" : "", poa_err_name(err));
    if (POA_GUARD(site_key_public, !poa_key_is_private(key)))
        return complain(l, file, "it is a public key; the private one is wanted");
    *out = POA_TAKE(key);
    return true;
}

/* ---- policy, answer key, CA ---- */

static bool load_policy(loader *l)
{
    const char *file = l->config->policy;
    POA_CLEANUP(poa_secret_clear) poa_secret text = {0};
    if (!read_file(l, file, POA_JSON_BYTES_MAX, false, &text))
        return false;
    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_err err =
        poa_policy_parse(l->ctx, span_of(&text), &l->config->limits.chain, &l->site->snapshot->policy, &why);
    if (err)
        return complain(l, file, "%s%s%s: %s\n  hint: `poa policy check %s' tells more", why.member,
                        why.member[0] != '\0' ? ": " : "", poa_err_name(err), poa_err_describe(err)->condition, file);
    return true;
}

/* The policy's own reader knows no X.509. */
static bool load_makers(loader *l)
{
    api_snapshot *snapshot = l->site->snapshot;
    if (!snapshot->policy)
        return false;
    size_t at = 0;
    poa_why why = {0};
    const poa_err err = api_makers_load(snapshot->policy, &snapshot->makers, &at, &why);
    if (!err)
        return true;
    return complain(l, l->config->policy, "/manufacturers/%zu/ca: %s (%s)", at, why.text, poa_err_name(err));
}

static bool is_answer_key(const poa_policy *policy, const poa_key *key)
{
    for (size_t i = 0; poa_policy_answer_key(policy, i); i++)
        if (poa_id_equal(poa_key_thumbprint(poa_policy_answer_key(policy, i)), poa_key_thumbprint(key)))
            return true;
    return false;
}

static bool load_answer_key(loader *l)
{
    const char *file = l->config->answer_key;
    api_snapshot *snapshot = l->site->snapshot;
    if (!read_key(l, file, NULL, &snapshot->answer_key))
        return false;
    const poa_err err = poa_signer_of(snapshot->answer_key, POA_ALG_NONE, &snapshot->answers);
    if (err)
        return complain(l, file, "it cannot sign (%s)", poa_err_name(err));
    if (!snapshot->policy)
        return false;
    if (POA_GUARD(site_answer_key_other, !is_answer_key(snapshot->policy, snapshot->answer_key)))
        return complain(l, file,
                        "the policy does not list this key, %s, in answer_keys\n"
                        "  hint: `poa key public %s' prints what to add to %s",
                        poa_id_print(poa_key_thumbprint(snapshot->answer_key)).chars, file, l->config->policy);
    return true;
}

static void warn_of_end(loader *l, const char *file, int64_t not_after_s)
{
    const int64_t left_s = not_after_s - l->now_s;
    if (left_s < WARN_BEFORE_S && l->warnings)
        poa_buf_printf(l->warnings, "%s: the certificate ends in %lld days\n", file, (long long)(left_s / DAY_S));
}

static bool check_ca_time(loader *l)
{
    const int64_t not_after_s = poa_ca_not_after_s(l->site->snapshot->ca);
    if (POA_GUARD(site_ca_ended, not_after_s < l->now_s))
        return complain(l, l->config->ca_certificate, "the CA is past its end; no device could get a certificate");
    warn_of_end(l, l->config->ca_certificate, not_after_s);
    return true;
}

static bool load_ca(loader *l)
{
    POA_CLEANUP(poa_secret_clear) poa_secret text = {0};
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    const bool has_text = read_file(l, l->config->ca_certificate, CERTIFICATES_BYTES_MAX, false, &text);
    if (!read_key(l, l->config->ca_key, l->config->ca_passphrase_file, &key) || !has_text)
        return false;
    poa_why why = {0};
    const poa_err err = poa_ca_load(l->ctx, span_of(&text), key, &l->site->snapshot->ca, &why);
    if (err)
        return complain_of(l, l->config->ca_certificate, err, &why);
    return check_ca_time(l);
}

/* ---- listeners ---- */

static bool load_listener(loader *l, size_t i)
{
    const config_listener *listener = &l->config->listeners[i];
    if (!listener->certificate)
        return true;
    poa_secret *certificate = &l->site->certificates[i];
    poa_secret *key = &l->site->keys[i];
    if (!read_file(l, listener->certificate, CERTIFICATES_BYTES_MAX, false, certificate) ||
        !read_file(l, listener->key, KEY_BYTES_MAX, true, key))
        return false;
    int64_t not_after_s = 0;
    poa_why why = {0};
    const poa_err err = poa_tls_check(span_of(certificate), span_of(key), l->now_s, &not_after_s, &why);
    if (err)
        return complain_of(l, listener->certificate, err, &why);
    warn_of_end(l, listener->certificate, not_after_s);
    l->site->tls[i] = (http_tls){span_of(certificate), span_of(key)};
    return true;
}

bool site_load(const poa_ctx *ctx, const server_config *config, int64_t now_s, site *out, poa_buf *report,
               poa_buf *warnings)
{
    POA_CLEANUP(site_clear) site s = {.snapshot = calloc(1, sizeof *s.snapshot)};
    loader l = {ctx, config, now_s, &s, report, warnings, 0};
    if (!s.snapshot)
        return complain(&l, config->file, "memory ran out");
    atomic_init(&s.snapshot->refs, 1);
    /* Each is tried, so that one run tells all that is wrong. */
    bool good = load_policy(&l);
    good = load_makers(&l) && good;
    good = load_answer_key(&l) && good;
    good = load_ca(&l) && good;
    for (size_t i = 0; i < config->listeners_len; i++)
        good = load_listener(&l, i) && good;
    if (!good)
        return false;
    *out = s;
    s = (site){0};
    return true;
}

void site_clear(site *s)
{
    api_snapshot_free(s->snapshot);
    for (size_t i = 0; i < HTTP_LISTENERS_MAX; i++) {
        poa_secret_clear(&s->certificates[i]);
        poa_secret_clear(&s->keys[i]);
    }
    *s = (site){0};
}
