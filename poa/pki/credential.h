#ifndef POA_PKI_CREDENTIAL_H
#define POA_PKI_CREDENTIAL_H

#include "idevid.h"

/* Certificates as they are stored and sent: DER each. Borrows. */
typedef struct poa_ders {
    const poa_span *list;
    size_t count; /* 1 to POA_CERTS_MAX */
} poa_ders;

/**
 * poa_credential_verify() - check a credential that poa_ca_issue() made, as a device presents it to renew its trust.
 * @sent:    the credential first; others behind it, as in x5c, are allowed and not needed
 * @issuers: the certificates of the CA that are kept with the device's record: each of them is an anchor
 * @at_s:    the moment to look at, seconds since the epoch: now, or, to look at a credential that has expired, its own
 *           last second, which poa_credential_times() gives
 * @out:     set on POA_OK only; ends with poa_idevid_free(). poa_idevid_device() is the device's UUID,
 *           poa_idevid_cert_serial() what a poa_crl_entry names, poa_idevid_id_link() the link
 * @why:     one sentence for people on a refusal; may be NULL
 *
 * It is poa_idevid_verify() under POA_IDEVID_STRICT, and returns the same. That the credential is the record's current
 * one, and that the device holds its key, is for the caller to see.
 */
POA_MUST_USE poa_err poa_credential_verify(const poa_ctx *ctx, poa_ders sent, poa_ders issuers, int64_t at_s,
                                           poa_idevid **out, poa_why *why);

/**
 * poa_credential_times() - the first and the last second of a certificate, of which nothing is verified.
 * @der: one certificate
 *
 * Return: POA_OK; POA_E_MALFORMED, POA_E_TOO_LARGE; POA_F_NOMEM, POA_F_CRYPTO. Outputs are set on POA_OK only.
 */
POA_MUST_USE poa_err poa_credential_times(poa_span der, int64_t *not_before_s, int64_t *not_after_s);

#endif
