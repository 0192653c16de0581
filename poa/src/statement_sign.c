#include "statement.h"

#include "bounds.h"
#include "buf.h"
#include "reason.h"
#include "span.h"

#define JTI_RANDOM_BYTES 16 /* section 2 */

/* ,"name":"text", or nothing where text is absent. */
static void add_text(poa_buf *b, const char *name, poa_span text)
{
    if (!text.ptr)
        return;
    poa_buf_printf(b, ",\"%s\":", name);
    poa_buf_json_text(b, text);
}

static void add_time(poa_buf *b, const char *name, int64_t time_s)
{
    if (time_s >= 0)
        poa_buf_printf(b, ",\"%s\":%lld", name, (long long)time_s);
}

static void add_target(poa_buf *b, const poa_statement_request *request)
{
    if (request->target_kind == POA_TARGET_HOLD) {
        add_text(b, "hold", request->hold);
        return;
    }
    const char *name = request->target_kind == POA_TARGET_KEY ? "key" : "poa";
    add_text(b, name, poa_span_of(poa_id_print(&request->target).chars));
}

static void add_audience(poa_buf *b, const poa_statement_request *request)
{
    if (request->aud_len == 0)
        return;
    poa_buf_text(b, ",\"aud\":[");
    for (size_t i = 0; i < request->aud_len; i++) {
        poa_buf_text(b, i > 0 ? "," : "");
        poa_buf_json_text(b, request->aud[i]);
    }
    poa_buf_text(b, "]");
}

static void write_claims(poa_buf *b, const poa_statement_request *request, const uint8_t jti[JTI_RANDOM_BYTES])
{
    poa_buf_text(b, "{\"iss\":");
    poa_buf_json_text(b, request->iss);
    poa_buf_printf(b, ",\"iat\":%lld,\"jti\":\"", (long long)request->iat_s);
    poa_buf_base64url(b, jti, JTI_RANDOM_BYTES);
    poa_buf_printf(b, "\",\"op\":\"%s\"", poa_statement_op_name(request->op));
    add_target(b, request);
    add_time(b, "issued_before", request->issued_before_s);
    add_text(b, "reason", request->reason);
    add_time(b, "invalid_since", request->invalid_since_s);
    if (request->has_on_revoke)
        add_text(b, "on_revoke", poa_span_of(poa_on_revoke_name(request->on_revoke)));
    add_time(b, "poa_exp", request->poa_exp_s);
    add_audience(b, request);
    add_text(b, "chain", request->chain);
    poa_buf_text(b, "}");
}

/* Text that is no UTF-8 cannot be written as JSON at all; every other rule is the reader's. */
static const char *find_bad_text(const poa_statement_request *request)
{
    if (!poa_span_is_utf8(request->iss))
        return "/iss";
    if (!poa_span_is_utf8(request->hold))
        return "/hold";
    if (!poa_span_is_utf8(request->reason))
        return "/reason";
    for (size_t i = 0; i < request->aud_len; i++)
        if (!poa_span_is_utf8(request->aud[i]))
            return "/aud";
    return poa_span_is_utf8(request->chain) ? NULL : "/chain";
}

poa_err poa_statement_sign(const poa_ctx *ctx, const poa_statement_request *request, const poa_signer *signer,
                           const poa_random *random, char **text, poa_reason *why)
{
    const char *bad = find_bad_text(request);
    if (bad)
        return poa_reason_wrap(why, POA_E_STATEMENT_INVALID, poa_deny(why, POA_E_CLAIM_TYPE, POA_HOP_NONE, "%s", bad));

    uint8_t jti[JTI_RANDOM_BYTES];
    if (!random->fill(random->self, jti, sizeof jti))
        return POA_F_CRYPTO;
    POA_CLEANUP(poa_buf_clear) poa_buf payload = {0};
    write_claims(&payload, request, jti);
    if (payload.failed)
        return POA_F_NOMEM;
    POA_CLEANUP(poa_freep) char *signed_text = NULL;
    poa_err err = poa_jws_sign(signer, POA_STATEMENT_TYP, poa_buf_span(&payload), &signed_text);
    if (err)
        return err;

    /* Nothing leaves here that a reader would refuse. */
    POA_CLEANUP(poa_statement_freep) poa_statement *read = NULL;
    err = poa_statement_read(ctx, poa_span_of(signed_text), &read, why);
    if (err)
        return err;
    *text = POA_TAKE(signed_text);
    return POA_OK;
}
