#ifndef POA_PKI_CERTS_OPENSSL_H
#define POA_PKI_CERTS_OPENSSL_H

#include "certs.h"
#include "pki_openssl.h"

/* The certificate at a place below the count; borrowed, and not to be changed. */
X509 *poa_certs_x509(const poa_certs *certs, size_t at);
/* A list of one; takes no ownership of cert. POA_OK, POA_F_NOMEM, POA_F_CRYPTO. */
POA_MUST_USE poa_err poa_certs_of(const X509 *cert, poa_certs **out);

#endif
