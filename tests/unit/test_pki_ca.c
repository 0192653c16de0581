#include "test.h"

#include "pki_fixture.h"

#include "ca.h"
#include "pem.h"
#include "pki_openssl_program.h"
#include "span.h"

#include <openssl/x509v3.h>

POA_CLEANUP_DEFINE(X509, X509_free)

#define OWNER  "urn:example:mine-7"
#define DEVICE "1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"
#define LINK   "https://id.maker.example/XY-1/SN-1042,DNS:admin.example"
#define NOW    INT64_C(1790000000)
#define YEAR   INT64_C(31536000)

static const poa_ca_plan ca_plan = {
    .owner = POA_SPAN_INIT(OWNER),
    .now_s = NOW,
    .backdate_s = 300,
    .lifetime_s = 10 * YEAR,
};

static const poa_leaf_plan leaf_plan = {
    .device = POA_SPAN_INIT(DEVICE),
    .owner = POA_SPAN_INIT(OWNER),
    .id_link = POA_SPAN_INIT(LINK),
    .now_s = NOW + 1000,
    .backdate_s = 60,
    .lifetime_s = 604800,
    .end_s = INT64_MAX,
};

static poa_ca *make_ca(void)
{
    poa_ca *ca = NULL;
    assert_int_equal(poa_ca_make(ctx, &ca_plan, &ca), POA_OK);
    return ca;
}

static poa_csr *make_csr(poa_alg alg)
{
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    poa_csr *csr = NULL;
    assert_int_equal(poa_key_generate(ctx, alg, &key), POA_OK);
    assert_int_equal(poa_csr_make(key, POA_SPAN("nonce"), POA_SPAN("typed-by-the-device"), &der), POA_OK);
    assert_int_equal(parse(poa_bytes_span(&der), &csr), POA_OK);
    return csr;
}

static X509 *decode(poa_span der)
{
    const uint8_t *at = (const uint8_t *)der.ptr;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    assert_non_null(cert);
    assert_ptr_equal(at, der.ptr + der.len);
    return cert;
}

static void assert_time(const ASN1_TIME *time, int64_t want_s)
{
    assert_int_equal(ASN1_TIME_cmp_time_t(time, (time_t)want_s), 0);
}

static void assert_critical(const X509 *cert, int nid, bool want)
{
    const int at = X509_get_ext_by_NID(cert, nid, -1);
    assert_true(at >= 0);
    assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(cert, at)), want);
}

static void assert_subject(const X509 *cert, const char *want)
{
    char text[512];
    BIO *out = BIO_new(BIO_s_mem());
    assert_true(X509_NAME_print_ex(out, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253) >= 0);
    const int len = BIO_read(out, text, sizeof text - 1);
    assert_true(len > 0);
    text[len] = '\0';
    BIO_free(out);
    assert_string_equal(text, want);
}

static void assert_same_octets(const ASN1_OCTET_STRING *a, const ASN1_OCTET_STRING *b)
{
    assert_true(a && b);
    assert_int_equal(ASN1_OCTET_STRING_cmp(a, b), 0);
}

static void a_new_ca_is_one(void **state)
{
    (void)state;
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = make_ca();
    assert_int_equal(poa_ca_chain_count(ca), 1);
    assert_int_equal(poa_ca_not_after_s(ca), NOW + 10 * YEAR - 1);
    POA_CLEANUP(X509_freep) X509 *cert = decode(poa_ca_chain_der(ca, 0));
    assert_int_equal(X509_get_version(cert), X509_VERSION_3);
    assert_subject(cert, "CN=" OWNER);
    assert_int_equal(X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)), 0);
    assert_time(X509_get0_notBefore(cert), NOW - 300);
    assert_time(X509_get0_notAfter(cert), NOW + 10 * YEAR - 1);
    assert_int_equal(X509_check_ca(cert), 1);
    assert_int_equal(X509_get_pathlen(cert), 0);
    assert_int_equal(X509_get_key_usage(cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_critical(cert, NID_basic_constraints, true);
    assert_critical(cert, NID_key_usage, true);
    assert_same_octets(X509_get0_authority_key_id(cert), X509_get0_subject_key_id(cert));
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(cert)), 20);
    assert_int_equal(ASN1_STRING_type(X509_get0_serialNumber(cert)), V_ASN1_INTEGER); /* and not a negative one */
    assert_int_equal(X509_get_signature_nid(cert), NID_ecdsa_with_SHA256);
}

static void a_ca_comes_back_from_its_files(void **state)
{
    (void)state;
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = make_ca();
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    poa_secret key_pem = {0};
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_ca_freep) poa_ca *again = NULL;
    assert_int_equal(poa_ca_chain_pem(ca, (poa_span){0}, &pem), POA_OK);
    assert_int_equal(poa_key_to_pem(poa_ca_key(ca), POA_SPAN("open sesame"), &key_pem), POA_OK);
    const poa_span text = {key_pem.text, key_pem.len};
    assert_int_equal(poa_key_from_pem(ctx, text, POA_SPAN("open sesame!"), &key), POA_E_KEY_INVALID);
    assert_int_equal(poa_key_from_pem(ctx, text, POA_SPAN("open sesame"), &key), POA_OK);
    assert_int_equal(poa_ca_load(ctx, poa_bytes_span(&pem), key, &again, NULL), POA_OK);
    assert_true(poa_id_equal(poa_ca_key_id(ca), poa_ca_key_id(again)));
    assert_true(poa_span_equal(poa_ca_chain_der(ca, 0), poa_ca_chain_der(again, 0)));
    assert_int_equal(poa_ca_not_after_s(ca), poa_ca_not_after_s(again));
    poa_secret_clear(&key_pem);
}

static void names_have_at_most_64_characters(void **state)
{
    (void)state;
#define TEN   "0123456789"
#define UML   "\xc3\xa4"
#define TEN_U UML UML UML UML UML UML UML UML UML UML
    static const struct {
        poa_span owner;
        const char *subject; /* NULL: cut after head and ended by the hash */
        const char *head;
    } cases[] = {
        {POA_SPAN_INIT(TEN TEN TEN TEN TEN TEN "abcd"), "CN=" TEN TEN TEN TEN TEN TEN "abcd", ""},
        {POA_SPAN_INIT(TEN TEN TEN TEN TEN TEN "abcde"), NULL, TEN TEN TEN TEN "0-"},
        {POA_SPAN_INIT(TEN_U TEN_U TEN_U TEN_U TEN_U TEN_U TEN_U), NULL, TEN_U TEN_U TEN_U TEN_U UML "-"},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_ca_plan plan = ca_plan;
        plan.owner = cases[i].owner;
        POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
        assert_int_equal(poa_ca_make(ctx, &plan, &ca), POA_OK);
        POA_CLEANUP(X509_freep) X509 *cert = decode(poa_ca_chain_der(ca, 0));
        if (cases[i].subject) {
            assert_subject(cert, cases[i].subject);
            continue;
        }
        const ASN1_STRING *name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(X509_get_subject_name(cert), 0));
        assert_int_equal(ASN1_STRING_type(name), V_ASN1_UTF8STRING);
        const poa_span text = {(const char *)ASN1_STRING_get0_data(name), (size_t)ASN1_STRING_length(name)};
        assert_true(poa_span_starts(text, poa_span_of(cases[i].head)));
        assert_int_equal(text.len, strlen(cases[i].head) + 22);
        assert_true(poa_span_is_utf8(text));
    }
}

static void no_ca_out_of_range(void **state)
{
    (void)state;
    static const poa_ca_plan cases[] = {
        {{"", 0}, NOW, 0, YEAR},
        {POA_SPAN_INIT("a\nb"), NOW, 0, YEAR},
        {POA_SPAN_INIT(OWNER), NOW, 0, 0},
        {POA_SPAN_INIT(OWNER), NOW, -1, YEAR},
        {POA_SPAN_INIT(OWNER), 5, 6, YEAR},
        {POA_SPAN_INIT(OWNER), NOW, 0, INT64_MAX},
        {POA_SPAN_INIT(OWNER), INT64_C(253402300799), 0, 2},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_ca *ca = NULL;
        assert_int_equal(poa_ca_make(ctx, &cases[i], &ca), POA_F_USAGE);
        assert_null(ca);
    }
    poa_ca_plan last = ca_plan;
    last.now_s = INT64_C(253402300799);
    last.lifetime_s = 1;
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
    assert_int_equal(poa_ca_make(ctx, &last, &ca), POA_OK);
}

/* The URIs of the subjectAltName are these two and nothing else. */
static void assert_names(const X509 *cert, const char *first, const char *second)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    const char *const want[] = {first, second};
    assert_int_equal(sk_GENERAL_NAME_num(names), second ? 2 : 1);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        assert_int_equal(name->type, GEN_URI);
        const ASN1_STRING *uri = name->d.uniformResourceIdentifier;
        const poa_span text = {(const char *)ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri)};
        assert_true(poa_span_is(text, want[i]));
    }
    GENERAL_NAMES_free(names);
}

static void a_leaf_says_what_the_server_chose(void **state)
{
    (void)state;
    static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_ES384, POA_ALG_EDDSA, POA_ALG_RS256};
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = make_ca();
    POA_CLEANUP(X509_freep) X509 *issuer = decode(poa_ca_chain_der(ca, 0));
    for (size_t i = 0; i < POA_COUNT(algs); i++) {
        POA_CLEANUP(poa_csr_freep) poa_csr *csr = make_csr(algs[i]);
        POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
        assert_int_equal(poa_ca_issue(ctx, ca, csr, &leaf_plan, &leaf, NULL), POA_OK);
        POA_CLEANUP(X509_freep) X509 *cert = decode(poa_bytes_span(&leaf.der));
        assert_int_equal(X509_get_version(cert), X509_VERSION_3);
        assert_subject(cert, "CN=" DEVICE ",O=" OWNER);
        assert_names(cert, "urn:uuid:" DEVICE, LINK);
        assert_int_equal(X509_check_ca(cert), 0);
        assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
        assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_CLIENT);
        assert_critical(cert, NID_basic_constraints, true);
        assert_critical(cert, NID_key_usage, true);
        assert_critical(cert, NID_subject_alt_name, false);
        assert_non_null(X509_get0_subject_key_id(cert));
        assert_same_octets(X509_get0_authority_key_id(cert), X509_get0_subject_key_id(issuer));
        const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
        assert_int_equal(ASN1_STRING_length(serial), sizeof leaf.serial);
        assert_memory_equal(ASN1_STRING_get0_data(serial), leaf.serial, sizeof leaf.serial);
        assert_int_equal(X509_verify(cert, X509_get0_pubkey(issuer)), 1);
        uint8_t *spki = NULL;
        const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
        assert_true(poa_span_equal((poa_span){(const char *)spki, (size_t)len}, poa_csr_spki(csr)));
        OPENSSL_free(spki);
    }
}

static void no_link_no_second_name(void **state)
{
    (void)state;
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = make_ca();
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = make_csr(POA_ALG_ES256);
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    poa_leaf_plan plan = leaf_plan;
    plan.id_link = (poa_span){0};
    assert_int_equal(poa_ca_issue(ctx, ca, csr, &plan, &leaf, NULL), POA_OK);
    POA_CLEANUP(X509_freep) X509 *cert = decode(poa_bytes_span(&leaf.der));
    assert_names(cert, "urn:uuid:" DEVICE, NULL);
}

static void no_serial_number_twice(void **state)
{
    (void)state;
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = make_ca();
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = make_csr(POA_ALG_ES256);
    uint8_t seen[32][POA_SERIAL_NUMBER_BYTES];
    for (size_t i = 0; i < POA_COUNT(seen); i++) {
        POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
        assert_int_equal(poa_ca_issue(ctx, ca, csr, &leaf_plan, &leaf, NULL), POA_OK);
        memcpy(seen[i], leaf.serial, sizeof seen[i]);
        assert_int_equal(seen[i][0] & 0xc0, 0x40);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(seen[i], seen[j], sizeof seen[i]);
    }
}

static void the_earliest_end_holds(void **state)
{
    (void)state;
    const int64_t ca_from = NOW - 300;
    const int64_t ca_until = NOW + 10 * YEAR - 1;
    const struct {
        const char *name;
        int64_t now_s, backdate_s, lifetime_s, end_s;
        poa_err want;
        int64_t from_s, until_s;
    } cases[] = {
        {"lifetime", NOW, 60, 600, INT64_MAX, POA_OK, NOW - 60, NOW + 599},
        {"one second", NOW, 0, 1, INT64_MAX, POA_OK, NOW, NOW},
        {"end first", NOW, 60, 600, NOW + 100, POA_OK, NOW - 60, NOW + 99},
        {"end at once", NOW, 0, 600, NOW + 1, POA_OK, NOW, NOW},
        {"end now", NOW, 0, 600, NOW, POA_F_USAGE, 0, 0},
        {"the CA first", NOW, 60, 20 * YEAR, INT64_MAX, POA_OK, NOW - 60, ca_until},
        {"for ever", NOW, 60, INT64_MAX, INT64_MAX, POA_OK, NOW - 60, ca_until},
        {"before the CA", NOW, 301, 600, INT64_MAX, POA_OK, ca_from, NOW + 599},
        {"far before", NOW, INT64_MAX, 600, INT64_MAX, POA_OK, ca_from, NOW + 599},
        {"the CA's first second", ca_from, 60, 600, INT64_MAX, POA_OK, ca_from, ca_from + 599},
        {"one earlier", ca_from - 1, 0, 600, INT64_MAX, POA_F_SIGNER, 0, 0},
        {"the CA's last second", ca_until, 0, 600, INT64_MAX, POA_OK, ca_until, ca_until},
        {"one later", ca_until + 1, 0, 600, INT64_MAX, POA_F_SIGNER, 0, 0},
        {"no lifetime", NOW, 0, 0, INT64_MAX, POA_F_USAGE, 0, 0},
        {"backdate below zero", NOW, -1, 600, INT64_MAX, POA_F_USAGE, 0, 0},
        {"before the epoch", -1, 0, 600, INT64_MAX, POA_F_USAGE, 0, 0},
    };
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = make_ca();
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = make_csr(POA_ALG_ES256);
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_leaf_plan plan = leaf_plan;
        plan.now_s = cases[i].now_s;
        plan.backdate_s = cases[i].backdate_s;
        plan.lifetime_s = cases[i].lifetime_s;
        plan.end_s = cases[i].end_s;
        POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
        poa_why why = {""};
        const poa_err err = poa_ca_issue(ctx, ca, csr, &plan, &leaf, &why);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
        assert_int_equal(why.text[0] != '\0', err == POA_F_SIGNER);
        if (err) {
            assert_null(leaf.der.ptr);
            continue;
        }
        POA_CLEANUP(X509_freep) X509 *cert = decode(poa_bytes_span(&leaf.der));
        assert_int_equal(leaf.not_before_s, cases[i].from_s);
        assert_int_equal(leaf.not_after_s, cases[i].until_s);
        assert_time(X509_get0_notBefore(cert), cases[i].from_s);
        assert_time(X509_get0_notAfter(cert), cases[i].until_s);
    }
}

static void no_leaf_for_a_wrong_name(void **state)
{
    (void)state;
    static const struct {
        poa_span device;
        poa_span id_link;
    } cases[] = {
        {POA_SPAN_INIT("1F0C0A52-3f7b-4c8e-9d55-0a8f6f6c2b11"), {0}},
        {POA_SPAN_INIT("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b1"), {0}},
        {POA_SPAN_INIT("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b111"), {0}},
        {POA_SPAN_INIT("1f0c0a523f7b-4c8e-9d55-0a8f6f6c2b11-a"), {0}},
        {POA_SPAN_INIT("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b1g"), {0}},
        {POA_SPAN_INIT("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b1\0"), {0}},
        {POA_SPAN_INIT(""), {0}},
        {POA_SPAN_INIT(DEVICE), POA_SPAN_INIT("https://a.example/\xc3\xa4")},
        {POA_SPAN_INIT(DEVICE), POA_SPAN_INIT("https://a.example/ b")},
        {POA_SPAN_INIT(DEVICE), POA_SPAN_INIT("https://a.example/\0b")},
    };
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = make_ca();
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = make_csr(POA_ALG_ES256);
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_leaf_plan plan = leaf_plan;
        plan.device = cases[i].device;
        plan.id_link = cases[i].id_link;
        POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
        assert_int_equal(poa_ca_issue(ctx, ca, csr, &plan, &leaf, NULL), POA_F_USAGE);
    }
}

static void openssl_verifies_the_leaf(void **state)
{
    (void)state;
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = make_ca();
    POA_CLEANUP(poa_ca_freep) poa_ca *other = make_ca();
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = make_csr(POA_ALG_ES256);
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes ca_pem = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes other_pem = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes chain_pem = {0};
    assert_int_equal(poa_ca_issue(ctx, ca, csr, &leaf_plan, &leaf, NULL), POA_OK);
    assert_int_equal(poa_ca_chain_pem(ca, (poa_span){0}, &ca_pem), POA_OK);
    assert_int_equal(poa_ca_chain_pem(other, (poa_span){0}, &other_pem), POA_OK);
    assert_int_equal(poa_ca_chain_pem(ca, poa_bytes_span(&leaf.der), &chain_pem), POA_OK);

    make_folder();
    write_file("ca.pem", poa_bytes_span(&ca_pem));
    write_file("other.pem", poa_bytes_span(&other_pem));
    write_file("chain.pem", poa_bytes_span(&chain_pem));
#define VERIFY "verify -x509_strict -attime 1790002000 "
    assert_true(openssl_says_ok(VERIFY "-CAfile ca.pem chain.pem"));
    assert_true(openssl_says_ok(VERIFY "-purpose sslclient -CAfile ca.pem chain.pem"));
    assert_false(openssl_says_ok(VERIFY "-purpose sslserver -CAfile ca.pem chain.pem"));
    assert_false(openssl_says_ok(VERIFY "-CAfile other.pem chain.pem"));
    /* OpenSSL takes the last second for expired already. */
    assert_false(openssl_says_ok("verify -x509_strict -attime 1790605800 -CAfile ca.pem chain.pem"));
    assert_true(openssl_says_ok("verify -x509_strict -attime 1790605798 -CAfile ca.pem chain.pem"));
    remove_folder();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_ca_is_one),
        cmocka_unit_test(a_ca_comes_back_from_its_files),
        cmocka_unit_test(names_have_at_most_64_characters),
        cmocka_unit_test(no_ca_out_of_range),
        cmocka_unit_test(a_leaf_says_what_the_server_chose),
        cmocka_unit_test(no_link_no_second_name),
        cmocka_unit_test(no_serial_number_twice),
        cmocka_unit_test(the_earliest_end_holds),
        cmocka_unit_test(no_leaf_for_a_wrong_name),
        cmocka_unit_test(openssl_verifies_the_leaf),
    };
    return cmocka_run_group_tests_name("pki_ca", tests, set_up, tear_down);
}
