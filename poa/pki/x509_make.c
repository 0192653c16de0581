#include "x509_make.h"

#include "base64url.h"
#include "buf.h"
#include "span.h"

#include <openssl/rand.h>

#define NAME_CHARS_MAX 64
#define HASH_BYTES     16 /* of the 32, which take 22 characters */
#define HEAD_CHARS     (NAME_CHARS_MAX - 1 - POA_BASE64URL_LEN(HASH_BYTES))

POA_CLEANUP_DEFINE(ASN1_BIT_STRING, ASN1_BIT_STRING_free)
POA_CLEANUP_DEFINE(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
POA_CLEANUP_DEFINE(BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
POA_CLEANUP_DEFINE(CRL_DIST_POINTS, CRL_DIST_POINTS_free)
POA_CLEANUP_DEFINE(DIST_POINT, DIST_POINT_free)
POA_CLEANUP_DEFINE(GENERAL_NAME, GENERAL_NAME_free)

bool poa_x509_serial(X509 *cert, uint8_t serial[POA_X509_SERIAL_BYTES])
{
    if (RAND_bytes(serial, POA_X509_SERIAL_BYTES) != 1)
        return false;
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and no shorter than the others */
    POA_CLEANUP(BN_freep) BIGNUM *number = BN_bin2bn(serial, POA_X509_SERIAL_BYTES, NULL);
    return number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
}

bool poa_x509_times(X509 *cert, int64_t not_before_s, int64_t not_after_s)
{
    return not_before_s >= 0 && not_before_s <= not_after_s && not_after_s <= POA_X509_TIME_MAX &&
           ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)not_before_s) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)not_after_s) != NULL;
}

/* Bytes that the first chars characters of valid UTF-8 take; all of them when it has fewer. */
static size_t head_bytes(poa_span text, size_t chars)
{
    size_t at = 0;
    for (; at < text.len; at++) {
        const bool starts_character = ((unsigned char)text.ptr[at] & 0xc0) != 0x80;
        if (starts_character && chars-- == 0)
            break;
    }
    return at;
}

static bool shorten(const poa_ctx *ctx, poa_span text, poa_buf *out)
{
    poa_id hash;
    if (poa_sha256(ctx, text, &hash) != POA_OK)
        return false;
    poa_buf_add(out, poa_span_head(text, head_bytes(text, HEAD_CHARS)));
    poa_buf_text(out, "-");
    poa_buf_base64url(out, hash.bytes, HASH_BYTES);
    return !out->failed;
}

bool poa_x509_name_add(const poa_ctx *ctx, X509_NAME *name, int nid, poa_span text)
{
    POA_CLEANUP(poa_buf_clear) poa_buf shorter = {0};
    if (head_bytes(text, NAME_CHARS_MAX) < text.len) {
        if (!shorten(ctx, text, &shorter))
            return false;
        text = poa_buf_span(&shorter);
    }
    return X509_NAME_add_entry_by_NID(name, nid, V_ASN1_UTF8STRING, (const unsigned char *)text.ptr, (int)text.len, -1,
                                      0) == 1;
}

bool poa_x509_name_serial(X509_NAME *name, poa_span serial)
{
    const unsigned char *bytes = (const unsigned char *)serial.ptr;
    const int printable = ASN1_PRINTABLE_type(bytes, (int)serial.len) == V_ASN1_PRINTABLESTRING;
    return X509_NAME_add_entry_by_NID(name, NID_serialNumber, printable ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING,
                                      bytes, (int)serial.len, -1, 0) == 1;
}

static bool add_extension(X509 *cert, int nid, void *value, bool critical)
{
    return X509_add1_ext_i2d(cert, nid, value, critical, X509V3_ADD_DEFAULT) == 1;
}

bool poa_x509_usage(X509 *cert, unsigned bits)
{
    POA_CLEANUP(ASN1_BIT_STRING_freep) ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
    bool ok = usage != NULL;
    for (int bit = 0; ok && bit < 9; bit++) {
        if (bits & 1u << bit)
            ok = ASN1_BIT_STRING_set_bit(usage, bit, 1) == 1;
    }
    return ok && add_extension(cert, NID_key_usage, usage, true);
}

bool poa_x509_purpose(X509 *cert, int nid)
{
    POA_CLEANUP(EXTENDED_KEY_USAGE_freep) EXTENDED_KEY_USAGE *purposes = EXTENDED_KEY_USAGE_new();
    return purposes && sk_ASN1_OBJECT_push(purposes, OBJ_nid2obj(nid)) > 0 &&
           add_extension(cert, NID_ext_key_usage, purposes, false);
}

bool poa_x509_constraints(X509 *cert, bool ca)
{
    POA_CLEANUP(BASIC_CONSTRAINTS_freep) BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    if (!constraints)
        return false;
    constraints->ca = ca ? 0xff : 0;
    if (ca) {
        constraints->pathlen = ASN1_INTEGER_new();
        if (!constraints->pathlen || ASN1_INTEGER_set_int64(constraints->pathlen, 0) != 1)
            return false;
    }
    return add_extension(cert, NID_basic_constraints, constraints, true);
}

bool poa_x509_subject_key_id(const poa_ctx *ctx, X509 *cert)
{
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);
    if (!bits)
        return false;
    const poa_span key = {(const char *)ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits)};
    poa_id hash;
    if (poa_sha256(ctx, key, &hash) != POA_OK)
        return false;
    POA_CLEANUP(ASN1_OCTET_STRING_freep) ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
    return id && ASN1_OCTET_STRING_set(id, hash.bytes, 160 / 8) == 1 &&
           add_extension(cert, NID_subject_key_identifier, id, false);
}

AUTHORITY_KEYID *poa_x509_authority(const X509 *issuer)
{
    POA_CLEANUP(ASN1_OCTET_STRING_freep)
    ASN1_OCTET_STRING *id = X509_get_ext_d2i(issuer, NID_subject_key_identifier, NULL, NULL);
    POA_CLEANUP(AUTHORITY_KEYID_freep) AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
    if (!id || !authority)
        return NULL;
    authority->keyid = POA_TAKE(id);
    return POA_TAKE(authority);
}

bool poa_x509_authority_key_id(X509 *cert, const X509 *issuer)
{
    POA_CLEANUP(AUTHORITY_KEYID_freep) AUTHORITY_KEYID *authority = poa_x509_authority(issuer);
    return authority && add_extension(cert, NID_authority_key_identifier, authority, false);
}

/* Add a name that holds these bytes as a string of the given type. */
static bool add_name(GENERAL_NAMES *names, int kind, int type, const void *bytes, size_t len)
{
    POA_CLEANUP(GENERAL_NAME_freep) GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *string = ASN1_STRING_type_new(type);
    if (!name || !string || ASN1_STRING_set(string, bytes, (int)len) != 1) {
        ASN1_STRING_free(string);
        return false;
    }
    GENERAL_NAME_set0_value(name, kind, string); /* owns the string now */
    if (sk_GENERAL_NAME_push(names, name) <= 0)
        return false;
    name = NULL;
    return true;
}

bool poa_x509_alt_uri(GENERAL_NAMES *names, poa_span uri)
{
    return add_name(names, GEN_URI, V_ASN1_IA5STRING, uri.ptr, uri.len);
}

bool poa_x509_alt_dns(GENERAL_NAMES *names, poa_span host)
{
    return add_name(names, GEN_DNS, V_ASN1_IA5STRING, host.ptr, host.len);
}

bool poa_x509_alt_ip(GENERAL_NAMES *names, const uint8_t *address, size_t len)
{
    return add_name(names, GEN_IPADD, V_ASN1_OCTET_STRING, address, len);
}

bool poa_x509_alt_names(X509 *cert, const GENERAL_NAMES *names)
{
    return X509_add1_ext_i2d(cert, NID_subject_alt_name, (void *)(uintptr_t)names, 0, X509V3_ADD_DEFAULT) == 1;
}

static DIST_POINT *point_of(poa_span url)
{
    POA_CLEANUP(DIST_POINT_freep) DIST_POINT *point = DIST_POINT_new();
    if (!point)
        return NULL;
    point->distpoint = DIST_POINT_NAME_new();
    if (!point->distpoint)
        return NULL;
    point->distpoint->type = 0; /* fullName */
    point->distpoint->name.fullname = GENERAL_NAMES_new();
    if (!point->distpoint->name.fullname || !poa_x509_alt_uri(point->distpoint->name.fullname, url))
        return NULL;
    return POA_TAKE(point);
}

bool poa_x509_crl_url(X509 *cert, poa_span url)
{
    POA_CLEANUP(CRL_DIST_POINTS_freep) CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
    POA_CLEANUP(DIST_POINT_freep) DIST_POINT *point = point_of(url);
    if (!points || !point || sk_DIST_POINT_push(points, point) <= 0)
        return false;
    point = NULL; /* the list took it */
    return add_extension(cert, NID_crl_distribution_points, points, false);
}

bool poa_x509_sign(X509 *cert, const poa_key *key)
{
    return X509_sign(cert, key->pkey, poa_pki_digest(key)) > 0;
}
