#ifndef POA_PKI_CA_OPENSSL_H
#define POA_PKI_CA_OPENSSL_H

#include "ca.h"
#include "certs_openssl.h"

struct poa_ca {
    poa_certs *certs; /* the CA's own first */
    poa_key *key;
    poa_id key_id;
    int64_t not_before_s; /* in between, both included, all of them are valid */
    int64_t not_after_s;
};

/* The CA's own certificate; borrowed. */
static inline X509 *poa_ca_x509(const poa_ca *ca)
{
    return poa_certs_x509(ca->certs, 0);
}

/* Is the CA valid at now_s? POA_OK; else POA_F_SIGNER, and why. */
POA_MUST_USE poa_err poa_ca_check_time(const poa_ca *ca, int64_t now_s, poa_why *why);

/*
 * What every certificate of a device has: version, serial number, times, issuer, key; basicConstraints (critical: no
 * CA), keyUsage (critical: digitalSignature), key identifiers. leaf says the times, and learns the serial number.
 */
bool poa_ca_begin_leaf(const poa_ctx *ctx, X509 *cert, const poa_ca *ca, const poa_key *key, poa_leaf *leaf);
/* Sign it and encode it; what leaf holds goes to out on POA_OK. */
POA_MUST_USE poa_err poa_ca_finish_leaf(X509 *cert, const poa_ca *ca, poa_leaf *leaf, poa_leaf *out);

#endif
