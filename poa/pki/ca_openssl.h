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

#endif
