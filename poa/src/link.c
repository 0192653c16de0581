#include "link.h"

#include "bounds.h"
#include "buf.h"
#include "claims.h"
#include "cleanup.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

void poa_link_clear(poa_link_body *link)
{
    json_decref(link->payload);
    poa_key_free(link->agent_key);
    free(link->powers_text);
    poa_powers_free(link->powers);
    *link = (poa_link_body){0};
}

poa_err poa_link_split(const poa_ctx *ctx, poa_span text, int hop, poa_link_body *link, poa_reason *why)
{
    const poa_err err = poa_jws_split(ctx, text, &link->jws);
    if (err)
        return poa_deny(why, err, hop, "%s", "");
    link->facts.id = link->jws.id;
    return POA_OK;
}

poa_err poa_link_read_header(unsigned algorithms, int hop, poa_link_body *link, poa_reason *why)
{
    poa_jws_header header;
    const poa_err err = poa_jws_check_header(&link->jws, "poa+jwt", algorithms, hop, &header, why);
    if (err)
        return err;
    link->facts.alg = header.alg;
    link->facts.kid = header.kid;
    return POA_OK;
}

/* ---- claims by themselves ---- */

/* Required in a child; a root's is refused later, by poa_link_check_root(). */
static void read_par_hash(poa_claims *c, poa_link_body *link)
{
    poa_claim_id(c, "par_hash", c->hop > 0 ? POA_CLAIM_REQUIRED : POA_CLAIM_OPTIONAL, &link->par_hash);
    link->has_par_hash = poa_claim_present(c, "par_hash");
}

/* Exactly {"jwk": …} (RFC 7800 section 3.2). Its value is never shown: it may hold a private key. */
static void read_cnf(poa_claims *c, const poa_ctx *ctx, poa_link_body *link)
{
    if (c->err)
        return;
    const json_t *value = json_object_get(c->body, "cnf");
    const json_t *jwk = json_object_get(value, "jwk");
    if (POA_GUARD(cnf_missing, !value))
        c->err = POA_E_CLAIM_MISSING;
    else if (!json_is_object(value) || !json_is_object(jwk) || POA_GUARD(cnf_exact, json_object_size(value) != 1))
        c->err = POA_E_CLAIM_TYPE;
    else
        c->err = poa_key_from_json(ctx, jwk, &link->agent_key);
    if (c->err)
        (void)poa_deny(c->why, c->err, c->hop, "/cnf");
}

static void read_details(poa_claims *c)
{
    const json_t *value = json_object_get(c->body, "authorization_details");
    if (!value)
        poa_claim_refuse(c, POA_E_CLAIM_MISSING, "authorization_details");
    else if (POA_GUARD(details_form, !poa_powers_form(value)))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, "authorization_details");
}

/* What it refers to is never fetched; step 8 denies a link that carries one. */
static void read_status(poa_claims *c, poa_link *link)
{
    link->has_status = poa_claim_present(c, "status");
    if (link->has_status && POA_GUARD(status_object, !json_is_object(json_object_get(c->body, "status"))))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, "status");
}

/*
 * Let go of what nobody asks for any more: claims that are ignored, and what is in `status`. A chain may be kept for
 * long, and of a few bytes of text JSON makes fifty times as many in memory.
 */
static void drop_ignored(json_t *payload)
{
    static const char *const kept[] = {"iss",       "sub", "aud", "transferable",          "iat",
                                       "nbf",       "exp", "jti", "authorization_details", "principal_name",
                                       "agent_name"};
    const char *name = NULL;
    json_t *value = NULL;
    void *next = NULL;
    json_object_foreach_safe(payload, next, name, value)
    {
        bool keep = false;
        for (size_t i = 0; i < POA_COUNT(kept) && !keep; i++)
            keep = strcmp(name, kept[i]) == 0;
        if (!keep)
            (void)json_object_del(payload, name);
    }
}

poa_err poa_link_read_claims(const poa_ctx *ctx, int hop, poa_link_body *link, poa_reason *why)
{
    const poa_err err = poa_jws_read_payload(&link->jws, &link->payload);
    if (err)
        return poa_deny(why, err, hop, "%s", "");

    poa_claims c = {.body = link->payload, .hop = hop, .why = why};
    poa_link *facts = &link->facts;
    int64_t transferable = 0;
    facts->nbf_s = -1;
    poa_claim_text(&c, "iss", POA_CLAIM_REQUIRED, POA_NAME_BYTES_MAX, &facts->iss);
    poa_claim_text(&c, "sub", POA_CLAIM_REQUIRED, POA_NAME_BYTES_MAX, &facts->sub);
    read_par_hash(&c, link);
    poa_claim_audience(&c, POA_CLAIM_REQUIRED, facts->aud, &facts->aud_len);
    poa_claim_int(&c, "transferable", POA_CLAIM_OPTIONAL, 0, POA_TRANSFERABLE_MAX, &transferable);
    poa_claim_time(&c, "iat", POA_CLAIM_REQUIRED, &facts->iat_s);
    poa_claim_time(&c, "nbf", POA_CLAIM_OPTIONAL, &facts->nbf_s);
    poa_claim_time(&c, "exp", POA_CLAIM_REQUIRED, &facts->exp_s);
    poa_claim_jti(&c, "jti", POA_CLAIM_REQUIRED, &facts->jti);
    read_cnf(&c, ctx, link);
    read_details(&c);
    poa_claim_text(&c, "principal_name", POA_CLAIM_OPTIONAL, POA_LABEL_BYTES_MAX, &facts->principal_name);
    poa_claim_text(&c, "agent_name", POA_CLAIM_OPTIONAL, POA_LABEL_BYTES_MAX, &facts->agent_name);
    read_status(&c, facts);
    if (c.err)
        return c.err;

    facts->transferable = (int)transferable;
    facts->agent_key = link->agent_key;
    if (facts->nbf_s < 0)
        facts->nbf_s = facts->iat_s;
    if (POA_GUARD(window_empty, facts->exp_s <= facts->iat_s || facts->exp_s <= facts->nbf_s))
        poa_claim_refuse(&c, POA_E_WINDOW_EMPTY, "exp");
    drop_ignored(link->payload);
    return c.err;
}

poa_err poa_link_check_root(const poa_link_body *link, poa_reason *why)
{
    if (POA_GUARD(root_par_hash, link->has_par_hash))
        return poa_deny(why, POA_E_CLAIM_FORBIDDEN, 0, "/par_hash");
    return POA_OK;
}

poa_err poa_link_read_powers(int hop, poa_link_body *link, poa_reason *why)
{
    const json_t *details = json_object_get(link->payload, "authorization_details");
    const poa_err err = poa_powers_read(details, hop, "/authorization_details", &link->powers, why);
    if (err)
        return err;
    poa_buf b = {0};
    poa_buf_json(&b, details);
    link->powers_text = poa_buf_take(&b);
    if (!link->powers_text)
        return poa_deny(why, POA_F_NOMEM, hop, "%s", "");
    link->facts.powers = poa_span_of(link->powers_text);
    return POA_OK;
}

/* ---- a child against its parent ---- */

/* Refuse, and show the claim in both links. */
static poa_err refuse_child(const poa_link_body *child, const poa_link_body *parent, poa_err code, int hop,
                            const char *name, poa_reason *why)
{
    (void)poa_deny(why, code, hop, "/%s", name);
    poa_reason_values(why, json_object_get(parent->payload, name), json_object_get(child->payload, name), NULL);
    return code;
}

static bool has_audience(const poa_link *link, poa_span site)
{
    for (size_t i = 0; i < link->aud_len; i++)
        if (poa_span_equal(link->aud[i], site))
            return true;
    return false;
}

static bool audience_inside(const poa_link *child, const poa_link *parent)
{
    for (size_t i = 0; i < child->aud_len; i++)
        if (!has_audience(parent, child->aud[i]))
            return false;
    return true;
}

poa_err poa_link_check_parent(const poa_link_body *child, const poa_link_body *parent, int hop, poa_reason *why)
{
    const poa_link *c = &child->facts;
    const poa_link *p = &parent->facts;
    if (POA_GUARD(child_iss, !poa_span_equal(c->iss, p->sub))) {
        (void)poa_deny(why, POA_E_PRINCIPAL_MISALIGNED, hop, "/iss");
        poa_reason_values(why, json_object_get(parent->payload, "sub"), json_object_get(child->payload, "iss"), NULL);
        return POA_E_PRINCIPAL_MISALIGNED;
    }
    if (POA_GUARD(child_par_hash, !poa_id_equal(&child->par_hash, &p->id))) {
        (void)poa_deny(why, POA_E_PARENT_HASH_MISMATCH, hop, "/par_hash");
        if (why) {
            poa_reason_text(why->parent, poa_span_of(poa_id_print(&p->id).chars));
            poa_reason_text(why->child, poa_span_of(poa_id_print(&child->par_hash).chars));
        }
        return POA_E_PARENT_HASH_MISMATCH;
    }
    if (POA_GUARD(child_aud, !audience_inside(c, p)))
        return refuse_child(child, parent, POA_E_AUDIENCE_WIDENED, hop, "aud", why);
    if (POA_GUARD(parent_not_transferable, p->transferable == 0))
        return refuse_child(child, parent, POA_E_NOT_TRANSFERABLE, hop, "transferable", why);
    if (POA_GUARD(child_depth, c->transferable > p->transferable - 1))
        return refuse_child(child, parent, POA_E_DEPTH_INVALID, hop, "transferable", why);
    if (POA_GUARD(child_iat, c->iat_s < p->iat_s))
        return refuse_child(child, parent, POA_E_PREDATES_PARENT, hop, "iat", why);
    if (POA_GUARD(child_nbf, c->nbf_s < p->nbf_s))
        return refuse_child(child, parent, POA_E_PREDATES_PARENT, hop, "nbf", why);
    if (POA_GUARD(child_exp, c->exp_s > p->exp_s))
        return refuse_child(child, parent, POA_E_OUTLIVES_PARENT, hop, "exp", why);
    return POA_OK;
}
