#include "store/poas.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/kv.h"
#include "store/record.h"

enum { POAS_VERSION = 1 };

static void encode(poa_buf *b, const store_poa *poa)
{
    store_write_u8(b, POAS_VERSION);
    store_write_id(b, &poa->parent);
    store_write_text(b, poa->root_iss);
    store_write_text(b, poa->iss);
    store_write_text(b, poa->sub);
    store_write_time(b, poa->iat_s);
    store_write_time(b, poa->nbf_s);
    store_write_time(b, poa->exp_s);
    store_write_u8(b, poa->transferable);
    store_write_id(b, &poa->cnf);
    store_write_id(b, &poa->kid);
    store_write_id(b, &poa->chain);
    store_write_time(b, poa->first_seen_s);
}

static poa_err decode(const poa_id *id, poa_span value, store_poa *out)
{
    store_reader r = store_reader_of(value, POAS_VERSION);
    store_poa poa = {.id = *id};
    poa.parent = store_read_id(&r);
    poa.root_iss = store_read_text(&r, 1, POA_NAME_BYTES_MAX);
    poa.iss = store_read_text(&r, 1, POA_NAME_BYTES_MAX);
    poa.sub = store_read_text(&r, 1, POA_NAME_BYTES_MAX);
    poa.iat_s = store_read_time(&r);
    poa.nbf_s = store_read_time(&r);
    poa.exp_s = store_read_time(&r);
    poa.transferable = (unsigned)store_read_u8(&r, 0, POA_TRANSFERABLE_MAX);
    poa.cnf = store_read_id(&r);
    poa.kid = store_read_id(&r);
    poa.chain = store_read_id(&r);
    poa.first_seen_s = store_read_time(&r);
    const poa_err err = store_reader_end(&r);
    if (!err)
        *out = poa;
    return err;
}

static store_key child_key(const poa_id *parent, const poa_id *child)
{
    store_key key = {.len = 0};
    store_key_id(&key, parent);
    store_key_id(&key, child);
    return key;
}

/* What is written is what would be read. */
static poa_err encode_checked(const store_poa *poa, poa_buf *b)
{
    encode(b, poa);
    if (b->failed)
        return POA_F_NOMEM;
    store_poa back;
    return decode(&poa->id, poa_buf_span(b), &back) == POA_OK ? POA_OK : POA_F_USAGE;
}

poa_err store_poa_put(store_txn *txn, const store_poa *poa, bool *added)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_err err = encode_checked(poa, &b);
    if (err)
        return err;

    bool fresh = false;
    err = store_kv_add(txn, STORE_POAS, store_id_span(&poa->id), poa_buf_span(&b), &fresh);
    if (!err && fresh) {
        const store_key key = child_key(&poa->parent, &poa->id);
        err = store_kv_put(txn, STORE_POA_CHILDREN, store_key_span(&key), (poa_span){0});
    }
    if (!err && added)
        *added = fresh;
    return err;
}

poa_err store_poa_get(store_txn *txn, const poa_id *id, store_poa *poa, bool *found)
{
    poa_span value;
    bool there = false;
    poa_err err = store_kv_get(txn, STORE_POAS, store_id_span(id), &value, &there);
    if (!err && there)
        err = decode(id, value, poa);
    if (!err)
        *found = there;
    return err;
}

/* The first child of parent behind after (NULL: the very first). */
static poa_err next_child(store_cursor *c, const poa_id *parent, const poa_id *after, poa_id *child, bool *found)
{
    store_pair pair;
    const poa_span prefix = store_id_span(parent);
    const poa_err err = store_cursor_seek(c, prefix, after ? store_id_span(after) : (poa_span){0}, &pair, found);
    if (err || !*found)
        return err;
    const poa_span rest = poa_span_skip(pair.key, prefix.len);
    if (POA_GUARD(store_child_key_length, rest.len != sizeof child->bytes))
        return POA_F_STORE;
    *child = store_key_read_id(rest);
    return POA_OK;
}

poa_err store_poa_children(store_txn *txn, const poa_id *parent, const poa_id *after, poa_id *ids, size_t cap,
                           size_t *count)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    poa_err err = store_cursor_open(txn, STORE_POA_CHILDREN, &c);
    size_t n = 0;
    bool found = true;
    while (!err && found && n < cap) {
        err = next_child(&c, parent, n > 0 ? &ids[n - 1] : after, &ids[n], &found);
        n += !err && found;
    }
    if (!err)
        *count = n;
    return err;
}

enum { LEVELS = POA_CHAIN_LINKS_HARD + 1 }; /* every link of the longest chain, and "none" above its root */

/* Where a walk is: from what it started down to the one whose children come next. */
typedef struct descent {
    poa_id path[LEVELS];
    poa_id last[LEVELS]; /* the child of path[i] that was visited last */
    bool begun[LEVELS];
    unsigned depth;
} descent;

static poa_err go_down(descent *d, const poa_id *child)
{
    d->last[d->depth] = *child;
    d->begun[d->depth] = true;
    /* No chain is deeper, so the index runs in a circle or was tampered with. */
    if (POA_GUARD(store_poas_too_deep, d->depth + 1 >= LEVELS))
        return POA_F_STORE;
    d->depth++;
    d->path[d->depth] = *child;
    d->begun[d->depth] = false;
    return POA_OK;
}

static poa_err walk(store_cursor *c, descent *d, store_poa_visit visit, void *ctx)
{
    for (;;) {
        const poa_id *after = d->begun[d->depth] ? &d->last[d->depth] : NULL;
        poa_id child;
        bool found = false;
        poa_err err = next_child(c, &d->path[d->depth], after, &child, &found);
        if (err || (!found && d->depth == 0))
            return err;
        if (!found) {
            d->depth--;
            continue;
        }
        err = go_down(d, &child);
        if (!err)
            err = visit(ctx, &child, d->depth);
        if (err)
            return err;
    }
}

poa_err store_poa_each_below(store_txn *txn, const poa_id *id, store_poa_visit visit, void *ctx)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    const poa_err err = store_cursor_open(txn, STORE_POA_CHILDREN, &c);
    if (err)
        return err;
    descent d = {.depth = 0};
    d.path[0] = *id;
    return walk(&c, &d, visit, ctx);
}
