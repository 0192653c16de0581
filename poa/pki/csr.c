#include "csr.h"

#include "bounds.h"
#include "guard.h"
#include "pem.h"
#include "pki_openssl.h"
#include "span.h"

struct poa_csr {
    poa_key *key;
    poa_bytes spki;
    poa_id key_id;
    poa_bytes challenge;
    poa_bytes serial;
    poa_bytes common_name;
};

void poa_csr_free(poa_csr *csr)
{
    if (!csr)
        return;
    poa_key_free(csr->key);
    poa_bytes_clear(&csr->spki);
    poa_bytes_clear(&csr->challenge);
    poa_bytes_clear(&csr->serial);
    poa_bytes_clear(&csr->common_name);
    free(csr);
}

static poa_err decode_request(poa_span bytes, X509_REQ **out, poa_why *why)
{
    if (POA_GUARD(csr_too_large, bytes.len > POA_CSR_BYTES_MAX))
        return poa_pki_refuse(why, POA_E_TOO_LARGE, "the CSR is larger than 16 KiB");
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    if (poa_pem_begins(bytes)) {
        const poa_err err = poa_pem_one(bytes, POA_PEM_CSR, POA_CSR_BYTES_MAX, &der);
        if (err)
            return poa_err_is_fault(err) ? err : poa_pki_refuse(why, err, "the CSR is not one strict PEM block");
        bytes = poa_bytes_span(&der);
    }
    *out = poa_der_decode(bytes, ASN1_ITEM_rptr(X509_REQ));
    return *out ? POA_OK : poa_pki_refuse(why, POA_E_MALFORMED, "the CSR is no PKCS#10 request");
}

/* The key is judged before it is used: verifying under a hostile key can be made slow. */
static poa_err verify_request(X509_REQ *request, const poa_csr *csr, poa_why *why)
{
    if (POA_GUARD(csr_version, X509_REQ_get_version(request) != X509_REQ_VERSION_1))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the CSR is not of version 1");
    if (POA_GUARD(csr_signature_algorithm, !poa_pki_signature_is_accepted(X509_REQ_get_signature_nid(request))))
        return poa_pki_refuse(why, POA_E_SIGNATURE_INVALID, "the CSR is signed with an algorithm not accepted here");
    if (POA_GUARD(csr_signature, X509_REQ_verify(request, csr->key->pkey) != 1))
        return poa_pki_refuse(why, POA_E_SIGNATURE_INVALID, "the CSR's signature does not verify");
    return POA_OK;
}

/* Copy a string of one of the accepted types that is text of 1 to max bytes. */
static poa_err copy_text(int type, const ASN1_STRING *string, size_t max, poa_bytes *out)
{
    if (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING && type != V_ASN1_IA5STRING)
        return POA_E_MALFORMED;
    const poa_span text = {(const char *)ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)};
    if (!poa_span_is_text(text, max))
        return POA_E_MALFORMED;
    return poa_bytes_copy(out, text) ? POA_OK : POA_F_NOMEM;
}

/* Read the subject's one attribute of a kind, where it has any. */
static poa_err read_subject(const X509_REQ *request, int nid, size_t max, poa_bytes *out)
{
    const X509_NAME *subject = X509_REQ_get_subject_name(request);
    const int at = X509_NAME_get_index_by_NID(subject, nid, -1);
    if (at < 0)
        return POA_OK;
    if (POA_GUARD(csr_subject_twice, X509_NAME_get_index_by_NID(subject, nid, at) >= 0))
        return POA_E_MALFORMED;
    const ASN1_STRING *string = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    return copy_text(ASN1_STRING_type(string), string, max, out);
}

static poa_err read_challenge(const X509_REQ *request, poa_bytes *out)
{
    const int at = X509_REQ_get_attr_by_NID(request, NID_pkcs9_challengePassword, -1);
    if (at < 0)
        return POA_OK;
    if (POA_GUARD(csr_challenge_twice, X509_REQ_get_attr_by_NID(request, NID_pkcs9_challengePassword, at) >= 0))
        return POA_E_MALFORMED;
    X509_ATTRIBUTE *attribute = X509_REQ_get_attr(request, at);
    if (POA_GUARD(csr_challenge_values, X509_ATTRIBUTE_count(attribute) != 1))
        return POA_E_MALFORMED;
    const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
    const int type = ASN1_TYPE_get(value);
    if (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING && type != V_ASN1_IA5STRING)
        return POA_E_MALFORMED; /* only these hold a string */
    return copy_text(type, value->value.asn1_string, POA_CSR_CHALLENGE_BYTES_MAX, out);
}

static poa_err read_texts(const X509_REQ *request, poa_csr *csr, poa_why *why)
{
    poa_err err = read_challenge(request, &csr->challenge);
    if (err == POA_E_MALFORMED)
        return poa_pki_refuse(why, err, "the CSR's challengePassword is not one text of 1 to 255 bytes");
    if (!err)
        err = read_subject(request, NID_serialNumber, POA_SERIAL_BYTES_MAX, &csr->serial);
    if (err == POA_E_MALFORMED)
        return poa_pki_refuse(why, err, "the CSR's subject serialNumber is not one text of 1 to 64 bytes");
    if (!err)
        err = read_subject(request, NID_commonName, POA_CSR_NAME_BYTES_MAX, &csr->common_name);
    if (err == POA_E_MALFORMED)
        return poa_pki_refuse(why, err, "the CSR's subject CN is not one text of 1 to 256 bytes");
    return err;
}

poa_err poa_csr_parse(const poa_ctx *ctx, poa_span bytes, poa_csr **out, poa_why *why)
{
    POA_PKI_SCOPE();
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = calloc(1, sizeof *csr);
    POA_CLEANUP(X509_REQ_freep) X509_REQ *request = NULL;
    if (!csr)
        return POA_F_NOMEM;
    poa_err err = decode_request(bytes, &request, why);
    if (!err)
        err = poa_pki_take_key(ctx, X509_REQ_get_X509_PUBKEY(request), &csr->key, &csr->spki, &csr->key_id, why);
    if (!err)
        err = verify_request(request, csr, why);
    if (!err)
        err = read_texts(request, csr, why);
    if (err)
        return err;
    *out = POA_TAKE(csr);
    return POA_OK;
}

const poa_key *poa_csr_key(const poa_csr *csr)
{
    return csr->key;
}

const poa_id *poa_csr_key_id(const poa_csr *csr)
{
    return &csr->key_id;
}

poa_span poa_csr_spki(const poa_csr *csr)
{
    return poa_bytes_span(&csr->spki);
}

poa_span poa_csr_challenge(const poa_csr *csr)
{
    return poa_bytes_span(&csr->challenge);
}

poa_span poa_csr_serial(const poa_csr *csr)
{
    return poa_bytes_span(&csr->serial);
}

poa_span poa_csr_common_name(const poa_csr *csr)
{
    return poa_bytes_span(&csr->common_name);
}
