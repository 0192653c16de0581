#ifndef POA_PKI_TLS_H
#define POA_PKI_TLS_H

#include "pki.h"
#include "poa/key.h"

#include <stdint.h>

/**
 * poa_tls_make() - make a TLS server's key and a certificate signed by itself, for one's own machine and for tests.
 * @now_s:      the moment of making, seconds since the epoch; the certificate begins an hour before it
 * @lifetime_s: how long after it the certificate is valid; 1 or more
 * @cert_pem:   set on POA_OK only, as key_pem; the caller ends it with poa_bytes_clear()
 * @key_pem:    EC P-256, PKCS#8, in clear; poa_secret_clear() ends it
 *
 * It is for localhost, 127.0.0.1 and ::1 (SAN), digitalSignature and serverAuth, and no CA. A client trusts it by
 * being given it.
 *
 * Return: POA_OK; POA_F_USAGE for times out of range; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_tls_make(const poa_ctx *ctx, int64_t now_s, int64_t lifetime_s, poa_bytes *cert_pem,
                                  poa_secret *key_pem);

#endif
