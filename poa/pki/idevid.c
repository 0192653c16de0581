#include "idevid_path.h"

#include "bounds.h"
#include "certs_openssl.h"
#include "guard.h"
#include "span.h"

struct poa_idevid {
    poa_idevid_path_found path;
    poa_bytes serial;
    poa_bytes cert_serial;
    int64_t not_before_s;
    int64_t not_after_s;
    poa_bytes uris[POA_IDEVID_URIS_MAX];
    size_t uri_count;
};

void poa_idevid_free(poa_idevid *idevid)
{
    if (!idevid)
        return;
    poa_key_free(idevid->path.key);
    poa_bytes_clear(&idevid->serial);
    poa_bytes_clear(&idevid->cert_serial);
    for (size_t i = 0; i < idevid->uri_count; i++)
        poa_bytes_clear(&idevid->uris[i]);
    free(idevid);
}

static bool is_critical(const X509 *cert, int nid)
{
    const int at = X509_get_ext_by_NID(cert, nid, -1);
    return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(cert, at)) == 1;
}

static poa_err check_maker(X509 *cert, poa_why *why)
{
    if (POA_GUARD(idevid_no_ca, X509_check_ca(cert) != 1))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "the certificate is not one of a CA of the maker");
    return POA_OK;
}

/* What holds for devices under both of their profiles. */
static poa_err check_device(X509 *cert, poa_why *why)
{
    /* OpenSSL calls a certificate with basicConstraints none of a CA when its keyUsage does not allow that. */
    if (POA_GUARD(idevid_is_ca, X509_check_ca(cert) != 0 || (X509_get_extension_flags(cert) & EXFLAG_CA) != 0))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "the device's certificate is one of a CA");
    /* Without keyUsage every bit is set. */
    if (POA_GUARD(idevid_usage, (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "the keyUsage of the device's certificate forbids signing");
    return POA_OK;
}

static poa_err check_leaf(X509 *cert, poa_idevid_profile profile, poa_why *why)
{
    if (POA_GUARD(idevid_version, X509_get_version(cert) != X509_VERSION_3))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the device's certificate is not of version 3");
    return profile == POA_IDEVID_MAKER ? check_maker(cert, why) : check_device(cert, why);
}

static poa_err check_tolerant(X509 *cert, poa_why *why)
{
    const uint32_t purposes = X509_get_extended_key_usage(cert); /* every bit is set without extKeyUsage */
    if (POA_GUARD(idevid_purpose, (purposes & (XKU_SSL_CLIENT | XKU_SSL_SERVER | XKU_ANYEKU)) == 0))
        return poa_pki_refuse(why, POA_E_KEY_INVALID, "the device's certificate is for another purpose (extKeyUsage)");
    return POA_OK;
}

static bool is_for_clients_alone(const X509 *cert)
{
    POA_CLEANUP(EXTENDED_KEY_USAGE_freep)
    EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
    return purposes && sk_ASN1_OBJECT_num(purposes) == 1 &&
           OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, 0)) == NID_client_auth;
}

static poa_err check_strict(X509 *cert, poa_why *why)
{
    if (POA_GUARD(idevid_strict_usage,
                  X509_get_key_usage(cert) != KU_DIGITAL_SIGNATURE || !is_critical(cert, NID_key_usage)))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the credential's keyUsage is not digitalSignature, critical");
    if (POA_GUARD(idevid_strict_purpose, !is_for_clients_alone(cert)))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the credential's extKeyUsage is not clientAuth");
    if (POA_GUARD(idevid_strict_constraints, !is_critical(cert, NID_basic_constraints)))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the credential has no critical basicConstraints");
    if (POA_GUARD(idevid_strict_identifiers, !X509_get0_subject_key_id(cert) || !X509_get0_authority_key_id(cert)))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the credential has no key identifiers");
    return POA_OK;
}

static poa_err read_uri(poa_idevid *idevid, const ASN1_IA5STRING *string, poa_why *why)
{
    const poa_span uri = {(const char *)ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)};
    if (POA_GUARD(idevid_uri_size, uri.len > POA_SAN_URI_BYTES_MAX))
        return poa_pki_refuse(why, POA_E_TOO_LARGE, "a URI in the device's certificate is longer than 2048 bytes");
    if (POA_GUARD(idevid_uri_chars, !poa_san_is_uri_text(uri)))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a URI in the device's certificate is no printable ASCII");
    if (idevid->uri_count == POA_IDEVID_URIS_MAX) /* plain: there is room for no more */
        return poa_pki_refuse(why, POA_E_TOO_LARGE, "the device's certificate has more than 16 URIs");
    if (!poa_bytes_copy(&idevid->uris[idevid->uri_count], uri))
        return POA_F_NOMEM;
    idevid->uri_count++;
    return POA_OK;
}

static poa_err read_uris(poa_idevid *idevid, const X509 *cert, poa_why *why)
{
    int state = 0;
    POA_CLEANUP(GENERAL_NAMES_freep)
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &state, NULL);
    if (!names && state == -1) /* there is none */
        return POA_OK;
    if (!names) /* plain: it cannot be read */
        return poa_pki_refuse(why, POA_E_MALFORMED, "the subjectAltName of the device's certificate is broken");
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const poa_err err = name->type == GEN_URI ? read_uri(idevid, name->d.uniformResourceIdentifier, why) : POA_OK;
        if (err)
            return err;
    }
    return POA_OK;
}

static bool is_serial(int type, poa_span text)
{
    if (POA_GUARD(idevid_serial_type,
                  type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING && type != V_ASN1_IA5STRING))
        return false;
    if (POA_GUARD(idevid_serial_size, text.len < 1 || text.len > POA_SERIAL_BYTES_MAX))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (POA_GUARD(idevid_serial_chars, text.ptr[i] < 0x21 || text.ptr[i] > 0x7e))
            return false;
    return true;
}

static poa_err read_serial(poa_idevid *idevid, const X509 *cert, poa_idevid_serial_from from, poa_why *why)
{
    const int nid = from == POA_IDEVID_COMMON_NAME ? NID_commonName : NID_serialNumber;
    const X509_NAME *subject = X509_get_subject_name(cert);
    const int at = X509_NAME_get_index_by_NID(subject, nid, -1);
    if (at < 0) /* plain: there is nothing to read */
        return poa_pki_refuse(why, POA_E_MALFORMED, "the subject of the device's certificate has no serial number");
    if (POA_GUARD(idevid_serial_twice, X509_NAME_get_index_by_NID(subject, nid, at) >= 0))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the subject of the device's certificate has two serial numbers");
    const ASN1_STRING *string = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    const poa_span text = {(const char *)ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)};
    if (!is_serial(ASN1_STRING_type(string), text))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the serial number is not 1 to 64 printable characters");
    return poa_bytes_copy(&idevid->serial, text) ? POA_OK : POA_F_NOMEM;
}

static poa_err read_certificate(poa_idevid *idevid, const X509 *cert, poa_why *why)
{
    if (!poa_pki_time(X509_get0_notBefore(cert), &idevid->not_before_s) ||
        !poa_pki_time(X509_get0_notAfter(cert), &idevid->not_after_s))
        return poa_pki_refuse(why, POA_E_MALFORMED, "a certificate's time cannot be read");
    const ASN1_INTEGER *number = X509_get0_serialNumber(cert);
    const poa_span bytes = {(const char *)ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number)};
    if (!poa_bytes_copy(&idevid->cert_serial, bytes))
        return POA_F_NOMEM;
    return read_uris(idevid, cert, why);
}

static poa_err read_tolerant(poa_idevid *idevid, X509 *cert, poa_idevid_serial_from from, poa_why *why)
{
    const poa_err err = check_tolerant(cert, why);
    return err ? err : read_serial(idevid, cert, from, why);
}

static poa_err read_strict(const poa_idevid *idevid, X509 *cert, poa_why *why)
{
    const poa_err err = check_strict(cert, why);
    if (err)
        return err;
    if (POA_GUARD(idevid_strict_device, poa_idevid_device(idevid).len == 0))
        return poa_pki_refuse(why, POA_E_MALFORMED, "the credential does not name exactly one device (urn:uuid)");
    return POA_OK;
}

static poa_err read_leaf(poa_idevid *idevid, X509 *cert, const poa_idevid_trust *trust, poa_why *why)
{
    poa_err err = check_leaf(cert, trust->profile, why);
    if (!err)
        err = read_certificate(idevid, cert, why);
    if (err)
        return err;
    switch (trust->profile) {
    case POA_IDEVID_TOLERANT:
        return read_tolerant(idevid, cert, trust->serial_from, why);
    case POA_IDEVID_STRICT:
        return read_strict(idevid, cert, why);
    case POA_IDEVID_MAKER:
        return POA_OK;
    }
    return POA_F_USAGE;
}

poa_err poa_idevid_verify(const poa_ctx *ctx, const poa_certs *x5c, const poa_idevid_trust *trust, int64_t now_s,
                          poa_idevid **out, poa_why *why)
{
    POA_PKI_SCOPE();
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = calloc(1, sizeof *idevid);
    if (!idevid)
        return POA_F_NOMEM;
    poa_err err = poa_idevid_path_validate(ctx, x5c, trust, now_s, &idevid->path, why);
    if (!err)
        err = read_leaf(idevid, poa_certs_x509(x5c, 0), trust, why);
    if (err)
        return err;
    *out = POA_TAKE(idevid);
    return POA_OK;
}

poa_err poa_idevid_find(const poa_ctx *ctx, const poa_certs *x5c, const poa_idevid_trust *trusts, size_t count,
                        int64_t now_s, poa_idevid **out, size_t *at, poa_why *why)
{
    poa_why first = {"no known CA stands behind the certificate"};
    poa_err refusal = POA_E_SIGNATURE_INVALID;
    for (size_t i = 0; i < count; i++) {
        poa_why said = {""};
        const poa_err err = poa_idevid_verify(ctx, x5c, &trusts[i], now_s, out, &said);
        if (err == POA_OK)
            *at = i;
        if (err <= POA_OK) /* found, or nothing is known */
            return err;
        if (i == 0 || (refusal == POA_E_SIGNATURE_INVALID && err != POA_E_SIGNATURE_INVALID)) {
            refusal = err;
            first = said;
        }
    }
    return poa_why_set(why, refusal, first.text);
}

const poa_key *poa_idevid_key(const poa_idevid *idevid)
{
    return idevid->path.key;
}

const poa_id *poa_idevid_key_id(const poa_idevid *idevid)
{
    return &idevid->path.key_id;
}

const poa_id *poa_idevid_path(const poa_idevid *idevid, size_t *count)
{
    *count = idevid->path.count;
    return idevid->path.cas;
}

const poa_id *poa_idevid_issuer(const poa_idevid *idevid)
{
    return idevid->path.count > 0 ? idevid->path.cas : NULL;
}

poa_span poa_idevid_serial(const poa_idevid *idevid)
{
    return poa_bytes_span(&idevid->serial);
}

poa_span poa_idevid_cert_serial(const poa_idevid *idevid)
{
    return poa_bytes_span(&idevid->cert_serial);
}

int64_t poa_idevid_not_before_s(const poa_idevid *idevid)
{
    return idevid->not_before_s;
}

int64_t poa_idevid_not_after_s(const poa_idevid *idevid)
{
    return idevid->not_after_s;
}

size_t poa_idevid_uri_count(const poa_idevid *idevid)
{
    return idevid->uri_count;
}

poa_span poa_idevid_uri(const poa_idevid *idevid, size_t at)
{
    return poa_bytes_span(&idevid->uris[at]);
}

bool poa_idevid_has_uri(const poa_idevid *idevid, poa_span uri)
{
    for (size_t i = 0; i < idevid->uri_count; i++) {
        if (poa_span_equal(poa_idevid_uri(idevid, i), uri))
            return true;
    }
    return false;
}

poa_span poa_idevid_uri_of(const poa_idevid *idevid, poa_san_kind kind)
{
    poa_span found = {0};
    for (size_t i = 0; i < idevid->uri_count; i++) {
        const poa_span uri = poa_idevid_uri(idevid, i);
        if (poa_san_kind_of(uri) != kind)
            continue;
        if (POA_GUARD(idevid_uri_ambiguous, found.len > 0))
            return (poa_span){0};
        found = uri;
    }
    return found;
}

poa_span poa_idevid_id_link(const poa_idevid *idevid)
{
    return poa_idevid_uri_of(idevid, POA_SAN_ID_LINK);
}

poa_span poa_idevid_product_uri(const poa_idevid *idevid)
{
    return poa_idevid_uri_of(idevid, POA_SAN_PRODUCT);
}

poa_span poa_idevid_spiffe_id(const poa_idevid *idevid)
{
    return poa_idevid_uri_of(idevid, POA_SAN_SPIFFE);
}

poa_span poa_idevid_device(const poa_idevid *idevid)
{
    return poa_span_skip(poa_idevid_uri_of(idevid, POA_SAN_DEVICE), sizeof POA_URN_UUID - 1);
}
