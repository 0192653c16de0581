#include "policy_body.h"

#include "bounds.h"
#include "buf.h"
#include "cleanup.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "reason.h"
#include "span.h"

#include <stdlib.h>

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
    for (size_t i = 0; i < POA_POLICY_ANSWER_KEYS_MAX; i++)
        poa_key_free(policy->answer_keys[i]);
    for (size_t i = 0; i < policy->manufacturers_len; i++)
        free(policy->manufacturers[i].hosts);
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
    err = poa_policy_read_body(ctx, policy, why);
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
    return i < POA_POLICY_ANSWER_KEYS_MAX ? policy->answer_keys[i] : NULL;
}

const poa_policy_owner *poa_policy_owner_at(const poa_policy *policy, size_t i)
{
    return i < policy->owners_len ? &policy->owners[i].facts : NULL;
}

const poa_policy_manufacturer *poa_policy_manufacturer_at(const poa_policy *policy, size_t i)
{
    return i < policy->manufacturers_len ? &policy->manufacturers[i].facts : NULL;
}

const poa_pin *poa_policy_find_pin(const poa_policy *policy, const poa_id *kid, const poa_owner **owner)
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
    const poa_owner *owner = NULL;
    const poa_pin *pin = poa_policy_find_pin(policy, kid, &owner);
    if (!pin || POA_GUARD(pin_accept_until, now_s >= pin->until_s))
        return NULL;
    if (key)
        *key = pin->key;
    return &owner->facts;
}

int64_t poa_policy_pinned_until(const poa_policy *policy, const poa_id *kid)
{
    const poa_owner *owner = NULL;
    const poa_pin *pin = poa_policy_find_pin(policy, kid, &owner);
    return pin ? pin->until_s : 0;
}

/* facts is the first member of poa_owner, and only a policy makes owners. */
static const poa_owner *whole(const poa_policy_owner *owner)
{
    return (const poa_owner *)(const void *)owner;
}

const poa_powers *poa_policy_owner_powers(const poa_policy_owner *owner)
{
    return whole(owner)->powers;
}

const poa_key *poa_policy_owner_key(const poa_policy_owner *owner, size_t i)
{
    return i < whole(owner)->pins_len ? whole(owner)->pins[i].key : NULL;
}
