#include "jws.h"

#include "buf.h"
#include "cleanup.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "reason.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

poa_err poa_jws_split(const poa_ctx *ctx, poa_span text, poa_jws *out)
{
    poa_jws jws = {.text = text, .signature_len = SIZE_MAX};
    poa_cursor c = {.rest = text};
    jws.header = poa_take_until(&c, '.', SIZE_MAX);
    jws.payload = poa_take_until(&c, '.', SIZE_MAX);
    const poa_span signature = c.rest;
    if (c.failed || jws.header.len == 0 || jws.payload.len == 0 || signature.len == 0)
        return POA_E_MALFORMED;
    if (POA_GUARD(jws_header_base64url, !poa_base64url_is_canonical(jws.header)) ||
        POA_GUARD(jws_payload_base64url, !poa_base64url_is_canonical(jws.payload)) ||
        POA_GUARD(jws_signature_base64url, !poa_base64url_is_canonical(signature)))
        return POA_E_MALFORMED; /* a fourth part shows here: a dot is no base64url */

    size_t len = 0;
    if (poa_base64url_decode(signature, jws.signature, sizeof jws.signature, &len))
        jws.signature_len = len;
    jws.input = poa_span_head(text, jws.header.len + 1 + jws.payload.len);
    const poa_err err = poa_sha256(ctx, jws.input, &jws.id);
    if (err)
        return err;
    *out = jws;
    return POA_OK;
}

static poa_err read_part(poa_span part, json_t **out)
{
    const size_t cap = POA_BASE64URL_BYTES(part.len);
    POA_CLEANUP(poa_freep) char *bytes = malloc(cap + 1);
    if (!bytes)
        return POA_F_NOMEM;
    size_t len = 0;
    if (!poa_base64url_decode(part, (uint8_t *)bytes, cap, &len))
        return POA_E_MALFORMED;
    return poa_json_parse_strict((poa_span){bytes, len}, out);
}

poa_err poa_jws_read_header(const poa_jws *jws, json_t **out)
{
    return read_part(jws->header, out);
}

poa_err poa_jws_read_payload(const poa_jws *jws, json_t **out)
{
    return read_part(jws->payload, out);
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

static poa_err refuse_foreign(json_t *header, const char *const *names, int hop, poa_reason *why)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(header, name, value)
    {
        if (POA_GUARD(header_foreign, !is_among(name, names)))
            return poa_deny_name(why, POA_E_HEADER_FORBIDDEN, hop, "/header", name);
    }
    return POA_OK;
}

poa_err poa_jws_open_header(const poa_jws *jws, const char *const *names, int hop, json_t **out, poa_reason *why)
{
    POA_CLEANUP(poa_json_decrefp) json_t *header = NULL;
    poa_err err = poa_jws_read_header(jws, &header);
    if (err)
        return poa_deny(why, err, hop, "%s", "");
    err = refuse_foreign(header, names, hop, why);
    if (err)
        return err;
    *out = POA_TAKE(header);
    return POA_OK;
}

poa_err poa_jws_header_alg(const json_t *header, const char *typ, unsigned algorithms, int hop, poa_alg *out,
                           poa_reason *why)
{
    if (POA_GUARD(header_typ, !poa_span_is(poa_json_span(json_object_get(header, "typ")), typ)))
        return poa_deny(why, POA_E_TYP_MISMATCH, hop, "/header/typ");
    const json_t *name = json_object_get(header, "alg");
    if (!json_is_string(name))
        return poa_deny(why, POA_E_ALG_MISSING, hop, "/header/alg");
    const poa_alg alg = poa_alg_by_name(poa_json_span(name));
    if (alg == POA_ALG_NONE || POA_GUARD(header_alg_listed, !(algorithms & 1u << alg))) {
        const poa_err err = poa_deny(why, POA_E_ALG_NOT_ALLOWED, hop, "/header/alg");
        poa_reason_values(why, NULL, name, NULL);
        return err;
    }
    *out = alg;
    return POA_OK;
}

poa_err poa_jws_check_header(const poa_jws *jws, const char *typ, unsigned algorithms, int hop, poa_jws_header *out,
                             poa_reason *why)
{
    static const char *const names[] = {"typ", "alg", "kid", NULL};
    POA_CLEANUP(poa_json_decrefp) json_t *header = NULL;
    poa_jws_header read;
    poa_err err = poa_jws_open_header(jws, names, hop, &header, why);
    if (!err)
        err = poa_jws_header_alg(header, typ, algorithms, hop, &read.alg, why);
    if (err)
        return err;
    if (!poa_id_parse(poa_json_span(json_object_get(header, "kid")), &read.kid))
        return poa_deny(why, POA_E_KID_MISMATCH, hop, "/header/kid");
    *out = read;
    return POA_OK;
}

poa_err poa_jws_verify(const poa_ctx *ctx, const poa_jws *jws, poa_alg alg, const poa_key *key, int hop,
                       poa_reason *why)
{
    if (POA_GUARD(alg_fits_key, !poa_key_allows(key, alg)))
        return poa_deny(why, POA_E_ALG_KEY_MISMATCH, hop, "/header/alg");
    const poa_err err = poa_key_verify(ctx, key, alg, jws->input, jws->signature, jws->signature_len);
    return err ? poa_deny(why, err, hop, "%s", "") : POA_OK;
}

/* header.payload, then the signature over it. */
static poa_err sign_parts(const poa_signer *signer, poa_span header, poa_span payload, char **out)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_base64url(&b, header.ptr, header.len);
    poa_buf_text(&b, ".");
    poa_buf_base64url(&b, payload.ptr, payload.len);
    if (b.failed)
        return POA_F_NOMEM;

    uint8_t signature[POA_SIGNATURE_BYTES_MAX];
    size_t len = 0;
    const poa_err err = signer->sign(signer->self, poa_buf_span(&b), signature, sizeof signature, &len);
    if (err)
        return err;
    poa_buf_text(&b, ".");
    poa_buf_base64url(&b, signature, len);
    *out = poa_buf_take(&b);
    return *out ? POA_OK : POA_F_NOMEM;
}

static void start_header(poa_buf *b, const poa_signer *signer, const char *typ)
{
    poa_buf_printf(b, "{\"typ\":\"%s\",\"alg\":\"%s\",", typ, poa_alg_name(signer->alg));
}

poa_err poa_jws_sign(const poa_signer *signer, const char *typ, poa_span payload, char **out)
{
    POA_CLEANUP(poa_buf_clear) poa_buf header = {0};
    start_header(&header, signer, typ);
    poa_buf_printf(&header, "\"kid\":\"%s\"}", poa_id_print(poa_key_thumbprint(signer->key)).chars);
    return header.failed ? POA_F_NOMEM : sign_parts(signer, poa_buf_span(&header), payload, out);
}

poa_err poa_jws_sign_with_jwk(const poa_signer *signer, const char *typ, poa_span payload, char **out)
{
    POA_CLEANUP(poa_buf_clear) poa_buf header = {0};
    start_header(&header, signer, typ);
    poa_buf_printf(&header, "\"jwk\":%s}", poa_key_jwk(signer->key));
    return header.failed ? POA_F_NOMEM : sign_parts(signer, poa_buf_span(&header), payload, out);
}

poa_err poa_jws_sign_with_x5c(const poa_signer *signer, const char *typ, poa_span x5c, poa_span payload, char **out)
{
    POA_CLEANUP(poa_buf_clear) poa_buf header = {0};
    start_header(&header, signer, typ);
    poa_buf_text(&header, "\"x5c\":");
    poa_buf_add(&header, x5c);
    poa_buf_text(&header, "}");
    return header.failed ? POA_F_NOMEM : sign_parts(signer, poa_buf_span(&header), payload, out);
}
