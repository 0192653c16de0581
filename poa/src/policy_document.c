#include "policy_body.h"

#include "bounds.h"
#include "cleanup.h"
#include "crypto.h"
#include "json.h"
#include "policy_read.h"
#include "span.h"
#include "uri.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_BYTES = 96, OWNERS_MAX = 4096, MANUFACTURERS_MAX = 256, ID_LINK_HOSTS_MAX = 64 };
enum { DAY_S = 86400, WEEK_S = 7 * DAY_S, YEAR_S = 366 * DAY_S };

/* A JSON pointer into the document. Its depth and the counts of section 9 bound it far below its room. */
struct path {
    char text[PATH_BYTES];
};

__attribute__((format(printf, 1, 2))) static struct path path_of(const char *format, ...)
{
    struct path path;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(path.text, sizeof path.text, format, args);
    va_end(args);
    return path;
}

/* ---- the document, member by member ---- */

static void read_algorithms(poa_members *m, unsigned *out)
{
    const json_t *names = poa_members_array(m, "algorithms", false, 1, 5);
    unsigned set = 0;
    for (size_t i = 0; names && i < json_array_size(names); i++) {
        const poa_span name = poa_json_span(json_array_get(names, i));
        const poa_alg alg = poa_alg_by_name(name);
        /* EdDSA is one entry under one name (section 2). */
        if (alg == POA_ALG_NONE || !poa_span_is(name, poa_alg_name(alg)) || set & 1u << alg) {
            poa_members_refuse(m, POA_E_CLAIM_TYPE, "algorithms");
            return;
        }
        set |= 1u << alg;
    }
    if (names)
        *out = set;
}

static poa_err read_key(const poa_ctx *ctx, const json_t *jwk, const char *path, poa_key **out, poa_reason *why)
{
    const poa_err err = poa_key_from_json(ctx, jwk, out);
    return err ? poa_deny(why, err, POA_HOP_NONE, "%s", path) : POA_OK;
}

static void read_answer_keys(const poa_ctx *ctx, poa_members *m, poa_policy *policy)
{
    const json_t *keys = poa_members_array(m, "answer_keys", false, 1, POA_POLICY_ANSWER_KEYS_MAX);
    for (size_t i = 0; keys && !m->err && i < json_array_size(keys); i++) {
        const struct path path = path_of("/answer_keys/%zu", i);
        m->err = read_key(ctx, json_array_get(keys, i), path.text, &policy->answer_keys[i], m->why);
    }
}

static void read_onboarding(poa_members *m, poa_policy_settings *settings)
{
    const json_t *body = poa_members_object(m, "onboarding");
    if (!body)
        return;
    static const char *const approvals[] = {"as_granted", "always"};
    static const char *const tickets[] = {"optional", "required"};
    poa_members o = poa_members_of(body, "/onboarding", m->why);
    unsigned approval = 0, ticket = 0;
    poa_members_word(&o, "approval", approvals, 2, &approval);
    poa_members_word(&o, "tickets", tickets, 2, &ticket);
    poa_members_int(&o, "offline_age", 0, YEAR_S, &settings->offline_age_s);
    settings->approval = approval ? POA_APPROVAL_ALWAYS : POA_APPROVAL_AS_GRANTED;
    settings->tickets = ticket ? POA_TICKETS_REQUIRED : POA_TICKETS_OPTIONAL;
    m->err = poa_members_end(&o);
}

static void read_credentials(poa_members *m, poa_policy_settings *settings)
{
    const json_t *body = poa_members_object(m, "credentials");
    if (!body)
        return;
    poa_members c = poa_members_of(body, "/credentials", m->why);
    poa_members_int(&c, "lifetime", POA_CREDENTIAL_S_MIN, POA_TIME_MAX, &settings->credential_lifetime_s);
    m->err = poa_members_end(&c);
}

static void read_trust(poa_members *m, poa_policy_settings *settings)
{
    const json_t *body = poa_members_object(m, "trust");
    if (!body)
        return;
    poa_members t = poa_members_of(body, "/trust", m->why);
    poa_members_int(&t, "period", POA_CREDENTIAL_S_MIN, POA_TIME_MAX, &settings->trust_period_s);
    poa_members_int(&t, "grace", 0, POA_TIME_MAX, &settings->trust_grace_s);
    poa_members_int(&t, "review_deadline", 0, POA_TIME_MAX, &settings->review_deadline_s);
    m->err = poa_members_end(&t);
}

static bool is_host(poa_span host, const poa_span *before, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (poa_span_equal(before[i], host))
            return false;
    return poa_uri_is_name(host);
}

static void read_hosts(poa_members *m, poa_manufacturer *maker)
{
    const json_t *hosts = poa_members_array(m, "id_link_hosts", false, 1, ID_LINK_HOSTS_MAX);
    if (!hosts)
        return;
    maker->hosts = calloc(json_array_size(hosts), sizeof *maker->hosts);
    if (!maker->hosts) {
        m->err = poa_deny(m->why, POA_F_NOMEM, POA_HOP_NONE, "%s", "");
        return;
    }
    maker->facts.id_link_hosts = maker->hosts;
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const poa_span host = poa_json_span(json_array_get(hosts, i));
        if (!is_host(host, maker->hosts, i)) {
            poa_members_refuse(m, POA_E_CLAIM_TYPE, "id_link_hosts");
            return;
        }
        maker->hosts[i] = host;
        maker->facts.id_link_hosts_len = i + 1;
    }
}

/* The certificates themselves are read where they are used, in the room that knows X.509. */
static poa_err read_manufacturer(const json_t *body, size_t i, poa_manufacturer *maker, poa_reason *why)
{
    static const char *const places[] = {"serialNumber", "commonName"};
    const struct path path = path_of("/manufacturers/%zu", i);
    poa_members m = poa_members_of(body, path.text, why);
    unsigned place = 0;
    poa_members_text(&m, "name", true, POA_LABEL_BYTES_MAX, &maker->facts.name);
    const json_t *ca = poa_members_take(&m, "ca", true);
    if (ca && !poa_span_starts(poa_json_span(ca), POA_SPAN("-----BEGIN CERTIFICATE-----")))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "ca");
    maker->facts.ca = poa_json_span(ca);
    read_hosts(&m, maker);
    poa_members_word(&m, "serial_from", places, 2, &place);
    maker->facts.serial_from = place ? POA_SERIAL_FROM_COMMON_NAME : POA_SERIAL_FROM_SERIAL_NUMBER;
    return poa_members_end(&m);
}

static bool name_is_taken(const poa_policy *policy, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (poa_span_equal(policy->manufacturers[i].facts.name, policy->manufacturers[index].facts.name))
            return true;
    return false;
}

static void read_manufacturers(poa_members *m, poa_policy *policy)
{
    const json_t *all = poa_members_array(m, "manufacturers", false, 1, MANUFACTURERS_MAX);
    if (!all)
        return;
    policy->manufacturers = calloc(json_array_size(all), sizeof *policy->manufacturers);
    if (!policy->manufacturers) {
        m->err = poa_deny(m->why, POA_F_NOMEM, POA_HOP_NONE, "%s", "");
        return;
    }
    for (size_t i = 0; !m->err && i < json_array_size(all); i++) {
        policy->manufacturers_len = i + 1;
        m->err = read_manufacturer(json_array_get(all, i), i, &policy->manufacturers[i], m->why);
        if (!m->err && name_is_taken(policy, i))
            m->err = poa_deny(m->why, POA_E_CLAIM_TYPE, POA_HOP_NONE, "/manufacturers/%zu/name", i);
    }
}

/* ---- owners ---- */

/* {"jwk":…,"label":…,"accept_until":…} */
static poa_err read_pin(const poa_ctx *ctx, const poa_policy *policy, const json_t *body, const char *path,
                        poa_owner *owner, poa_reason *why)
{
    poa_members m = poa_members_of(body, path, why);
    const json_t *jwk = poa_members_take(&m, "jwk", true);
    poa_span label = {0};
    int64_t until_s = POA_TIME_MAX;
    poa_members_text(&m, "label", false, POA_LABEL_BYTES_MAX, &label);
    poa_members_int(&m, "accept_until", 0, POA_TIME_MAX, &until_s);
    poa_err err = poa_members_end(&m);
    if (err)
        return err;

    const struct path at = path_of("%s/jwk", path);
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    err = read_key(ctx, jwk, at.text, &key, why);
    if (err)
        return err;
    const poa_owner *other = NULL;
    if (poa_policy_find_pin(policy, poa_key_thumbprint(key), &other))
        return poa_deny(why, POA_E_CLAIM_TYPE, POA_HOP_NONE, "%s", at.text);
    owner->pins[owner->pins_len++] = (poa_pin){POA_TAKE(key), until_s};
    return POA_OK;
}

static poa_err read_pins(const poa_ctx *ctx, const poa_policy *policy, const json_t *keys, const char *path,
                         poa_owner *owner, poa_reason *why)
{
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const struct path at = path_of("%s/keys/%zu", path, i);
        const poa_err err = read_pin(ctx, policy, json_array_get(keys, i), at.text, owner, why);
        if (err)
            return err;
    }
    return POA_OK;
}

static bool iss_is_taken(const poa_policy *policy, const poa_owner *owner)
{
    for (size_t i = 0; &policy->owners[i] < owner; i++)
        if (poa_span_equal(policy->owners[i].facts.iss, owner->facts.iss))
            return true;
    return false;
}

static poa_err read_owner(const poa_ctx *ctx, poa_policy *policy, const json_t *body, size_t index, poa_reason *why)
{
    static const char *const reaches[] = {"own", "all"};
    const struct path path = path_of("/owners/%zu", index);
    poa_owner *owner = &policy->owners[index];
    policy->owners_len = index + 1;

    poa_members m = poa_members_of(body, path.text, why);
    int64_t max_links = POA_CHAIN_LINKS_DEFAULT;
    unsigned reach = 0;
    owner->facts.max_lifetime_s = YEAR_S;
    poa_members_text(&m, "iss", true, POA_NAME_BYTES_MAX, &owner->facts.iss);
    const json_t *keys = poa_members_array(&m, "keys", true, 1, POA_POLICY_OWNER_KEYS_MAX);
    const json_t *powers = poa_members_take(&m, "powers", true);
    poa_members_int(&m, "max_links", 1, POA_CHAIN_LINKS_HARD, &max_links);
    poa_members_int(&m, "max_lifetime", 1, POA_TIME_MAX, &owner->facts.max_lifetime_s);
    poa_members_word(&m, "administers", reaches, 2, &reach);
    if (!m.err && iss_is_taken(policy, owner))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "iss");
    poa_err err = poa_members_end(&m);
    if (!err)
        err = read_pins(ctx, policy, keys, path.text, owner, why);
    if (err)
        return err;

    owner->facts.max_links = (size_t)max_links;
    owner->facts.administers_all = reach == 1;
    const struct path at = path_of("%s/powers", path.text);
    return poa_powers_read(powers, POA_HOP_NONE, at.text, &owner->powers, why);
}

static void read_owners(const poa_ctx *ctx, poa_members *m, poa_policy *policy)
{
    const json_t *owners = poa_members_array(m, "owners", true, 1, OWNERS_MAX);
    if (!owners)
        return;
    policy->owners = calloc(json_array_size(owners), sizeof *policy->owners);
    if (!policy->owners) {
        m->err = poa_deny(m->why, POA_F_NOMEM, POA_HOP_NONE, "%s", "");
        return;
    }
    for (size_t i = 0; !m->err && i < json_array_size(owners); i++)
        m->err = read_owner(ctx, policy, json_array_get(owners, i), i, m->why);
}

poa_err poa_policy_read_body(const poa_ctx *ctx, poa_policy *policy, poa_reason *why)
{
    poa_policy_settings *s = &policy->settings;
    s->algorithms = 1u << POA_ALG_ES256 | 1u << POA_ALG_ES384 | 1u << POA_ALG_EDDSA;
    s->clock_skew_s = POA_SKEW_DEFAULT_S;
    s->max_revocation_age_s = 60;
    s->offline_age_s = WEEK_S;
    s->credential_lifetime_s = WEEK_S;
    s->trust_period_s = DAY_S;
    s->trust_grace_s = 3600;
    s->review_deadline_s = 2 * WEEK_S;

    poa_members m = poa_members_of(policy->body, "", why);
    int64_t version = 0;
    if (poa_members_take(&m, "version", true))
        poa_members_int(&m, "version", 1, 1, &version);
    poa_members_text(&m, "resource_owner", true, POA_NAME_BYTES_MAX, &s->resource_owner);
    read_owners(ctx, &m, policy);
    read_algorithms(&m, &s->algorithms);
    poa_members_int(&m, "clock_skew", 0, POA_SKEW_HARD_S, &s->clock_skew_s);
    poa_members_int(&m, "max_revocation_age", 0, YEAR_S, &s->max_revocation_age_s);
    read_answer_keys(ctx, &m, policy);
    read_onboarding(&m, s);
    read_credentials(&m, s);
    read_trust(&m, s);
    read_manufacturers(&m, policy);
    return poa_members_end(&m);
}
