#include "store/nonces.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "store/expiries_table.h"
#include "store/kv.h"
#include "store/record.h"

enum { NONCES_VERSION = 1 };

poa_err store_nonce_used(store_txn *txn, const poa_id *hash, bool *used)
{
    poa_span value;
    bool found = false;
    poa_err err = store_kv_get(txn, STORE_NONCES, store_id_span(hash), &value, &found);
    if (!err && found) {
        store_reader r = store_reader_of(value, NONCES_VERSION);
        (void)store_read_time(&r);
        err = store_reader_end(&r);
    }
    if (!err)
        *used = found;
    return err;
}

poa_err store_nonce_use(store_txn *txn, const poa_id *hash, int64_t expires_s)
{
    if (POA_GUARD(store_nonce_range, expires_s < 0 || expires_s > POA_TIME_MAX))
        return POA_F_USAGE;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    store_write_u8(&b, NONCES_VERSION);
    store_write_time(&b, expires_s);
    if (b.failed)
        return POA_F_NOMEM;

    bool added = false;
    const poa_err err = store_kv_add(txn, STORE_NONCES, store_id_span(hash), poa_buf_span(&b), &added);
    if (err)
        return err;
    if (POA_GUARD(store_nonce_twice, !added))
        return POA_E_NONCE_INVALID;
    return store_expiry_add(txn, expires_s, STORE_EXPIRY_NONCE, store_id_span(hash));
}
