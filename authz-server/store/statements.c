#include "store/statements.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/expiries_table.h"
#include "store/kv.h"
#include "store/meta_table.h"
#include "store/record.h"

enum { STATEMENTS_VERSION = 1 };

/* Enumerations are stored as value + 1, so their values stay. */
_Static_assert(POA_OP_REVOKE == 0 && POA_OP_SUSPEND == 1 && POA_OP_RESUME == 2, "stored");
_Static_assert(POA_TARGET_POA == 0 && POA_TARGET_KEY == 1 && POA_TARGET_HOLD == 2, "stored");

static void encode(poa_buf *b, const store_statement *s)
{
    store_write_u8(b, STATEMENTS_VERSION);
    store_write_id(b, &s->id);
    store_write_u8(b, (uint64_t)s->op + 1);
    store_write_u8(b, (uint64_t)s->kind + 1);
    store_write_id(b, &s->target);
    store_write_text(b, s->hold);
    store_write_text(b, s->jti);
    store_write_id(b, &s->signer);
    store_write_blob(b, s->reach);
    store_write_time(b, s->accepted_s);
    store_write_time(b, s->drop_after_s);
    store_write_blob(b, s->text);
}

/* A resume names a hold, everything else a PoA or a key, and never both. */
static bool target_fits(const store_statement *s)
{
    const bool names_hold = s->hold.len > 0 && store_id_is_none(&s->target);
    const bool names_target = s->hold.len == 0 && !store_id_is_none(&s->target);
    return s->op == POA_OP_RESUME ? s->kind == POA_TARGET_HOLD && names_hold
                                  : s->kind != POA_TARGET_HOLD && names_target;
}

static poa_err decode(uint64_t epoch, poa_span value, store_statement *out)
{
    store_reader r = store_reader_of(value, STATEMENTS_VERSION);
    store_statement s = {.epoch = epoch};
    s.id = store_read_id(&r);
    s.op = (enum poa_statement_op)(store_read_u8(&r, 1, POA_OP_RESUME + 1) - 1);
    s.kind = (enum poa_statement_target)(store_read_u8(&r, 1, POA_TARGET_HOLD + 1) - 1);
    s.target = store_read_id(&r);
    s.hold = store_read_text(&r, 0, POA_NAME_BYTES_MAX);
    s.jti = store_read_text(&r, 1, POA_NAME_BYTES_MAX);
    s.signer = store_read_id(&r);
    s.reach = store_read_blob(&r, 0, STORE_REACH_BYTES_MAX);
    s.accepted_s = store_read_time(&r);
    s.drop_after_s = store_read_time(&r);
    s.text = store_read_blob(&r, 1, STORE_STATEMENT_BYTES_MAX);
    const poa_err err = store_reader_end(&r);
    if (err)
        return err;
    if (POA_GUARD(store_statement_target, !target_fits(&s)))
        return POA_F_STORE;
    *out = s;
    return POA_OK;
}

/* What is written is what would be read. */
static poa_err encode_checked(const store_statement *s, poa_buf *b)
{
    encode(b, s);
    if (b->failed)
        return POA_F_NOMEM;
    store_statement back;
    return decode(0, poa_buf_span(b), &back) == POA_OK ? POA_OK : POA_F_USAGE;
}

static store_key epoch_key(uint64_t epoch)
{
    store_key key = {.len = 0};
    store_key_u64(&key, epoch);
    return key;
}

/* The part of a key of statement_targets before the signer. A hold is found by the hash of its name. */
static poa_err target_prefix(const store_txn *txn, enum poa_statement_target kind, const poa_id *target, poa_span hold,
                             store_key *prefix)
{
    poa_id name = *target;
    const poa_err err = kind == POA_TARGET_HOLD ? store_sha256(txn, hold, &name) : POA_OK;
    if (err)
        return err;
    *prefix = (store_key){.len = 0};
    store_key_u8(prefix, kind + 1);
    store_key_id(prefix, &name);
    return POA_OK;
}

static poa_err jti_prefix(const store_txn *txn, poa_span jti, store_key *prefix)
{
    poa_id name;
    const poa_err err = store_sha256(txn, jti, &name);
    if (err)
        return err;
    *prefix = (store_key){.len = 0};
    store_key_id(prefix, &name);
    return POA_OK;
}

/* Stands for the signer of what has a reach, because an administrator may have any key. No key hashes to it. */
static const poa_id any_signer;

/* Both indexes whose keys end with the epoch. */
static poa_err list_keys(const store_txn *txn, const store_statement *s, uint64_t epoch, store_key *target,
                         store_key *jti)
{
    poa_err err = target_prefix(txn, s->kind, &s->target, s->hold, target);
    if (!err)
        err = jti_prefix(txn, s->jti, jti);
    if (err)
        return err;
    store_key_id(target, s->reach.len > 0 ? &any_signer : &s->signer);
    store_key_u64(target, epoch);
    store_key_u64(jti, epoch);
    return POA_OK;
}

static poa_err put_indexes(store_txn *txn, const store_statement *s, uint64_t epoch)
{
    store_key target;
    store_key jti;
    poa_err err = list_keys(txn, s, epoch, &target, &jti);
    if (!err)
        err = store_kv_put(txn, STORE_STATEMENT_TARGETS, store_key_span(&target), (poa_span){0});
    if (!err)
        err = store_kv_put(txn, STORE_STATEMENT_JTIS, store_key_span(&jti), (poa_span){0});
    const store_key key = epoch_key(epoch);
    if (!err)
        err = store_kv_put(txn, STORE_STATEMENT_IDS, store_id_span(&s->id), store_key_span(&key));
    if (!err && s->drop_after_s > 0)
        err = store_expiry_add(txn, s->drop_after_s, STORE_EXPIRY_STATEMENT, store_key_span(&key));
    return err;
}

/* Store an encoded record under the next epoch. */
static poa_err put_new(store_txn *txn, poa_span record, uint64_t *epoch)
{
    poa_err err = store_meta_next_epoch(txn, epoch);
    if (err)
        return err;
    const store_key key = epoch_key(*epoch);
    err = store_kv_put(txn, STORE_STATEMENTS, store_key_span(&key), record);
    if (err)
        return err;
    store_statement own; /* with spans into record, which no put moves */
    err = decode(*epoch, record, &own);
    return err ? err : put_indexes(txn, &own, *epoch);
}

poa_err store_statement_add(store_txn *txn, const store_statement *s, uint64_t *epoch, bool *added)
{
    uint64_t given = 0;
    bool there = false;
    poa_err err = store_statement_find(txn, &s->id, &given, &there);
    if (!err && !there) {
        POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
        err = encode_checked(s, &b);
        if (!err)
            err = put_new(txn, poa_buf_span(&b), &given);
    }
    if (err)
        return err;
    *epoch = given;
    if (added)
        *added = !there;
    return POA_OK;
}

poa_err store_statement_get(store_txn *txn, uint64_t epoch, store_statement *s, bool *found)
{
    const store_key key = epoch_key(epoch);
    poa_span value;
    bool there = false;
    poa_err err = store_kv_get(txn, STORE_STATEMENTS, store_key_span(&key), &value, &there);
    if (!err && there)
        err = decode(epoch, value, s);
    if (!err)
        *found = there;
    return err;
}

poa_err store_statement_find(store_txn *txn, const poa_id *id, uint64_t *epoch, bool *found)
{
    poa_span value;
    bool there = false;
    const poa_err err = store_kv_get(txn, STORE_STATEMENT_IDS, store_id_span(id), &value, &there);
    if (err)
        return err;
    if (POA_GUARD(store_statement_id_length, there && value.len != sizeof *epoch))
        return POA_F_STORE;
    if (there)
        *epoch = store_key_read_u64(value);
    *found = there;
    return POA_OK;
}

/* A statement that an index names. */
static poa_err get_listed(store_txn *txn, uint64_t epoch, store_statement *s)
{
    bool found = false;
    const poa_err err = store_statement_get(txn, epoch, s, &found);
    if (err)
        return err;
    return POA_GUARD(store_statement_lost, !found) ? POA_F_STORE : POA_OK;
}

static poa_err visit_one(store_txn *txn, uint64_t epoch, store_statement_visit visit, void *ctx)
{
    store_statement s;
    const poa_err err = get_listed(txn, epoch, &s);
    return err ? err : visit(ctx, &s);
}

/* Visit what an index lists under a prefix. */
static poa_err each_listed(store_txn *txn, store_table table, poa_span prefix, store_statement_visit visit, void *ctx)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    store_pair pair;
    bool found = false;
    poa_err err = store_cursor_open(txn, table, &c);
    if (!err)
        err = store_cursor_seek(&c, prefix, (poa_span){0}, &pair, &found);
    while (!err && found) {
        if (POA_GUARD(store_statement_key_length, pair.key.len != prefix.len + sizeof(uint64_t)))
            return POA_F_STORE;
        err = visit_one(txn, store_key_read_u64(pair.key), visit, ctx);
        if (!err)
            err = store_cursor_next(&c, prefix, &pair, &found);
    }
    return err;
}

/*
 * What one signer said about a target: a run of keys of statement_targets in the order of epochs. Runs are merged by
 * taking the lowest epoch that comes next in any of them.
 */
typedef struct run {
    store_key prefix;
    uint64_t next;
    bool ended;
} run;

typedef struct runs {
    store_cursor *cursor;
    run list[STORE_SIGNERS_MAX + 1];
    size_t count;
} runs;

/* Look for the first of a run behind an epoch; 0 is none. */
static poa_err run_seek(store_cursor *c, run *r, uint64_t behind)
{
    const store_key after = epoch_key(behind);
    store_pair pair;
    bool found = false;
    const poa_err err = store_cursor_seek(c, store_key_span(&r->prefix), store_key_span(&after), &pair, &found);
    if (err)
        return err;
    r->ended = !found;
    if (found)
        r->next = store_key_read_u64(pair.key);
    return POA_OK;
}

static poa_err runs_open(runs *all, const store_key *target, const poa_signers *by)
{
    for (size_t i = 0; i <= by->count; i++) {
        run *r = &all->list[all->count++];
        *r = (run){.prefix = *target};
        store_key_id(&r->prefix, i < by->count ? &by->keys[i] : &any_signer);
        const poa_err err = run_seek(all->cursor, r, 0);
        if (err)
            return err;
    }
    return POA_OK;
}

/* The lowest epoch that comes next; false when all runs have ended. */
static bool runs_next(const runs *all, uint64_t *epoch)
{
    bool any = false;
    for (size_t i = 0; i < all->count; i++) {
        const run *r = &all->list[i];
        if (r->ended || (any && r->next >= *epoch))
            continue;
        *epoch = r->next;
        any = true;
    }
    return any;
}

/* Step over an epoch, in every run that has it: a key may have been named twice. */
static poa_err runs_step(runs *all, uint64_t epoch)
{
    poa_err err = POA_OK;
    for (size_t i = 0; i < all->count && !err; i++)
        if (!all->list[i].ended && all->list[i].next == epoch)
            err = run_seek(all->cursor, &all->list[i], epoch);
    return err;
}

static poa_err each_by(store_txn *txn, const store_key *target, const poa_signers *by, store_statement_visit visit,
                       void *ctx)
{
    if (POA_GUARD(store_signers_too_many, by->count > STORE_SIGNERS_MAX))
        return POA_F_USAGE;
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    store_pair pair;
    bool found = false;
    poa_err err = store_cursor_open(txn, STORE_STATEMENT_TARGETS, &c);
    if (!err)
        err = store_cursor_seek(&c, store_key_span(target), (poa_span){0}, &pair, &found);
    if (err || !found) /* the usual case: nobody said anything */
        return err;
    if (POA_GUARD(store_target_key_length, pair.key.len != target->len + sizeof any_signer + sizeof(uint64_t)))
        return POA_F_STORE;

    runs all = {.cursor = &c};
    err = runs_open(&all, target, by);
    uint64_t epoch = 0;
    while (!err && runs_next(&all, &epoch)) {
        err = visit_one(txn, epoch, visit, ctx);
        if (!err)
            err = runs_step(&all, epoch);
    }
    return err;
}

poa_err store_statement_each_on(store_txn *txn, enum poa_statement_target kind, const poa_id *target,
                                const poa_signers *by, store_statement_visit visit, void *ctx)
{
    if (POA_GUARD(store_statement_on_hold, kind == POA_TARGET_HOLD))
        return POA_F_USAGE;
    store_key prefix;
    const poa_err err = target_prefix(txn, kind, target, (poa_span){0}, &prefix);
    return err ? err : each_by(txn, &prefix, by, visit, ctx);
}

poa_err store_statement_each_lifting(store_txn *txn, poa_span hold, const poa_signers *by, store_statement_visit visit,
                                     void *ctx)
{
    static const poa_id none;
    store_key prefix;
    const poa_err err = target_prefix(txn, POA_TARGET_HOLD, &none, hold, &prefix);
    return err ? err : each_by(txn, &prefix, by, visit, ctx);
}

poa_err store_statement_each_named(store_txn *txn, poa_span jti, store_statement_visit visit, void *ctx)
{
    store_key prefix;
    const poa_err err = jti_prefix(txn, jti, &prefix);
    return err ? err : each_listed(txn, STORE_STATEMENT_JTIS, store_key_span(&prefix), visit, ctx);
}

poa_err store_statement_each_since(store_txn *txn, uint64_t after, store_statement_visit visit, void *ctx)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    const store_key from = epoch_key(after);
    store_pair pair;
    bool found = false;
    poa_err err = store_cursor_open(txn, STORE_STATEMENTS, &c);
    if (!err)
        err = store_cursor_seek(&c, (poa_span){0}, store_key_span(&from), &pair, &found);
    while (!err && found) {
        if (POA_GUARD(store_epoch_key_length, pair.key.len != sizeof(uint64_t)))
            return POA_F_STORE;
        err = visit_one(txn, store_key_read_u64(pair.key), visit, ctx);
        if (!err)
            err = store_cursor_next(&c, (poa_span){0}, &pair, &found);
    }
    return err;
}

poa_err store_statement_drop(store_txn *txn, uint64_t epoch)
{
    store_statement s;
    poa_err err = get_listed(txn, epoch, &s);
    if (err)
        return err;

    store_key target;
    store_key jti;
    const poa_id id = s.id;
    err = list_keys(txn, &s, epoch, &target, &jti); /* the last look at s: what follows moves its bytes */
    if (!err)
        err = store_kv_del(txn, STORE_STATEMENT_TARGETS, store_key_span(&target));
    if (!err)
        err = store_kv_del(txn, STORE_STATEMENT_JTIS, store_key_span(&jti));
    if (!err)
        err = store_kv_del(txn, STORE_STATEMENT_IDS, store_id_span(&id));
    const store_key key = epoch_key(epoch);
    if (!err)
        err = store_kv_del(txn, STORE_STATEMENTS, store_key_span(&key));
    return err;
}
