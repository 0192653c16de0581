#ifndef POA_PKI_CRL_H
#define POA_PKI_CRL_H

#include "ca.h"

/* Certificates on one list. */
#define POA_CRL_ENTRIES_MAX 100000

/* Why a certificate is on the list: CRLReason of RFC 5280 section 5.3.1, by its numbers. */
typedef enum poa_crl_reason {
    POA_CRL_UNSPECIFIED = 0, /* no reasonCode is written, as the RFC wants it */
    POA_CRL_KEY_COMPROMISE = 1,
    POA_CRL_CA_COMPROMISE = 2,
    POA_CRL_AFFILIATION_CHANGED = 3,
    POA_CRL_SUPERSEDED = 4,
    POA_CRL_CESSATION_OF_OPERATION = 5,
    POA_CRL_CERTIFICATE_HOLD = 6,
    POA_CRL_REMOVE_FROM_CRL = 8, /* stands in delta CRLs alone, which these are not: refused */
    POA_CRL_PRIVILEGE_WITHDRAWN = 9,
    POA_CRL_AA_COMPROMISE = 10,
} poa_crl_reason;

/* One certificate on it. Times are seconds since the epoch, at most the year 9999. */
typedef struct poa_crl_entry {
    uint8_t serial[POA_SERIAL_NUMBER_BYTES]; /* as poa_leaf has it */
    int64_t revoked_s;
    poa_crl_reason reason;
    int64_t invalidity_s; /* since when it is not to be trusted (section 5.3.2); 0 where that is not said */
} poa_crl_entry;

/* What a new list is like. */
typedef struct poa_crl_plan {
    uint64_t number; /* CRLNumber: above that of every list of this CA before it */
    int64_t this_update_s;
    int64_t next_update_s; /* when the next one is out at the latest; later than this_update_s */
} poa_crl_plan;

/**
 * poa_crl_make() - make and sign a full CRL of version 2 (RFC 5280 section 5).
 * @entries: count of them, at most POA_CRL_ENTRIES_MAX, in any order, no serial number twice; none is allowed
 * @der:     the list, its entries in the order of their serial numbers; poa_bytes_clear() ends it. Same arguments,
 *           same text but for the signature
 * @why:     one sentence for people on POA_F_SIGNER; may be NULL
 *
 * It has CRLNumber and authorityKeyIdentifier; an entry has reasonCode and invalidityDate where they say something.
 *
 * Return: POA_OK; POA_F_SIGNER when the CA's keyUsage forbids to sign a CRL; POA_F_USAGE when an argument breaks a rule
 * above; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_crl_make(const poa_ca *ca, const poa_crl_plan *plan, const poa_crl_entry *entries,
                                  size_t count, poa_bytes *der, poa_why *why);

#endif
