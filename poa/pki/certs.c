#include "certs_openssl.h"

#include "buf.h"
#include "guard.h"
#include "pem.h"
#include "span.h"

struct poa_certs {
    size_t count;
    struct {
        X509 *cert;
        poa_bytes der;
    } list[POA_CERTS_MAX];
};

void poa_certs_free(poa_certs *certs)
{
    if (!certs)
        return;
    for (size_t i = 0; i < certs->count; i++) {
        X509_free(certs->list[i].cert);
        poa_bytes_clear(&certs->list[i].der);
    }
    free(certs);
}

/* Add a certificate; der is taken over. */
static poa_err add_der(poa_certs *certs, poa_bytes *der, poa_why *why)
{
    POA_CLEANUP(X509_freep) X509 *cert = poa_der_decode(poa_bytes_span(der), ASN1_ITEM_rptr(X509));
    if (!cert)
        return poa_pki_refuse(why, POA_E_MALFORMED, "a certificate is no X.509 certificate");
    /* Read and cache the extensions now: later they are only looked at, by many threads. */
    (void)X509_check_purpose(cert, -1, 0);
    certs->list[certs->count].cert = POA_TAKE(cert);
    certs->list[certs->count].der = poa_bytes_take(der);
    certs->count++;
    return POA_OK;
}

static poa_err add_pem(poa_certs *certs, poa_span *pem, poa_why *why)
{
    if (POA_GUARD(certs_too_many, certs->count == POA_CERTS_MAX))
        return poa_pki_refuse(why, POA_E_TOO_LARGE, "there are more than 16 certificates");
    poa_span label = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    const poa_err err = poa_pem_next(pem, POA_CERT_BYTES_MAX, &label, &der);
    if (err)
        return poa_err_is_fault(err) ? err : poa_pki_refuse(why, err, "a certificate is not one strict PEM block");
    if (POA_GUARD(certs_label, !poa_span_is(label, POA_PEM_CERTIFICATE)))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a PEM block is no certificate");
    return add_der(certs, &der, why);
}

static poa_span skip_empty_lines(poa_span text)
{
    while (poa_span_starts(text, POA_SPAN("\n")) || poa_span_starts(text, POA_SPAN("\r\n")))
        text = poa_span_skip(text, 1);
    return text;
}

poa_err poa_certs_parse(poa_span pem, poa_certs **out, poa_why *why)
{
    POA_PKI_SCOPE();
    POA_CLEANUP(poa_certs_freep) poa_certs *certs = calloc(1, sizeof *certs);
    if (!certs)
        return POA_F_NOMEM;
    do {
        const poa_err err = add_pem(certs, &pem, why);
        if (err)
            return err;
        pem = skip_empty_lines(pem);
    } while (pem.len > 0);
    *out = POA_TAKE(certs);
    return POA_OK;
}

static poa_err add_copy(poa_certs *certs, poa_span der, poa_why *why)
{
    if (POA_GUARD(certs_der_size, der.len > POA_CERT_BYTES_MAX))
        return poa_pki_refuse(why, POA_E_TOO_LARGE, "a certificate is larger than 16 KiB");
    POA_CLEANUP(poa_bytes_clear) poa_bytes copy = {0};
    return poa_bytes_copy(&copy, der) ? add_der(certs, &copy, why) : POA_F_NOMEM;
}

poa_err poa_certs_from_der(const poa_span *ders, size_t count, poa_certs **out, poa_why *why)
{
    POA_PKI_SCOPE();
    if (POA_GUARD(certs_der_none, count == 0))
        return poa_pki_refuse(why, POA_E_MALFORMED, "there is no certificate");
    if (count > POA_CERTS_MAX) /* plain: the list has room for no more */
        return poa_pki_refuse(why, POA_E_TOO_LARGE, "there are more than 16 certificates");
    POA_CLEANUP(poa_certs_freep) poa_certs *certs = calloc(1, sizeof *certs);
    if (!certs)
        return POA_F_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const poa_err err = add_copy(certs, ders[i], why);
        if (err)
            return err;
    }
    *out = POA_TAKE(certs);
    return POA_OK;
}

poa_err poa_certs_of(const X509 *cert, poa_certs **out)
{
    POA_CLEANUP(poa_certs_freep) poa_certs *certs = calloc(1, sizeof *certs);
    if (!certs)
        return POA_F_NOMEM;
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    poa_err err = poa_der_encode(cert, ASN1_ITEM_rptr(X509), &der);
    if (!err)
        err = add_der(certs, &der, NULL);
    if (err)
        return err;
    *out = POA_TAKE(certs);
    return POA_OK;
}

size_t poa_certs_count(const poa_certs *certs)
{
    return certs->count;
}

poa_span poa_certs_der(const poa_certs *certs, size_t at)
{
    return poa_bytes_span(&certs->list[at].der);
}

X509 *poa_certs_x509(const poa_certs *certs, size_t at)
{
    return certs->list[at].cert;
}

poa_err poa_certs_key_id(const poa_ctx *ctx, const poa_certs *certs, size_t at, poa_id *id)
{
    POA_PKI_SCOPE();
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes spki = {0};
    return poa_pki_take_key(ctx, X509_get_X509_PUBKEY(poa_certs_x509(certs, at)), &key, &spki, id, NULL);
}

poa_err poa_certs_pem(const poa_certs *certs, poa_bytes *pem)
{
    POA_CLEANUP(poa_buf_clear) poa_buf text = {0};
    for (size_t i = 0; i < certs->count; i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes block = {0};
        const poa_err err = poa_pem_write(POA_PEM_CERTIFICATE, poa_certs_der(certs, i), &block);
        if (err)
            return err;
        poa_buf_add(&text, poa_bytes_span(&block));
    }
    return !text.failed && poa_bytes_copy(pem, poa_buf_span(&text)) ? POA_OK : POA_F_NOMEM;
}
