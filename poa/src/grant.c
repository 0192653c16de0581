#include "poa/grant.h"

#include "base64url.h"
#include "buf.h"
#include "chain.h"
#include "cleanup.h"
#include "json.h"
#include "jws.h"
#include "policy.h"
#include "span.h"

enum { JTI_BYTES = 16 };

/* powers is a JSON array; the one JSON reader wants an object around it. */
static poa_err read_powers(poa_span powers, json_t **out)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "{\"authorization_details\":");
    poa_buf_add(&b, powers);
    poa_buf_text(&b, "}");
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    if (b.failed)
        return POA_F_NOMEM;
    const poa_err err = poa_json_parse(poa_buf_span(&b), &body);
    if (err)
        return err;
    if (json_object_size(body) != 1)
        return POA_E_MALFORMED;
    *out = json_incref(json_object_get(body, "authorization_details"));
    return POA_OK;
}

static void add_text(poa_buf *b, const char *name, poa_span text)
{
    if (!text.ptr)
        return;
    poa_buf_printf(b, ",\"%s\":", name);
    poa_buf_json_text(b, text);
}

static void add_audience(poa_buf *b, const poa_grant *grant)
{
    poa_buf_text(b, ",\"aud\":");
    if (grant->aud_len == 1) {
        poa_buf_json_text(b, grant->aud[0]);
        return;
    }
    for (size_t i = 0; i < grant->aud_len; i++) {
        poa_buf_text(b, i == 0 ? "[" : ",");
        poa_buf_json_text(b, grant->aud[i]);
    }
    poa_buf_text(b, grant->aud_len == 0 ? "[]" : "]");
}

/* The claims in the order of section 2. */
static poa_err write_payload(poa_buf *b, const poa_grant *grant, const poa_link *parent, const uint8_t *jti)
{
    POA_CLEANUP(poa_json_decrefp) json_t *powers = NULL;
    const poa_err err = read_powers(grant->powers, &powers);
    if (err)
        return err;

    poa_buf_text(b, "{\"iss\":");
    poa_buf_json_text(b, parent && !grant->iss.ptr ? parent->sub : grant->iss);
    add_text(b, "sub", grant->sub);
    if (parent)
        poa_buf_printf(b, ",\"par_hash\":\"%s\"", poa_id_print(&parent->id).chars);
    add_audience(b, grant);
    poa_buf_printf(b, ",\"transferable\":%d,\"iat\":%lld", grant->transferable, (long long)grant->iat_s);
    if (grant->nbf_s >= 0)
        poa_buf_printf(b, ",\"nbf\":%lld", (long long)grant->nbf_s);
    poa_buf_printf(b, ",\"exp\":%lld,\"jti\":\"", (long long)grant->exp_s);
    poa_buf_base64url(b, jti, JTI_BYTES);
    poa_buf_printf(b, "\",\"cnf\":{\"jwk\":%s},\"authorization_details\":", poa_key_jwk(grant->agent_key));
    poa_buf_json(b, powers);
    add_text(b, "principal_name", grant->principal_name);
    add_text(b, "agent_name", grant->agent_name);
    poa_buf_text(b, "}");
    return b->failed ? POA_F_NOMEM : POA_OK;
}

/* A sub-grant is signed by the agent of the leaf; a foreign key is told before anything is signed. */
static poa_err check_signer(const poa_chain *parent, const poa_signer *signer, int hop, poa_reason *why)
{
    if (!parent)
        return POA_OK;
    const poa_id *want = poa_key_thumbprint(poa_chain_leaf(parent)->agent_key);
    const poa_id *have = poa_key_thumbprint(signer->key);
    if (poa_id_equal(want, have))
        return POA_OK;
    (void)poa_deny(why, POA_E_KID_MISMATCH, hop, "/header/kid");
    if (why) {
        poa_reason_text(why->parent, poa_span_of(poa_id_print(want).chars));
        poa_reason_text(why->child, poa_span_of(poa_id_print(have).chars));
    }
    return POA_E_KID_MISMATCH;
}

/* What a verifier would refuse is refused here, by the verifier's own code. */
static poa_err check_minted(const poa_ctx *ctx, poa_span text, const poa_limits *limits, poa_reason *why)
{
    poa_chain *chain = NULL;
    poa_err err = poa_chain_read_within(ctx, text, limits, &chain, why);
    if (!err)
        err = poa_chain_check_links(ctx, chain, why);
    poa_chain_free(chain);
    return err;
}

poa_err poa_grant_sign(const poa_ctx *ctx, const poa_chain *parent, const poa_grant *grant, const poa_signer *signer,
                       const poa_random *random, const poa_limits *limits, char **text, poa_reason *why)
{
    const int hop = parent ? (int)poa_chain_len(parent) : 0;
    poa_limits filled;
    if (!poa_limits_fill(limits, &filled))
        return poa_deny(why, POA_F_USAGE, hop, "%s", "");
    poa_err err = check_signer(parent, signer, hop, why);
    if (err)
        return err;

    uint8_t jti[JTI_BYTES];
    if (!random->fill(random->self, jti, sizeof jti))
        return poa_deny(why, POA_F_CRYPTO, hop, "%s", "");
    POA_CLEANUP(poa_buf_clear) poa_buf payload = {0};
    err = write_payload(&payload, grant, parent ? poa_chain_leaf(parent) : NULL, jti);
    if (err)
        return poa_deny(why, err, hop, "/authorization_details");
    POA_CLEANUP(poa_freep) char *token = NULL;
    err = poa_jws_sign(signer, "poa+jwt", poa_buf_span(&payload), &token);
    if (err)
        return poa_deny(why, err, hop, "%s", "");

    poa_buf chain = {0};
    if (parent) {
        poa_buf_add(&chain, poa_chain_text(parent));
        poa_buf_text(&chain, "~");
    }
    poa_buf_text(&chain, token);
    POA_CLEANUP(poa_freep) char *whole = poa_buf_take(&chain);
    if (!whole)
        return poa_deny(why, POA_F_NOMEM, hop, "%s", "");
    err = check_minted(ctx, poa_span_of(whole), &filled, why);
    if (err)
        return err;
    *text = POA_TAKE(whole);
    return POA_OK;
}
