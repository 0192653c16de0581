#include "policy.h"

#include "bounds.h"
#include "buf.h"
#include "cleanup.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "policy_read.h"
#include "span.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 96, OWNERS_MAX = 4096, OWNER_KEYS_MAX = 8, ANSWER_KEYS_MAX = 8, MANUFACTURERS_MAX = 256 };
enum { DAY_S = 86400, WEEK_S = 7 * DAY_S, YEAR_S = 366 * DAY_S };

struct pin {
    poa_key *key; /* owned */
    int64_t until_s;
};

/* The public part comes first, so that a pointer to it leads to the whole. */
struct owner {
    poa_policy_owner facts;
    struct pin pins[OWNER_KEYS_MAX];
    size_t pins_len;
    poa_powers *powers; /* owned */
};

struct poa_policy {
    atomic_uint refs;
    char *document; /* owned */
    size_t document_len;
    json_t *body; /* owned; spans point into it */
    poa_id document_id;
    poa_id version;
    poa_policy_settings settings;
    struct owner *owners; /* owned */
    size_t owners_len;
    poa_key *answer_keys[ANSWER_KEYS_MAX];  /* owned */
    poa_policy_manufacturer *manufacturers; /* owned */
    size_t manufacturers_len;
};

poa_policy *poa_policy_ref(const poa_policy *policy)
{
    poa_policy *mine = (poa_policy *)(uintptr_t)policy; /* the count is the one part of a policy that changes */
    if (mine)
        atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    return mine;
}

void poa_policy_free(poa_policy *policy)
{
    if (!policy || atomic_fetch_sub_explicit(&policy->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < policy->owners_len; i++) {
        for (size_t k = 0; k < policy->owners[i].pins_len; k++)
            poa_key_free(policy->owners[i].pins[k].key);
        poa_powers_free(policy->owners[i].powers);
    }
    for (size_t i = 0; i < ANSWER_KEYS_MAX; i++)
        poa_key_free(policy->answer_keys[i]);
    free(policy->owners);
    free(policy->manufacturers);
    json_decref(policy->body);
    free(policy->document);
    free(policy);
}

bool poa_limits_fill(const poa_limits *limits, poa_limits *out)
{
    const poa_limits asked = limits ? *limits : (poa_limits){0};
    if (asked.chain_bytes > POA_CHAIN_BYTES_HARD || asked.links > POA_CHAIN_LINKS_HARD)
        return false;
    out->chain_bytes = asked.chain_bytes ? asked.chain_bytes : POA_CHAIN_BYTES_DEFAULT;
    out->links = asked.links ? asked.links : POA_CHAIN_LINKS_DEFAULT;
    return true;
}

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
    const json_t *keys = poa_members_array(m, "answer_keys", false, 1, ANSWER_KEYS_MAX);
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

static void read_hosts(poa_members *m)
{
    const json_t *hosts = poa_members_array(m, "id_link_hosts", false, 1, 64);
    for (size_t i = 0; hosts && i < json_array_size(hosts); i++)
        if (!poa_span_is_text(poa_json_span(json_array_get(hosts, i)), POA_ID_LINK_BYTES_MAX))
            poa_members_refuse(m, POA_E_CLAIM_TYPE, "id_link_hosts");
}

/* The certificates themselves are read where they are used, in the room that knows X.509. */
static poa_err read_manufacturer(const json_t *body, size_t i, poa_policy_manufacturer *out, poa_reason *why)
{
    static const char *const places[] = {"serialNumber", "commonName"};
    const struct path path = path_of("/manufacturers/%zu", i);
    poa_members m = poa_members_of(body, path.text, why);
    unsigned place = 0;
    poa_members_text(&m, "name", true, POA_LABEL_BYTES_MAX, &out->name);
    const json_t *ca = poa_members_take(&m, "ca", true);
    if (ca && !poa_span_starts(poa_json_span(ca), POA_SPAN("-----BEGIN CERTIFICATE-----")))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "ca");
    out->ca = poa_json_span(ca);
    read_hosts(&m);
    poa_members_word(&m, "serial_from", places, 2, &place);
    return poa_members_end(&m);
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
        m->err = read_manufacturer(json_array_get(all, i), i, &policy->manufacturers[i], m->why);
        for (size_t j = 0; !m->err && j < i; j++)
            if (poa_span_equal(policy->manufacturers[i].name, policy->manufacturers[j].name))
                m->err = poa_deny(m->why, POA_E_CLAIM_TYPE, POA_HOP_NONE, "/manufacturers/%zu/name", i);
        if (!m->err)
            policy->manufacturers_len = i + 1;
    }
}

/* ---- owners ---- */

static bool key_is_pinned(const poa_policy *policy, const poa_id *kid)
{
    for (size_t i = 0; i < policy->owners_len; i++)
        for (size_t k = 0; k < policy->owners[i].pins_len; k++)
            if (poa_id_equal(poa_key_thumbprint(policy->owners[i].pins[k].key), kid))
                return true;
    return false;
}

/* {"jwk":…,"label":…,"accept_until":…} */
static poa_err read_pin(const poa_ctx *ctx, const poa_policy *policy, const json_t *body, const char *path,
                        struct owner *owner, poa_reason *why)
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
    if (key_is_pinned(policy, poa_key_thumbprint(key)))
        return poa_deny(why, POA_E_CLAIM_TYPE, POA_HOP_NONE, "%s", at.text);
    owner->pins[owner->pins_len++] = (struct pin){POA_TAKE(key), until_s};
    return POA_OK;
}

static poa_err read_pins(const poa_ctx *ctx, const poa_policy *policy, const json_t *keys, const char *path,
                         struct owner *owner, poa_reason *why)
{
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const struct path at = path_of("%s/keys/%zu", path, i);
        const poa_err err = read_pin(ctx, policy, json_array_get(keys, i), at.text, owner, why);
        if (err)
            return err;
    }
    return POA_OK;
}

static bool iss_is_taken(const poa_policy *policy, const struct owner *owner)
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
    struct owner *owner = &policy->owners[index];
    policy->owners_len = index + 1;

    poa_members m = poa_members_of(body, path.text, why);
    int64_t max_links = POA_CHAIN_LINKS_DEFAULT;
    unsigned reach = 0;
    owner->facts.max_lifetime_s = YEAR_S;
    poa_members_text(&m, "iss", true, POA_NAME_BYTES_MAX, &owner->facts.iss);
    const json_t *keys = poa_members_array(&m, "keys", true, 1, OWNER_KEYS_MAX);
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

/* The table of section 9. */
static poa_err read_document(const poa_ctx *ctx, poa_policy *policy, poa_reason *why)
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

/* Over the document and the configured limits: what steps 1 to 6 depend on besides the chain. */
static poa_err make_version(const poa_ctx *ctx, poa_policy *policy)
{
    poa_err err = poa_sha256(ctx, poa_policy_document(policy), &policy->document_id);
    if (err)
        return err;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_add(&b, poa_policy_document(policy));
    poa_buf_printf(&b, "\n%zu %zu", policy->settings.limits.chain_bytes, policy->settings.limits.links);
    return b.failed ? POA_F_NOMEM : poa_sha256(ctx, poa_buf_span(&b), &policy->version);
}

poa_err poa_policy_parse(const poa_ctx *ctx, poa_span json, const poa_limits *limits, poa_policy **out, poa_reason *why)
{
    POA_CLEANUP(poa_policy_freep) poa_policy *policy = calloc(1, sizeof *policy);
    if (!policy)
        return poa_deny(why, POA_F_NOMEM, POA_HOP_NONE, "%s", "");
    atomic_init(&policy->refs, 1);
    if (!poa_limits_fill(limits, &policy->settings.limits))
        return poa_deny(why, POA_F_USAGE, POA_HOP_NONE, "%s", "");

    poa_err err = poa_json_parse(json, &policy->body);
    if (err)
        return poa_deny(why, err, POA_HOP_NONE, "%s", "");
    err = read_document(ctx, policy, why);
    if (err)
        return err;
    policy->document = poa_span_dup(json);
    policy->document_len = json.len;
    err = policy->document ? make_version(ctx, policy) : POA_F_NOMEM;
    if (err)
        return poa_deny(why, err, POA_HOP_NONE, "%s", "");
    *out = POA_TAKE(policy);
    return POA_OK;
}

/* ---- what it says ---- */

const poa_id *poa_policy_version(const poa_policy *policy)
{
    return &policy->version;
}

const poa_id *poa_policy_document_id(const poa_policy *policy)
{
    return &policy->document_id;
}

poa_span poa_policy_document(const poa_policy *policy)
{
    return (poa_span){policy->document, policy->document_len};
}

const poa_policy_settings *poa_policy_get(const poa_policy *policy)
{
    return &policy->settings;
}

bool poa_policy_allows(const poa_policy *policy, poa_alg alg)
{
    return alg != POA_ALG_NONE && (policy->settings.algorithms & 1u << alg) != 0;
}

const poa_key *poa_policy_answer_key(const poa_policy *policy, size_t i)
{
    return i < ANSWER_KEYS_MAX ? policy->answer_keys[i] : NULL;
}

const poa_policy_owner *poa_policy_owner_at(const poa_policy *policy, size_t i)
{
    return i < policy->owners_len ? &policy->owners[i].facts : NULL;
}

const poa_policy_manufacturer *poa_policy_manufacturer_at(const poa_policy *policy, size_t i)
{
    return i < policy->manufacturers_len ? &policy->manufacturers[i] : NULL;
}

static const struct pin *find_pin(const poa_policy *policy, const poa_id *kid, const struct owner **owner)
{
    for (size_t i = 0; i < policy->owners_len; i++) {
        for (size_t k = 0; k < policy->owners[i].pins_len; k++) {
            if (poa_id_equal(poa_key_thumbprint(policy->owners[i].pins[k].key), kid)) {
                *owner = &policy->owners[i];
                return &policy->owners[i].pins[k];
            }
        }
    }
    return NULL;
}

const poa_policy_owner *poa_policy_pin(const poa_policy *policy, const poa_id *kid, int64_t now_s, const poa_key **key)
{
    const struct owner *owner = NULL;
    const struct pin *pin = find_pin(policy, kid, &owner);
    if (!pin || POA_GUARD(pin_accept_until, now_s >= pin->until_s))
        return NULL;
    if (key)
        *key = pin->key;
    return &owner->facts;
}

int64_t poa_policy_pinned_until(const poa_policy *policy, const poa_id *kid)
{
    const struct owner *owner = NULL;
    const struct pin *pin = find_pin(policy, kid, &owner);
    return pin ? pin->until_s : 0;
}

/* facts is the first member of struct owner, and only a policy makes owners. */
static const struct owner *whole(const poa_policy_owner *owner)
{
    return (const struct owner *)(const void *)owner;
}

const poa_powers *poa_policy_owner_powers(const poa_policy_owner *owner)
{
    return whole(owner)->powers;
}

const poa_key *poa_policy_owner_key(const poa_policy_owner *owner, size_t i)
{
    return i < whole(owner)->pins_len ? whole(owner)->pins[i].key : NULL;
}
