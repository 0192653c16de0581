#ifndef POA_PKI_IDEVID_PATH_H
#define POA_PKI_IDEVID_PATH_H

#include "idevid.h"

/* The path from a device's certificate to an anchor, and what of it is kept. Nobody but idevid.c includes this. */
typedef struct poa_idevid_path_found {
    poa_key *key;                    /* the device's, owned */
    poa_id key_id;                   /* SHA-256 of its SubjectPublicKeyInfo */
    poa_id cas[POA_IDEVID_PATH_MAX]; /* likewise of the CAs, the issuer first */
    size_t count;
} poa_idevid_path_found;

/*
 * Validate it: everything in the contract of poa_idevid_profile that concerns the path, its times, keys and
 * signatures, and nothing that concerns the device's certificate alone. Errors as poa_idevid_verify().
 */
POA_MUST_USE poa_err poa_idevid_path_validate(const poa_ctx *ctx, const poa_certs *x5c, const poa_idevid_trust *trust,
                                              int64_t now_s, poa_idevid_path_found *out, poa_why *why);

#endif
