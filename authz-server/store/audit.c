#include "store/audit.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/kv.h"
#include "store/meta.h"
#include "store/meta_table.h"
#include "store/record.h"

enum { AUDIT_VERSION = 1, SERIAL_BYTES_MAX = 20 };

/* Faults are below zero; stored, all codes are above. */
#define CODE_OFFSET INT64_C(0x80000000)

_Static_assert(STORE_AUDIT_POAS_MAX == POA_CHAIN_LINKS_HARD, "every link of the longest chain");

static void encode(poa_buf *b, const store_audit_entry *e)
{
    store_write_u8(b, AUDIT_VERSION);
    store_write_id(b, &e->previous);
    store_write_time(b, e->time_s);
    store_write_text(b, e->request);
    store_write_text(b, e->kind);
    store_write_u8(b, e->poa_count);
    for (size_t i = 0; i < e->poa_count && i < STORE_AUDIT_POAS_MAX; i++)
        store_write_id(b, &e->poas[i]);
    store_write_id(b, &e->chain);
    store_write_id(b, &e->proof);
    store_write_text(b, e->proof_jti);
    store_write_id(b, &e->policy);
    store_write_u32(b, (uint64_t)(e->code + CODE_OFFSET));
    store_write_blob(b, e->reason);
    store_write_u8(b, e->has_device);
    store_write_uuid(b, &e->device);
    store_write_bytes(b, e->certificate_serial);
    store_write_id(b, &e->statement);
}

/* A code that is not in the list makes the record a broken one. */
static poa_err read_code(store_reader *r)
{
    const poa_err code = (poa_err)((int64_t)store_read_u32(r, 0, UINT32_MAX) - CODE_OFFSET);
    if (poa_err_describe(code)->code != code)
        r->failed = true;
    return code;
}

static void read_poas(store_reader *r, store_audit_entry *e)
{
    e->poa_count = (size_t)store_read_u8(r, 0, STORE_AUDIT_POAS_MAX);
    for (size_t i = 0; i < e->poa_count; i++)
        e->poas[i] = store_read_id(r);
}

static poa_err decode(uint64_t seq, poa_span value, store_audit_entry *out)
{
    store_reader r = store_reader_of(value, AUDIT_VERSION);
    store_audit_entry e = {.seq = seq};
    e.previous = store_read_id(&r);
    e.time_s = store_read_time(&r);
    e.request = store_read_text(&r, 0, STORE_AUDIT_REQUEST_MAX);
    e.kind = store_read_text(&r, 1, STORE_AUDIT_KIND_MAX);
    read_poas(&r, &e);
    e.chain = store_read_id(&r);
    e.proof = store_read_id(&r);
    e.proof_jti = store_read_text(&r, 0, STORE_AUDIT_PROOF_JTI_MAX);
    e.policy = store_read_id(&r);
    e.code = read_code(&r);
    e.reason = store_read_blob(&r, 0, STORE_AUDIT_REASON_MAX);
    e.has_device = store_read_u8(&r, 0, 1) == 1;
    e.device = store_read_uuid(&r);
    e.certificate_serial = store_read_bytes(&r, 0, SERIAL_BYTES_MAX);
    e.statement = store_read_id(&r);
    const poa_err err = store_reader_end(&r);
    if (err)
        return err;
    if (POA_GUARD(store_audit_kind, !store_is_kind(e.kind)))
        return POA_F_STORE;
    *out = e;
    return POA_OK;
}

static store_key key_of(uint64_t seq)
{
    store_key key = {.len = 0};
    store_key_u64(&key, seq);
    return key;
}

/* SHA-256 over key and record: an entry that was moved is another one. */
static poa_err hash_of(const store_txn *txn, uint64_t seq, poa_span record, poa_id *hash)
{
    const store_key key = key_of(seq);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_add(&b, store_key_span(&key));
    poa_buf_add(&b, record);
    return b.failed ? POA_F_NOMEM : store_sha256(txn, poa_buf_span(&b), hash);
}

/* What is written is what would be read. */
static poa_err encode_checked(const store_audit_entry *e, poa_buf *b)
{
    encode(b, e);
    if (b->failed)
        return POA_F_NOMEM;
    store_audit_entry back;
    return decode(e->seq, poa_buf_span(b), &back) == POA_OK ? POA_OK : POA_F_USAGE;
}

static poa_err put_last(store_txn *txn, uint64_t seq, poa_span record)
{
    poa_id hash;
    poa_err err = hash_of(txn, seq, record, &hash);
    if (err)
        return err;
    const store_key key = key_of(seq);
    bool added = false;
    err = store_kv_add(txn, STORE_AUDIT, store_key_span(&key), record, &added);
    if (err)
        return err;
    if (POA_GUARD(store_audit_overwrite, !added))
        return POA_F_STORE;
    return store_meta_set_audit_head(txn, seq, &hash);
}

poa_err store_audit_append(store_txn *txn, const store_audit_entry *entry, uint64_t *seq)
{
    store_audit_entry e = *entry;
    uint64_t count = 0;
    poa_err err = store_audit_head(txn, &count, &e.previous);
    if (err)
        return err;
    if (POA_GUARD(store_audit_exhausted, count == UINT64_MAX))
        return POA_F_STORE;
    e.seq = count + 1;

    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    err = encode_checked(&e, &b);
    if (!err)
        err = put_last(txn, e.seq, poa_buf_span(&b));
    if (!err && seq)
        *seq = e.seq;
    return err;
}

poa_err store_audit_get(store_txn *txn, uint64_t seq, store_audit_entry *entry, bool *found)
{
    const store_key key = key_of(seq);
    poa_span value;
    bool there = false;
    poa_err err = store_kv_get(txn, STORE_AUDIT, store_key_span(&key), &value, &there);
    if (!err && there)
        err = decode(seq, value, entry);
    if (!err)
        *found = there;
    return err;
}

/*
 * Does the entry behind walk->checked hold? Goes one further then, else says that it is broken. One that is gone reads
 * as an empty record, which does not hold.
 */
static poa_err check_next(store_txn *txn, store_audit_walk *walk)
{
    const uint64_t seq = walk->checked + 1;
    const store_key key = key_of(seq);
    poa_span value = {0};
    bool there = false;
    poa_err err = store_kv_get(txn, STORE_AUDIT, store_key_span(&key), &value, &there);
    if (err)
        return err;

    store_audit_entry entry;
    if (POA_GUARD(store_audit_damaged, decode(seq, value, &entry) != POA_OK) ||
        POA_GUARD(store_audit_unlinked, !poa_id_equal(&entry.previous, &walk->hash))) {
        walk->broken = seq;
        return POA_OK;
    }
    err = hash_of(txn, seq, value, &walk->hash);
    if (!err)
        walk->checked = seq;
    return err;
}

/* All entries were seen: is the last the one that the head names, and is nothing behind it? */
static poa_err check_end(store_txn *txn, store_audit_walk *walk, const poa_id *head)
{
    if (POA_GUARD(store_audit_head_differs, !poa_id_equal(&walk->hash, head))) {
        walk->broken = walk->checked > 0 ? walk->checked : 1;
        return POA_OK;
    }
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    const store_key last = key_of(walk->checked);
    store_pair pair;
    bool behind = false;
    poa_err err = store_cursor_open(txn, STORE_AUDIT, &c);
    if (!err)
        err = store_cursor_seek(&c, (poa_span){0}, store_key_span(&last), &pair, &behind);
    if (err)
        return err;
    if (POA_GUARD(store_audit_behind_head, behind))
        walk->broken = walk->checked + 1;
    walk->complete = walk->broken == 0;
    return POA_OK;
}

poa_err store_audit_verify(store_txn *txn, store_audit_walk *walk, uint64_t max)
{
    uint64_t count = 0;
    poa_id head;
    poa_err err = store_audit_head(txn, &count, &head);
    for (uint64_t i = 0; !err && i < max && walk->checked < count && walk->broken == 0; i++)
        err = check_next(txn, walk);
    if (err || walk->broken > 0 || walk->checked < count)
        return err;
    if (POA_GUARD(store_audit_shrunk, walk->checked > count)) {
        walk->broken = count + 1;
        return POA_OK;
    }
    return check_end(txn, walk, &head);
}
