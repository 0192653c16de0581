#include "poa/device.h"

#include "cleanup.h"
#include "device_token.h"
#include "guard.h"
#include "reason.h"
#include "span.h"

#include <stdlib.h>

#define SUB_PREFIX "urn:uuid:" /* RFC 9562 section 4 */

/* The credential is one that we issued, so its key may be of any kind that we certify. */
static const poa_device_token_form form = {
    .typ = "poa-trust+jwt",
    .x5c_algorithms = POA_X5C_ALGORITHMS | 1u << POA_ALG_EDDSA,
};

/* In the order of enum poa_trust_reason. */
static const char *const reasons[] = {"periodic", "restart", "software-update", "epoch-change", "rekey"};

struct poa_trust_proof {
    poa_device_token token;
    poa_trust_proof_facts facts; /* its spans point into token */
};

POA_CLEANUP_DEFINE(poa_trust_proof, poa_trust_proof_free)

const char *poa_trust_reason_name(enum poa_trust_reason reason)
{
    return reasons[reason];
}

void poa_trust_proof_free(poa_trust_proof *proof)
{
    if (!proof)
        return;
    poa_device_token_clear(&proof->token);
    free(proof);
}

const poa_trust_proof_facts *poa_trust_proof_get(const poa_trust_proof *proof)
{
    return &proof->facts;
}

static void read_sub(poa_claims *c, poa_span *device)
{
    poa_span sub = {0};
    poa_claim_text(c, "sub", POA_CLAIM_REQUIRED, POA_NAME_BYTES_MAX, &sub);
    if (c->err)
        return;
    const poa_span uuid = poa_span_skip(sub, sizeof SUB_PREFIX - 1);
    if (POA_GUARD(trust_sub_form, !poa_span_starts(sub, POA_SPAN(SUB_PREFIX)) || !poa_span_is_uuid(uuid)))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, "sub");
    *device = uuid;
}

static poa_err read_claims(poa_claims *c, poa_trust_proof_facts *facts)
{
    static const char *const names[] = {"aud",          "sub",      "iat",      "nonce", "reason",
                                        "boot_counter", "firmware", "csr_hash", NULL};
    size_t reason = POA_TRUST_PERIODIC;
    poa_claim_text(c, "aud", POA_CLAIM_REQUIRED, POA_NAME_BYTES_MAX, &facts->aud);
    read_sub(c, &facts->device);
    poa_claim_time(c, "iat", POA_CLAIM_REQUIRED, &facts->iat_s);
    poa_claim_text(c, "nonce", POA_CLAIM_REQUIRED, POA_PROOF_TEXT_BYTES_MAX, &facts->nonce);
    poa_claim_word(c, "reason", POA_CLAIM_REQUIRED, reasons, POA_COUNT(reasons), &reason);
    facts->reason = (enum poa_trust_reason)reason;
    poa_claim_int(c, "boot_counter", POA_CLAIM_REQUIRED, 0, POA_TIME_MAX, &facts->boot_counter);
    poa_claim_id(c, "firmware", POA_CLAIM_OPTIONAL, &facts->firmware);
    facts->has_firmware = poa_claim_present(c, "firmware");
    poa_claim_id(c, "csr_hash", facts->reason == POA_TRUST_REKEY ? POA_CLAIM_REQUIRED : POA_CLAIM_OPTIONAL,
                 &facts->csr_hash);
    facts->has_csr_hash = poa_claim_present(c, "csr_hash");
    poa_claims_close(c, names);
    return c->err;
}

poa_err poa_trust_proof_read(const poa_ctx *ctx, poa_span text, poa_trust_proof **out, poa_reason *why)
{
    POA_CLEANUP(poa_trust_proof_freep) poa_trust_proof *proof = calloc(1, sizeof *proof);
    if (!proof)
        return POA_F_NOMEM;
    poa_device_token *token = &proof->token;
    poa_err err = poa_device_token_read(ctx, text, &form, token, why);
    if (err)
        return err;
    proof->facts = (poa_trust_proof_facts){.id = token->jws.id, .alg = token->alg, .x5c = token->x5c};
    err = read_claims(&token->claims, &proof->facts);
    if (err)
        return err;
    *out = POA_TAKE(proof);
    return POA_OK;
}

poa_err poa_trust_proof_verify(const poa_ctx *ctx, const poa_trust_proof *proof, const poa_key *key, poa_reason *why)
{
    return poa_device_token_verify(ctx, &proof->token, key, why);
}

static void write_claims(poa_buf *b, const poa_trust_proof_facts *facts)
{
    POA_CLEANUP(poa_buf_clear) poa_buf sub = {0};
    poa_buf_text(&sub, SUB_PREFIX);
    poa_buf_add(&sub, facts->device);
    b->failed = sub.failed;

    poa_buf_text(b, "{");
    poa_payload_text(b, "aud", facts->aud);
    poa_payload_text(b, "sub", poa_buf_span(&sub));
    poa_payload_int(b, "iat", facts->iat_s);
    poa_payload_text(b, "nonce", facts->nonce);
    poa_payload_text(b, "reason", poa_span_of(poa_trust_reason_name(facts->reason)));
    poa_payload_int(b, "boot_counter", facts->boot_counter);
    if (facts->has_firmware)
        poa_payload_id(b, "firmware", &facts->firmware);
    if (facts->has_csr_hash)
        poa_payload_id(b, "csr_hash", &facts->csr_hash);
    poa_buf_text(b, "}");
}

poa_err poa_trust_proof_sign(const poa_ctx *ctx, const poa_trust_proof_facts *facts, const poa_signer *signer,
                             char **text, poa_reason *why)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    write_claims(&b, facts);
    if (b.failed)
        return POA_F_NOMEM;
    POA_CLEANUP(poa_freep) char *made = NULL;
    poa_err err = poa_device_token_sign(signer, form.typ, &facts->x5c, poa_buf_span(&b), &made);
    if (err)
        return err;

    /* Nothing leaves here that a reader would refuse. */
    POA_CLEANUP(poa_trust_proof_freep) poa_trust_proof *read = NULL;
    err = poa_trust_proof_read(ctx, poa_span_of(made), &read, why);
    if (err)
        return err;
    *text = POA_TAKE(made);
    return POA_OK;
}
