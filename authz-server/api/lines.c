#include "api/lines.h"

#include "api/problem.h"
#include "guard.h"
#include "http/stream.h"
#include "span.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* So many are on their way at once: the writer commits them together. */
enum { WINDOW = 32 };

typedef struct batch batch;

/**
 * line - one of them, from its reading until its answer is written.
 * @x:    what the batch's headers proved, and how this line fares; first, so that a change leads to its line
 * @done: @err says how it ended
 */
typedef struct line {
    api_exchange x;
    batch *batch;
    api_change *change; /* owned; NULL: memory was out */
    size_t number;
    bool done;
    poa_err err;
} line;

/**
 * batch - shared by the stream that writes the answers and by the changes under way; whoever is last ends it.
 * @x:     the request's own exchange, until the stream ends
 * @rest:  what is unread of its body, until then
 * @ended: nobody listens any more
 * @out:   answers on their way; @sent bytes of it are gone
 */
struct batch {
    pthread_mutex_t lock; /* refs, ended, and each line's done and err */
    size_t refs;
    bool ended;
    const api_line_kind *kind;
    api_exchange *x;
    char id[HTTP_REQUEST_ID_LEN];
    poa_span rest;
    size_t number;
    line *window[WINDOW];
    size_t first;
    size_t count;
    http_stream *stream; /* owned: the handle */
    poa_buf out;
    size_t sent;
};

static void free_line(line *l)
{
    if (l->change && l->change->end)
        l->change->end(l->change);
    free(l->change);
    poa_chain_free(l->x.chain);
    api_snapshot_free(l->x.snapshot);
    poa_buf_clear(&l->x.more);
    free(l);
}

/* Give a reference back; the lock is held, and gone afterwards. */
static void leave(batch *b)
{
    const bool last = --b->refs == 0;
    pthread_mutex_unlock(&b->lock);
    if (!last)
        return;
    http_stream_release(b->stream);
    poa_buf_clear(&b->out);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* ---- one line ---- */

static void line_done(api_change *change, poa_err err)
{
    line *l = (line *)(void *)change->x; /* x is its first member */
    batch *b = l->batch;
    pthread_mutex_lock(&b->lock);
    l->err = err;
    l->done = true;
    if (b->ended)
        free_line(l);
    else
        http_stream_wake(b->stream);
    leave(b);
}

/* It proved what the batch proved. The nonce was used up with the first change. */
static void begin_exchange(const batch *b, api_exchange *x)
{
    *x = (api_exchange){
        .service = b->x->service,
        .id = {b->id, sizeof b->id},
        .snapshot = api_snapshot_ref(b->x->snapshot),
        .now_s = api_now(b->x->service),
        .address = b->x->address,
        .chain = poa_chain_ref(b->x->chain),
        .proof = b->x->proof,
        .proven = true,
        .presented = true,
        .why = {.hop = POA_HOP_NONE},
    };
    x->proof.nonce[0] = '\0';
}

static poa_err prepare(const batch *b, line *l, poa_span text)
{
    l->change = calloc(1, b->kind->size);
    if (!l->change)
        return POA_F_NOMEM;
    l->change->x = &l->x;
    l->change->reply = line_done;
    return b->kind->prepare(l->change, text);
}

/* Read one and send it on its way; false when memory is out. */
static bool start_line(batch *b, poa_span text)
{
    line *l = calloc(1, sizeof *l);
    if (!l)
        return false;
    begin_exchange(b, &l->x);
    l->batch = b;
    l->number = ++b->number;
    b->window[(b->first + b->count++) % WINDOW] = l;
    l->err = api_note(&l->x, prepare(b, l, text));
    if (l->err) {
        l->done = true;
        return true;
    }
    pthread_mutex_lock(&b->lock);
    b->refs++;
    pthread_mutex_unlock(&b->lock);
    api_change_run_part(l->change);
    return true;
}

static poa_span next_line(poa_span *rest)
{
    const size_t end = poa_span_find(*rest, '\n');
    const poa_span text = end == SIZE_MAX ? *rest : poa_span_head(*rest, end);
    *rest = end == SIZE_MAX ? (poa_span){0} : poa_span_skip(*rest, end + 1);
    return text;
}

/* ---- its answer ---- */

static void add_problem(batch *b, const line *l)
{
    const api_problem problem = {
        .status = (unsigned)poa_err_describe(l->x.code)->http,
        .why = &l->x.why,
        .whole = true,
        .detail = l->x.detail,
        .more = poa_buf_span(&l->x.more),
        .request = l->x.id,
    };
    api_problem_members(&b->out, &problem);
}

static void add_answer(batch *b, line *l)
{
    poa_buf_clear(&b->out);
    b->sent = 0;
    poa_buf_printf(&b->out, "{\"line\":%zu,", l->number);
    POA_CLEANUP(poa_buf_clear) poa_buf members = {0};
    unsigned status = 0;
    if (!l->err)
        l->err = b->kind->answer(l->change, &status, &members);
    if (l->err) {
        add_problem(b, l);
    } else {
        poa_buf_printf(&b->out, "\"status\":%u,", status);
        poa_buf_add(&b->out, poa_buf_span(&members));
    }
    poa_buf_text(&b->out, "}\n");
    b->out.failed = b->out.failed || members.failed;
}

/* The first that waits, when it is done. */
static line *take_done(batch *b)
{
    if (b->count == 0)
        return NULL;
    line *l = b->window[b->first];
    pthread_mutex_lock(&b->lock);
    const bool done = l->done;
    pthread_mutex_unlock(&b->lock);
    if (!done)
        return NULL;
    b->first = (b->first + 1) % WINDOW;
    b->count--;
    return l;
}

/* ---- the stream ---- */

static ssize_t hand_out(batch *b, char *buf, size_t cap)
{
    const poa_span left = poa_span_head(poa_span_skip(poa_buf_span(&b->out), b->sent), cap);
    memcpy(buf, left.ptr, left.len);
    b->sent += left.len;
    return (ssize_t)left.len;
}

static ssize_t pull(void *self, char *buf, size_t cap)
{
    batch *b = self;
    while (b->sent == b->out.len) {
        while (b->count < WINDOW && b->rest.len > 0)
            if (!start_line(b, next_line(&b->rest)))
                return HTTP_STREAM_FAIL;
        line *l = take_done(b);
        if (!l)
            return b->count > 0 ? HTTP_STREAM_WAIT : HTTP_STREAM_END;
        add_answer(b, l);
        free_line(l);
        if (b->out.failed)
            return HTTP_STREAM_FAIL;
    }
    return hand_out(b, buf, cap);
}

/* Those under way are made all the same: whoever asks again is told. */
static void end_stream(void *self)
{
    batch *b = self;
    pthread_mutex_lock(&b->lock);
    b->ended = true;
    for (size_t i = 0; i < b->count; i++) {
        line *l = b->window[(b->first + i) % WINDOW];
        if (l->done)
            free_line(l);
    }
    leave(b);
}

/* ---- the batch ---- */

struct opening {
    api_change change;
    const api_line_kind *kind;
};

/* That of the nonce is the first change, and all that is asked of it. */
static poa_err pass(api_change *change, store_txn *txn)
{
    (void)change;
    (void)txn;
    return POA_OK;
}

static void stream_answers(const struct opening *o)
{
    api_exchange *x = o->change.x;
    batch *b = calloc(1, sizeof *b);
    if (!b) {
        (void)api_deny(x, POA_F_NOMEM, "");
        api_refuse(x);
        return;
    }
    *b = (batch){.refs = 2, .kind = o->kind, .x = x, .rest = http_request_body(x->request)};
    memcpy(b->id, x->id.ptr, sizeof b->id);
    pthread_mutex_init(&b->lock, NULL);
    const http_stream_source source = {.self = b, .pull = pull, .end = end_stream, .whole = true};
    /* Nothing is pulled before the request is resumed; where there is no stream, it has ended already. */
    b->stream = http_reply_stream(x->request, 200, "application/x-ndjson", &source);
    pthread_mutex_lock(&b->lock);
    leave(b);
}

static void reply(api_change *change, poa_err err)
{
    if (err)
        api_refuse(change->x);
    else
        stream_answers((const struct opening *)(const void *)change);
}

/* NULL: it is within the bounds. An empty line is answered, so it counts. */
static const char *beyond_bounds(poa_span body)
{
    size_t count = 0;
    while (body.len > 0) {
        const poa_span text = next_line(&body);
        count++;
        if (POA_GUARD(line_too_long, text.len > API_LINE_BYTES_MAX))
            return "a line has more than 16 KiB";
        if (POA_GUARD(lines_too_many, count > API_LINES_MAX))
            return "there are more than 1,000 lines";
    }
    return NULL;
}

void api_lines_run(api_service *service, http_request *request, const api_line_kind *kind)
{
    api_exchange *x = api_exchange_begin(service, request);
    if (!x)
        return;
    if (api_present(x, API_CHANGE)) {
        api_refuse(x);
        return;
    }
    const char *beyond = beyond_bounds(http_request_body(request));
    if (beyond) {
        http_reply_problem(request, 413, beyond);
        return;
    }
    struct opening *o = calloc(1, sizeof *o);
    if (!o || http_request_body(request).len == 0) {
        (void)api_deny(x, o ? POA_E_MALFORMED : POA_F_NOMEM, "");
        api_refuse(x);
        free(o);
        return;
    }
    o->kind = kind;
    o->change = (api_change){.x = x, .kind = kind->opened, .check = pass, .apply = pass, .reply = reply};
    api_change_run(&o->change);
}
