#include "test.h"

#include "pki_fixture.h"

#include "span.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

POA_CLEANUP_DEFINE(EVP_PKEY, EVP_PKEY_free)
POA_CLEANUP_DEFINE(X509_REQ, X509_REQ_free)

/* A request that our own maker would not make: change it, then sign it. */
typedef void (*change)(X509_REQ *request);

static poa_bytes encode(const X509_REQ *request)
{
    poa_bytes der = {0};
    const int len = i2d_X509_REQ(request, NULL);
    assert_true(len > 0 && poa_bytes_alloc(&der, (size_t)len));
    uint8_t *at = der.ptr;
    assert_int_equal(i2d_X509_REQ(request, &at), len);
    return der;
}

static poa_bytes forge(EVP_PKEY *key, EVP_PKEY *signer, const EVP_MD *digest, change how)
{
    POA_CLEANUP(X509_REQ_freep) X509_REQ *request = X509_REQ_new();
    assert_non_null(request);
    assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
    if (how)
        how(request);
    assert_true(X509_REQ_sign(request, signer, digest) > 0);
    return encode(request);
}

static EVP_PKEY *explicit_p256(bool explicit, const char *form)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    if (explicit)
        assert_int_equal(
            EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT), 1);
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form), 1);
    return key;
}

static EVP_PKEY *rsa_e3(void)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *make_key = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = BN_new();
    assert_true(make_key && e && BN_set_word(e, 3) == 1);
    assert_true(EVP_PKEY_keygen_init(make_key) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(make_key, 2048) == 1 &&
                EVP_PKEY_CTX_set1_rsa_keygen_pubexp(make_key, e) == 1 && EVP_PKEY_generate(make_key, &key) == 1);
    BN_free(e);
    EVP_PKEY_CTX_free(make_key);
    return key;
}

static void only_accepted_keys(void **state)
{
    (void)state;
    const struct {
        const char *name;
        EVP_PKEY *key;
        poa_err want;
    } cases[] = {
        {"P-256", explicit_p256(false, "uncompressed"), POA_OK},
        {"P-256 by parameters", explicit_p256(true, "uncompressed"), POA_E_KEY_INVALID},
        {"P-256 compressed", explicit_p256(false, "compressed"), POA_E_KEY_INVALID},
        {"P-256 hybrid", explicit_p256(false, "hybrid"), POA_E_KEY_INVALID},
        {"P-384", EVP_EC_gen("P-384"), POA_OK},
        {"P-521", EVP_EC_gen("P-521"), POA_E_KEY_INVALID},
        {"secp256k1", EVP_EC_gen("secp256k1"), POA_E_KEY_INVALID},
        {"RSA 2048", EVP_RSA_gen(2048), POA_OK},
        {"RSA 2040", EVP_RSA_gen(2040), POA_E_KEY_INVALID},
        {"RSA 1024", EVP_RSA_gen(1024), POA_E_KEY_INVALID},
        {"RSA with e = 3", rsa_e3(), POA_E_KEY_INVALID},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        assert_non_null(cases[i].key);
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = forge(cases[i].key, cases[i].key, EVP_sha256(), NULL);
        const poa_err err = parse_only(poa_bytes_span(&der));
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
        EVP_PKEY_free(cases[i].key);
    }
    POA_CLEANUP(EVP_PKEY_freep) EVP_PKEY *ed448 = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = forge(ed448, ed448, NULL, NULL);
    assert_int_equal(parse_only(poa_bytes_span(&der)), POA_E_KEY_INVALID);
}

/* Under the identity as key a signature of zeros verifies, whatever the text. */
static void no_point_of_small_order(void **state)
{
    (void)state;
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    assert_int_equal(poa_key_generate(ctx, POA_ALG_EDDSA, &key), POA_OK);
    assert_int_equal(poa_csr_make(key, (poa_span){0}, (poa_span){0}, &der), POA_OK);
    static const uint8_t before_key[] = {0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    uint8_t *at = memmem(der.ptr, der.len, before_key, sizeof before_key);
    assert_non_null(at);
    memset(at + sizeof before_key, 0, 32);
    at[sizeof before_key] = 1;
    uint8_t *signature = der.ptr + der.len - 64;
    memset(signature, 0, 64);
    signature[0] = 1;
    assert_int_equal(parse_only(poa_bytes_span(&der)), POA_E_KEY_INVALID);
}

static void only_accepted_signatures(void **state)
{
    (void)state;
    POA_CLEANUP(EVP_PKEY_freep) EVP_PKEY *ec = EVP_EC_gen("P-256");
    POA_CLEANUP(EVP_PKEY_freep) EVP_PKEY *other = EVP_EC_gen("P-256");
    POA_CLEANUP(EVP_PKEY_freep) EVP_PKEY *rsa = EVP_RSA_gen(2048);
    const struct {
        const char *name;
        EVP_PKEY *key;
        EVP_PKEY *signer;
        const EVP_MD *digest;
        poa_err want;
    } cases[] = {
        {"EC, SHA-256", ec, ec, EVP_sha256(), POA_OK},
        {"EC, SHA-512", ec, ec, EVP_sha512(), POA_OK},
        {"EC, SHA-1", ec, ec, EVP_sha1(), POA_E_SIGNATURE_INVALID},
        {"EC, another key", ec, other, EVP_sha256(), POA_E_SIGNATURE_INVALID},
        {"EC, another kind of key", ec, rsa, EVP_sha256(), POA_E_SIGNATURE_INVALID},
        {"RSA, SHA-384", rsa, rsa, EVP_sha384(), POA_OK},
        {"RSA, SHA-1", rsa, rsa, EVP_sha1(), POA_E_SIGNATURE_INVALID},
        {"RSA, MD5", rsa, rsa, EVP_md5(), POA_E_SIGNATURE_INVALID},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = forge(cases[i].key, cases[i].signer, cases[i].digest, NULL);
        const poa_err err = parse_only(poa_bytes_span(&der));
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

/* Texts in a request: the challengePassword or an attribute of the subject, as often as said. */
typedef struct text_case {
    const char *name;
    int nid;
    int type;
    poa_span text;
    int times;
    poa_err want;
} text_case;

static const char a256[256] = {
#define A16 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a'
    A16, A16, A16, A16, A16, A16, A16, A16, A16, A16, A16, A16, A16, A16, A16, A16,
};

#define PASSWORD NID_pkcs9_challengePassword
static const text_case texts[] = {
    {"challenge, UTF-8", PASSWORD, V_ASN1_UTF8STRING, POA_SPAN_INIT("\xc3\xa4"), 1, POA_OK},
    {"challenge, printable", PASSWORD, V_ASN1_PRINTABLESTRING, POA_SPAN_INIT("a"), 1, POA_OK},
    {"challenge, IA5", PASSWORD, V_ASN1_IA5STRING, POA_SPAN_INIT("a"), 1, POA_OK},
    {"challenge, BMP", PASSWORD, V_ASN1_BMPSTRING, POA_SPAN_INIT("\0a"), 1, POA_E_MALFORMED},
    {"challenge, octets", PASSWORD, V_ASN1_OCTET_STRING, POA_SPAN_INIT("a"), 1, POA_E_MALFORMED},
    {"challenge, empty", PASSWORD, V_ASN1_UTF8STRING, POA_SPAN_INIT(""), 1, POA_E_MALFORMED},
    {"challenge with NUL", PASSWORD, V_ASN1_UTF8STRING, POA_SPAN_INIT("a\0b"), 1, POA_E_MALFORMED},
    {"challenge, not UTF-8", PASSWORD, V_ASN1_UTF8STRING, POA_SPAN_INIT("\xc0\xaf"), 1, POA_E_MALFORMED},
    {"challenge, 255 bytes", PASSWORD, V_ASN1_UTF8STRING, {a256, 255}, 1, POA_OK},
    {"challenge, 256 bytes", PASSWORD, V_ASN1_UTF8STRING, {a256, 256}, 1, POA_E_MALFORMED},
    {"challenge twice", PASSWORD, V_ASN1_UTF8STRING, POA_SPAN_INIT("a"), 2, POA_E_MALFORMED},
    {"serial", NID_serialNumber, V_ASN1_PRINTABLESTRING, POA_SPAN_INIT("7"), 1, POA_OK},
    {"serial, 64 bytes", NID_serialNumber, V_ASN1_PRINTABLESTRING, {a256, 64}, 1, POA_OK},
    {"serial, 65 bytes", NID_serialNumber, V_ASN1_PRINTABLESTRING, {a256, 65}, 1, POA_E_MALFORMED},
    {"serial, T61", NID_serialNumber, V_ASN1_T61STRING, POA_SPAN_INIT("7"), 1, POA_E_MALFORMED},
    {"serial with NUL", NID_serialNumber, V_ASN1_UTF8STRING, POA_SPAN_INIT("7\0008"), 1, POA_E_MALFORMED},
    {"serial twice", NID_serialNumber, V_ASN1_PRINTABLESTRING, POA_SPAN_INIT("7"), 2, POA_E_MALFORMED},
    {"name", NID_commonName, V_ASN1_UTF8STRING, POA_SPAN_INIT("gauge"), 1, POA_OK},
    {"name, 256 bytes", NID_commonName, V_ASN1_UTF8STRING, {a256, 256}, 1, POA_OK},
    {"name, BMP", NID_commonName, V_ASN1_BMPSTRING, POA_SPAN_INIT("\0a"), 1, POA_E_MALFORMED},
    {"name twice", NID_commonName, V_ASN1_UTF8STRING, POA_SPAN_INIT("a"), 2, POA_E_MALFORMED},
    {"what nobody reads", NID_organizationName, V_ASN1_BMPSTRING, POA_SPAN_INIT("\0a"), 2, POA_OK},
};
static const text_case *adding;

static void add_texts(X509_REQ *request)
{
    const uint8_t *text = (const uint8_t *)adding->text.ptr;
    const int len = (int)adding->text.len;
    X509_NAME *subject = X509_REQ_get_subject_name(request);
    for (int i = 0; i < adding->times; i++) {
        if (adding->nid != PASSWORD) {
            assert_int_equal(X509_NAME_add_entry_by_NID(subject, adding->nid, adding->type, text, len, -1, 0), 1);
            continue;
        }
        /* OpenSSL from 3.2 on refuses to add an attribute again, so the second is renamed once it is in. */
        const int nid = i == 0 ? PASSWORD : NID_friendlyName;
        assert_int_equal(X509_REQ_add1_attr_by_NID(request, nid, adding->type, text, len), 1);
        assert_int_equal(X509_ATTRIBUTE_set1_object(X509_REQ_get_attr(request, i), OBJ_nid2obj(PASSWORD)), 1);
    }
}

static void each_text_stands_once(void **state)
{
    (void)state;
    POA_CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    for (size_t i = 0; i < POA_COUNT(texts); i++) {
        adding = &texts[i];
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = forge(key, key, EVP_sha256(), add_texts);
        POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
        const poa_err err = parse(poa_bytes_span(&der), &csr);
        if (err != adding->want)
            fail_msg("%s: %s", adding->name, poa_err_name(err));
        if (err)
            continue;
        const poa_span none = {0};
        const int nid = adding->nid;
        assert_true(poa_span_equal(poa_csr_challenge(csr), nid == PASSWORD ? adding->text : none));
        assert_true(poa_span_equal(poa_csr_serial(csr), nid == NID_serialNumber ? adding->text : none));
        assert_true(poa_span_equal(poa_csr_common_name(csr), nid == NID_commonName ? adding->text : none));
    }
}

static void challenge_of_two_values(X509_REQ *r)
{
    X509_ATTRIBUTE *both = X509_ATTRIBUTE_create_by_NID(NULL, NID_pkcs9_challengePassword, V_ASN1_UTF8STRING, "a", 1);
    assert_int_equal(X509_ATTRIBUTE_set1_data(both, V_ASN1_UTF8STRING, "b", 1), 1);
    assert_int_equal(X509_REQ_add1_attr(r, both), 1);
    X509_ATTRIBUTE_free(both);
}
static void challenge_without_value(X509_REQ *r)
{
    X509_ATTRIBUTE *empty = X509_ATTRIBUTE_new();
    assert_int_equal(X509_ATTRIBUTE_set1_object(empty, OBJ_nid2obj(NID_pkcs9_challengePassword)), 1);
    assert_int_equal(X509_REQ_add1_attr(r, empty), 1);
    X509_ATTRIBUTE_free(empty);
}

static void version_2(X509_REQ *r)
{
    assert_int_equal(X509_REQ_set_version(r, 1), 1);
}
static void wants_names(X509_REQ *r)
{
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:admin.example");
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    assert_true(san && list && sk_X509_EXTENSION_push(list, san) == 1);
    assert_int_equal(X509_REQ_add_extensions(r, list), 1);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void each_shape(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        change how;
        poa_err want;
    } cases[] = {
        {"plain", NULL, POA_OK},
        {"challenge of two values", challenge_of_two_values, POA_E_MALFORMED},
        {"challenge without value", challenge_without_value, POA_E_MALFORMED},
        {"version 2", version_2, POA_E_MALFORMED},
        {"asks for names", wants_names, POA_OK},
    };
    POA_CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = forge(key, key, EVP_sha256(), cases[i].how);
        const poa_err err = parse_only(poa_bytes_span(&der));
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_accepted_keys),
        cmocka_unit_test(no_point_of_small_order),
        cmocka_unit_test(only_accepted_signatures),
        cmocka_unit_test(each_text_stands_once),
        cmocka_unit_test(each_shape),
    };
    return cmocka_run_group_tests_name("pki_csr_forged", tests, set_up, tear_down);
}
