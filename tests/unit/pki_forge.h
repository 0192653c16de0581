#ifndef POA_TEST_PKI_FORGE_H
#define POA_TEST_PKI_FORGE_H

#include "pki_fixture.h"

#include "certs.h"

#include <openssl/x509v3.h>

POA_CLEANUP_DEFINE(EVP_PKEY, EVP_PKEY_free)
POA_CLEANUP_DEFINE(X509, X509_free)

/* Certificates of any kind, made by OpenSSL's own means and not by ours: what others might send. */

#define FORGE_NOW INT64_C(1790000000)
#define FORGE_DAY INT64_C(86400)

typedef struct forged_name {
    int nid;
    int type;
    const char *text; /* NUL-terminated; none ends the list */
    size_t len;       /* 0: as long as the text */
} forged_name;

typedef struct forged_ext {
    int nid;           /* 0 ends the list */
    const char *value; /* as OpenSSL's configuration has it; NULL leaves out what the base has of this kind */
} forged_ext;

#define FORGED_NAMES_MAX 4
#define FORGED_EXTS_MAX  8

typedef struct forged_plan {
    EVP_PKEY *key;
    X509 *issuer;         /* NULL: itself */
    EVP_PKEY *issuer_key; /* signs */
    const EVP_MD *digest; /* NULL: SHA-256 */
    bool pss;             /* RSASSA-PSS */
    long version;         /* 0: 3 */
    int64_t from_s;       /* 0: a day before FORGE_NOW */
    const char *until;    /* NULL: 99991231235959Z */
    forged_name names[FORGED_NAMES_MAX];
    forged_ext exts[FORGED_EXTS_MAX];
    void (*edit)(X509 *cert); /* before the signature */
} forged_plan;

static inline void forge_ext(X509 *cert, X509 *issuer, const forged_ext *ext)
{
    X509V3_CTX v3;
    X509V3_set_ctx_nodb(&v3);
    X509V3_set_ctx(&v3, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &v3, ext->nid, ext->value);
    assert_non_null(made);
    assert_int_equal(X509_add_ext(cert, made, -1), 1);
    X509_EXTENSION_free(made);
}

static inline void forge_names(X509 *cert, const forged_name *names)
{
    for (size_t i = 0; i < FORGED_NAMES_MAX && names[i].text; i++) {
        const int len = (int)(names[i].len > 0 ? names[i].len : strlen(names[i].text));
        assert_int_equal(X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), names[i].nid, names[i].type,
                                                    (const uint8_t *)names[i].text, len, -1, 0),
                         1);
    }
}

static inline void forge_signature(X509 *cert, const forged_plan *plan)
{
    EVP_MD_CTX *sign = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    const bool hashes = !EVP_PKEY_is_a(plan->issuer_key, "ED25519");
    const EVP_MD *digest = plan->digest ? plan->digest : EVP_sha256();
    assert_int_equal(EVP_DigestSignInit(sign, &how, hashes ? digest : NULL, NULL, plan->issuer_key), 1);
    if (plan->pss)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
    assert_true(X509_sign_ctx(cert, sign) > 0);
    EVP_MD_CTX_free(sign);
}

static inline X509 *forge_cert(const forged_plan *plan)
{
    static long serial = 1000;
    X509 *cert = X509_new();
    assert_non_null(cert);
    assert_int_equal(X509_set_version(cert, plan->version ? plan->version - 1 : X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), plan->from_s ? plan->from_s : FORGE_NOW - FORGE_DAY));
    assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), plan->until ? plan->until : "99991231235959Z"),
                     1);
    forge_names(cert, plan->names);
    X509 *issuer = plan->issuer ? plan->issuer : cert;
    assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(issuer)), 1);
    assert_int_equal(X509_set_pubkey(cert, plan->key), 1);
    for (size_t i = 0; i < FORGED_EXTS_MAX && plan->exts[i].nid != 0; i++)
        forge_ext(cert, issuer, &plan->exts[i]);
    if (plan->edit)
        plan->edit(cert);
    forge_signature(cert, plan);
    return cert;
}

/* A CA, named; issuer NULL makes a root. */
static inline X509 *forge_ca(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    const forged_plan plan = {
        .key = key,
        .issuer = issuer,
        .issuer_key = issuer_key ? issuer_key : key,
        .names = {{NID_commonName, V_ASN1_UTF8STRING, name, 0}},
        .exts = {{NID_basic_constraints, "critical,CA:TRUE"},
                 {NID_key_usage, "critical,keyCertSign,cRLSign"},
                 {NID_subject_key_identifier, "hash"}},
    };
    return forge_cert(&plan);
}

/* A list of them, read back through their DER, each from a buffer that ends where it ends. */
static inline poa_certs *forge_list(X509 *const *certs, size_t count)
{
    poa_span ders[POA_CERTS_MAX] = {{0}};
    uint8_t *exact[POA_CERTS_MAX] = {0};
    assert_true(count <= POA_CERTS_MAX);
    for (size_t i = 0; i < count; i++) {
        const int len = i2d_X509(certs[i], NULL);
        assert_true(len > 0);
        exact[i] = malloc((size_t)len);
        assert_non_null(exact[i]);
        uint8_t *at = exact[i];
        assert_int_equal(i2d_X509(certs[i], &at), len);
        ders[i] = (poa_span){(const char *)exact[i], (size_t)len};
    }
    poa_certs *list = NULL;
    assert_int_equal(poa_certs_from_der(ders, count, &list, NULL), POA_OK);
    for (size_t i = 0; i < count; i++)
        free(exact[i]);
    return list;
}

/* SHA-256 of the SubjectPublicKeyInfo, by other means than ours. */
static inline poa_id forge_key_id(EVP_PKEY *key)
{
    uint8_t *der = NULL;
    const int len = i2d_PUBKEY(key, &der);
    assert_true(len > 0);
    poa_id id;
    assert_int_equal(EVP_Digest(der, (size_t)len, id.bytes, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
    return id;
}

#endif
