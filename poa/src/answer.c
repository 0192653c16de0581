#include "answer.h"

#include "bounds.h"
#include "buf.h"
#include "claims.h"
#include "cleanup.h"
#include "guard.h"
#include "json.h"
#include "jws.h"
#include "span.h"

#include <string.h>

/* In the order of enum poa_answer_state. */
static const char *const states[] = {"active", "suspended", "revoked", "unknown", "list"};

static const char *const origins[] = {"direct", "inherited"};

const char *poa_answer_state_name(enum poa_answer_state state)
{
    return states[state];
}

/* Does it tell who said so, why and when? */
static bool has_cause(const poa_answer *answer)
{
    return answer->state == POA_STATE_SUSPENDED || answer->state == POA_STATE_REVOKED;
}

/* ---- writing ---- */

static void add_text(poa_buf *b, const char *name, const char *text)
{
    poa_buf_printf(b, ",\"%s\":", name);
    poa_buf_json_text(b, poa_span_of(text));
}

static void write_claims(poa_buf *b, const poa_answer *answer)
{
    poa_buf_text(b, "{\"iss\":");
    poa_buf_json_text(b, poa_span_of(answer->iss));
    poa_buf_printf(b, ",\"iat\":%lld,\"exp\":%lld", (long long)answer->iat_s, (long long)answer->exp_s);
    add_text(b, "store", answer->store);
    poa_buf_printf(b, ",\"epoch\":%llu", (unsigned long long)answer->epoch);
    if (answer->state != POA_STATE_LIST)
        add_text(b, "poa", poa_id_print(&answer->poa).chars);
    add_text(b, "state", poa_answer_state_name(answer->state));
    if (has_cause(answer)) {
        add_text(b, "origin", origins[answer->inherited]);
        if (answer->inherited)
            add_text(b, "from", poa_id_print(&answer->from).chars);
        add_text(b, "by", poa_id_print(&answer->by).chars);
        add_text(b, "reason", answer->reason);
        poa_buf_printf(b, ",\"since\":%lld", (long long)answer->since_s);
    }
    poa_buf_text(b, "}");
}

/* ---- reading ---- */

static void read_text(poa_claims *c, const char *name, char *out, size_t cap)
{
    poa_span text = {0};
    poa_claim_text(c, name, POA_CLAIM_REQUIRED, cap - 1, &text);
    if (!c->err)
        memcpy(out, text.ptr, text.len); /* the rest of out is zero */
}

static void read_store(poa_claims *c, poa_answer *answer)
{
    poa_span store = {0};
    poa_claim_jti(c, "store", POA_CLAIM_REQUIRED, &store);
    if (!c->err)
        memcpy(answer->store, store.ptr, store.len);
}

static void read_cause(poa_claims *c, poa_answer *answer)
{
    size_t origin = 0;
    poa_claim_word(c, "origin", POA_CLAIM_REQUIRED, origins, POA_COUNT(origins), &origin);
    answer->inherited = origin == 1;
    if (answer->inherited)
        poa_claim_id(c, "from", POA_CLAIM_REQUIRED, &answer->from);
    poa_claim_id(c, "by", POA_CLAIM_REQUIRED, &answer->by);
    read_text(c, "reason", answer->reason, sizeof answer->reason);
    poa_claim_time(c, "since", POA_CLAIM_REQUIRED, &answer->since_s);
}

static poa_err read_claims(const json_t *body, poa_answer *answer, poa_reason *why)
{
    poa_claims c = {.body = body, .hop = POA_HOP_NONE, .why = why};
    size_t state = 0;
    int64_t epoch = 0;
    read_text(&c, "iss", answer->iss, sizeof answer->iss);
    poa_claim_time(&c, "iat", POA_CLAIM_REQUIRED, &answer->iat_s);
    poa_claim_time(&c, "exp", POA_CLAIM_REQUIRED, &answer->exp_s);
    read_store(&c, answer);
    poa_claim_int(&c, "epoch", POA_CLAIM_REQUIRED, 0, POA_TIME_MAX, &epoch);
    poa_claim_word(&c, "state", POA_CLAIM_REQUIRED, states, POA_COUNT(states), &state);
    answer->epoch = (uint64_t)epoch;
    answer->state = (enum poa_answer_state)state;
    if (answer->state != POA_STATE_LIST)
        poa_claim_id(&c, "poa", POA_CLAIM_REQUIRED, &answer->poa);
    else if (POA_GUARD(answer_list_poa, poa_claim_present(&c, "poa")))
        poa_claim_refuse(&c, POA_E_CLAIM_FORBIDDEN, "poa");
    if (has_cause(answer))
        read_cause(&c, answer);
    return c.err;
}

poa_err poa_answer_sign(const poa_answer *answer, const poa_signer *signer, char **text)
{
    POA_CLEANUP(poa_buf_clear) poa_buf payload = {0};
    write_claims(&payload, answer);
    if (payload.failed)
        return POA_F_NOMEM;

    /* Nothing is signed that a reader would refuse. */
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    poa_answer read = {0};
    poa_err err = poa_json_parse_strict(poa_buf_span(&payload), &body);
    if (!err)
        err = read_claims(body, &read, NULL);
    if (err)
        return poa_err_is_fault(err) ? err : POA_F_USAGE;
    return poa_jws_sign(signer, POA_ANSWER_TYP, poa_buf_span(&payload), text);
}

/* ---- verifying ---- */

static const poa_key *find_answer_key(const poa_policy *policy, const poa_id *kid)
{
    const poa_key *key = NULL;
    for (size_t i = 0; (key = poa_policy_answer_key(policy, i)); i++)
        if (poa_id_equal(poa_key_thumbprint(key), kid))
            return key;
    return NULL;
}

/* Its own exp and our policy's bound: the shorter of the two counts. */
static poa_err check_fresh(const poa_answer *answer, const poa_policy_settings *site, int64_t now_s, poa_reason *why)
{
    if (POA_GUARD(answer_iat, answer->iat_s - site->clock_skew_s > now_s))
        return poa_deny(why, POA_E_ISSUED_IN_FUTURE, POA_HOP_NONE, "/iat");
    const int64_t oldest_s = answer->iat_s + site->max_revocation_age_s;
    if (POA_GUARD(answer_exp, now_s >= answer->exp_s) || POA_GUARD(answer_age, now_s > oldest_s))
        return poa_deny(why, POA_E_EXPIRED, POA_HOP_NONE, "/exp");
    return POA_OK;
}

static poa_err check_answer(const poa_answer *answer, const poa_policy *policy, int64_t now_s, poa_reason *why)
{
    const poa_policy_settings *site = poa_policy_get(policy);
    if (POA_GUARD(answer_iss, !poa_span_equal(poa_span_of(answer->iss), site->resource_owner)))
        return poa_deny(why, POA_E_ISSUER_MISMATCH, POA_HOP_NONE, "/iss");
    return check_fresh(answer, site, now_s, why);
}

/* Signature before payload, as for a PoA. */
static poa_err open_answer(const poa_ctx *ctx, poa_span text, const poa_policy *policy, json_t **body, poa_reason *why)
{
    if (POA_GUARD(answer_bytes, text.len > POA_LINK_BYTES_MAX))
        return poa_deny(why, POA_E_TOO_LARGE, POA_HOP_NONE, "%s", "");
    poa_jws jws;
    poa_err err = poa_jws_split(ctx, text, &jws);
    if (err)
        return poa_deny(why, err, POA_HOP_NONE, "%s", "");
    poa_jws_header header;
    err = poa_jws_check_header(&jws, POA_ANSWER_TYP, poa_policy_get(policy)->algorithms, POA_HOP_NONE, &header, why);
    if (err)
        return err;
    const poa_key *key = find_answer_key(policy, &header.kid);
    if (!key)
        return poa_deny(why, POA_E_ROOT_UNTRUSTED, POA_HOP_NONE, "/header/kid");
    err = poa_jws_verify(ctx, &jws, header.alg, key, POA_HOP_NONE, why);
    if (err)
        return err;
    err = poa_jws_read_payload(&jws, body);
    return err ? poa_deny(why, err, POA_HOP_NONE, "%s", "") : POA_OK;
}

poa_err poa_answer_verify(const poa_ctx *ctx, poa_span text, const poa_policy *policy, int64_t now_s,
                          poa_answer *answer, poa_reason *why)
{
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    poa_answer read = {0};
    poa_err err = open_answer(ctx, text, policy, &body, why);
    if (!err)
        err = read_claims(body, &read, why);
    if (!err)
        err = check_answer(&read, policy, now_s, why);
    if (err)
        return poa_reason_wrap(why, POA_E_REVOCATION_UNKNOWN, err);
    *answer = read;
    return POA_OK;
}
