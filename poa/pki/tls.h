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

/**
 * poa_tls_check() - could a TLS server use this certificate and this key, at this time?
 * @certs_pem:   the server's certificate, then those above it; only the first is looked at. Whatever OpenSSL reads as
 *               PEM, because the TLS library that will use it is no stricter
 * @key_pem:     of any kind, without passphrase
 * @now_s:       seconds since the epoch
 * @not_after_s: set on POA_OK: the last second in which the certificate is valid
 * @why:         one sentence for people on a refusal; may be NULL
 *
 * Return: POA_OK; POA_E_MALFORMED, POA_E_KEY_INVALID (no key, or not the certificate's), POA_E_NOT_YET_VALID,
 * POA_E_EXPIRED; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err poa_tls_check(poa_span certs_pem, poa_span key_pem, int64_t now_s, int64_t *not_after_s,
                                   poa_why *why);

#endif
