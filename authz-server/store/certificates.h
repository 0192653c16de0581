#ifndef STORE_CERTIFICATES_H
#define STORE_CERTIFICATES_H

#include "store/devices.h"

/*
 * Table `certificates`: every certificate issued to a device, until some time after its end, and which are revoked. A
 * renewed device has several that are still valid: all of them are barred together.
 */

/**
 * store_certificate - one issued certificate.
 * @serial:     1 to STORE_SERIAL_BYTES_MAX bytes, big-endian: the key
 * @device:     whose
 * @issuer:     SHA-256 of the CA's SubjectPublicKeyInfo
 * @not_after_s: its end
 * @revoked_s:  since when it is on the CRL; 0: it is not
 * @reason:     CRLReason of RFC 5280 section 5.3.1 as a number, 0 to 10 but 7 (unused) and 8 (of delta CRLs); 0 where
 * it is not revoked
 */
typedef struct store_certificate {
    poa_span serial;
    store_uuid device;
    poa_id issuer;
    int64_t not_after_s;
    int64_t revoked_s;
    unsigned reason;
} store_certificate;

#define STORE_REASON_HOLD 6 /* certificateHold */

/* Note one that was just issued. POA_F_USAGE when its serial is there. store_purge() drops it 7 days after its end. */
POA_MUST_USE poa_err store_certificate_add(store_txn *txn, const store_certificate *certificate);

/* The one with this serial. */
POA_MUST_USE poa_err store_certificate_get(store_txn *txn, poa_span serial, store_certificate *certificate,
                                           bool *found);

/**
 * store_certificates_revoke() - put all certificates of a device that end at or after @now_s on the CRL.
 * @reason: with STORE_REASON_HOLD those that are on it stay as they are; any other reason takes the place of a hold,
 *          and never of another one. The date stays that of the hold
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE (no such reason, or not a time after 1970).
 */
POA_MUST_USE poa_err store_certificates_revoke(store_txn *txn, const store_uuid *device, unsigned reason,
                                               int64_t now_s);

/* The same for one of them: rekeyed, or superseded. POA_F_USAGE also when there is none of this serial. */
POA_MUST_USE poa_err store_certificate_revoke(store_txn *txn, poa_span serial, unsigned reason, int64_t now_s);

/* Take those of a device that are held off the CRL again. */
POA_MUST_USE poa_err store_certificates_release(store_txn *txn, const store_uuid *device);

/**
 * store_certificates_revoked() - a page of what is on the CRL of one issuer, in the order of the bytes of serials.
 * @after: go on behind this serial; empty from the first
 * @count: how many were written; fewer than @cap: there are no more
 */
POA_MUST_USE poa_err store_certificates_revoked(store_txn *txn, const poa_id *issuer, poa_span after,
                                                store_certificate *out, size_t cap, size_t *count);

/* A number that rises with every change of what is on any CRL; 0 before the first. */
POA_MUST_USE poa_err store_crl_change(store_txn *txn, uint64_t *change);

/* The number for the next CRL that is signed (RFC 5280 section 5.2.3): raised and kept, for a write transaction. */
POA_MUST_USE poa_err store_crl_number_next(store_txn *txn, uint64_t *number);

#endif
