#include "device_token.h"

#include "base64.h"
#include "cleanup.h"
#include "crypto.h"
#include "guard.h"
#include "id_link.h"
#include "json.h"
#include "reason.h"
#include "serial.h"
#include "span.h"

#include <stdlib.h>

void poa_device_token_clear(poa_device_token *token)
{
    poa_key_free(token->key);
    json_decref(token->payload);
    free(token->der);
    free(token->text);
}

/* ---- header ---- */

/* Decode one certificate behind those that were decoded; at is how far der is filled. */
static bool read_certificate(const json_t *entry, poa_device_token *token, size_t cap, size_t *at)
{
    size_t len = 0;
    const poa_span text = poa_json_span(entry);
    if (POA_GUARD(x5c_base64, !poa_base64_decode(text, token->der + *at, cap - *at, &len)))
        return false;
    if (POA_GUARD(x5c_empty_entry, len == 0))
        return false;
    token->x5c.certificates[token->x5c.len++] = (poa_span){(const char *)token->der + *at, len};
    *at += len;
    return true;
}

/* All of them together are shorter than the token that they came in. */
static poa_err read_x5c(const json_t *x5c, poa_device_token *token, poa_reason *why)
{
    const size_t count = json_array_size(x5c);                   /* 0 for what is no array */
    if (count > POA_X5C_MAX || POA_GUARD(x5c_empty, count == 0)) /* no guard on the first: there is no room for more */
        return poa_deny(why, POA_E_KEY_INVALID, POA_HOP_NONE, "/header/x5c");
    const size_t cap = token->jws.header.len;
    token->der = malloc(cap);
    if (!token->der)
        return POA_F_NOMEM;
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        if (!read_certificate(json_array_get(x5c, i), token, cap, &at))
            return poa_deny(why, POA_E_KEY_INVALID, POA_HOP_NONE, "/header/x5c");
    return POA_OK;
}

static poa_err read_jwk(const poa_ctx *ctx, const json_t *jwk, poa_device_token *token, poa_reason *why)
{
    const poa_err err = poa_key_from_json(ctx, jwk, &token->key);
    return err ? poa_deny(why, err, POA_HOP_NONE, "/header/jwk") : POA_OK;
}

static poa_err read_header(const poa_ctx *ctx, const poa_device_token_form *form, poa_device_token *token,
                           poa_reason *why)
{
    static const char *const with_jwk[] = {"typ", "alg", "x5c", "jwk", NULL};
    static const char *const without_jwk[] = {"typ", "alg", "x5c", NULL};
    POA_CLEANUP(poa_json_decrefp) json_t *header = NULL;
    poa_err err =
        poa_jws_open_header(&token->jws, form->jwk_algorithms ? with_jwk : without_jwk, POA_HOP_NONE, &header, why);
    if (err)
        return err;
    const json_t *x5c = json_object_get(header, "x5c");
    const json_t *jwk = json_object_get(header, "jwk");
    if (POA_GUARD(header_two_keys, x5c && jwk))
        return poa_deny(why, POA_E_HEADER_FORBIDDEN, POA_HOP_NONE, "/header/jwk");

    const unsigned algorithms = jwk ? form->jwk_algorithms : form->x5c_algorithms;
    err = poa_jws_header_alg(header, form->typ, algorithms, POA_HOP_NONE, &token->alg, why);
    if (err)
        return err;
    return jwk ? read_jwk(ctx, jwk, token, why) : read_x5c(x5c, token, why);
}

/* ---- all of it ---- */

poa_err poa_device_token_read(const poa_ctx *ctx, poa_span text, const poa_device_token_form *form,
                              poa_device_token *token, poa_reason *why)
{
    if (POA_GUARD(device_token_bytes, text.len > POA_DEVICE_TOKEN_MAX))
        return poa_deny(why, POA_E_TOO_LARGE, POA_HOP_NONE, "%s", "");
    token->text = poa_span_dup(text);
    if (!token->text)
        return POA_F_NOMEM;
    poa_err err = poa_jws_split(ctx, (poa_span){token->text, text.len}, &token->jws);
    if (err)
        return poa_deny(why, err, POA_HOP_NONE, "%s", "");
    err = read_header(ctx, form, token, why);
    if (err)
        return err;
    err = poa_jws_read_payload(&token->jws, &token->payload);
    if (err)
        return poa_deny(why, err, POA_HOP_NONE, "%s", "");
    token->claims = (poa_claims){.body = token->payload, .hop = POA_HOP_NONE, .why = why};
    return POA_OK;
}

poa_err poa_device_token_verify(const poa_ctx *ctx, const poa_device_token *token, const poa_key *key, poa_reason *why)
{
    const poa_key *own = token->key;
    if (POA_GUARD(device_token_key, own && !poa_id_equal(poa_key_thumbprint(own), poa_key_thumbprint(key))))
        return poa_deny(why, POA_E_PROOF_KEY_MISMATCH, POA_HOP_NONE, "/header/jwk");
    /* The same key may stand with an `alg` in the header's JWK and with none where the caller has it from: both bind.
     */
    if (POA_GUARD(device_token_alg_of_jwk, own && !poa_key_allows(own, token->alg)))
        return poa_deny(why, POA_E_ALG_KEY_MISMATCH, POA_HOP_NONE, "/header/alg");
    return poa_jws_verify(ctx, &token->jws, token->alg, key, POA_HOP_NONE, why);
}

/* ---- claims ---- */

/* The text of a claim that is to be more than text; false when there is nothing to judge. */
static bool read_text(poa_claims *c, const char *name, enum poa_claim_need need, size_t max, poa_span *out)
{
    poa_claim_text(c, name, need, max, out);
    return !c->err && out->ptr;
}

void poa_claim_serial(poa_claims *c, const char *name, enum poa_claim_need need, poa_span *out)
{
    if (read_text(c, name, need, POA_SERIAL_BYTES_MAX, out) && POA_GUARD(claim_serial, !poa_serial_is_valid(*out)))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, name);
}

void poa_claim_id_link(poa_claims *c, const char *name, enum poa_claim_need need, poa_span *out)
{
    if (read_text(c, name, need, POA_ID_LINK_BYTES_MAX, out) && POA_GUARD(claim_id_link, !poa_id_link_is_valid(*out)))
        poa_claim_refuse(c, POA_E_CLAIM_TYPE, name);
}

/* ---- writing ---- */

static void start_member(poa_buf *b, const char *name)
{
    poa_buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
}

void poa_payload_text(poa_buf *b, const char *name, poa_span text)
{
    if (!text.ptr)
        return;
    start_member(b, name);
    poa_buf_json_text(b, poa_span_is_utf8(text) ? text : (poa_span){0});
}

void poa_payload_int(poa_buf *b, const char *name, int64_t number)
{
    start_member(b, name);
    poa_buf_printf(b, "%lld", (long long)number);
}

void poa_payload_id(poa_buf *b, const char *name, const poa_id *id)
{
    start_member(b, name);
    poa_buf_printf(b, "\"%s\"", poa_id_print(id).chars);
}

static poa_err add_certificate(poa_buf *b, poa_span der)
{
    POA_CLEANUP(poa_freep) char *text = malloc(POA_BASE64_LEN(der.len) + 1);
    if (!text)
        return POA_F_NOMEM;
    poa_base64_encode((const uint8_t *)der.ptr, der.len, text);
    poa_buf_printf(b, "%s\"%s\"", b->len > 1 ? "," : "", text);
    return POA_OK;
}

poa_err poa_device_token_sign(const poa_signer *signer, const char *typ, const poa_x5c *x5c, poa_span payload,
                              char **out)
{
    if (x5c->len == 0)
        return poa_jws_sign_with_jwk(signer, typ, payload, out);
    if (x5c->len > POA_X5C_MAX)
        return POA_F_USAGE;
    POA_CLEANUP(poa_buf_clear) poa_buf array = {0};
    poa_buf_text(&array, "[");
    for (size_t i = 0; i < x5c->len; i++) {
        const poa_err err = add_certificate(&array, x5c->certificates[i]);
        if (err)
            return err;
    }
    poa_buf_text(&array, "]");
    return array.failed ? POA_F_NOMEM : poa_jws_sign_with_x5c(signer, typ, poa_buf_span(&array), payload, out);
}
