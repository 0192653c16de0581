#include "test.h"

#include "pki_fixture.h"

#include "ca.h"
#include "certs_openssl.h"
#include "pem.h"
#include "pki_openssl_program.h"
#include "span.h"
#include "x509_make.h"

#define NOW  INT64_C(1790000000)
#define YEAR INT64_C(31536000)

/* A certificate under one's control: what it says and whose signature it bears. */
typedef struct cert_plan {
    const char *name;
    const poa_key *key;
    const char *issuer_name;
    const poa_key *signer;
    X509 *issuer; /* whose key identifier it names; NULL for its own */
    int64_t from_s;
    int64_t until_s;
    int path_length; /* -1 for none, -2 for no CA */
    int usage;       /* bits of POA_USAGE_; -1 for no keyUsage */
    bool no_key_id;
    bool unknown_critical;
} cert_plan;

static X509_NAME *name_of(const char *text)
{
    X509_NAME *name = X509_NAME_new();
    assert_true(poa_x509_name_add(ctx, name, NID_commonName, poa_span_of(text)));
    return name;
}

static void set_name(X509 *cert, int (*set)(X509 *, const X509_NAME *), const char *text)
{
    X509_NAME *name = name_of(text);
    assert_int_equal(set(cert, name), 1);
    X509_NAME_free(name);
}

static void add_constraints(X509 *cert, int path_length)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    constraints->ca = path_length >= -1 ? 0xff : 0;
    if (path_length >= 0) {
        constraints->pathlen = ASN1_INTEGER_new();
        assert_int_equal(ASN1_INTEGER_set(constraints->pathlen, path_length), 1);
    }
    assert_int_equal(X509_add1_ext_i2d(cert, NID_basic_constraints, constraints, 1, X509V3_ADD_DEFAULT), 1);
    BASIC_CONSTRAINTS_free(constraints);
}

static X509 *build(const cert_plan *plan)
{
    uint8_t serial[POA_X509_SERIAL_BYTES];
    X509 *cert = X509_new();
    assert_true(cert && X509_set_version(cert, X509_VERSION_3) == 1 && poa_x509_serial(cert, serial));
    assert_true(poa_x509_times(cert, plan->from_s, plan->until_s));
    set_name(cert, X509_set_subject_name, plan->name);
    set_name(cert, X509_set_issuer_name, plan->issuer_name);
    assert_int_equal(X509_set_pubkey(cert, plan->key->pkey), 1);
    add_constraints(cert, plan->path_length);
    assert_true(plan->usage < 0 || poa_x509_usage(cert, (unsigned)plan->usage));
    assert_true(plan->no_key_id || poa_x509_subject_key_id(ctx, cert));
    assert_true(plan->no_key_id || poa_x509_authority_key_id(cert, plan->issuer ? plan->issuer : cert));
    if (plan->unknown_critical) {
        X509_EXTENSION *unknown = X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, "critical,what is this");
        assert_int_equal(X509_add_ext(cert, unknown, -1), 1);
        X509_EXTENSION_free(unknown);
    }
    assert_true(poa_x509_sign(cert, plan->signer));
    return cert;
}

static poa_key *new_key(poa_alg alg)
{
    poa_key *key = NULL;
    assert_int_equal(poa_key_generate(ctx, alg, &key), POA_OK);
    return key;
}

/* The PEM of one certificate, which ends here. */
static poa_bytes pem_of(X509 *cert)
{
    poa_certs *certs = NULL;
    poa_bytes pem = {0};
    assert_int_equal(poa_certs_of(cert, &certs), POA_OK);
    assert_int_equal(poa_certs_pem(certs, &pem), POA_OK);
    poa_certs_free(certs);
    X509_free(cert);
    return pem;
}

static poa_why why;

static poa_err load(poa_span pem, const poa_key *key, poa_ca **out)
{
    why = (poa_why){""};
    *out = NULL;
    const poa_err err = poa_ca_load(ctx, pem, key, out, &why);
    assert_int_equal(*out != NULL, err == POA_OK);
    assert_int_equal(why.text[0] != '\0', err > POA_OK);
    assert_int_equal(ERR_peek_error(), 0);
    return err;
}

static poa_err load_two(const poa_bytes *first, const poa_bytes *second, const poa_key *key)
{
    POA_CLEANUP(poa_bytes_clear) poa_bytes both = {0};
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
    assert_true(poa_bytes_join(&both, poa_bytes_span(first), poa_bytes_span(second)));
    return load(poa_bytes_span(&both), key, &ca);
}

static poa_key *key;
static poa_key *upper_key;
static cert_plan good;
static cert_plan upper;

static int make_plans(void **state)
{
    if (set_up(state) != 0)
        return -1;
    key = new_key(POA_ALG_ES256);
    upper_key = new_key(POA_ALG_ES384);
    const int usage = POA_USAGE_CERTS | POA_USAGE_CRLS;
    good = (cert_plan){"site", key, "site", key, NULL, NOW, NOW + YEAR, 0, usage, false, false};
    upper = (cert_plan){"owner", upper_key, "owner", upper_key, NULL, NOW - 9, NOW + YEAR - 9, 1, usage, false, false};
    return 0;
}

static int drop_plans(void **state)
{
    poa_key_free(key);
    poa_key_free(upper_key);
    return tear_down(state);
}

static void each_certificate(void **state)
{
    (void)state;
    cert_plan no_ca = good, old = good, no_usage = good, other_usage = good, no_id = good, unknown = good;
    no_ca.path_length = -2;
    no_usage.usage = -1;
    other_usage.usage = POA_USAGE_SIGN | POA_USAGE_CRLS;
    no_id.no_key_id = true;
    unknown.unknown_critical = true;
    old.until_s = NOW + 1; /* the time is looked at when a certificate is issued */
    const struct {
        const char *name;
        const cert_plan *plan;
        poa_err want;
    } cases[] = {
        {"good", &good, POA_OK},
        {"short", &old, POA_OK},
        {"no CA", &no_ca, POA_E_MALFORMED},
        {"no keyUsage", &no_usage, POA_E_MALFORMED},
        {"no keyCertSign", &other_usage, POA_E_MALFORMED},
        {"no subjectKeyIdentifier", &no_id, POA_E_MALFORMED},
        {"unknown critical extension", &unknown, POA_E_MALFORMED},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes pem = pem_of(build(cases[i].plan));
        POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
        const poa_err err = load(poa_bytes_span(&pem), key, &ca);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

static void each_key(void **state)
{
    (void)state;
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = pem_of(build(&good));
    POA_CLEANUP(poa_key_freep) poa_key *public = NULL;
    POA_CLEANUP(poa_key_freep) poa_key *other = new_key(POA_ALG_ES256);
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
    assert_int_equal(poa_key_from_jwk(ctx, poa_span_of(poa_key_jwk(key)), &public, NULL), POA_OK);
    assert_int_equal(load(poa_bytes_span(&pem), public, &ca), POA_E_KEY_INVALID);
    assert_string_equal(why.text, "the key of the CA is not a private one");
    assert_int_equal(load(poa_bytes_span(&pem), other, &ca), POA_E_KEY_INVALID);
    assert_int_equal(load(poa_bytes_span(&pem), upper_key, &ca), POA_E_KEY_INVALID);
}

/* PKCS#8 holds both halves of an EC key, and nothing in its form ties them together. */
static void the_halves_belong_together(void **state)
{
    (void)state;
    POA_CLEANUP(poa_key_freep) poa_key *other = new_key(POA_ALG_ES256);
    uint8_t *theirs = NULL;
    uint8_t *der = NULL;
    const int theirs_len = i2d_PrivateKey(other->pkey, &theirs);
    const int len = i2d_PrivateKey(key->pkey, &der);
    assert_int_equal(theirs_len, len);
    memcpy(der + 7, theirs + 7, 32); /* ECPrivateKey (RFC 5915): 30 77, 02 01 01, 04 20, then the private half */
    const uint8_t *at = der;
    EVP_PKEY *mixed = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, len);
    OPENSSL_clear_free(theirs, (size_t)theirs_len);
    OPENSSL_clear_free(der, (size_t)len);
    POA_CLEANUP(poa_key_freep) poa_key *pair = NULL;
    assert_non_null(mixed);
    assert_int_equal(poa_key_from_pkey(ctx, mixed, true, &pair), POA_OK);

    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = pem_of(build(&good));
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
    assert_int_equal(load(poa_bytes_span(&pem), pair, &ca), POA_E_KEY_INVALID);
}

static void a_chain_goes_upwards(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *issuer = build(&upper);
    cert_plan under = good, forged = good, long_path = upper, stranger = upper;
    under.issuer_name = forged.issuer_name = "owner";
    under.issuer = forged.issuer = issuer;
    under.signer = upper_key;
    forged.signer = key;
    long_path.path_length = 0;
    stranger.name = stranger.issuer_name = "somebody";

    POA_CLEANUP(poa_bytes_clear) poa_bytes under_pem = pem_of(build(&under));
    POA_CLEANUP(poa_bytes_clear) poa_bytes forged_pem = pem_of(build(&forged));
    POA_CLEANUP(poa_bytes_clear) poa_bytes upper_pem = pem_of(build(&upper));
    POA_CLEANUP(poa_bytes_clear) poa_bytes narrow_pem = pem_of(build(&long_path));
    POA_CLEANUP(poa_bytes_clear) poa_bytes stranger_pem = pem_of(build(&stranger));
    assert_int_equal(load_two(&under_pem, &upper_pem, key), POA_OK);
    assert_int_equal(load_two(&upper_pem, &under_pem, key), POA_E_MALFORMED);
    assert_int_equal(load_two(&under_pem, &stranger_pem, key), POA_E_MALFORMED);
    assert_int_equal(load_two(&under_pem, &narrow_pem, key), POA_E_MALFORMED);
    assert_int_equal(load_two(&forged_pem, &upper_pem, key), POA_E_SIGNATURE_INVALID);
}

/* Issue below a chain of two: the leaf ends with the shorter one, and openssl finds its way up. */
static void a_leaf_below_an_intermediate(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *issuer = build(&upper);
    cert_plan under = good;
    under.issuer_name = "owner";
    under.issuer = issuer;
    under.signer = upper_key;
    POA_CLEANUP(poa_bytes_clear) poa_bytes under_pem = pem_of(build(&under));
    POA_CLEANUP(poa_bytes_clear) poa_bytes both = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes anchor = {0};
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
    assert_int_equal(X509_up_ref(issuer), 1);
    anchor = pem_of(issuer);
    assert_true(poa_bytes_join(&both, poa_bytes_span(&under_pem), poa_bytes_span(&anchor)));
    assert_int_equal(load(poa_bytes_span(&both), key, &ca), POA_OK);
    assert_int_equal(poa_ca_chain_count(ca), 2);
    assert_int_equal(poa_ca_not_after_s(ca), NOW + YEAR - 9);

    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes chain = {0};
    assert_int_equal(poa_csr_make(upper_key, (poa_span){0}, (poa_span){0}, &der), POA_OK);
    assert_int_equal(parse(poa_bytes_span(&der), &csr), POA_OK);
    const poa_leaf_plan plan = {
        POA_SPAN("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"), POA_SPAN("site"), {0}, NOW + 60, 3600, 2 * YEAR, INT64_MAX};
    assert_int_equal(poa_ca_issue(ctx, ca, csr, &plan, &leaf, NULL), POA_OK);
    assert_int_equal(leaf.not_before_s, NOW);
    assert_int_equal(leaf.not_after_s, NOW + YEAR - 9);
    assert_int_equal(poa_ca_chain_pem(ca, poa_bytes_span(&leaf.der), &chain), POA_OK);
    make_folder();
    write_file("anchor.pem", poa_bytes_span(&anchor));
    write_file("chain.pem", poa_bytes_span(&chain));
#define VERIFY "verify -x509_strict -attime 1790002000 -CAfile anchor.pem "
    assert_true(openssl_says_ok(VERIFY "-untrusted chain.pem chain.pem"));
    assert_false(openssl_says_ok(VERIFY "chain.pem"));
    remove_folder();
}

static void lists_of_certificates(void **state)
{
    (void)state;
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = pem_of(build(&good));
    POA_CLEANUP(poa_bytes_clear) poa_bytes many = {0};
    for (size_t count = 1; count <= POA_CERTS_MAX + 1; count++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes longer = {0};
        assert_true(poa_bytes_join(&longer, poa_bytes_span(&many), poa_bytes_span(&pem)));
        poa_bytes_clear(&many);
        many = poa_bytes_take(&longer);
        POA_CLEANUP(poa_certs_freep) poa_certs *certs = NULL;
        const poa_err want = count <= POA_CERTS_MAX ? POA_OK : POA_E_TOO_LARGE;
        assert_int_equal(poa_certs_parse(poa_bytes_span(&many), &certs, NULL), want);
        assert_true(want != POA_OK || poa_certs_count(certs) == count);
    }

    const poa_span one = poa_bytes_span(&pem);
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes other = {0};
    assert_int_equal(poa_pem_one(one, POA_PEM_CERTIFICATE, POA_CERT_BYTES_MAX, &der), POA_OK);
    assert_int_equal(poa_pem_write("TRUSTED CERTIFICATE", poa_bytes_span(&der), &other), POA_OK);
    const struct {
        poa_span head;
        poa_span tail;
        poa_err want;
    } cases[] = {
        {one, POA_SPAN("\n\r\n"), POA_OK},
        {one, POA_SPAN("# a comment\n"), POA_E_MALFORMED},
        {POA_SPAN("\n"), one, POA_E_MALFORMED},
        {one, POA_SPAN(" "), POA_E_MALFORMED},
        {one, POA_SPAN("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), POA_E_MALFORMED},
        {one, POA_SPAN("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), POA_E_MALFORMED},
        {one, poa_bytes_span(&other), POA_E_MALFORMED},
        {POA_SPAN(""), POA_SPAN(""), POA_E_MALFORMED},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes text = {0};
        POA_CLEANUP(poa_certs_freep) poa_certs *certs = NULL;
        assert_true(poa_bytes_join(&text, cases[i].head, cases[i].tail));
        assert_int_equal(poa_certs_parse(poa_bytes_span(&text), &certs, NULL), cases[i].want);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void no_changed_byte_makes_a_ca(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *issuer = build(&upper);
    cert_plan under = good;
    under.issuer_name = "owner";
    under.issuer = issuer;
    under.signer = upper_key;
    POA_CLEANUP(X509_freep) X509 *cert = build(&under);
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes anchor = {0};
    assert_int_equal(poa_der_encode(cert, ASN1_ITEM_rptr(X509), &der), POA_OK);
    assert_int_equal(X509_up_ref(issuer), 1);
    anchor = pem_of(issuer);
    for (size_t i = 0; i < der.len; i++) {
        der.ptr[i] ^= 0x04;
        POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
        assert_int_equal(poa_pem_write(POA_PEM_CERTIFICATE, poa_bytes_span(&der), &pem), POA_OK);
        assert_true(load_two(&pem, &anchor, key) > POA_OK);
        der.ptr[i] ^= 0x04;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_certificate),
        cmocka_unit_test(each_key),
        cmocka_unit_test(the_halves_belong_together),
        cmocka_unit_test(a_chain_goes_upwards),
        cmocka_unit_test(a_leaf_below_an_intermediate),
        cmocka_unit_test(lists_of_certificates),
        cmocka_unit_test(no_changed_byte_makes_a_ca),
    };
    return cmocka_run_group_tests_name("pki_ca_load", tests, make_plans, drop_plans);
}
