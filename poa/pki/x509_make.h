#ifndef POA_PKI_X509_MAKE_H
#define POA_PKI_X509_MAKE_H

#include "pki_openssl.h"

/*
 * The parts of a certificate that we make (RFC 5280), each true when it was set. A maker is one chain of them:
 *
 *     if (!(poa_x509_serial(cert) && poa_x509_times(cert, from, until) && ...))
 *         return poa_pki_fault();
 *
 * Values become extensions as structures, never by way of OpenSSL's configuration strings, in which a comma in an
 * identifier would start another name.
 */

/* Bits of keyUsage (section 4.2.1.3). */
enum {
    POA_USAGE_SIGN = 1 << 0,
    POA_USAGE_CERTS = 1 << 5,
    POA_USAGE_CRLS = 1 << 6,
};

/* The last second that a certificate can name, 9999-12-31T23:59:59Z (section 4.1.2.5). */
#define POA_X509_TIME_MAX 253402300799

/* Bytes of a serial number: as long as section 4.1.2.2 allows. */
#define POA_X509_SERIAL_BYTES 20

/* A positive serial number of exactly 20 bytes, 158 of their bits random. */
bool poa_x509_serial(X509 *cert, uint8_t serial[POA_X509_SERIAL_BYTES]);
/* Both ends count (section 4.1.2.5). False when they are out of order or out of range. */
bool poa_x509_times(X509 *cert, int64_t not_before_s, int64_t not_after_s);
/*
 * Add an attribute of at most 64 characters (appendix A.1: ub-common-name, ub-organization-name) as UTF8String. A
 * longer text is cut at 41 characters or fewer and ends in '-' and 22 base64url characters of its SHA-256.
 */
bool poa_x509_name_add(const poa_ctx *ctx, X509_NAME *name, int nid, poa_span text);
/* Add the attribute serialNumber, PrintableString where it fits (X.520 section 6.2.9), else UTF8String. */
bool poa_x509_name_serial(X509_NAME *name, poa_span serial);
/* keyUsage, critical. */
bool poa_x509_usage(X509 *cert, unsigned bits);
/* extKeyUsage: the one purpose, by its NID. */
bool poa_x509_purpose(X509 *cert, int nid);
/* basicConstraints, critical: a CA of path length 0, or no CA. */
bool poa_x509_constraints(X509 *cert, bool ca);
/* subjectKeyIdentifier of the certificate's own key (RFC 7093 section 2, method 1); the key is set already. */
bool poa_x509_subject_key_id(const poa_ctx *ctx, X509 *cert);
/* authorityKeyIdentifier: the subjectKeyIdentifier of issuer, which may be cert itself. */
bool poa_x509_authority_key_id(X509 *cert, const X509 *issuer);
/* Its value alone, for what is no certificate; NULL when it could not be made. */
AUTHORITY_KEYID *poa_x509_authority(const X509 *issuer);
/* cRLDistributionPoints: the one place. */
bool poa_x509_crl_url(X509 *cert, poa_span url);

/* subjectAltName: start with NULL names, add, set. */
bool poa_x509_alt_uri(GENERAL_NAMES *names, poa_span uri);
bool poa_x509_alt_dns(GENERAL_NAMES *names, poa_span host);
/* 4 or 16 bytes in network order. */
bool poa_x509_alt_ip(GENERAL_NAMES *names, const uint8_t *address, size_t len);
bool poa_x509_alt_names(X509 *cert, const GENERAL_NAMES *names);

/* Sign with the issuer's key, with the digest that belongs to it. */
bool poa_x509_sign(X509 *cert, const poa_key *key);

#endif
