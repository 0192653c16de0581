#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "buf.h"
#include "store/store.h"

/*
 * Records as bytes: docs/store.md, "Record layouts".
 *
 * Bounds stand in the readers alone: a table reads back what it has encoded before it writes it, so that nothing is
 * ever written that would not be taken. What does not fit its field is written in a form that the reader refuses.
 */

void store_write_u8(poa_buf *b, uint64_t value);
void store_write_u16(poa_buf *b, uint64_t value);
void store_write_u32(poa_buf *b, uint64_t value);
void store_write_u64(poa_buf *b, uint64_t value);
void store_write_time(poa_buf *b, int64_t seconds);
void store_write_id(poa_buf *b, const poa_id *id);
void store_write_uuid(poa_buf *b, const store_uuid *uuid);
void store_write_text(poa_buf *b, poa_span text);
void store_write_bytes(poa_buf *b, poa_span bytes);
void store_write_blob(poa_buf *b, poa_span bytes);

typedef struct store_reader {
    poa_span rest; /* borrowed */
    bool failed;   /* sticky: after one bad read every later one gives nothing */
} store_reader;

/* Begin with the version byte, which must be this. */
store_reader store_reader_of(poa_span record, unsigned version);
uint64_t store_read_u8(store_reader *r, uint64_t min, uint64_t max);
uint64_t store_read_u16(store_reader *r, uint64_t min, uint64_t max);
uint64_t store_read_u32(store_reader *r, uint64_t min, uint64_t max);
uint64_t store_read_u64(store_reader *r, uint64_t min, uint64_t max);
int64_t store_read_time(store_reader *r);
poa_id store_read_id(store_reader *r);
store_uuid store_read_uuid(store_reader *r);
/* UTF-8 without control characters, min to max bytes; the empty one has ptr NULL. Likewise the next two, of any bytes.
 */
poa_span store_read_text(store_reader *r, size_t min, size_t max);
poa_span store_read_bytes(store_reader *r, size_t min, size_t max);
poa_span store_read_blob(store_reader *r, size_t min, size_t max);
/* 1 or more of [a-z0-9_.]: what was done, in `audit` and `events`. */
bool store_is_kind(poa_span kind);

/* Nothing may be left over. POA_OK, POA_F_STORE. */
POA_MUST_USE poa_err store_reader_end(const store_reader *r);

#endif
