#include "make.h"

#include "bounds.h"
#include "ca.h"
#include "cleanup.h"
#include "crypto.h"
#include "file.h"
#include "json.h"
#include "span.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_LIFETIME_S (INT64_C(10) * 366 * 86400)
/* Devices whose clocks run slow by less than this take the CA from the start. */
#define CA_BACKDATE_S 3600

enum { FILES_MAX = 8 };

typedef struct maker {
    const poa_ctx *ctx;
    const make_plan *plan;
    poa_buf *report;
    const char *written[FILES_MAX]; /* names, for the way back */
    size_t written_len;
    bool made_dir;
} maker;

static bool complain(maker *m, const char *name, const char *what)
{
    poa_buf_printf(m->report, "%s%s%s: %s\n", m->plan->dir, name[0] != '\0' ? "/" : "", name, what);
    return false;
}

static bool complain_of(maker *m, const char *name, poa_err err)
{
    return complain(m, name, poa_err_describe(err)->condition);
}

static char *path_of(const maker *m, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", m->plan->dir, name) < 0 ? NULL : path;
}

/* ---- files ---- */

static bool write_file(maker *m, const char *name, mode_t mode, poa_span text)
{
    POA_CLEANUP(poa_freep) char *path = path_of(m, name);
    const int failed = path ? poa_file_write(path, mode, false, text) : ENOMEM;
    if (failed == EEXIST)
        return complain(m, name, "it is there already, and a site is never overwritten");
    if (failed)
        return complain(m, name, strerror(failed));
    m->written[m->written_len++] = name;
    return true;
}

static bool write_json(maker *m, const char *name, const json_t *value)
{
    POA_CLEANUP(poa_freep) char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, text ? text : "");
    poa_buf_text(&b, "\n");
    if (!text || b.failed)
        return complain_of(m, name, POA_F_NOMEM);
    return write_file(m, name, 0644, poa_buf_span(&b));
}

static bool write_key(maker *m, const char *name, const poa_key *key)
{
    POA_CLEANUP(poa_secret_clear) poa_secret pem = {0};
    const poa_err err = poa_key_to_pem(key, (poa_span){0}, &pem);
    return err ? complain_of(m, name, err) : write_file(m, name, 0600, (poa_span){pem.text, pem.len});
}

/* ---- keys ---- */

static bool make_ca(maker *m)
{
    const poa_ca_plan plan = {m->plan->site, m->plan->now_s, CA_BACKDATE_S, CA_LIFETIME_S};
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    poa_err err = poa_ca_make(m->ctx, &plan, &ca);
    if (!err)
        err = poa_ca_chain_pem(ca, (poa_span){0}, &pem);
    if (err)
        return complain_of(m, MAKE_CA, err);
    return write_file(m, MAKE_CA, 0644, poa_bytes_span(&pem)) && write_key(m, MAKE_CA_KEY, poa_ca_key(ca));
}

static bool make_key(maker *m, const char *name, poa_key **out)
{
    const poa_err err = poa_key_generate(m->ctx, POA_ALG_ES256, out);
    return err ? complain_of(m, name, err) : write_key(m, name, *out);
}

/* ---- the policy ---- */

static json_t *text_of(poa_span text)
{
    return json_stringn(text.ptr, text.len);
}

static json_t *jwk_of(const poa_key *key)
{
    json_t *jwk = NULL;
    return poa_json_parse(poa_span_of(poa_key_jwk(key)), &jwk) ? NULL : jwk;
}

static json_t *locations_of(const make_plan *plan)
{
    json_t *locations = json_array();
    for (size_t i = 0; i < plan->locations_len; i++)
        if (json_array_append_new(locations, json_string(plan->locations[i])) != 0) {
            json_decref(locations);
            return NULL;
        }
    return locations;
}

/* jansson makes nothing of a part that is NULL, and takes the others over all the same. */

static json_t *administration(const make_plan *plan)
{
    return json_pack("{s:s, s:[s,s,s,s,s], s:o}", "type", "administration", "actions", "revoke", "suspend", "resume",
                     "approve", "audit", "locations", locations_of(plan));
}

/*
 * What an owner may grant about devices. A member of the ceiling is a member of every PoA below it, so without an
 * effect in it nobody need state one, and only a power of its own lets devices outlast the PoA.
 */
static json_t *onboarding(const make_plan *plan, const char *effect)
{
    return json_pack("{s:s, s:[s,s,s,s,s,s,s], s:o, s:[{s:b}], s:s*}", "type", "device_onboarding", "actions",
                     "onboard", "reestablish", "replace", "suspend", "resume", "decommission", "read", "locations",
                     locations_of(plan), "devices", "any", 1, "effect", effect);
}

static json_t *upkeep(const make_plan *plan)
{
    return json_pack("{s:s, s:[s,s,s,s], s:o, s:[{s:b}]}", "type", "device_onboarding", "actions", "suspend", "resume",
                     "decommission", "read", "locations", locations_of(plan), "devices", "any", 1);
}

static json_t *site_itself(const make_plan *plan, const poa_key *key)
{
    return json_pack("{s:o, s:[{s:s, s:o}], s:[o,o], s:s}", "iss", text_of(plan->site), "keys", "label",
                     "administrator of the site", "jwk", jwk_of(key), "powers", administration(plan), upkeep(plan),
                     "administers", "all");
}

static json_t *owner_of(const make_plan *plan, const make_owner *owner)
{
    return json_pack("{s:o, s:[{s:o}], s:[o,o,o], s:s}", "iss", text_of(owner->iss), "keys", "jwk", jwk_of(owner->key),
                     "powers", onboarding(plan, NULL), onboarding(plan, "permanent"), administration(plan),
                     "administers", "own");
}

static json_t *owners_of(const make_plan *plan, const poa_key *administrator)
{
    json_t *owners = json_array();
    bool good = json_array_append_new(owners, site_itself(plan, administrator)) == 0;
    for (size_t i = 0; i < plan->owners_len; i++)
        good = json_array_append_new(owners, owner_of(plan, &plan->owners[i])) == 0 && good;
    if (good)
        return owners;
    json_decref(owners);
    return NULL;
}

static bool make_policy(maker *m, const poa_key *administrator, const poa_key *answer)
{
    POA_CLEANUP(poa_json_decrefp)
    json_t *policy = json_pack("{s:i, s:o, s:o, s:[o]}", "version", 1, "resource_owner", text_of(m->plan->site),
                               "owners", owners_of(m->plan, administrator), "answer_keys", jwk_of(answer));
    return write_json(m, MAKE_POLICY, policy);
}

/* ---- the configuration ---- */

static json_t *listener_of(const make_plan *plan)
{
    if (!plan->certificate)
        return json_pack("{s:s}", "address", plan->listen);
    return json_pack("{s:s, s:s, s:s}", "address", plan->listen, "certificate", plan->certificate, "key", plan->key);
}

static bool make_config(maker *m)
{
    POA_CLEANUP(poa_json_decrefp)
    json_t *config = json_pack("{s:s, s:[o], s:s, s:s, s:s, s:{s:s, s:s}}", "public_url", m->plan->public_url,
                               "listeners", listener_of(m->plan), "data", "data", "policy", MAKE_POLICY, "answer_key",
                               MAKE_ANSWER_KEY, "ca", "certificate", MAKE_CA, "key", MAKE_CA_KEY);
    return write_json(m, MAKE_CONFIG, config);
}

/* ---- all of it ---- */

static bool make_dir(maker *m)
{
    m->made_dir = mkdir(m->plan->dir, 0700) == 0;
    return m->made_dir || errno == EEXIST || complain(m, "", strerror(errno));
}

static bool make_files(maker *m)
{
    POA_CLEANUP(poa_key_freep) poa_key *administrator = NULL;
    POA_CLEANUP(poa_key_freep) poa_key *answer = NULL;
    if (!make_config(m) || !make_ca(m) || !make_key(m, MAKE_ANSWER_KEY, &answer) ||
        !make_key(m, MAKE_ADMIN_KEY, &administrator))
        return false;
    POA_CLEANUP(poa_json_decrefp) json_t *jwk = jwk_of(administrator);
    return write_json(m, MAKE_ADMIN_JWK, jwk) && make_policy(m, administrator, answer);
}

static void take_back(maker *m)
{
    for (size_t i = 0; i < m->written_len; i++) {
        POA_CLEANUP(poa_freep) char *path = path_of(m, m->written[i]);
        if (path)
            (void)unlink(path);
    }
    if (m->made_dir)
        (void)rmdir(m->plan->dir);
}

bool make_site(const poa_ctx *ctx, const make_plan *plan, poa_buf *report)
{
    maker m = {.ctx = ctx, .plan = plan, .report = report};
    if (!make_dir(&m))
        return false;
    if (make_files(&m))
        return true;
    take_back(&m);
    return false;
}
