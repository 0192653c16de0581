#include "poa/device.h"

#include "cleanup.h"
#include "device_token.h"
#include "guard.h"
#include "reason.h"
#include "span.h"

#include <stdlib.h>

static const poa_device_token_form form = {.typ = "poa-ticket+jwt", .x5c_algorithms = POA_X5C_ALGORITHMS};

struct poa_ticket {
    poa_device_token token;
    poa_ticket_facts facts; /* its spans point into token */
};

POA_CLEANUP_DEFINE(poa_ticket, poa_ticket_free)

void poa_ticket_free(poa_ticket *ticket)
{
    if (!ticket)
        return;
    poa_device_token_clear(&ticket->token);
    free(ticket);
}

const poa_ticket_facts *poa_ticket_get(const poa_ticket *ticket)
{
    return &ticket->facts;
}

static void read_times(poa_claims *c, poa_ticket_facts *facts)
{
    facts->exp_s = -1;
    poa_claim_time(c, "iat", POA_CLAIM_REQUIRED, &facts->iat_s);
    poa_claim_time(c, "exp", POA_CLAIM_OPTIONAL, &facts->exp_s);
    if (POA_GUARD(ticket_window, facts->exp_s >= 0 && facts->exp_s <= facts->iat_s))
        poa_claim_refuse(c, POA_E_WINDOW_EMPTY, "exp");
}

static poa_err read_claims(poa_claims *c, poa_ticket_facts *facts)
{
    static const char *const names[] = {"iss", "iat", "exp", "jti", "serial", "id_link", "model", "key", NULL};
    poa_claim_text(c, "iss", POA_CLAIM_REQUIRED, POA_LABEL_BYTES_MAX, &facts->iss);
    read_times(c, facts);
    poa_claim_jti(c, "jti", POA_CLAIM_REQUIRED, &facts->jti);
    poa_claim_serial(c, "serial", poa_claim_present(c, "id_link") ? POA_CLAIM_OPTIONAL : POA_CLAIM_REQUIRED,
                     &facts->serial);
    poa_claim_id_link(c, "id_link", POA_CLAIM_OPTIONAL, &facts->id_link);
    poa_claim_text(c, "model", POA_CLAIM_OPTIONAL, POA_LABEL_BYTES_MAX, &facts->model);
    poa_claim_id(c, "key", POA_CLAIM_OPTIONAL, &facts->key);
    facts->has_key = poa_claim_present(c, "key");
    poa_claims_close(c, names);
    return c->err;
}

poa_err poa_ticket_read(const poa_ctx *ctx, poa_span text, poa_ticket **out, poa_reason *why)
{
    POA_CLEANUP(poa_ticket_freep) poa_ticket *ticket = calloc(1, sizeof *ticket);
    if (!ticket)
        return POA_F_NOMEM;
    poa_device_token *token = &ticket->token;
    poa_err err = poa_device_token_read(ctx, text, &form, token, why);
    if (err)
        return err;
    ticket->facts = (poa_ticket_facts){.id = token->jws.id, .alg = token->alg, .x5c = token->x5c};
    err = read_claims(&token->claims, &ticket->facts);
    if (err)
        return err;
    *out = POA_TAKE(ticket);
    return POA_OK;
}

poa_err poa_ticket_verify(const poa_ctx *ctx, const poa_ticket *ticket, const poa_key *key, poa_reason *why)
{
    return poa_device_token_verify(ctx, &ticket->token, key, why);
}

poa_err poa_ticket_sign(const poa_ctx *ctx, const poa_ticket_facts *facts, const poa_signer *signer, char **text,
                        poa_reason *why)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "{");
    poa_payload_text(&b, "iss", facts->iss);
    poa_payload_int(&b, "iat", facts->iat_s);
    if (facts->exp_s >= 0)
        poa_payload_int(&b, "exp", facts->exp_s);
    poa_payload_text(&b, "jti", facts->jti);
    poa_payload_text(&b, "serial", facts->serial);
    poa_payload_text(&b, "id_link", facts->id_link);
    poa_payload_text(&b, "model", facts->model);
    if (facts->has_key)
        poa_payload_id(&b, "key", &facts->key);
    poa_buf_text(&b, "}");
    if (b.failed)
        return POA_F_NOMEM;
    POA_CLEANUP(poa_freep) char *made = NULL;
    poa_err err = poa_device_token_sign(signer, form.typ, &facts->x5c, poa_buf_span(&b), &made);
    if (err)
        return err;

    /* Nothing leaves here that a reader would refuse. */
    POA_CLEANUP(poa_ticket_freep) poa_ticket *read = NULL;
    err = poa_ticket_read(ctx, poa_span_of(made), &read, why);
    if (err)
        return err;
    *text = POA_TAKE(made);
    return POA_OK;
}
