#include "store_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* valgrind has not the address space for the default. */
enum { RIG_MAP_BYTES = 1 << 30 };

/* Not random, but different each time: what a store id needs here. */
static bool count_up(void *self, uint8_t *out, size_t len)
{
    unsigned *next = self;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(*next)++;
    return true;
}

poa_err rig_try_open(rig *r, uint64_t map_bytes, store **s, char why[STORE_WHY_BYTES])
{
    static unsigned next;
    const poa_random random = {&next, count_up};
    const uint64_t bytes = map_bytes == 0 ? RIG_MAP_BYTES : map_bytes;
    const store_options options = {.dir = r->dir, .map_bytes = bytes, .ctx = r->ctx, .random = &random};
    return store_open(&options, s, why);
}

void rig_open(rig *r, uint64_t map_bytes)
{
    char why[STORE_WHY_BYTES];
    if (rig_try_open(r, map_bytes, &r->s, why) != POA_OK)
        fail_msg("%s", why);
}

void rig_close(rig *r)
{
    store_close(r->s);
    r->s = NULL;
}

int rig_setup(void **state)
{
    rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    const char *base = getenv("TMPDIR");
    (void)snprintf(r->dir, sizeof r->dir, "%s/store-XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
    assert_non_null(mkdtemp(r->dir));
    assert_int_equal(poa_ctx_new(&r->ctx), POA_OK);
    rig_open(r, 0);
    *state = r;
    return 0;
}

static void remove_file(const char *dir, const char *name)
{
    char path[320];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    (void)unlink(path);
}

void rig_remove(const char *dir)
{
    remove_file(dir, "data.mdb");
    remove_file(dir, "lock.mdb");
    (void)rmdir(dir);
}

int rig_teardown(void **state)
{
    rig *r = *state;
    rig_close(r);
    poa_ctx_free(r->ctx);
    rig_remove(r->dir);
    free(r);
    return 0;
}

store_txn rig_write(rig *r)
{
    store_txn txn;
    assert_int_equal(store_write_begin(r->s, &txn), POA_OK);
    return txn;
}

void rig_commit(store_txn *txn)
{
    assert_int_equal(store_write_commit(txn), POA_OK);
}

store_txn *rig_read(rig *r)
{
    store_txn *txn = NULL;
    assert_int_equal(store_read_begin(r->s, &txn), POA_OK);
    return txn;
}

poa_id rig_id(unsigned n)
{
    poa_id id;
    memset(id.bytes, 0xa5, sizeof id.bytes);
    id.bytes[0] = (uint8_t)(n >> 8);
    id.bytes[31] = (uint8_t)n;
    return id;
}

poa_id rig_none(void)
{
    return (poa_id){{0}};
}

store_uuid rig_uuid(unsigned n)
{
    store_uuid id;
    memset(id.bytes, 0x5a, sizeof id.bytes);
    id.bytes[0] = (uint8_t)(n >> 8);
    id.bytes[1] = (uint8_t)n;
    return id;
}

char *rig_record(rig *r, store_table table, poa_span key, size_t *len)
{
    store_txn *txn = rig_read(r);
    poa_span value = {0};
    bool found = false;
    assert_int_equal(store_kv_get(txn, table, key, &value, &found), POA_OK);
    assert_true(found);
    char *copy = malloc(value.len + 1); /* one byte more, for what is behind a record */
    assert_non_null(copy);
    memcpy(copy, value.ptr, value.len);
    copy[value.len] = 0;
    *len = value.len;
    store_read_end(txn);
    return copy;
}

void rig_overwrite(rig *r, store_table table, poa_span key, const char *bytes, size_t len)
{
    store_txn txn = rig_write(r);
    assert_int_equal(store_kv_put(&txn, table, key, (poa_span){bytes, len}), POA_OK);
    rig_commit(&txn);
}

/* The answer of the reader while the record is this, in a transaction that is undone. */
static poa_err read_as(rig *r, store_table table, poa_span key, const char *bytes, size_t len, rig_reader read)
{
    /* A copy of exactly that size, so that a reader who goes too far is seen to. */
    char *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    store_txn txn = rig_write(r);
    assert_int_equal(store_kv_put(&txn, table, key, (poa_span){exact, len}), POA_OK);
    const poa_err err = read(&txn);
    store_write_abort(&txn);
    free(exact);
    return err;
}

void rig_damage(rig *r, store_table table, poa_span key, rig_reader read)
{
    size_t len = 0;
    char *record = rig_record(r, table, key, &len);
    assert_int_equal(read_as(r, table, key, record, len, read), POA_OK);
    for (size_t cut = 0; cut < len; cut++)
        if (read_as(r, table, key, record, cut, read) != POA_F_STORE)
            fail_msg("cut to %zu of %zu bytes, and taken", cut, len);
    assert_int_equal(read_as(r, table, key, record, len + 1, read), POA_F_STORE);

    record[0]++;
    assert_int_equal(read_as(r, table, key, record, len, read), POA_F_STORE);
    record[0]--;
    for (size_t bit = 0; bit < len * 8; bit++) {
        record[bit / 8] = (char)(record[bit / 8] ^ 1 << bit % 8);
        (void)read_as(r, table, key, record, len, read);
        record[bit / 8] = (char)(record[bit / 8] ^ 1 << bit % 8);
    }
    free(record);
}
