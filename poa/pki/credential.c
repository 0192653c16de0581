#include "credential.h"

#include "certs_openssl.h"

poa_err poa_credential_verify(const poa_ctx *ctx, poa_ders sent, poa_ders issuers, int64_t at_s, poa_idevid **out,
                              poa_why *why)
{
    POA_CLEANUP(poa_certs_freep) poa_certs *x5c = NULL;
    POA_CLEANUP(poa_certs_freep) poa_certs *anchors = NULL;
    poa_err err = poa_certs_from_der(sent.list, sent.count, &x5c, why);
    if (!err)
        err = poa_certs_from_der(issuers.list, issuers.count, &anchors, why);
    if (err)
        return err;
    const poa_idevid_trust trust = {.anchors = anchors, .profile = POA_IDEVID_STRICT};
    return poa_idevid_verify(ctx, x5c, &trust, at_s, out, why);
}

poa_err poa_credential_times(poa_span der, int64_t *not_before_s, int64_t *not_after_s)
{
    POA_PKI_SCOPE();
    POA_CLEANUP(poa_certs_freep) poa_certs *one = NULL;
    const poa_err err = poa_certs_from_der(&der, 1, &one, NULL);
    if (err)
        return err;
    const X509 *cert = poa_certs_x509(one, 0);
    int64_t from_s = 0;
    int64_t until_s = 0;
    if (!poa_pki_time(X509_get0_notBefore(cert), &from_s) || !poa_pki_time(X509_get0_notAfter(cert), &until_s))
        return poa_pki_refuse(NULL, POA_E_MALFORMED, "");
    *not_before_s = from_s;
    *not_after_s = until_s;
    return POA_OK;
}
