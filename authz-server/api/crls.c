#include "api/crls.h"

#include "api/exchange.h"
#include "api/routes.h"
#include "cleanup.h"
#include "crl.h"
#include "span.h"
#include "store/certificates.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 256 };

/* Who asked while a list was being made. */
struct waiter {
    http_request *request;
    uint64_t change; /* what the list must hold */
    struct waiter *next;
};

struct api_crls {
    pthread_mutex_t lock;
    poa_id issuer;
    uint64_t change; /* store_crl_change() of the list */
    int64_t made_s;
    poa_bytes der; /* empty: none was made yet */
    bool making;
    struct waiter *waiting;
};

poa_err api_crls_new(api_crls **out)
{
    api_crls *crls = calloc(1, sizeof *crls);
    if (!crls)
        return POA_F_NOMEM;
    pthread_mutex_init(&crls->lock, NULL);
    *out = crls;
    return POA_OK;
}

void api_crls_free(api_crls *crls)
{
    if (!crls)
        return;
    poa_bytes_clear(&crls->der);
    pthread_mutex_destroy(&crls->lock);
    free(crls);
}

void api_crl_url(const api_service *service, const poa_ca *ca, poa_buf *url)
{
    poa_buf_printf(url, "%s/crl/%s.crl", service->config->public_url, poa_id_print(poa_ca_key_id(ca)).chars);
}

/* ---- making one ---- */

/*
 * It is made in the writer's transaction that gives it its number, so a higher number never has an older content, and
 * one is made at a time whoever asks.
 */
struct making {
    store_op op;
    api_service *service;
    api_snapshot *snapshot; /* owned */
    poa_crl_entry *entries; /* owned */
    size_t count;
    size_t room;
    int64_t now_s;
    uint64_t change;
    poa_bytes der; /* owned */
};

static struct making *making_of(store_op *op)
{
    return (struct making *)(void *)op; /* op is its first member */
}

/* A certificate that ended stands on the list a day longer, so that each was on one after its end (section 3.3). */
static bool is_listed(const store_certificate *certificate, int64_t now_s)
{
    return certificate->not_after_s + 86400 >= now_s;
}

static poa_err add(struct making *m, const store_certificate *certificate)
{
    if (certificate->serial.len != POA_SERIAL_NUMBER_BYTES)
        return POA_F_STORE;
    if (m->count == m->room) {
        const size_t room = m->room > 0 ? 2 * m->room : PAGE;
        poa_crl_entry *grown = reallocarray(m->entries, room, sizeof *grown);
        if (!grown)
            return POA_F_NOMEM;
        m->entries = grown;
        m->room = room;
    }
    poa_crl_entry *entry = &m->entries[m->count++];
    *entry = (poa_crl_entry){.revoked_s = certificate->revoked_s, .reason = (poa_crl_reason)certificate->reason};
    memcpy(entry->serial, certificate->serial.ptr, sizeof entry->serial);
    return POA_OK;
}

static poa_err collect(struct making *m, store_txn *txn)
{
    const poa_id *issuer = poa_ca_key_id(m->snapshot->ca);
    store_certificate page[PAGE];
    poa_span after = {0};
    size_t count = PAGE;
    m->count = 0;
    while (count == PAGE) {
        poa_err err = store_certificates_revoked(txn, issuer, after, page, PAGE, &count);
        for (size_t i = 0; !err && i < count; i++)
            if (is_listed(&page[i], m->now_s))
                err = add(m, &page[i]);
        if (err)
            return err;
        if (count > 0)
            after = page[count - 1].serial;
    }
    return POA_OK;
}

static poa_err apply(store_op *op, store_txn *txn)
{
    struct making *m = making_of(op);
    poa_crl_plan plan = {.this_update_s = m->now_s, .next_update_s = m->now_s + API_CRL_LIFETIME_S};
    poa_err err = store_crl_change(txn, &m->change);
    if (!err)
        err = collect(m, txn);
    if (!err)
        err = store_crl_number_next(txn, &plan.number);
    if (err)
        return err;
    poa_bytes_clear(&m->der);
    return poa_crl_make(m->snapshot->ca, &plan, m->entries, m->count, &m->der, NULL);
}

static void end_making(struct making *m)
{
    api_snapshot_free(m->snapshot);
    poa_bytes_clear(&m->der);
    free(m->entries);
    free(m);
}

/* ---- handing it out ---- */

static void reply_with(http_request *request, poa_span der)
{
    poa_buf body = {0};
    poa_buf_add(&body, der);
    http_reply(request, 200, "application/pkix-crl", &body);
}

static void reply_unavailable(http_request *request)
{
    http_reply_header(request, "Retry-After", POA_SPAN("1"));
    http_reply_problem(request, 503, "the list cannot be made now");
}

/* Those whom the list in memory serves, or all; taken out of the waiting. With the lock. */
static struct waiter *take_waiters(api_crls *crls, bool all)
{
    struct waiter *taken = NULL;
    struct waiter **at = &crls->waiting;
    while (*at) {
        struct waiter *one = *at;
        if (!all && one->change > crls->change) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        one->next = taken;
        taken = one;
    }
    return taken;
}

static void answer(struct waiter *waiters, poa_span der)
{
    while (waiters) {
        struct waiter *one = waiters;
        waiters = one->next;
        if (der.len > 0)
            reply_with(one->request, der);
        else
            reply_unavailable(one->request);
        http_resume(one->request);
        free(one);
    }
}

/* Nobody makes one: whoever waits is told so. */
static void give_up(api_crls *crls)
{
    pthread_mutex_lock(&crls->lock);
    crls->making = false;
    struct waiter *waiters = take_waiters(crls, true);
    pthread_mutex_unlock(&crls->lock);
    answer(waiters, (poa_span){0});
}

static bool make(api_service *service);

/* On the writer's thread. A copy is handed out, because the next list may take the place of this one meanwhile. */
static void done(store_op *op, poa_err err)
{
    struct making *m = making_of(op);
    api_service *service = m->service;
    api_crls *crls = service->crls;
    pthread_mutex_lock(&crls->lock);
    POA_CLEANUP(poa_bytes_clear) poa_bytes copy = {0};
    if (!err && poa_bytes_copy(&copy, poa_bytes_span(&m->der))) {
        crls->issuer = *poa_ca_key_id(m->snapshot->ca);
        crls->change = m->change;
        crls->made_s = m->now_s;
        poa_bytes_clear(&crls->der);
        crls->der = m->der;
        m->der = (poa_bytes){0};
    }
    struct waiter *served = take_waiters(crls, !copy.ptr);
    crls->making = crls->waiting != NULL;
    const bool again = crls->making;
    pthread_mutex_unlock(&crls->lock);
    end_making(m);
    answer(served, poa_bytes_span(&copy));
    if (again && !make(service))
        give_up(crls);
}

/* Have a list made; false: the writer takes nothing more. */
static bool make(api_service *service)
{
    struct making *m = calloc(1, sizeof *m);
    if (!m)
        return false;
    m->op = (store_op){.apply = apply, .done = done};
    m->service = service;
    m->snapshot = api_slot_get(service->slot);
    m->now_s = api_now(service);
    if (store_writer_submit(service->writer, &m->op))
        return true;
    end_making(m);
    return false;
}

/* ---- GET /crl/{ca}.crl ---- */

static bool is_fresh(const api_crls *crls, const poa_id *issuer, uint64_t change, int64_t now_s)
{
    return crls->der.len > 0 && poa_id_equal(&crls->issuer, issuer) && crls->change == change &&
           now_s >= crls->made_s && now_s - crls->made_s < API_CRL_AGE_MAX_S;
}

/* The list in memory, copied, where it is fresh. Else the request waits, and *begin says who has one made. */
static poa_err take_or_wait(api_exchange *x, uint64_t change, poa_bytes *der, bool *begin)
{
    api_crls *crls = x->service->crls;
    struct waiter *one = malloc(sizeof *one);
    if (!one)
        return POA_F_NOMEM;
    poa_err err = POA_OK;
    *begin = false;
    pthread_mutex_lock(&crls->lock);
    if (is_fresh(crls, poa_ca_key_id(x->snapshot->ca), change, x->now_s)) {
        err = poa_bytes_copy(der, poa_bytes_span(&crls->der)) ? POA_OK : POA_F_NOMEM;
    } else {
        http_suspend(x->request);
        *one = (struct waiter){.request = x->request, .change = change, .next = crls->waiting};
        crls->waiting = POA_TAKE(one);
        *begin = !crls->making;
        crls->making = true;
    }
    pthread_mutex_unlock(&crls->lock);
    free(one);
    return err;
}

static poa_err change_now(api_service *service, uint64_t *change)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    const poa_err err = store_read_begin(service->store, &txn);
    return err ? err : store_crl_change(txn, change);
}

void api_crl_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    api_service *service = x->service;
    const poa_id_text current = poa_id_print(poa_ca_key_id(x->snapshot->ca));
    if (!poa_span_is(http_request_capture(request, 0), current.chars)) {
        http_reply_problem(request, 404, "there is no such CA here");
        return;
    }
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    uint64_t change = 0;
    bool begin = false;
    poa_err err = change_now(service, &change);
    if (!err)
        err = take_or_wait(x, change, &der, &begin);
    if (err) {
        reply_unavailable(request);
        return;
    }
    /* Where it waits, x and the request are another thread's by now. */
    if (der.len > 0)
        reply_with(request, poa_bytes_span(&der));
    else if (begin && !make(service))
        give_up(service->crls);
}
