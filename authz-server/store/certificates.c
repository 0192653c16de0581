#include "store/certificates.h"

#include "bounds.h"
#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/device_index.h"
#include "store/expiries_table.h"
#include "store/kv.h"
#include "store/meta_table.h"
#include "store/record.h"

#include <string.h>

enum {
    CERTIFICATES_VERSION = 1,
    REASON_UNUSED = 7, /* RFC 5280 section 5.3.1: the value 7 is not used */
    REASON_REMOVE = 8, /* removeFromCRL: in delta CRLs only, and we issue none */
    REASON_MAX = 10,
    KEPT_S = 7 * 86400, /* after its end: it must be on one CRL more (RFC 5280 section 3.3) */
};

/* ---- the record ---- */

static void encode(poa_buf *b, const store_certificate *c)
{
    store_write_u8(b, CERTIFICATES_VERSION);
    store_write_uuid(b, &c->device);
    store_write_id(b, &c->issuer);
    store_write_time(b, c->not_after_s);
    store_write_time(b, c->revoked_s);
    store_write_u8(b, c->reason);
}

static bool is_reason(unsigned reason)
{
    return reason <= REASON_MAX && reason != REASON_UNUSED && reason != REASON_REMOVE;
}

static poa_err decode(poa_span serial, poa_span value, store_certificate *out)
{
    store_reader r = store_reader_of(value, CERTIFICATES_VERSION);
    store_certificate c = {.serial = serial};
    c.device = store_read_uuid(&r);
    c.issuer = store_read_id(&r);
    c.not_after_s = store_read_time(&r);
    c.revoked_s = store_read_time(&r);
    c.reason = (unsigned)store_read_u8(&r, 0, REASON_MAX);
    const poa_err err = store_reader_end(&r);
    if (err)
        return err;
    if (POA_GUARD(store_certificate_serial, serial.len == 0 || serial.len > STORE_SERIAL_BYTES_MAX) ||
        POA_GUARD(store_certificate_reason, !is_reason(c.reason) || (c.revoked_s == 0 && c.reason != 0)))
        return POA_F_STORE;
    *out = c;
    return POA_OK;
}

static poa_err encode_checked(const store_certificate *c, poa_buf *b)
{
    encode(b, c);
    if (b->failed)
        return POA_F_NOMEM;
    store_certificate back;
    return decode(c->serial, poa_buf_span(b), &back) == POA_OK ? POA_OK : POA_F_USAGE;
}

poa_err store_certificate_get(store_txn *txn, poa_span serial, store_certificate *out, bool *found)
{
    *found = false;
    if (serial.len == 0 || serial.len > STORE_SERIAL_BYTES_MAX)
        return POA_OK;
    poa_span value;
    const poa_err err = store_kv_get(txn, STORE_CERTIFICATES, serial, &value, found);
    return err || !*found ? err : decode(serial, value, out);
}

/* One that an index names: it must be there. */
static poa_err get_listed(store_txn *txn, poa_span serial, store_certificate *out)
{
    bool found = false;
    const poa_err err = store_certificate_get(txn, serial, out, &found);
    if (err)
        return err;
    return POA_GUARD(store_certificate_lost, !found) ? POA_F_STORE : POA_OK;
}

/* ---- its indexes ---- */

static store_key serial_key(poa_span serial)
{
    store_key key = {.len = 0};
    store_key_bytes(&key, serial.ptr, serial.len);
    return key;
}

static store_key device_key(const store_certificate *c)
{
    store_key key = {.len = 0};
    store_key_bytes(&key, c->device.bytes, sizeof c->device.bytes);
    store_key_bytes(&key, c->serial.ptr, c->serial.len);
    return key;
}

static store_key revoked_key(const store_certificate *c)
{
    store_key key = {.len = 0};
    store_key_id(&key, &c->issuer);
    store_key_bytes(&key, c->serial.ptr, c->serial.len);
    return key;
}

/* Is it on the CRL of its issuer? */
static poa_err list_revoked(store_txn *txn, const store_certificate *c)
{
    const store_key key = revoked_key(c);
    const poa_err err = store_kv_put(txn, STORE_CERTIFICATES_REVOKED, store_key_span(&key), (poa_span){0});
    return err ? err : store_meta_crl_changed(txn);
}

static poa_err unlist_revoked(store_txn *txn, const store_certificate *c)
{
    const store_key key = revoked_key(c);
    const poa_err err = store_kv_del(txn, STORE_CERTIFICATES_REVOKED, store_key_span(&key));
    return err ? err : store_meta_crl_changed(txn);
}

/* ---- to come and to go ---- */

static int64_t dropped_after(int64_t not_after_s)
{
    return not_after_s > POA_TIME_MAX - KEPT_S ? POA_TIME_MAX : not_after_s + KEPT_S;
}

poa_err store_certificate_add(store_txn *txn, const store_certificate *certificate)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_err err = encode_checked(certificate, &b);
    if (err)
        return err;
    /* Copied: the puts move what a record that was read points to. */
    const store_key serial = serial_key(certificate->serial);
    store_certificate c = *certificate;
    c.serial = store_key_span(&serial);

    bool added = false;
    err = store_kv_add(txn, STORE_CERTIFICATES, c.serial, poa_buf_span(&b), &added);
    if (err)
        return err;
    if (POA_GUARD(store_certificate_twice, !added))
        return POA_F_USAGE;
    const store_key device = device_key(&c);
    err = store_kv_put(txn, STORE_DEVICE_CERTIFICATES, store_key_span(&device), (poa_span){0});
    if (!err && c.revoked_s != 0)
        err = list_revoked(txn, &c);
    return err ? err : store_expiry_add(txn, dropped_after(c.not_after_s), STORE_EXPIRY_CERTIFICATE, c.serial);
}

poa_err store_certificate_drop(store_txn *txn, poa_span serial)
{
    store_certificate c;
    poa_err err = get_listed(txn, serial, &c);
    if (err)
        return err;
    const store_key device = device_key(&c);
    err = store_kv_del(txn, STORE_DEVICE_CERTIFICATES, store_key_span(&device));
    if (!err && c.revoked_s != 0)
        err = unlist_revoked(txn, &c);
    return err ? err : store_kv_del(txn, STORE_CERTIFICATES, serial);
}

/* ---- revoking ---- */

static poa_err put(store_txn *txn, const store_certificate *c)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    const poa_err err = encode_checked(c, &b);
    return err ? err : store_kv_put(txn, STORE_CERTIFICATES, c->serial, poa_buf_span(&b));
}

/* What is held may be revoked for good; what is revoked for good stays as it is. */
static bool takes_place(unsigned reason, const store_certificate *c)
{
    return c->revoked_s == 0 || (c->reason == STORE_REASON_HOLD && reason != STORE_REASON_HOLD);
}

/* What is done to one certificate; its serial is a copy. */
typedef poa_err (*deed)(store_txn *txn, store_certificate *c, unsigned reason, int64_t now_s);

static poa_err revoke(store_txn *txn, store_certificate *c, unsigned reason, int64_t now_s)
{
    if (c->not_after_s < now_s || !takes_place(reason, c))
        return POA_OK;
    c->reason = reason;
    if (c->revoked_s == 0)
        c->revoked_s = now_s; /* of one that was held: since then */
    const poa_err err = put(txn, c);
    return err ? err : list_revoked(txn, c);
}

static poa_err release(store_txn *txn, store_certificate *c, unsigned reason, int64_t now_s)
{
    (void)now_s;
    if (c->revoked_s == 0 || c->reason != reason)
        return POA_OK;
    c->revoked_s = 0;
    c->reason = 0;
    const poa_err err = put(txn, c);
    return err ? err : unlist_revoked(txn, c);
}

static bool is_revocation(unsigned reason, int64_t now_s)
{
    return is_reason(reason) && now_s > 0 && now_s <= POA_TIME_MAX;
}

/* The serial of the device's next certificate behind *serial, copied into it. */
static poa_err next_of(store_txn *txn, const store_uuid *device, store_key *serial, bool *found)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    store_pair pair;
    poa_err err = store_cursor_open(txn, STORE_DEVICE_CERTIFICATES, &c);
    if (!err)
        err = store_cursor_seek(&c, store_uuid_span(device), store_key_span(serial), &pair, found);
    if (err || !*found)
        return err;
    const poa_span rest = poa_span_skip(pair.key, sizeof device->bytes);
    if (POA_GUARD(store_certificate_key_length, rest.len == 0 || rest.len > STORE_SERIAL_BYTES_MAX))
        return POA_F_STORE;
    *serial = serial_key(rest);
    return POA_OK;
}

static poa_err each_of(store_txn *txn, const store_uuid *device, deed act, unsigned reason, int64_t now_s)
{
    const store_uuid own = *device;
    store_key serial = {.len = 0};
    bool found = true;
    while (found) {
        store_certificate c;
        poa_err err = next_of(txn, &own, &serial, &found);
        if (!err && found)
            err = get_listed(txn, store_key_span(&serial), &c);
        if (!err && found)
            err = act(txn, &c, reason, now_s);
        if (err)
            return err;
    }
    return POA_OK;
}

poa_err store_certificates_revoke(store_txn *txn, const store_uuid *device, unsigned reason, int64_t now_s)
{
    if (POA_GUARD(store_revoke_bounds, !is_revocation(reason, now_s)))
        return POA_F_USAGE;
    return each_of(txn, device, revoke, reason, now_s);
}

poa_err store_certificates_release(store_txn *txn, const store_uuid *device)
{
    return each_of(txn, device, release, STORE_REASON_HOLD, 0);
}

poa_err store_certificate_revoke(store_txn *txn, poa_span serial, unsigned reason, int64_t now_s)
{
    if (POA_GUARD(store_revoke_one_bounds, !is_revocation(reason, now_s)))
        return POA_F_USAGE;
    store_certificate c;
    bool found = false;
    const poa_err err = store_certificate_get(txn, serial, &c, &found);
    if (err)
        return err;
    if (POA_GUARD(store_revoke_unknown, !found))
        return POA_F_USAGE;
    const store_key own = serial_key(serial);
    c.serial = store_key_span(&own);
    return revoke(txn, &c, reason, now_s);
}

poa_err store_certificates_revoked(store_txn *txn, const poa_id *issuer, poa_span after, store_certificate *out,
                                   size_t cap, size_t *count)
{
    if (POA_GUARD(store_revoked_after, after.len > STORE_SERIAL_BYTES_MAX))
        return POA_F_USAGE;
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    store_pair pair;
    bool found = false;
    size_t n = 0;
    poa_err err = store_cursor_open(txn, STORE_CERTIFICATES_REVOKED, &c);
    if (!err && cap > 0)
        err = store_cursor_seek(&c, store_id_span(issuer), after, &pair, &found);
    while (!err && found && n < cap) {
        err = get_listed(txn, poa_span_skip(pair.key, sizeof issuer->bytes), &out[n]);
        if (!err && POA_GUARD(store_revoked_index, out[n].revoked_s == 0))
            err = POA_F_STORE;
        n++;
        if (!err && n < cap)
            err = store_cursor_next(&c, store_id_span(issuer), &pair, &found);
    }
    if (!err)
        *count = n;
    return err;
}
