#include "api/exchange.h"

#include "api/chains.h"
#include "api/memory.h"
#include "api/nonces.h"
#include "api/problem.h"
#include "api/proxy.h"
#include "api/source.h"
#include "guard.h"
#include "json.h"
#include "reason.h"
#include "span.h"
#include "store/meta.h"

#include <stdlib.h>
#include <strings.h>

static void end_exchange(void *data)
{
    api_exchange *x = data;
    poa_chain_free(x->chain);
    api_snapshot_free(x->snapshot);
    poa_buf_clear(&x->more);
    free(x);
}

api_exchange *api_exchange_begin(api_service *service, http_request *request)
{
    api_exchange *x = calloc(1, sizeof *x);
    if (!x) {
        http_reply_problem(request, 503, "memory ran out");
        return NULL;
    }
    x->service = service;
    x->request = request;
    x->id = http_request_id(request);
    x->snapshot = api_slot_get(service->slot);
    x->now_s = api_now(service);
    x->why.hop = POA_HOP_NONE;
    x->address = api_caller_address(service->config, request);
    http_request_attach(request, x, end_exchange);
    return x;
}

poa_err api_deny(api_exchange *x, poa_err code, const char *member)
{
    x->code = poa_deny(&x->why, code, POA_HOP_NONE, "%s", member);
    return code;
}

poa_err api_note(api_exchange *x, poa_err err)
{
    if (err != POA_OK && x->why.code != err)
        (void)poa_deny(&x->why, err, POA_HOP_NONE, "%s", "");
    x->code = err;
    return err;
}

poa_err api_body(api_exchange *x, json_t **out)
{
    const poa_err err = poa_json_parse(http_request_body(x->request), out);
    return err ? api_deny(x, err, "") : POA_OK;
}

/* ---- steps 7 and 8 ---- */

poa_err api_time_mark(api_service *service, store_txn *txn, int64_t *mark_s)
{
    const poa_err err = store_time_mark(txn, mark_s);
    const int64_t mine_s = atomic_load(&service->acted_s);
    if (!err && mine_s > *mark_s)
        *mark_s = mine_s;
    return err;
}

static void note_time(api_service *service, int64_t now_s)
{
    int64_t acted_s = atomic_load(&service->acted_s);
    while (now_s > acted_s && !atomic_compare_exchange_weak(&service->acted_s, &acted_s, now_s))
        continue;
}

poa_err api_clock(api_exchange *x, store_txn *txn, int64_t now_s)
{
    int64_t mark_s = 0;
    const poa_err err = api_time_mark(x->service, txn, &mark_s);
    const int64_t skew_s = poa_policy_get(x->snapshot->policy)->clock_skew_s;
    if (err)
        return err;
    return POA_GUARD(clock_of_answers, mark_s - skew_s > now_s) ? POA_E_CLOCK_UNSURE : POA_OK;
}

poa_err api_alive(api_exchange *x, store_txn *txn, int64_t now_s)
{
    int64_t mark_s = 0;
    poa_err err = api_time_mark(x->service, txn, &mark_s);
    if (err)
        return api_note(x, err);
    const poa_revocation_source source = api_source_of(txn);
    err = poa_chain_alive(x->service->ctx, x->chain, now_s, mark_s, &source, &x->hit, &x->why);
    if (!err)
        note_time(x->service, now_s);
    return api_note(x, err);
}

/* ---- step 9 ---- */

static poa_err check_proof(api_exchange *x, poa_span proof, const poa_proof_expected *expected, poa_reason *why)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    const poa_err err = store_read_begin(x->service->store, &txn);
    if (err)
        return err;
    api_memory m = {x, txn};
    const poa_proof_memory memory = api_memory_of(&m);
    return poa_proof_check(x->service->ctx, proof, x->chain, x->snapshot->policy, expected, &memory, &x->proof,
                           &x->proven, why);
}

/* ---- all of it ---- */

/* Exactly one `Authorization: PoA <chain text>` and exactly one `DPoP: <proof>`. */
static bool read_headers(const http_request *request, poa_span *chain, poa_span *proof)
{
    poa_span authorization = {0};
    if (http_request_header(request, "Authorization", &authorization) != 1 ||
        http_request_header(request, "DPoP", proof) != 1 || authorization.len < 4 ||
        strncasecmp(authorization.ptr, "PoA ", 4) != 0)
        return false;
    *chain = poa_span_skip(authorization, 4);
    return true;
}

/* Steps 7 and 8 as things stand now. */
static poa_err alive_now(api_exchange *x)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    const poa_err err = store_read_begin(x->service->store, &txn);
    return err ? api_note(x, err) : api_alive(x, txn, x->now_s);
}

/*
 * Was the proof made for this request, just now? A nonce may be wanting. One that was shown before, or made for
 * something else, may be in anybody's hands, and who brings it is not told why a chain is refused.
 */
static bool is_of_now(poa_err proof)
{
    return proof == POA_OK || proof == POA_E_NONCE_REQUIRED || proof == POA_E_NONCE_INVALID;
}

/* expected lacks the chain: it stands in the header. */
static poa_err present(api_exchange *x, poa_proof_expected *expected)
{
    x->presented = true;
    poa_span proof = {0};
    if (!read_headers(x->request, &expected->chain, &proof))
        return api_deny(x, POA_E_PROOF_MISSING, "");
    poa_err err = api_chains_verify(x->service->chains, x->service->ctx, expected->chain, x->snapshot->policy, x->now_s,
                                    &x->chain, &x->why);
    if (err)
        return api_note(x, err);

    const poa_err alive = alive_now(x);
    poa_reason unheard;
    err = check_proof(x, proof, expected, alive ? &unheard : &x->why);
    if (!alive)
        return api_note(x, err);
    if (POA_GUARD(reason_for_the_agent_alone, !is_of_now(err)))
        x->proven = false;
    return alive;
}

poa_err api_present_for(api_exchange *x, poa_span method, poa_span url, enum api_demand demand)
{
    poa_proof_expected expected = {
        .method = method,
        .urls = &url,
        .urls_len = 1,
        .now_s = x->now_s,
        .started_s = x->service->started_s,
        .nonce_demanded = demand == API_CHANGE,
    };
    return present(x, &expected);
}

poa_err api_present(api_exchange *x, enum api_demand demand)
{
    POA_CLEANUP(poa_buf_clear) poa_buf url = {0};
    poa_buf_text(&url, x->service->config->public_url);
    poa_buf_add(&url, http_request_path(x->request));
    if (url.failed)
        return api_deny(x, POA_F_NOMEM, "");
    const poa_span urls[] = {poa_buf_span(&url)};
    poa_proof_expected expected = {
        .method = http_request_method(x->request),
        .urls = urls,
        .urls_len = POA_COUNT(urls),
        .body = http_request_body(x->request),
        .now_s = x->now_s,
        .started_s = x->service->started_s,
        .nonce_demanded = demand == API_CHANGE,
    };
    return present(x, &expected);
}

/* ---- replies ---- */

void api_reply_json(api_exchange *x, unsigned status, poa_buf *body)
{
    if (body->failed) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    http_reply(x->request, status, "application/json", body);
}

void api_challenge(api_exchange *x)
{
    const bool nonce = api_nonce_helps(x->code);
    http_reply_header(x->request, "WWW-Authenticate",
                      nonce ? POA_SPAN("PoA error=\"use_dpop_nonce\"") : POA_SPAN("PoA error=\"invalid_token\""));
    /* A clock that is more than a minute off is heard only under a nonce. */
    api_nonce fresh;
    if ((nonce || x->code == POA_E_PROOF_STALE) &&
        api_nonce_make(x->service->nonces, &x->service->random, x->now_s, &fresh) == POA_OK)
        http_reply_header(x->request, "DPoP-Nonce", poa_span_of(fresh.chars));
}

void api_refuse(api_exchange *x)
{
    api_refuse_as(x, (unsigned)poa_err_describe(x->code)->http);
}

void api_refuse_as(api_exchange *x, unsigned status)
{
    poa_buf body = {0};
    const bool whole = x->proven || !x->presented;
    const api_problem problem = {
        .status = status,
        .why = &x->why,
        .whole = whole,
        .detail = x->detail,
        .more = poa_buf_span(&x->more),
        .request = x->id,
    };
    poa_buf_text(&body, "{");
    api_problem_members(&body, &problem);
    poa_buf_text(&body, "}");
    if (status == 401)
        api_challenge(x);
    if (status == 503) {
        char seconds[16];
        (void)snprintf(seconds, sizeof seconds, "%u", x->service->config->limits.retry_after_s);
        http_reply_header(x->request, "Retry-After", poa_span_of(seconds));
    }
    http_reply(x->request, status, "application/problem+json", &body);
}
