#include "store/texts.h"

#include "cleanup.h"
#include "guard.h"
#include "store/kv.h"
#include "store/record.h"

enum { TEXTS_VERSION = 1 };

static poa_err decode(poa_span value, poa_span *text)
{
    store_reader r = store_reader_of(value, TEXTS_VERSION);
    *text = store_read_blob(&r, 1, STORE_TEXT_BYTES_MAX);
    return store_reader_end(&r);
}

poa_err store_text_put(store_txn *txn, poa_span text, poa_id *id)
{
    if (POA_GUARD(store_text_bounds, text.len == 0 || text.len > STORE_TEXT_BYTES_MAX))
        return POA_F_USAGE;
    poa_id hash;
    poa_err err = store_sha256(txn, text, &hash);
    if (err)
        return err;

    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, TEXTS_VERSION);
    store_write_blob(&b, text);
    if (b.failed)
        return POA_F_NOMEM;
    bool added = false;
    err = store_kv_add(txn, STORE_TEXTS, store_id_span(&hash), poa_buf_span(&b), &added);
    if (!err && id)
        *id = hash;
    return err;
}

poa_err store_text_get(store_txn *txn, const poa_id *id, poa_span *text, bool *found)
{
    poa_span value;
    bool there = false;
    poa_err err = store_kv_get(txn, STORE_TEXTS, store_id_span(id), &value, &there);
    if (err || !there) {
        *found = false;
        return err;
    }

    poa_span bytes;
    err = decode(value, &bytes);
    if (err)
        return err;
    poa_id hash;
    err = store_sha256(txn, bytes, &hash);
    if (err)
        return err;
    if (POA_GUARD(store_text_changed, !poa_id_equal(&hash, id)))
        return POA_F_STORE;
    *text = bytes;
    *found = true;
    return POA_OK;
}
