#include "api/events.h"

#include "api/chains.h"
#include "api/device_json.h"
#include "api/epoch.h"
#include "api/exchange.h"
#include "api/known_device.h"
#include "api/routes.h"
#include "base64url.h"
#include "bounds.h"
#include "chain.h"
#include "cleanup.h"
#include "guard.h"
#include "http/stream.h"
#include "poa/decision.h"
#include "span.h"
#include "store/devices.h"
#include "store/events.h"
#include "store/meta.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * A stream pulls: whenever the client has taken what was written, the events behind its position are read, in a
 * transaction of their own. So none is lost, whatever happens on the way, and a slow reader costs nobody else anything.
 * A commit only wakes those who wait.
 */
enum {
    HEARTBEAT_S = 15,
    SCAN_MAX = 500, /* events looked at in one transaction */
    WRITE_BYTES = 32768,
    STORE_CHARS = 22
};

typedef struct reader {
    api_exchange *x; /* of the request, which outlives the stream */
    char store[STORE_CHARS + 1];
    uint64_t after; /* up to here everything was written or is not for this reader */
    uint64_t epoch; /* at which the chain was judged last */
    int64_t beat_s; /* when the heartbeat was written last */
    bool reset;     /* the position that the client named is none of this store's */
    poa_buf text;   /* owned */
    size_t sent;    /* of it */

    /* Under the lock of all. */
    api_events *events;
    http_stream *stream; /* owned */
    struct reader *next;
    struct reader **link;
} reader;

struct api_events {
    pthread_mutex_t lock;
    reader *first;
};

poa_err api_events_new(api_events **out)
{
    api_events *events = calloc(1, sizeof *events);
    if (!events)
        return POA_F_NOMEM;
    (void)pthread_mutex_init(&events->lock, NULL);
    *out = events;
    return POA_OK;
}

void api_events_free(api_events *events)
{
    if (!events)
        return;
    (void)pthread_mutex_destroy(&events->lock);
    free(events);
}

void api_events_woken(void *arg)
{
    api_events *events = arg;
    pthread_mutex_lock(&events->lock);
    for (reader *r = events->first; r; r = r->next)
        http_stream_wake(r->stream);
    pthread_mutex_unlock(&events->lock);
}

static void join(api_events *events, reader *r, http_stream *stream)
{
    pthread_mutex_lock(&events->lock);
    r->stream = stream;
    r->next = events->first;
    r->link = &events->first;
    if (r->next)
        r->next->link = &r->next;
    events->first = r;
    pthread_mutex_unlock(&events->lock);
}

static void leave(reader *r)
{
    pthread_mutex_lock(&r->events->lock);
    if (r->link) {
        *r->link = r->next;
        if (r->next)
            r->next->link = r->link;
    }
    http_stream_release(r->stream);
    pthread_mutex_unlock(&r->events->lock);
}

static void end_reader(void *self)
{
    reader *r = self;
    leave(r);
    poa_buf_clear(&r->text);
    free(r);
}

/* ---- what is written (HTML living standard, section 9.2.6) ---- */

static void write_id(reader *r, uint64_t id)
{
    poa_buf_printf(&r->text, "id: %s:%llu\n", r->store, (unsigned long long)id);
}

static void write_gap(reader *r, uint64_t next)
{
    poa_buf_printf(&r->text, "event: gap\ndata: {\"after\":%llu,\"next\":%llu}\n\n", (unsigned long long)r->after,
                   (unsigned long long)next);
}

static void write_event(reader *r, const store_event *event)
{
    poa_buf *b = &r->text;
    write_id(r, event->id);
    poa_buf_printf(b, "event: %.*s\ndata: {\"id\":%llu,\"time\":%lld,\"kind\":", (int)event->kind.len, event->kind.ptr,
                   (unsigned long long)event->id, (long long)event->time_s);
    poa_buf_json_text(b, event->kind);
    if (event->location.len > 0) {
        poa_buf_printf(b, ",\"device\":\"%s\",\"location\":", api_uuid_print(&event->device).chars);
        poa_buf_json_text(b, event->location);
    }
    if (event->data.len > 2) { /* more than {} */
        poa_buf_text(b, ",");
        poa_buf_add(b, poa_span_skip(event->data, 1));
    } else {
        poa_buf_text(b, "}");
    }
    poa_buf_text(b, "\n\n");
}

/* ---- who may read it ---- */

/* Its location then, and what the record says of the device by now; one that is gone has no identity. */
static poa_err may_read(reader *r, store_txn *txn, const store_event *event, bool *may)
{
    api_exchange *x = r->x;
    *may = event->location.len == 0;
    if (*may)
        return POA_OK;
    store_device device;
    bool found = false;
    const poa_err err = store_device_get(txn, &event->device, &device, &found);
    if (err)
        return err;
    if (!found)
        device = (store_device){.state = 0};
    device.location = event->location;
    poa_decision decision;
    const poa_err answer = api_decide_known(x, &device, POA_SPAN("read"), x->now_s, &decision, NULL);
    if (poa_err_is_fault(answer))
        return answer;
    *may = !POA_GUARD(event_not_granted, answer != POA_OK);
    return POA_OK;
}

/* The leaf grants to read somewhere: else there is nothing to listen to. */
static bool may_listen(const poa_chain *chain)
{
    const poa_powers *leaf = poa_chain_powers(chain, poa_chain_len(chain) - 1);
    for (size_t i = 0; i < poa_powers_count(leaf); i++) {
        const poa_power *power = poa_powers_at(leaf, i);
        if (poa_span_is(poa_span_of(poa_power_type(power)), "device_onboarding") &&
            poa_power_has_action(power, POA_SPAN("read")))
            return true;
    }
    return false;
}

/* ---- alive ---- */

/* Another policy may be in force than the one under which the chain was verified. */
static poa_err follow_policy(api_exchange *x)
{
    POA_CLEANUP(api_snapshot_freep) api_snapshot *current = api_slot_get(x->service->slot);
    if (poa_id_equal(poa_policy_version(current->policy), poa_policy_version(x->snapshot->policy)))
        return POA_OK;
    poa_chain *chain = NULL;
    const poa_err err = api_chains_verify(x->service->chains, x->service->ctx, poa_chain_text(x->chain),
                                          current->policy, x->now_s, &chain, &x->why);
    if (err)
        return api_note(x, err);
    poa_chain_free(x->chain);
    x->chain = chain;
    api_snapshot *old = x->snapshot;
    x->snapshot = POA_TAKE(current);
    api_snapshot_free(old);
    return POA_OK;
}

/* At each heartbeat, and whenever somebody has said something about any PoA. */
static poa_err check_alive(reader *r, store_txn *txn)
{
    uint64_t epoch = 0;
    poa_err err = store_epoch(txn, &epoch);
    if (err || (epoch == r->epoch && r->x->now_s - r->beat_s < HEARTBEAT_S && r->x->now_s >= r->beat_s))
        return err;
    err = follow_policy(r->x);
    if (!err)
        err = api_alive(r->x, txn, r->x->now_s);
    r->epoch = epoch;
    return err;
}

/* The position goes with it, so that who reads nothing else is not sent back to where it began. */
static poa_err beat(reader *r, store_txn *txn)
{
    const int64_t now_s = r->x->now_s;
    if (r->beat_s > 0 && now_s >= r->beat_s && now_s - r->beat_s < HEARTBEAT_S)
        return POA_OK;
    POA_CLEANUP(poa_freep) char *text = NULL;
    uint64_t epoch = 0;
    const poa_err err = api_epoch_sign(r->x->service, r->x->snapshot, txn, now_s, &text, &epoch);
    if (err)
        return err;
    write_id(r, r->after);
    poa_buf_printf(&r->text, "event: epoch\ndata: {\"epoch_jwt\":\"%s\"}\n\n", text);
    r->beat_s = now_s;
    return POA_OK;
}

/* ---- the stream ---- */

static poa_err read_events(reader *r, store_txn *txn, bool *more)
{
    for (size_t seen = 0; seen < SCAN_MAX && r->text.len < WRITE_BYTES; seen++) {
        store_event event;
        bool gap = false, found = false, may = false;
        poa_err err = store_event_next(txn, r->after, &event, &gap, &found);
        *more = found;
        if (err || !found)
            return err;
        err = may_read(r, txn, &event, &may);
        if (err)
            return err;
        if (gap)
            write_gap(r, event.id);
        if (may)
            write_event(r, &event);
        r->after = event.id;
    }
    return POA_OK;
}

/* The client knows another store, or more than this one: it has to look for itself what there is. */
static void tell_reset(reader *r)
{
    if (r->reset)
        poa_buf_printf(&r->text, "event: gap\ndata: {\"after\":null,\"next\":%llu}\n\n",
                       (unsigned long long)r->after + 1);
    r->reset = false;
}

static poa_err look(reader *r)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    bool more = false;
    poa_buf_clear(&r->text);
    r->sent = 0;
    r->x->now_s = api_now(r->x->service);
    poa_err err = store_read_begin(r->x->service->store, &txn);
    if (!err)
        err = check_alive(r, txn);
    if (!err)
        tell_reset(r);
    if (!err)
        err = read_events(r, txn, &more);
    if (!err)
        err = beat(r, txn);
    /* A comment, so that it is pulled again at once: nothing of all this was for this reader. */
    if (!err && more && r->text.len == 0)
        poa_buf_text(&r->text, ":\n");
    if (!err && r->text.failed)
        err = POA_F_NOMEM;
    return err;
}

static ssize_t pull(void *self, char *buf, size_t cap)
{
    reader *r = self;
    if (r->sent == r->text.len && look(r))
        return HTTP_STREAM_END; /* the client comes back, and is told why */
    const poa_span now = poa_span_head(poa_span_skip(poa_buf_span(&r->text), r->sent), cap);
    if (now.len == 0)
        return HTTP_STREAM_WAIT;
    memcpy(buf, now.ptr, now.len);
    r->sent += now.len;
    return (ssize_t)now.len;
}

/* ---- the handler ---- */

/* Last-Event-ID: `<store>:<number>`, as in the `id` of an event. Without one: from now on. */
static poa_err read_position(reader *r)
{
    api_exchange *x = r->x;
    poa_span field = {0}, number = {0};
    uint64_t last = 0, named = 0;
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_err err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = store_event_last(txn, &last);
    if (err)
        return err;
    r->after = last;
    const size_t count = http_request_header(x->request, "Last-Event-ID", &field);
    if (count == 0)
        return POA_OK;
    const size_t colon = poa_span_find(field, ':');
    if (colon != SIZE_MAX)
        number = poa_span_skip(field, colon + 1);
    if (count > 1 || colon == SIZE_MAX || !poa_span_number(number, INT64_MAX, &named)) {
        (void)snprintf(x->detail, sizeof x->detail, "Last-Event-ID is not the id of an event");
        return api_deny(x, POA_E_MALFORMED, "");
    }
    r->reset = !poa_span_is(poa_span_head(field, colon), r->store) || named > last;
    if (!r->reset)
        r->after = named;
    return POA_OK;
}

static poa_err begin(reader *r)
{
    api_exchange *x = r->x;
    const store_uuid name = store_id(x->service->store);
    poa_base64url_encode(name.bytes, sizeof name.bytes, r->store);
    if (POA_GUARD(events_not_granted, !may_listen(x->chain)))
        return api_deny(x, POA_E_ACTION_NOT_GRANTED, "/authorization_details");
    return api_note(x, read_position(r));
}

void api_events_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    if (api_present(x, API_READ)) {
        api_refuse(x);
        return;
    }
    reader *r = calloc(1, sizeof *r);
    if (r)
        *r = (reader){.x = x, .events = x->service->events};
    const poa_err err = r ? begin(r) : api_note(x, POA_F_NOMEM);
    if (err) {
        api_refuse(x);
        free(r);
        return;
    }
    const http_stream_source source = {.self = r, .pull = pull, .end = end_reader};
    http_stream *stream = http_reply_stream(request, 200, "text/event-stream", &source);
    if (stream)
        join(x->service->events, r, stream);
}
