#include "base64url.h"
#include "buf.h"
#include "cleanup.h"
#include "crypto.h"
#include "jws.h"
#include "span.h"
#include "url.h"

#include "poa/proof.h"

#define JTI_BYTES 16

/* A claim that is the base64url SHA-256 of bytes; none for no bytes. */
static poa_err add_hash(const poa_ctx *ctx, poa_buf *b, const char *name, poa_span bytes)
{
    if (bytes.len == 0)
        return POA_OK;
    poa_id hash;
    const poa_err err = poa_sha256(ctx, bytes, &hash);
    if (!err)
        poa_buf_printf(b, ",\"%s\":\"%s\"", name, poa_id_print(&hash).chars);
    return err;
}

static void add_text(poa_buf *b, const char *name, poa_span text)
{
    poa_buf_printf(b, ",\"%s\":", name);
    poa_buf_json_text(b, text);
}

poa_err poa_proof_sign(const poa_ctx *ctx, const poa_proof_request *request, const poa_signer *signer,
                       const poa_random *random, char **proof)
{
    poa_url url;
    if (!poa_url_normalise(request->url, &url) || request->method.len == 0 || !poa_span_is_utf8(request->method))
        return POA_E_PROOF_INVALID;
    if (request->iat_s < 0 || request->iat_s > POA_TIME_MAX)
        return POA_E_PROOF_INVALID;
    if (request->nonce.len > 0 && !poa_span_is_text(request->nonce, POA_PROOF_TEXT_BYTES_MAX))
        return POA_E_PROOF_INVALID;
    uint8_t jti[JTI_BYTES];
    if (!random->fill(random->self, jti, sizeof jti))
        return POA_F_CRYPTO;

    POA_CLEANUP(poa_buf_clear) poa_buf payload = {0};
    poa_buf_text(&payload, "{\"jti\":\"");
    poa_buf_base64url(&payload, jti, sizeof jti);
    poa_buf_text(&payload, "\"");
    add_text(&payload, "htm", request->method);
    add_text(&payload, "htu", (poa_span){url.text, url.len});
    poa_buf_printf(&payload, ",\"iat\":%lld", (long long)request->iat_s);
    poa_err err = add_hash(ctx, &payload, "ath", request->chain);
    if (!err)
        err = add_hash(ctx, &payload, "bh", request->body);
    if (err)
        return err;
    if (request->nonce.len > 0)
        add_text(&payload, "nonce", request->nonce);
    poa_buf_text(&payload, "}");
    if (payload.failed)
        return POA_F_NOMEM;
    return poa_jws_sign_with_jwk(signer, "dpop+jwt", poa_buf_span(&payload), proof);
}
