#include "poa/proof.h"

#include "cleanup.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "jws.h"
#include "reason.h"
#include "span.h"
#include "url.h"

#include <string.h>

#define PROOF_TYP          "dpop+jwt"
#define PROOF_WINDOW_S     60
#define PROOF_NONCE_LIFE_S 300 /* the window under a nonce that was given out that long ago at most */

/* A proof whose form is right: strict types, nothing believed yet. Spans point into payload. */
typedef struct proof {
    poa_jws jws;
    json_t *header;  /* owned */
    json_t *payload; /* owned */
    poa_key *key;    /* owned; the header's jwk */
    poa_alg alg;
    poa_span jti;
    poa_span htm;
    poa_span htu;
    poa_span ath; /* ptr NULL where absent; likewise the next two */
    poa_span nonce;
    poa_span bh;
    int64_t iat_s;
} proof;

static void proof_clear(proof *p)
{
    json_decref(p->header);
    json_decref(p->payload);
    poa_key_free(p->key);
}

static poa_err deny(poa_reason *why, poa_err code)
{
    return poa_deny(why, code, POA_HOP_NONE, "%s", "");
}

/* Whatever a reader below calls it, here the proof is invalid; a fault stays one. */
static poa_err as_invalid(poa_err err, poa_reason *why)
{
    return poa_err_is_fault(err) ? err : deny(why, POA_E_PROOF_INVALID);
}

/* ---- Form ---- */

/* Exactly typ, alg and jwk: RFC 9449 section 4.2 allows more, we have no use for what nobody checks. */
static poa_err read_header(const poa_ctx *ctx, proof *p, poa_reason *why)
{
    poa_err err = poa_jws_read_header(&p->jws, &p->header);
    if (err)
        return as_invalid(err, why);

    if (POA_GUARD(proof_header_foreign, json_object_size(p->header) != 3) ||
        POA_GUARD(proof_typ, !poa_span_is(poa_json_span(json_object_get(p->header, "typ")), PROOF_TYP)))
        return deny(why, POA_E_PROOF_INVALID);

    p->alg = poa_alg_by_name(poa_json_span(json_object_get(p->header, "alg")));
    if (POA_GUARD(proof_alg_unknown, p->alg == POA_ALG_NONE))
        return deny(why, POA_E_PROOF_INVALID);

    err = poa_key_from_json(ctx, json_object_get(p->header, "jwk"), &p->key);
    return err ? as_invalid(err, why) : POA_OK;
}

/* A member that is a string; absent leaves *out as it is. */
static bool read_optional(const json_t *payload, const char *name, poa_span *out)
{
    const json_t *value = json_object_get(payload, name);
    if (!value)
        return true;
    if (!json_is_string(value))
        return false;
    *out = poa_json_span(value);
    return true;
}

static bool read_required(const json_t *payload, const char *name, poa_span *out)
{
    return read_optional(payload, name, out) && out->ptr && out->len > 0;
}

/* Claims besides these are ignored, as in a PoA. Under a chain RFC 9449 section 4.2 requires ath. */
static poa_err read_payload(proof *p, bool under_chain, poa_reason *why)
{
    const poa_err err = poa_jws_read_payload(&p->jws, &p->payload);
    if (err)
        return as_invalid(err, why);

    const json_t *body = p->payload;
    if (POA_GUARD(proof_jti_form,
                  !read_required(body, "jti", &p->jti) || !poa_span_is_text(p->jti, POA_PROOF_TEXT_BYTES_MAX)) ||
        POA_GUARD(proof_htm_form, !read_required(body, "htm", &p->htm)) ||
        POA_GUARD(proof_htu_form, !read_required(body, "htu", &p->htu)) ||
        POA_GUARD(proof_iat_form, !poa_json_int(json_object_get(body, "iat"), 0, POA_TIME_MAX, &p->iat_s)) ||
        POA_GUARD(proof_ath_form, !read_optional(body, "ath", &p->ath)) ||
        POA_GUARD(proof_ath_missing, under_chain && !p->ath.ptr) ||
        POA_GUARD(proof_bh_form, !read_optional(body, "bh", &p->bh)) ||
        POA_GUARD(proof_nonce_form, !read_optional(body, "nonce", &p->nonce)) ||
        POA_GUARD(proof_nonce_text, p->nonce.ptr && !poa_span_is_text(p->nonce, POA_PROOF_TEXT_BYTES_MAX)))
        return deny(why, POA_E_PROOF_INVALID);
    return POA_OK;
}

static poa_err read_proof(const poa_ctx *ctx, poa_span text, bool under_chain, proof *p, poa_reason *why)
{
    if (POA_GUARD(proof_missing, !text.ptr))
        return deny(why, POA_E_PROOF_MISSING);
    if (POA_GUARD(proof_too_large, text.len > POA_PROOF_BYTES_MAX))
        return deny(why, POA_E_PROOF_INVALID);

    poa_err err = poa_jws_split(ctx, text, &p->jws);
    if (err)
        return as_invalid(err, why);
    err = read_header(ctx, p, why);
    return err ? err : read_payload(p, under_chain, why);
}

/* ---- Key and signature ---- */

static poa_err check_signature(const poa_ctx *ctx, const proof *p, const poa_key *key, const poa_policy *policy,
                               poa_reason *why)
{
    if (POA_GUARD(proof_key_other, !poa_id_equal(poa_key_thumbprint(p->key), poa_key_thumbprint(key))))
        return deny(why, POA_E_PROOF_KEY_MISMATCH);
    if (POA_GUARD(proof_alg_not_listed, !poa_policy_allows(policy, p->alg)))
        return deny(why, POA_E_PROOF_INVALID);
    /* The same key may stand with an `alg` in the header's JWK and with another, or none, in the chain: both bind. */
    if (POA_GUARD(proof_alg_of_jwk, !poa_key_allows(p->key, p->alg)))
        return deny(why, POA_E_PROOF_INVALID);
    const poa_err err = poa_jws_verify(ctx, &p->jws, p->alg, key, POA_HOP_NONE, NULL);
    return err ? as_invalid(err, why) : POA_OK;
}

/* ---- What the proof binds ---- */

/* Is text the base64url SHA-256 that hash is? */
static bool is_hash(poa_span text, const poa_id *hash)
{
    const poa_id_text want = poa_id_print(hash);
    return poa_secret_equal(text, (poa_span){want.chars, POA_ID_CHARS});
}

static bool url_is_expected(poa_span htu, const poa_proof_expected *expected)
{
    poa_url got;
    if (!poa_url_normalise(htu, &got))
        return false;
    for (size_t i = 0; i < expected->urls_len; i++) {
        poa_url want;
        if (poa_url_normalise(expected->urls[i], &want) && strcmp(got.text, want.text) == 0)
            return true;
    }
    return false;
}

/* An ath for no chain is a proof made for something else. */
static poa_err check_ath(const poa_ctx *ctx, const proof *p, poa_span chain, poa_reason *why)
{
    if (chain.len == 0) {
        if (POA_GUARD(proof_ath_unasked, p->ath.ptr))
            return deny(why, POA_E_PROOF_BINDING_MISMATCH);
        return POA_OK;
    }

    poa_id want;
    const poa_err err = poa_sha256(ctx, chain, &want);
    if (err)
        return err;
    if (POA_GUARD(proof_ath, !is_hash(p->ath, &want)))
        return deny(why, POA_E_PROOF_BINDING_MISMATCH);
    return POA_OK;
}

static poa_err check_bh(const poa_ctx *ctx, const proof *p, const poa_proof_expected *expected, poa_reason *why)
{
    poa_id none;
    poa_id want;
    poa_err err = poa_sha256(ctx, (poa_span){0}, &none);
    if (!err)
        err = expected->body_hash ? POA_OK : poa_sha256(ctx, expected->body, &want);
    if (err)
        return err;
    if (expected->body_hash)
        want = *expected->body_hash;

    const bool fits = p->bh.ptr ? is_hash(p->bh, &want) : poa_id_equal(&want, &none);
    if (POA_GUARD(proof_bh, !fits))
        return deny(why, POA_E_PROOF_BINDING_MISMATCH);
    return POA_OK;
}

static poa_err check_binding(const poa_ctx *ctx, const proof *p, const poa_proof_expected *expected, poa_reason *why)
{
    if (POA_GUARD(proof_htm, !poa_span_equal(p->htm, expected->method)))
        return deny(why, POA_E_PROOF_BINDING_MISMATCH);
    if (POA_GUARD(proof_htu, !url_is_expected(p->htu, expected)))
        return deny(why, POA_E_PROOF_BINDING_MISMATCH);
    const poa_err err = check_ath(ctx, p, expected->chain, why);
    return err ? err : check_bh(ctx, p, expected, why);
}

/* ---- Freshness ---- */

/* How far iat may be from the clock, either way. */
static int64_t window_s(bool nonce_holds)
{
    return nonce_holds ? PROOF_NONCE_LIFE_S : PROOF_WINDOW_S;
}

static poa_err check_freshness(const proof *p, const poa_proof_expected *expected, const poa_proof_memory *memory,
                               poa_reason *why)
{
    /* Asked before its turn, because a nonce that holds widens the window of iat. */
    poa_err nonce = p->nonce.ptr && memory ? memory->nonce(memory->self, p->nonce, expected->now_s) : POA_OK;
    if (poa_err_is_fault(nonce))
        return nonce;

    const int64_t window = window_s(p->nonce.ptr && nonce == POA_OK);
    if (POA_GUARD(proof_iat_old, p->iat_s < expected->now_s - window) ||
        POA_GUARD(proof_iat_ahead, p->iat_s > expected->now_s + window))
        return deny(why, POA_E_PROOF_STALE);

    if (POA_GUARD(proof_nonce_demanded, !p->nonce.ptr && expected->nonce_demanded) ||
        POA_GUARD(proof_before_start, !p->nonce.ptr && p->iat_s < expected->started_s))
        return deny(why, POA_E_NONCE_REQUIRED);
    if (POA_GUARD(proof_nonce_invalid, nonce != POA_OK))
        return deny(why, POA_E_NONCE_INVALID);
    return POA_OK;
}

/*
 * Remember the jti for as long as the proof could be accepted: until the second in which iat is just inside the wider
 * of the windows that may come to apply, and one more, whether a memory forgets at that second or after it.
 */
static poa_err use_jti(const proof *p, const poa_key *key, const poa_proof_memory *memory)
{
    if (!memory)
        return POA_OK;
    const int64_t until_s = p->iat_s + window_s(p->nonce.ptr) + 1;
    return memory->use(memory->self, poa_key_thumbprint(key), p->jti, until_s);
}

/* ---- All of it ---- */

static void copy_text(char out[POA_PROOF_TEXT_BYTES_MAX + 1], poa_span text)
{
    const poa_span fits = poa_span_head(text, POA_PROOF_TEXT_BYTES_MAX);
    if (fits.len > 0)
        memcpy(out, fits.ptr, fits.len);
    out[fits.len] = '\0';
}

static void tell_facts(const proof *p, poa_proof_facts *facts)
{
    facts->id = p->jws.id;
    facts->iat_s = p->iat_s;
    copy_text(facts->jti, p->jti);
    copy_text(facts->nonce, p->nonce);
}

poa_err poa_proof_check_key(const poa_ctx *ctx, poa_span text, const poa_key *key, const poa_policy *policy,
                            const poa_proof_expected *expected, const poa_proof_memory *memory, poa_proof_facts *facts,
                            bool *verified, poa_reason *why)
{
    if (verified)
        *verified = false;

    POA_CLEANUP(proof_clear) proof p = {0};
    poa_err err = read_proof(ctx, text, expected->chain.len > 0, &p, why);
    if (!err)
        err = check_signature(ctx, &p, key, policy, why);
    if (err)
        return err;
    if (verified)
        *verified = true;

    /* Used up from here on, whatever else is wrong: a proof that was shown once is in the hands of whoever saw it. */
    const poa_err used = use_jti(&p, key, memory);
    if (poa_err_is_fault(used))
        return used;

    err = check_binding(ctx, &p, expected, why);
    if (!err)
        err = check_freshness(&p, expected, memory, why);
    if (err)
        return err;
    if (POA_GUARD(proof_replayed, used != POA_OK))
        return deny(why, POA_E_PROOF_REPLAYED);

    if (facts)
        tell_facts(&p, facts);
    return POA_OK;
}

poa_err poa_proof_check(const poa_ctx *ctx, poa_span text, const poa_chain *chain, const poa_policy *policy,
                        const poa_proof_expected *expected, const poa_proof_memory *memory, poa_proof_facts *facts,
                        bool *verified, poa_reason *why)
{
    if (verified)
        *verified = false;
    /* Two chains in one call would let a proof for one speak for the other. */
    if (POA_GUARD(proof_other_chain, !poa_span_equal(expected->chain, poa_chain_text(chain))))
        return POA_F_USAGE;
    return poa_proof_check_key(ctx, text, poa_chain_leaf(chain)->agent_key, policy, expected, memory, facts, verified,
                               why);
}
