#include "test.h"

#include "pki_fixture.h"

#include "maker.h"
#include "span.h"

#include <openssl/x509v3.h>

POA_CLEANUP_DEFINE(X509, X509_free)

#define NOW  INT64_C(1790000000)
#define LATE INT64_C(253402300799)
#define LINK "https://id.maker.example/XY-1/SN-1042"
#define URN  "urn:maker.example:XY-1:SN-1042"

static poa_ca *maker;
static poa_key *device_key;
static const poa_span uris[] = {POA_SPAN_INIT(LINK), POA_SPAN_INIT(URN)};

static const poa_maker_plan plan = {
    .manufacturer = POA_SPAN_INIT("Maker"),
    .common_name = POA_SPAN_INIT("XY-1"),
    .serial = POA_SPAN_INIT("SN-1042"),
    .uris = uris,
    .uri_count = POA_COUNT(uris),
    .now_s = NOW,
};

static poa_err judge(poa_span leaf, const poa_ca *ca, poa_idevid_serial_from from, int64_t now_s, poa_idevid **out)
{
    const poa_span anchor = poa_ca_chain_der(ca, 0);
    POA_CLEANUP(poa_certs_freep) poa_certs *x5c = NULL;
    POA_CLEANUP(poa_certs_freep) poa_certs *anchors = NULL;
    assert_int_equal(poa_certs_from_der(&leaf, 1, &x5c, NULL), POA_OK);
    assert_int_equal(poa_certs_from_der(&anchor, 1, &anchors, NULL), POA_OK);
    const poa_idevid_trust trust = {.anchors = anchors, .serial_from = from};
    return poa_idevid_verify(ctx, x5c, &trust, now_s, out, NULL);
}

static X509 *decode(poa_span der)
{
    const uint8_t *at = (const uint8_t *)der.ptr;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    assert_non_null(cert);
    return cert;
}

static void assert_ends_never(const X509 *cert)
{
    assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(cert)), V_ASN1_GENERALIZEDTIME);
    assert_string_equal((const char *)ASN1_STRING_get0_data(X509_get0_notAfter(cert)), "99991231235959Z");
}

static void a_ca_for_ever(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *cert = decode(poa_ca_chain_der(maker, 0));
    char name[64] = "";
    assert_int_equal(X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name), 10);
    assert_string_equal(name, "Maker root");
    assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(cert)), 1);
    assert_int_equal(X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)), 0);
    assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), NOW - POA_MAKER_BACKDATE_S), 0);
    assert_ends_never(cert);
    assert_int_equal(X509_check_ca(cert), 1);
    assert_int_equal(X509_get_key_usage(cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_true(EVP_PKEY_is_a(X509_get0_pubkey(cert), "EC"));
}

static void it_comes_back_from_its_files(void **state)
{
    (void)state;
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    poa_secret key_pem = {0};
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_ca_freep) poa_ca *again = NULL;
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    assert_int_equal(poa_ca_chain_pem(maker, (poa_span){0}, &pem), POA_OK);
    assert_int_equal(poa_key_to_pem(poa_ca_key(maker), (poa_span){0}, &key_pem), POA_OK);
    assert_int_equal(poa_key_from_pem(ctx, (poa_span){key_pem.text, key_pem.len}, (poa_span){0}, &key), POA_OK);
    poa_secret_clear(&key_pem);
    assert_int_equal(poa_ca_load(ctx, poa_bytes_span(&pem), key, &again, NULL), POA_OK);
    assert_int_equal(poa_maker_issue(ctx, again, device_key, &plan, &leaf, NULL), POA_OK);
    assert_int_equal(judge(poa_bytes_span(&leaf.der), maker, POA_IDEVID_SERIAL_NUMBER, NOW, &idevid), POA_OK);
}

static void what_an_idevid_says(void **state)
{
    (void)state;
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    assert_int_equal(poa_maker_issue(ctx, maker, device_key, &plan, &leaf, NULL), POA_OK);
    POA_CLEANUP(X509_freep) X509 *cert = decode(poa_bytes_span(&leaf.der));
    assert_ends_never(cert);
    assert_int_equal(leaf.not_after_s, LATE);
    assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_ext_by_NID(cert, NID_ext_key_usage, -1), -1);
    assert_non_null(X509_get0_subject_key_id(cert));
    assert_non_null(X509_get0_authority_key_id(cert));
    char text[64] = "";
    X509_NAME *subject = X509_get_subject_name(cert);
    assert_int_equal(X509_NAME_entry_count(subject), 3);
    assert_true(X509_NAME_get_text_by_NID(subject, NID_organizationName, text, sizeof text) > 0);
    assert_string_equal(text, "Maker");

    assert_int_equal(judge(poa_bytes_span(&leaf.der), maker, POA_IDEVID_SERIAL_NUMBER, LATE, &idevid), POA_OK);
    assert_true(poa_span_is(poa_idevid_serial(idevid), "SN-1042"));
    assert_true(poa_span_is(poa_idevid_id_link(idevid), LINK));
    assert_true(poa_span_is(poa_idevid_product_uri(idevid), URN));
    assert_true(poa_id_equal(poa_key_thumbprint(poa_idevid_key(idevid)), poa_key_thumbprint(device_key)));
    assert_true(poa_id_equal(poa_idevid_issuer(idevid), poa_ca_key_id(maker)));
    assert_memory_equal(poa_idevid_cert_serial(idevid).ptr, leaf.serial, sizeof leaf.serial);
    poa_idevid_free(idevid);
    assert_int_equal(judge(poa_bytes_span(&leaf.der), maker, POA_IDEVID_COMMON_NAME, NOW, &idevid), POA_OK);
    assert_true(poa_span_is(poa_idevid_serial(idevid), "XY-1"));
}

/* Another maker of the same name is another one. */
static void an_impostor(void **state)
{
    (void)state;
    POA_CLEANUP(poa_ca_freep) poa_ca *impostor = NULL;
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    assert_int_equal(poa_maker_make(ctx, POA_SPAN("Maker root"), NOW, &impostor), POA_OK);
    assert_int_equal(poa_maker_issue(ctx, impostor, device_key, &plan, &leaf, NULL), POA_OK);
    assert_int_equal(judge(poa_bytes_span(&leaf.der), maker, POA_IDEVID_SERIAL_NUMBER, NOW, &idevid),
                     POA_E_SIGNATURE_INVALID);
}

static const char a257[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static void plans(void **state)
{
    (void)state;
    static const poa_span blank[] = {POA_SPAN_INIT("urn:a:b c")};
    static const poa_span many[POA_IDEVID_URIS_MAX + 1] = {
#define U4 POA_SPAN_INIT(LINK), POA_SPAN_INIT(LINK), POA_SPAN_INIT(LINK), POA_SPAN_INIT(LINK)
        U4, U4, U4, U4, POA_SPAN_INIT(LINK),
    };
    const poa_span o = POA_SPAN("Maker");
    const poa_span none = {0};
    const struct {
        const char *name;
        poa_maker_plan plan;
        poa_err want;
    } cases[] = {
        {"as it should be", plan, POA_OK},
        {"nothing but a name", {o, none, none, NULL, 0, NOW}, POA_OK},
        {"no name", {none, none, none, NULL, 0, NOW}, POA_F_USAGE},
        {"a long CN", {o, {a257, 256}, none, NULL, 0, NOW}, POA_OK},
        {"too long a CN", {o, {a257, 257}, none, NULL, 0, NOW}, POA_F_USAGE},
        {"serial, 64 bytes", {o, none, {a257, 64}, NULL, 0, NOW}, POA_OK},
        {"serial, 65 bytes", {o, none, {a257, 65}, NULL, 0, NOW}, POA_F_USAGE},
        {"serial with a blank", {o, none, POA_SPAN("a b"), NULL, 0, NOW}, POA_F_USAGE},
        {"serial, not printable in X.680", {o, none, POA_SPAN("a_b*"), NULL, 0, NOW}, POA_OK},
        {"URI with a blank", {o, none, none, blank, 1, NOW}, POA_F_USAGE},
        {"an empty URI", {o, none, none, &none, 1, NOW}, POA_F_USAGE},
        {"16 URIs", {o, none, none, many, POA_IDEVID_URIS_MAX, NOW}, POA_OK},
        {"17 URIs", {o, none, none, many, POA_IDEVID_URIS_MAX + 1, NOW}, POA_F_USAGE},
        {"the CA's first second", {o, none, none, NULL, 0, NOW - POA_MAKER_BACKDATE_S}, POA_OK},
        {"before the CA", {o, none, none, NULL, 0, NOW - POA_MAKER_BACKDATE_S - 1}, POA_F_SIGNER},
        {"the last second", {o, none, none, NULL, 0, LATE}, POA_OK},
        {"after the last second", {o, none, none, NULL, 0, LATE + 1}, POA_F_SIGNER},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
        poa_why why = {""};
        const poa_err err = poa_maker_issue(ctx, maker, device_key, &cases[i].plan, &leaf, &why);
        if (err != cases[i].want || (leaf.der.ptr != NULL) != (err == POA_OK))
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
        assert_int_equal(why.text[0] != '\0', err == POA_F_SIGNER);
    }
}

static void makers_against_the_rules(void **state)
{
    (void)state;
    poa_ca *ca = NULL;
    assert_int_equal(poa_maker_make(ctx, (poa_span){0}, NOW, &ca), POA_F_USAGE);
    assert_int_equal(poa_maker_make(ctx, POA_SPAN("a\nb"), NOW, &ca), POA_F_USAGE);
    assert_int_equal(poa_maker_make(ctx, POA_SPAN("a"), POA_MAKER_BACKDATE_S - 1, &ca), POA_F_USAGE);
    assert_int_equal(poa_maker_make(ctx, POA_SPAN("a"), LATE + 1, &ca), POA_F_USAGE);
    assert_int_equal(poa_maker_make(ctx, POA_SPAN("a"), INT64_MIN, &ca), POA_F_USAGE);
    assert_null(ca);
}

static int make_all(void **state)
{
    return set_up(state) != 0 || poa_maker_make(ctx, POA_SPAN("Maker root"), NOW, &maker) != POA_OK ||
           poa_key_generate(ctx, POA_ALG_ES256, &device_key) != POA_OK;
}

static int drop_all(void **state)
{
    poa_key_free(device_key);
    poa_ca_free(maker);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ca_for_ever),
        cmocka_unit_test(it_comes_back_from_its_files),
        cmocka_unit_test(what_an_idevid_says),
        cmocka_unit_test(an_impostor),
        cmocka_unit_test(plans),
        cmocka_unit_test(makers_against_the_rules),
    };
    return cmocka_run_group_tests_name("pki_maker", tests, make_all, drop_all);
}
