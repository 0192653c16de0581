#include "store/record.h"

#include "bounds.h"
#include "span.h"

#include <string.h>

/* The low len bytes of value, big-endian; a value that does not fit becomes the largest. */
static void write_number(poa_buf *b, uint64_t value, size_t len)
{
    char bytes[8];
    if (len < sizeof value && value >> (len * 8) != 0)
        value = UINT64_MAX;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(value >> ((len - 1 - i) * 8) & 0xff);
    poa_buf_add(b, (poa_span){bytes, len});
}

void store_write_u8(poa_buf *b, uint64_t value)
{
    write_number(b, value, 1);
}

void store_write_u16(poa_buf *b, uint64_t value)
{
    write_number(b, value, 2);
}

void store_write_u32(poa_buf *b, uint64_t value)
{
    write_number(b, value, 4);
}

void store_write_u64(poa_buf *b, uint64_t value)
{
    write_number(b, value, 8);
}

void store_write_time(poa_buf *b, int64_t seconds)
{
    store_write_u64(b, (uint64_t)seconds);
}

void store_write_id(poa_buf *b, const poa_id *id)
{
    poa_buf_add(b, (poa_span){(const char *)id->bytes, sizeof id->bytes});
}

void store_write_uuid(poa_buf *b, const store_uuid *uuid)
{
    poa_buf_add(b, (poa_span){(const char *)uuid->bytes, sizeof uuid->bytes});
}

void store_write_text(poa_buf *b, poa_span text)
{
    store_write_bytes(b, text);
}

void store_write_bytes(poa_buf *b, poa_span bytes)
{
    store_write_u16(b, bytes.len);
    poa_buf_add(b, bytes);
}

void store_write_blob(poa_buf *b, poa_span bytes)
{
    store_write_u32(b, bytes.len);
    poa_buf_add(b, bytes);
}

static poa_span take(store_reader *r, size_t len)
{
    if (r->failed || len > r->rest.len) {
        r->failed = true;
        return (poa_span){0};
    }
    const poa_span taken = poa_span_head(r->rest, len);
    r->rest = poa_span_skip(r->rest, len);
    return taken;
}

static uint64_t read_number(store_reader *r, size_t len, uint64_t min, uint64_t max)
{
    const poa_span bytes = take(r, len);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | (unsigned char)bytes.ptr[i];
    if (r->failed || value < min || value > max) {
        r->failed = true;
        return 0;
    }
    return value;
}

store_reader store_reader_of(poa_span record, unsigned version)
{
    store_reader r = {.rest = record};
    (void)store_read_u8(&r, version, version);
    return r;
}

uint64_t store_read_u8(store_reader *r, uint64_t min, uint64_t max)
{
    return read_number(r, 1, min, max);
}

uint64_t store_read_u16(store_reader *r, uint64_t min, uint64_t max)
{
    return read_number(r, 2, min, max);
}

uint64_t store_read_u32(store_reader *r, uint64_t min, uint64_t max)
{
    return read_number(r, 4, min, max);
}

uint64_t store_read_u64(store_reader *r, uint64_t min, uint64_t max)
{
    return read_number(r, 8, min, max);
}

int64_t store_read_time(store_reader *r)
{
    return (int64_t)store_read_u64(r, 0, POA_TIME_MAX);
}

poa_id store_read_id(store_reader *r)
{
    poa_id id = {{0}};
    const poa_span bytes = take(r, sizeof id.bytes);
    if (bytes.len == sizeof id.bytes)
        memcpy(id.bytes, bytes.ptr, bytes.len);
    return id;
}

store_uuid store_read_uuid(store_reader *r)
{
    store_uuid uuid = {{0}};
    const poa_span bytes = take(r, sizeof uuid.bytes);
    if (bytes.len == sizeof uuid.bytes)
        memcpy(uuid.bytes, bytes.ptr, bytes.len);
    return uuid;
}

/* Bytes whose length was read already; length 0 is "not stated". */
static poa_span read_counted(store_reader *r, uint64_t len)
{
    return len == 0 ? (poa_span){0} : take(r, (size_t)len);
}

poa_span store_read_text(store_reader *r, size_t min, size_t max)
{
    const poa_span text = store_read_bytes(r, min, max);
    if (text.len > 0 && !poa_span_is_text(text, max)) {
        r->failed = true;
        return (poa_span){0};
    }
    return text;
}

poa_span store_read_bytes(store_reader *r, size_t min, size_t max)
{
    return read_counted(r, store_read_u16(r, min, max));
}

poa_span store_read_blob(store_reader *r, size_t min, size_t max)
{
    return read_counted(r, store_read_u32(r, min, max));
}

bool store_is_kind(poa_span kind)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";
    for (size_t i = 0; i < kind.len; i++)
        if (!memchr(letters, kind.ptr[i], sizeof letters - 1))
            return false;
    return kind.len > 0;
}

poa_err store_reader_end(const store_reader *r)
{
    return r->failed || r->rest.len > 0 ? POA_F_STORE : POA_OK;
}
