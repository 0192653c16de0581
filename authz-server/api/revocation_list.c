#include "api/epoch.h"
#include "api/exchange.h"
#include "api/routes.h"
#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "http/stream.h"
#include "span.h"
#include "store/statements.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of lines that are read from the store at once; one statement may be longer. */
enum { READ_BYTES = 65536 };

/* Streams are few: who takes a list this slowly makes room for others. */
enum { LIST_LIFE_MS = 300000 };

/*
 * GET /v1/revocations: every statement that was accepted, a line each, behind a signed line that says how far this
 * goes: the file of `poa verify --revocations`. It is read as the client takes it, so the store's snapshot is not held
 * meanwhile: what is accepted later is left out, because the first line does not count it.
 */
struct list {
    api_service *service;
    uint64_t until; /* the epoch that the first line says */
    uint64_t after; /* up to here they were written */
    poa_buf lines;  /* owned */
    size_t sent;    /* of them */
};

static void end_list(void *self)
{
    struct list *list = self;
    poa_buf_clear(&list->lines);
    free(list);
}

/* Given by the visitor when it has enough. */
#define ENOUGH POA_E_LIMIT_EXCEEDED

static poa_err add_line(void *ctx, const store_statement *statement)
{
    struct list *list = ctx;
    if (statement->epoch > list->until || list->lines.len >= READ_BYTES)
        return ENOUGH;
    poa_buf_add(&list->lines, statement->text);
    poa_buf_text(&list->lines, "\n");
    list->after = statement->epoch;
    return list->lines.failed ? POA_F_NOMEM : POA_OK;
}

static poa_err read_lines(struct list *list)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    poa_buf_clear(&list->lines);
    list->sent = 0;
    poa_err err = store_read_begin(list->service->store, &txn);
    if (!err)
        err = store_statement_each_since(txn, list->after, add_line, list);
    return err == ENOUGH ? POA_OK : err;
}

static ssize_t pull(void *self, char *buf, size_t cap)
{
    struct list *list = self;
    if (list->sent == list->lines.len && read_lines(list))
        return HTTP_STREAM_FAIL;
    const poa_span left = poa_span_skip(poa_buf_span(&list->lines), list->sent);
    if (left.len == 0)
        return HTTP_STREAM_END;
    const poa_span now = poa_span_head(left, cap);
    memcpy(buf, now.ptr, now.len);
    list->sent += now.len;
    return (ssize_t)now.len;
}

static poa_err begin(api_exchange *x, struct list *list)
{
    POA_CLEANUP(store_read_endp) store_txn *txn = NULL;
    POA_CLEANUP(poa_freep) char *first = NULL;
    poa_err err = store_read_begin(x->service->store, &txn);
    if (!err)
        err = api_clock(x, txn, x->now_s);
    if (!err)
        err = api_epoch_sign(x->service, x->snapshot, txn, x->now_s, &first, &list->until);
    if (err)
        return err;
    poa_buf_text(&list->lines, first);
    poa_buf_text(&list->lines, "\n");
    return list->lines.failed ? POA_F_NOMEM : POA_OK;
}

void api_revocations_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    struct list *list = calloc(1, sizeof *list);
    const poa_err err = list ? begin(x, list) : POA_F_NOMEM;
    if (!list || err) {
        if (list)
            end_list(list);
        (void)api_note(x, err);
        api_refuse(x);
        return;
    }
    list->service = x->service;
    const http_stream_source source = {
        .self = list, .pull = pull, .end = end_list, .max_life_ms = LIST_LIFE_MS, .whole = true};
    http_stream_release(http_reply_stream(request, 200, "text/plain; charset=utf-8", &source));
}
