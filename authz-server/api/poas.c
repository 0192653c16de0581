#include "store/poas.h"
#include "api/administration.h"
#include "api/chains.h"
#include "api/change.h"
#include "api/device_json.h"
#include "api/routes.h"
#include "api/state.h"
#include "chain.h"
#include "json.h"
#include "policy_read.h"
#include "span.h"
#include "store/devices.h"

#include <stdlib.h>

/* ---- POST /v1/poas: {"chain": <text>}; without it, the chain that was presented ---- */

struct registration {
    api_change change;
    poa_chain *chain; /* owned */
    bool known;
};

static struct registration *registration_of(api_change *change)
{
    return (struct registration *)(void *)change; /* change is its first member */
}

static void end_registration(api_change *change)
{
    poa_chain_free(registration_of(change)->chain);
}

static poa_err check(api_change *change, store_txn *txn)
{
    struct registration *r = registration_of(change);
    store_poa poa;
    return store_poa_get(txn, &poa_chain_leaf(r->chain)->id, &poa, &r->known);
}

static poa_err apply(api_change *change, store_txn *txn)
{
    return api_keep_chain(registration_of(change)->chain, txn, change->now_s, NULL);
}

static void reply(api_change *change, poa_err err)
{
    const struct registration *r = registration_of(change);
    if (err) {
        api_refuse(change->x);
        return;
    }
    poa_buf body = {0};
    poa_buf_text(&body, "{\"poas\":[");
    for (size_t i = 0; i < poa_chain_len(r->chain); i++)
        poa_buf_printf(&body, "%s\"%s\"", i > 0 ? "," : "", poa_id_print(&poa_chain_link(r->chain, i)->id).chars);
    poa_buf_text(&body, "]}\n");
    api_reply_json(change->x, r->known ? 200 : 201, &body);
}

static poa_err read_chain(api_exchange *x, poa_chain **chain)
{
    if (http_request_body(x->request).len == 0) {
        *chain = poa_chain_ref(x->chain);
        return POA_OK;
    }
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    poa_err err = api_body(x, &body);
    if (err)
        return err;
    poa_members m = poa_members_of(body, "", &x->why);
    const json_t *text = poa_members_take(&m, "chain", false);
    if (text && !json_is_string(text))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "chain");
    err = poa_members_end(&m);
    if (!err && text)
        err = api_chains_verify(x->service->chains, x->service->ctx, poa_json_span(text), x->snapshot->policy, x->now_s,
                                chain, &x->why);
    else if (!err)
        *chain = poa_chain_ref(x->chain);
    return api_note(x, err);
}

void api_poas_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    poa_chain *chain = NULL;
    if (api_present(x, API_CHANGE) || read_chain(x, &chain)) {
        api_refuse(x);
        return;
    }
    struct registration *r = calloc(1, sizeof *r);
    if (!r) {
        poa_chain_free(chain);
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    r->chain = chain;
    r->change = (api_change){
        .x = x, .kind = "registration", .check = check, .apply = apply, .reply = reply, .end = end_registration};
    api_change_run(&r->change);
}

/* ---- GET /v1/poas/{id}, for who holds `audit` over it ---- */

enum { SHOWN_MAX = 200 };

static poa_err write_children(store_txn *txn, const poa_id *id, poa_buf *b)
{
    poa_id ids[SHOWN_MAX];
    size_t count = 0;
    const poa_err err = store_poa_children(txn, id, NULL, ids, SHOWN_MAX, &count);
    poa_buf_text(b, ",\"children\":[");
    for (size_t i = 0; !err && i < count; i++)
        poa_buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", poa_id_print(&ids[i]).chars);
    poa_buf_printf(b, "],\"more_children\":%s", count == SHOWN_MAX ? "true" : "false");
    return err;
}

static poa_err write_devices(store_txn *txn, const poa_id *id, poa_buf *b)
{
    store_uuid ids[SHOWN_MAX];
    size_t count = 0;
    const store_device_query query = {.leaf = id};
    const poa_err err = store_device_page(txn, &query, ids, SHOWN_MAX, &count);
    poa_buf_text(b, ",\"devices\":[");
    for (size_t i = 0; !err && i < count; i++)
        poa_buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", api_uuid_print(&ids[i]).chars);
    poa_buf_printf(b, "],\"more_devices\":%s", count == SHOWN_MAX ? "true" : "false");
    return err;
}

static poa_err write_poa(store_txn *txn, const api_poa_state *state, poa_buf *b)
{
    const poa_link *link = poa_chain_link(state->chain, state->hop);
    poa_buf_printf(b, "{\"poa_id\":\"%s\",\"state\":\"%s\"", poa_id_print(&link->id).chars,
                   poa_answer_state_name(state->state));
    if (state->state == POA_STATE_REVOKED || state->state == POA_STATE_SUSPENDED)
        poa_buf_printf(b, ",\"origin\":\"%s\",\"from\":\"%s\",\"by\":\"%s\",\"reason\":\"%s\",\"since\":%lld",
                       state->inherited ? "inherited" : "direct", poa_id_print(&state->from).chars,
                       poa_id_print(&state->hit.kid).chars, state->hit.reason, (long long)state->hit.iat_s);
    poa_buf_text(b, ",\"iss\":");
    poa_buf_json_text(b, link->iss);
    poa_buf_text(b, ",\"sub\":");
    poa_buf_json_text(b, link->sub);
    poa_buf_printf(b, ",\"nbf\":%lld,\"exp\":%lld,\"transferable\":%d,\"parent\":", (long long)link->nbf_s,
                   (long long)link->exp_s, link->transferable);
    if (state->hop > 0)
        poa_buf_printf(b, "\"%s\"", poa_id_print(&poa_chain_link(state->chain, state->hop - 1)->id).chars);
    else
        poa_buf_text(b, "null");
    poa_err err = write_children(txn, &link->id, b);
    if (!err)
        err = write_devices(txn, &link->id, b);
    poa_buf_text(b, "}\n");
    return err;
}

static poa_err show(api_exchange *x, const poa_id *id, bool *found, poa_buf *body)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    api_poa_state state = {0};
    poa_err err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = api_poa_state_of(x, txn, id, &state);
    *found = !err && state.chain;
    if (*found && !api_administers_link(x, POA_SPAN("audit"), state.chain, state.hop))
        err = api_deny(x, POA_E_ACTION_NOT_GRANTED, "/authorization_details");
    else if (*found)
        err = write_poa(txn, &state, body);
    api_poa_state_clear(&state);
    return err;
}

void api_poa_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    if (api_present(x, API_READ)) {
        api_refuse(x);
        return;
    }
    poa_id id;
    bool found = false;
    poa_buf body = {0};
    const poa_err err = poa_id_parse(http_request_capture(request, 0), &id) ? show(x, &id, &found, &body) : POA_OK;
    if (err) {
        poa_buf_clear(&body);
        (void)api_note(x, err);
        api_refuse(x);
        return;
    }
    if (!found) {
        http_reply_problem(request, 404, "there is no such PoA");
        return;
    }
    api_reply_json(x, 200, &body);
}
