#include "store/migrate_2.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"
#include "store/certificates.h"
#include "store/device_index.h"
#include "store/device_record.h"
#include "store/meta_table.h"
#include "store/statements.h"
#include "store/walks.h"

/*
 * Format 1 had neither states to leave nor a CRL: every device was active, with one certificate that stood in its
 * record alone. Each record is read as version 1, taken away and put again, which builds every index of it afresh.
 */

/* ---- who issued a certificate ---- */

enum { DER_SEQUENCE = 0x30, DER_VERSION = 0xa0, FIELDS_BEFORE_KEY = 5 };

/* The element at the start of *rest (X.690 section 8.1), header included, and step over it. */
static bool take_element(poa_span *rest, poa_span *element, poa_span *content)
{
    if (rest->len < 2)
        return false;
    size_t header = 2;
    size_t len = (unsigned char)rest->ptr[1];
    if (len >= 0x80) {
        const size_t digits = len - 0x80;
        if (digits == 0 || digits > 3 || rest->len < 2 + digits)
            return false;
        len = 0;
        for (size_t i = 0; i < digits; i++)
            len = len << 8 | (unsigned char)rest->ptr[2 + i];
        header += digits;
    }
    if (len > rest->len - header)
        return false;
    *element = poa_span_head(*rest, header + len);
    *content = poa_span_skip(*element, header);
    *rest = poa_span_skip(*rest, header + len);
    return true;
}

/* Only its first content: the certificate's tbsCertificate, and what stands in that. */
static bool enter_sequence(poa_span outer, poa_span *content)
{
    poa_span element;
    return outer.len > 0 && (unsigned char)outer.ptr[0] == DER_SEQUENCE && take_element(&outer, &element, content);
}

/* The SubjectPublicKeyInfo of a certificate (RFC 5280 section 4.1): behind version, which may be left out,
 * serialNumber, signature, issuer, validity and subject. */
static bool find_public_key(poa_span certificate, poa_span *key)
{
    poa_span rest;
    poa_span content;
    if (!enter_sequence(certificate, &rest) || !enter_sequence(rest, &rest))
        return false;
    if (rest.len > 0 && (unsigned char)rest.ptr[0] == DER_VERSION && !take_element(&rest, key, &content))
        return false;
    for (size_t i = 0; i < FIELDS_BEFORE_KEY; i++)
        if (!take_element(&rest, key, &content))
            return false;
    return take_element(&rest, key, &content) && (unsigned char)key->ptr[0] == DER_SEQUENCE;
}

/* The CA's certificate stands behind the device's own. */
static poa_err issuer_of(const store_txn *txn, const store_device *device, poa_id *issuer)
{
    poa_span key = {0};
    if (POA_GUARD(store_migrate_issuer,
                  device->certificate_count < 2 || !find_public_key(device->certificates[1], &key)))
        return POA_F_STORE;
    return store_sha256(txn, key, issuer);
}

/* ---- devices ---- */

static poa_err add_certificate(store_txn *txn, const store_device *device)
{
    if (device->certificate_count == 0)
        return POA_OK;
    store_certificate c = {
        .serial = device->certificate_serial, .device = device->id, .not_after_s = device->not_after_s};
    const poa_err err = issuer_of(txn, device, &c.issuer);
    return err ? err : store_certificate_add(txn, &c);
}

/* The spans of old are in the map: a copy of them goes through the puts. */
static poa_err bring_forward(store_txn *txn, const store_device *old)
{
    POA_CLEANUP(poa_freep) store_device *device = NULL;
    poa_err err = store_device_copy(old, &device);
    if (!err)
        err = store_kv_del(txn, STORE_DEVICES, store_uuid_span(&device->id));
    if (!err)
        err = store_device_put(txn, device);
    return err ? err : add_certificate(txn, device);
}

/* The record behind *id, of version 1. */
static poa_err next_device(store_txn *txn, store_uuid *id, bool first, store_device *device, bool *found)
{
    POA_CLEANUP(store_cursor_close) store_cursor c = {0};
    store_pair pair;
    poa_err err = store_cursor_open(txn, STORE_DEVICES, &c);
    if (!err)
        err = store_cursor_seek(&c, (poa_span){0}, first ? (poa_span){0} : store_uuid_span(id), &pair, found);
    if (!err && *found)
        err = store_uuid_read(pair.key, id);
    return err || !*found ? err : store_device_decode_v1(id, pair.value, device);
}

static poa_err bring_all_forward(store_txn *txn)
{
    store_uuid id = {{0}};
    bool first = true;
    for (bool found = true; found; first = false) {
        store_device device;
        poa_err err = next_device(txn, &id, first, &device, &found);
        if (!err && found)
            err = bring_forward(txn, &device);
        if (err)
            return err;
    }
    return POA_OK;
}

/* What format 1 derived from its devices. */
static poa_err empty_indexes(store_txn *txn)
{
    static const store_table tables[] = {STORE_DEVICE_IDENTITIES, STORE_DEVICE_REQUESTS, STORE_DEVICE_LOCATIONS,
                                         STORE_DEVICE_LEAVES};
    for (size_t i = 0; i < POA_COUNT(tables); i++) {
        const poa_err err = store_kv_empty(txn, tables[i]);
        if (err)
            return err;
    }
    return POA_OK;
}

/* ---- what was said before devices heard of it ---- */

static poa_err begin_walk(void *ctx, const store_statement *statement)
{
    const store_walk walk = {.epoch = statement->epoch, .started_s = statement->accepted_s};
    return store_walk_put(ctx, &walk);
}

/* In format 1 a revocation did nothing to the devices that stood under the PoA: each still has that before it. */
static poa_err begin_walks(store_txn *txn)
{
    return store_statement_each_since(txn, 0, begin_walk, txn);
}

poa_err store_migrate_2(store_txn *txn)
{
    poa_err err = store_meta_begin_2(txn);
    if (!err)
        err = empty_indexes(txn);
    if (!err)
        err = bring_all_forward(txn);
    return err ? err : begin_walks(txn);
}
