#include "api/epoch.h"
#include "api/exchange.h"
#include "api/routes.h"
#include "api/state.h"
#include "bounds.h"
#include "guard.h"
#include "poa/answer.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/*
 * GET /v1/revocations/{poa_id}?store=…&epoch=…: a signed answer. Who has seen an epoch of this store before may demand
 * at least that one: a store that was put back to an older state never passes for a newer one.
 */
struct demand {
    poa_id poa;
    poa_span store; /* ptr NULL: any */
    uint64_t epoch;
};

static poa_err read_demand(api_exchange *x, struct demand *d)
{
    *d = (struct demand){.epoch = 0};
    if (!poa_id_parse(http_request_capture(x->request, 0), &d->poa))
        return api_deny(x, POA_E_MALFORMED, "/poa_id");
    poa_span epoch = {0};
    const bool has_epoch = http_request_param(x->request, "epoch", &epoch);
    (void)http_request_param(x->request, "store", &d->store);
    if (has_epoch && !poa_span_number(epoch, POA_TIME_MAX, &d->epoch))
        return api_deny(x, POA_E_CLAIM_TYPE, "/epoch");
    /* Epochs compare only within one store. */
    if (has_epoch && !d->store.ptr)
        return api_deny(x, POA_E_CLAIM_MISSING, "/store");
    return POA_OK;
}

static poa_err check_demand(const struct demand *d, const poa_answer *answer)
{
    if (POA_GUARD(answer_store, d->store.ptr && !poa_span_is(d->store, answer->store)))
        return POA_E_REVOCATION_UNKNOWN;
    return POA_GUARD(answer_epoch, answer->epoch < d->epoch) ? POA_E_REVOCATION_UNKNOWN : POA_OK;
}

/* Who is asked, when, in which store, at which epoch. */
static poa_err start(api_exchange *x, store_txn *txn, const struct demand *d, poa_answer *answer)
{
    poa_err err = api_clock(x, txn, x->now_s);
    if (!err)
        err = api_epoch_begin(x->service, x->snapshot, txn, x->now_s, answer);
    if (err)
        return err;
    answer->poa = d->poa;
    return check_demand(d, answer);
}

static poa_err add_state(api_exchange *x, store_txn *txn, poa_answer *answer)
{
    api_poa_state state;
    const poa_err err = api_poa_state_of(x, txn, &answer->poa, &state);
    if (err)
        return err;
    answer->state = state.state;
    if (state.state == POA_STATE_REVOKED || state.state == POA_STATE_SUSPENDED) {
        answer->inherited = state.inherited;
        answer->from = state.from;
        answer->by = state.hit.kid;
        memcpy(answer->reason, state.hit.reason, sizeof answer->reason);
        answer->since_s = state.hit.iat_s;
    }
    api_poa_state_clear(&state);
    return POA_OK;
}

static poa_err answer_for(api_exchange *x, const struct demand *d, char **text)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_answer answer;
    poa_err err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = start(x, txn, d, &answer);
    if (!err)
        err = add_state(x, txn, &answer);
    return err ? err : poa_answer_sign(&answer, &x->snapshot->answers, text);
}

void api_revocation_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    struct demand d;
    char *text = NULL;
    poa_err err = read_demand(x, &d);
    if (!err)
        err = answer_for(x, &d, &text);
    if (err) {
        (void)api_note(x, err);
        api_refuse(x);
        return;
    }
    poa_buf body = {0};
    poa_buf_text(&body, text);
    poa_buf_text(&body, "\n");
    free(text);
    http_reply(request, 200, "application/jwt", &body);
}
