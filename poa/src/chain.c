#include "chain.h"

#include "ceiling.h"
#include "cleanup.h"
#include "guard.h"
#include "link.h"
#include "policy.h"
#include "span.h"

#include <stdatomic.h>
#include <stdlib.h>

struct poa_chain {
    atomic_uint refs;
    char *text; /* owned; the links' spans point into it */
    size_t text_len;
    size_t len;
    poa_link_body links[POA_CHAIN_LINKS_HARD]; /* the first len are used */
    bool verified;
    poa_policy *policy;            /* one reference; NULL for a chain that was only read */
    const poa_policy_owner *owner; /* borrowed from policy */
    const poa_key *root_key;       /* borrowed from policy */
};

poa_chain *poa_chain_ref(const poa_chain *chain)
{
    poa_chain *mine = (poa_chain *)(uintptr_t)chain; /* the count is the one part of a chain that changes */
    if (mine)
        atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    return mine;
}

void poa_chain_free(poa_chain *chain)
{
    if (!chain || atomic_fetch_sub_explicit(&chain->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < POA_CHAIN_LINKS_HARD; i++)
        poa_link_clear(&chain->links[i]);
    poa_policy_free(chain->policy);
    free(chain->text);
    free(chain);
}

/* ---- steps 1 to 3 ---- */

static size_t count_links(poa_span text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '~';
    return count;
}

/* Step 1, whole chain first. */
static poa_err check_sizes(poa_span text, const poa_limits *limits, poa_reason *why)
{
    if (POA_GUARD(chain_empty, text.len == 0))
        return poa_deny(why, POA_E_CHAIN_EMPTY, POA_HOP_NONE, "%s", "");
    if (POA_GUARD(chain_bytes, text.len > limits->chain_bytes))
        return poa_deny(why, POA_E_TOO_LARGE, POA_HOP_NONE, "%s", "");
    const size_t count = count_links(text);
    if (POA_GUARD(chain_links, count > limits->links) || count > POA_CHAIN_LINKS_HARD)
        return poa_deny(why, POA_E_CHAIN_TOO_LONG, POA_HOP_NONE, "%s", "");

    poa_fields links = poa_fields_of(text, '~');
    poa_span link;
    for (int hop = 0; poa_fields_next(&links, &link); hop++)
        if (POA_GUARD(link_bytes, link.len > POA_LINK_BYTES_MAX))
            return poa_deny(why, POA_E_TOO_LARGE, hop, "%s", "");
    return POA_OK;
}

/* Steps 1 to 3 for all links, before anything dearer. */
static poa_err open_chain(const poa_ctx *ctx, poa_span text, const poa_limits *limits, unsigned algorithms,
                          poa_chain **out, poa_reason *why)
{
    poa_err err = check_sizes(text, limits, why);
    if (err)
        return err;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = calloc(1, sizeof *chain);
    if (!chain)
        return poa_deny(why, POA_F_NOMEM, POA_HOP_NONE, "%s", "");
    atomic_init(&chain->refs, 1);
    chain->text = poa_span_dup(text);
    if (!chain->text)
        return poa_deny(why, POA_F_NOMEM, POA_HOP_NONE, "%s", "");
    chain->text_len = text.len;

    poa_fields fields = poa_fields_of(poa_chain_text(chain), '~');
    poa_span link;
    for (; poa_fields_next(&fields, &link); chain->len++) {
        err = poa_link_split(ctx, link, (int)chain->len, &chain->links[chain->len], why);
        if (err)
            return err;
    }
    for (size_t i = 0; i < chain->len; i++) {
        err = poa_link_read_header(algorithms, (int)i, &chain->links[i], why);
        if (err)
            return err;
    }
    *out = POA_TAKE(chain);
    return POA_OK;
}

/* ---- step 4 ---- */

static poa_err anchor_root(const poa_ctx *ctx, poa_chain *chain, const poa_policy *policy, int64_t now_s,
                           poa_reason *why)
{
    poa_link_body *root = &chain->links[0];
    chain->owner = poa_policy_pin(policy, &root->facts.kid, now_s, &chain->root_key);
    if (!chain->owner) {
        (void)poa_deny(why, POA_E_ROOT_UNTRUSTED, 0, "/header/kid");
        if (why)
            poa_reason_text(why->child, poa_span_of(poa_id_print(&root->facts.kid).chars));
        return POA_E_ROOT_UNTRUSTED;
    }
    poa_err err = poa_jws_verify(ctx, &root->jws, root->facts.alg, chain->root_key, 0, why);
    if (err)
        return err;
    err = poa_link_read_claims(ctx, 0, root, why);
    if (err)
        return err;
    if (POA_GUARD(root_iss, !poa_span_equal(root->facts.iss, chain->owner->iss))) {
        (void)poa_deny(why, POA_E_ISSUER_MISMATCH, 0, "/iss");
        if (why) {
            poa_reason_text(why->parent, chain->owner->iss);
            poa_reason_text(why->child, root->facts.iss);
        }
        return POA_E_ISSUER_MISMATCH;
    }
    err = poa_link_check_root(root, why);
    if (err)
        return err;
    return poa_link_read_powers(0, root, why);
}

/* ---- step 5 ---- */

/* Signed by the agent of the link above. */
static poa_err check_signature(const poa_ctx *ctx, const poa_chain *chain, size_t i, poa_reason *why)
{
    const poa_link_body *child = &chain->links[i];
    const poa_key *key = chain->links[i - 1].agent_key;
    if (POA_GUARD(child_kid, !poa_id_equal(&child->facts.kid, poa_key_thumbprint(key)))) {
        (void)poa_deny(why, POA_E_KID_MISMATCH, (int)i, "/header/kid");
        if (why) {
            poa_reason_text(why->parent, poa_span_of(poa_id_print(poa_key_thumbprint(key)).chars));
            poa_reason_text(why->child, poa_span_of(poa_id_print(&child->facts.kid).chars));
        }
        return POA_E_KID_MISMATCH;
    }
    return poa_jws_verify(ctx, &child->jws, child->facts.alg, key, (int)i, why);
}

static poa_err check_unique(const poa_chain *chain, size_t i, poa_reason *why)
{
    const poa_link *link = &chain->links[i].facts;
    for (size_t j = 0; j < i; j++)
        if (POA_GUARD(jti_repeated, poa_span_equal(link->jti, chain->links[j].facts.jti)))
            return poa_deny(why, POA_E_CYCLE, (int)i, "/jti");
    for (size_t j = 0; j < i; j++)
        if (POA_GUARD(id_repeated, poa_id_equal(&link->id, &chain->links[j].facts.id)))
            return poa_deny(why, POA_E_CYCLE, (int)i, "%s", "");
    return POA_OK;
}

static poa_err check_claims_of_child(const poa_chain *chain, size_t i, poa_reason *why)
{
    const poa_err err = check_unique(chain, i, why);
    if (err)
        return err;
    return poa_link_check_parent(&chain->links[i], &chain->links[i - 1], (int)i, why);
}

static poa_err check_powers_of_child(const poa_chain *chain, size_t i, poa_reason *why)
{
    return poa_powers_inside(chain->links[i].powers, chain->links[i - 1].powers, (int)i, why);
}

static poa_err verify_child(const poa_ctx *ctx, poa_chain *chain, size_t i, poa_reason *why)
{
    poa_err err = check_signature(ctx, chain, i, why);
    if (err)
        return err;
    err = poa_link_read_claims(ctx, (int)i, &chain->links[i], why);
    if (err)
        return err;
    err = check_claims_of_child(chain, i, why);
    if (err)
        return err;
    err = poa_link_read_powers((int)i, &chain->links[i], why);
    if (err)
        return err;
    return check_powers_of_child(chain, i, why);
}

poa_err poa_chain_verify(const poa_ctx *ctx, poa_span text, const poa_policy *policy, int64_t now_s, poa_chain **out,
                         poa_reason *why)
{
    const poa_policy_settings *settings = poa_policy_get(policy);
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    poa_err err = open_chain(ctx, text, &settings->limits, settings->algorithms, &chain, why);
    if (err)
        return err;
    err = anchor_root(ctx, chain, policy, now_s, why);
    if (err)
        return err;
    for (size_t i = 1; i < chain->len; i++) {
        err = verify_child(ctx, chain, i, why);
        if (err)
            return err;
    }
    chain->policy = poa_policy_ref(policy);
    err = poa_ceiling_check(chain, poa_policy_owner_powers(chain->owner), why);
    if (err)
        return err;
    chain->verified = true;
    *out = POA_TAKE(chain);
    return POA_OK;
}

/* ---- without a policy ---- */

poa_err poa_chain_read_within(const poa_ctx *ctx, poa_span text, const poa_limits *limits, poa_chain **out,
                              poa_reason *why)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    poa_err err = open_chain(ctx, text, limits, ~0u, &chain, why);
    for (size_t i = 0; !err && i < chain->len; i++) {
        err = poa_link_read_claims(ctx, (int)i, &chain->links[i], why);
        if (!err && i == 0)
            err = poa_link_check_root(&chain->links[0], why);
        if (!err)
            err = poa_link_read_powers((int)i, &chain->links[i], why);
    }
    if (err)
        return err;
    *out = POA_TAKE(chain);
    return POA_OK;
}

poa_err poa_chain_read(const poa_ctx *ctx, poa_span text, poa_chain **out, poa_reason *why)
{
    static const poa_limits widest = {.chain_bytes = POA_CHAIN_BYTES_HARD, .links = POA_CHAIN_LINKS_HARD};
    return poa_chain_read_within(ctx, text, &widest, out, why);
}

poa_err poa_chain_check_links(const poa_ctx *ctx, const poa_chain *chain, poa_reason *why)
{
    for (size_t i = 1; i < chain->len; i++) {
        poa_err err = check_signature(ctx, chain, i, why);
        if (!err)
            err = check_claims_of_child(chain, i, why);
        if (!err)
            err = check_powers_of_child(chain, i, why);
        if (err)
            return err;
    }
    return POA_OK;
}

/* ---- what a chain says ---- */

poa_span poa_chain_text(const poa_chain *chain)
{
    return (poa_span){chain->text, chain->text_len};
}

bool poa_chain_is_verified(const poa_chain *chain)
{
    return chain->verified;
}

const poa_policy *poa_chain_policy(const poa_chain *chain)
{
    return chain->policy;
}

const poa_policy_owner *poa_chain_owner(const poa_chain *chain)
{
    return chain->owner;
}

const poa_key *poa_chain_root_key(const poa_chain *chain)
{
    return chain->root_key;
}

size_t poa_chain_len(const poa_chain *chain)
{
    return chain->len;
}

const poa_link *poa_chain_link(const poa_chain *chain, size_t i)
{
    return i < chain->len ? &chain->links[i].facts : NULL;
}

const poa_link *poa_chain_leaf(const poa_chain *chain)
{
    return &chain->links[chain->len - 1].facts;
}

const poa_powers *poa_chain_powers(const poa_chain *chain, size_t i)
{
    return i < chain->len ? chain->links[i].powers : NULL;
}
