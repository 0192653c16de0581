#include "poa/device.h"

#include "cleanup.h"
#include "device_token.h"
#include "guard.h"
#include "reason.h"
#include "rfc3339.h"
#include "span.h"

#include <stdlib.h>

static const poa_device_token_form form = {
    .typ = "poa-device+jwt",
    .x5c_algorithms = POA_X5C_ALGORITHMS,
    .jwk_algorithms = POA_X5C_ALGORITHMS | 1u << POA_ALG_EDDSA,
};

struct poa_device_proof {
    poa_device_token token;
    poa_device_proof_facts facts; /* its spans point into token */
};

POA_CLEANUP_DEFINE(poa_device_proof, poa_device_proof_free)

void poa_device_proof_free(poa_device_proof *proof)
{
    if (!proof)
        return;
    poa_device_token_clear(&proof->token);
    free(proof);
}

const poa_device_proof_facts *poa_device_proof_get(const poa_device_proof *proof)
{
    return &proof->facts;
}

static void read_created(poa_claims *c, int64_t *out)
{
    poa_span text = {0};
    poa_claim_text(c, "created-on", POA_CLAIM_REQUIRED, POA_RFC3339_CHARS, &text);
    if (c->err)
        return;
    const bool fits = poa_rfc3339_parse(text, out);
    if (POA_GUARD(claim_created_on, !fits))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, "created-on");
}

/* Fresh by the server's nonce, or collected where no server could be asked and then used once. */
static void read_freshness(poa_claims *c, poa_device_proof_facts *facts)
{
    const bool offline = poa_claim_present(c, "jti") && !poa_claim_present(c, "nonce");
    poa_claim_text(c, "nonce", offline ? POA_CLAIM_OPTIONAL : POA_CLAIM_REQUIRED, POA_PROOF_TEXT_BYTES_MAX,
                   &facts->nonce);
    if (POA_GUARD(device_proof_two_kinds, !offline && poa_claim_present(c, "jti")))
        poa_claim_refuse(c, POA_E_CLAIM_FORBIDDEN, "jti");
    if (offline)
        poa_claim_jti(c, "jti", POA_CLAIM_REQUIRED, &facts->jti);
}

static poa_err read_claims(poa_claims *c, poa_device_proof_facts *facts)
{
    static const char *const names[] = {"serial-number", "created-on", "nonce",   "jti",
                                        "csr_hash",      "agent_jkt",  "id_link", NULL};
    poa_claim_serial(c, "serial-number", facts->x5c.len > 0 ? POA_CLAIM_REQUIRED : POA_CLAIM_OPTIONAL, &facts->serial);
    read_created(c, &facts->created_s);
    read_freshness(c, facts);
    poa_claim_id(c, "csr_hash", POA_CLAIM_REQUIRED, &facts->csr_hash);
    poa_claim_id(c, "agent_jkt", POA_CLAIM_REQUIRED, &facts->agent_jkt);
    poa_claim_id_link(c, "id_link", POA_CLAIM_OPTIONAL, &facts->id_link);
    poa_claims_close(c, names);
    return c->err;
}

poa_err poa_device_proof_read(const poa_ctx *ctx, poa_span text, poa_device_proof **out, poa_reason *why)
{
    POA_CLEANUP(poa_device_proof_freep) poa_device_proof *proof = calloc(1, sizeof *proof);
    if (!proof)
        return POA_F_NOMEM;
    poa_device_token *token = &proof->token;
    poa_err err = poa_device_token_read(ctx, text, &form, token, why);
    if (err)
        return err;
    proof->facts =
        (poa_device_proof_facts){.id = token->jws.id, .alg = token->alg, .x5c = token->x5c, .key = token->key};
    err = read_claims(&token->claims, &proof->facts);
    if (err)
        return err;
    *out = POA_TAKE(proof);
    return POA_OK;
}

poa_err poa_device_proof_verify(const poa_ctx *ctx, const poa_device_proof *proof, const poa_key *key, poa_reason *why)
{
    return poa_device_token_verify(ctx, &proof->token, key, why);
}

poa_err poa_device_proof_sign(const poa_ctx *ctx, const poa_device_proof_facts *facts, const poa_signer *signer,
                              char **text, poa_reason *why)
{
    if (facts->created_s < 0 || facts->created_s > POA_RFC3339_MAX)
        return poa_deny(why, POA_E_CLAIM_TYPE, POA_HOP_NONE, "/created-on");

    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "{");
    poa_payload_text(&b, "serial-number", facts->serial);
    poa_payload_text(&b, "created-on", poa_span_of(poa_rfc3339_print(facts->created_s).chars));
    poa_payload_text(&b, "nonce", facts->nonce);
    poa_payload_text(&b, "jti", facts->jti);
    poa_payload_id(&b, "csr_hash", &facts->csr_hash);
    poa_payload_id(&b, "agent_jkt", &facts->agent_jkt);
    poa_payload_text(&b, "id_link", facts->id_link);
    poa_buf_text(&b, "}");
    if (b.failed)
        return POA_F_NOMEM;
    POA_CLEANUP(poa_freep) char *made = NULL;
    poa_err err = poa_device_token_sign(signer, form.typ, &facts->x5c, poa_buf_span(&b), &made);
    if (err)
        return err;

    /* Nothing leaves here that a reader would refuse. */
    POA_CLEANUP(poa_device_proof_freep) poa_device_proof *read = NULL;
    err = poa_device_proof_read(ctx, poa_span_of(made), &read, why);
    if (err)
        return err;
    *text = POA_TAKE(made);
    return POA_OK;
}
