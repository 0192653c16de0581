#include "test.h"

#include "pki_idevid_world.h"
#include "span.h"

static void what_it_says(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plain_leaf);
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    assert_int_equal(judge_leaf(leaf, (poa_idevid_trust){0}, &idevid), POA_OK);
    assert_true(poa_span_is(poa_idevid_serial(idevid), "SN-1042"));
    assert_int_equal(poa_idevid_uri_count(idevid), 2);
    assert_true(poa_span_is(poa_idevid_uri(idevid, 0), LINK));
    assert_true(poa_span_is(poa_idevid_uri(idevid, 1), URN));
    assert_true(poa_idevid_has_uri(idevid, POA_SPAN(URN)));
    assert_false(poa_idevid_has_uri(idevid, POA_SPAN(URN "0")));
    assert_true(poa_span_is(poa_idevid_id_link(idevid), LINK));
    assert_true(poa_span_is(poa_idevid_product_uri(idevid), URN));
    assert_int_equal(poa_idevid_spiffe_id(idevid).len, 0);
    assert_int_equal(poa_idevid_device(idevid).len, 0);
    assert_int_equal(poa_idevid_not_before_s(idevid), FORGE_NOW - FORGE_DAY);
    assert_int_equal(poa_idevid_not_after_s(idevid), INT64_C(253402300799));
    const poa_span number = poa_idevid_cert_serial(idevid);
    assert_int_equal((uint8_t)number.ptr[0] << 8 | (uint8_t)number.ptr[1],
                     ASN1_INTEGER_get(X509_get0_serialNumber(leaf)));
    assert_int_equal(number.len, 2);

    const poa_id leaf_id = forge_key_id(leaf_key);
    const poa_id sub_id = forge_key_id(sub_key);
    const poa_id root_id = forge_key_id(root_key);
    size_t count = 0;
    const poa_id *path = poa_idevid_path(idevid, &count);
    assert_int_equal(count, 2);
    assert_true(poa_id_equal(&path[0], &sub_id) && poa_id_equal(&path[1], &root_id));
    assert_true(poa_id_equal(poa_idevid_issuer(idevid), &sub_id));
    assert_true(poa_id_equal(poa_idevid_key_id(idevid), &leaf_id));
    assert_int_equal(EVP_PKEY_eq(poa_idevid_key(idevid)->pkey, leaf_key), 1);
}

/* A certificate that was issued again, with another name, time and number, is of the same device. */
static void the_key_is_the_device(void **state)
{
    (void)state;
    forged_plan again = plain_leaf;
    again.until = "20401231235959Z";
    again.issuer = root;
    again.issuer_key = root_key;
    POA_CLEANUP(X509_freep) X509 *first = make_leaf(plain_leaf);
    POA_CLEANUP(X509_freep) X509 *second = make_leaf(again);
    POA_CLEANUP(poa_idevid_freep) poa_idevid *a = NULL;
    POA_CLEANUP(poa_idevid_freep) poa_idevid *b = NULL;
    assert_int_equal(judge_leaf(first, (poa_idevid_trust){0}, &a), POA_OK);
    assert_int_equal(judge_leaf(second, (poa_idevid_trust){0}, &b), POA_OK);
    assert_true(poa_id_equal(poa_idevid_key_id(a), poa_idevid_key_id(b)));
    assert_int_equal(poa_idevid_not_after_s(b), INT64_C(2240611199));
}

static const char a65[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#define SERIAL(type, text, len)               \
    {                                         \
        {                                     \
            NID_serialNumber, type, text, len \
        }                                     \
    }
#define USAGE                                      \
    {                                              \
        NID_key_usage, "critical,digitalSignature" \
    }

static void leaves(void **state)
{
    (void)state;
    const struct {
        const char *name;
        poa_err want;
        forged_plan plan; /* where it has no names or extensions, those of plain_leaf */
        poa_idevid_serial_from from;
    } cases[] = {
        {"no extensions", POA_OK, {.exts = {{NID_info_access, "OCSP;URI:http://ocsp.example/"}}}, 0},
        {"keyUsage not critical", POA_OK, {.exts = {{NID_key_usage, "digitalSignature,keyEncipherment"}}}, 0},
        {"keyUsage without digitalSignature", POA_E_KEY_INVALID, {.exts = {{NID_key_usage, "keyEncipherment"}}}, 0},
        {"CA", POA_E_KEY_INVALID, {.exts = {USAGE, {NID_basic_constraints, "critical,CA:TRUE"}}}, 0},
        {"CA by keyUsage", POA_E_KEY_INVALID, {.exts = {{NID_key_usage, "digitalSignature,keyCertSign"}}}, 0},
        {"no CA, said so", POA_OK, {.exts = {USAGE, {NID_basic_constraints, "critical,CA:FALSE"}}}, 0},
        {"for clients", POA_OK, {.exts = {USAGE, {NID_ext_key_usage, "clientAuth,1.3.6.1.4.1.311.10.3.13"}}}, 0},
        {"for servers", POA_OK, {.exts = {USAGE, {NID_ext_key_usage, "serverAuth"}}}, 0},
        {"for anything", POA_OK, {.exts = {USAGE, {NID_ext_key_usage, "anyExtendedKeyUsage"}}}, 0},
        {"for code", POA_E_KEY_INVALID, {.exts = {USAGE, {NID_ext_key_usage, "codeSigning"}}}, 0},
        {"for OCSP", POA_E_KEY_INVALID, {.exts = {USAGE, {NID_ext_key_usage, "OCSPSigning"}}}, 0},
        {"unknown extension", POA_OK, {.exts = {USAGE, {NID_netscape_comment, "x"}}}, 0},
        {"unknown critical", POA_E_MALFORMED, {.exts = {USAGE, {NID_netscape_comment, "critical,x"}}}, 0},
        {"keyUsage twice", POA_E_MALFORMED, {.exts = {USAGE, USAGE}}, 0},
        {"broken SAN", POA_E_MALFORMED, {.exts = {{NID_subject_alt_name, "DER:04:01:00"}}}, 0},
        {"SAN twice",
         POA_E_MALFORMED,
         {.exts = {{NID_subject_alt_name, "URI:urn:a:1"}, {NID_subject_alt_name, "URI:urn:a:2"}}},
         0},
        {"URI with a blank", POA_E_MALFORMED, {.exts = {{NID_subject_alt_name, "URI:urn:a b"}}}, 0},
        {"other names in the SAN", POA_OK, {.exts = {{NID_subject_alt_name, "DNS:a.example,IP:10.0.0.1"}}}, 0},
        {"version 1", POA_E_MALFORMED, {.version = 1}, 0},
        {"expires now", POA_OK, {.until = "20260921141320Z"}, 0},
        {"expired a second ago", POA_E_EXPIRED, {.until = "20260921141319Z"}, 0},
        {"begins now", POA_OK, {.from_s = FORGE_NOW}, 0},
        {"begins in a second", POA_E_NOT_YET_VALID, {.from_s = FORGE_NOW + 1}, 0},
        {"SHA-384", POA_OK, {.digest = EVP_sha384()}, 0},
        {"SHA-1", POA_E_SIGNATURE_INVALID, {.digest = EVP_sha1()}, 0},
        {"SHA-224", POA_E_SIGNATURE_INVALID, {.digest = EVP_sha224()}, 0},
        {"MD5", POA_E_SIGNATURE_INVALID, {.digest = EVP_md5(), .issuer_key = rsa_key}, 0},
        {"signed by another", POA_E_SIGNATURE_INVALID, {.issuer_key = other_key}, 0},
        {"no serial", POA_E_MALFORMED, {.names = {{NID_commonName, V_ASN1_UTF8STRING, "XY-1", 0}}}, 0},
        {"serial twice",
         POA_E_MALFORMED,
         {.names = {{NID_serialNumber, V_ASN1_UTF8STRING, "1", 0}, {NID_serialNumber, V_ASN1_UTF8STRING, "1", 0}}},
         0},
        {"serial, UTF-8", POA_OK, {.names = SERIAL(V_ASN1_UTF8STRING, "1_2", 0)}, 0},
        {"serial, IA5", POA_OK, {.names = SERIAL(V_ASN1_IA5STRING, "1*2", 0)}, 0},
        {"serial, T61", POA_E_MALFORMED, {.names = SERIAL(V_ASN1_T61STRING, "12", 0)}, 0},
        {"serial, BMP", POA_E_MALFORMED, {.names = SERIAL(V_ASN1_BMPSTRING, "ab", 0)}, 0},
        {"serial with a blank", POA_E_MALFORMED, {.names = SERIAL(V_ASN1_PRINTABLESTRING, "1 2", 0)}, 0},
        {"serial with NUL", POA_E_MALFORMED, {.names = SERIAL(V_ASN1_UTF8STRING, "1\0002", 3)}, 0},
        {"serial, umlaut", POA_E_MALFORMED, {.names = SERIAL(V_ASN1_UTF8STRING, "\xc3\xa4", 0)}, 0},
        {"serial, DEL", POA_E_MALFORMED, {.names = SERIAL(V_ASN1_UTF8STRING, "\x7f", 0)}, 0},
        {"serial, 64 bytes", POA_OK, {.names = SERIAL(V_ASN1_UTF8STRING, a65, 64)}, 0},
        {"serial, 65 bytes", POA_E_MALFORMED, {.names = SERIAL(V_ASN1_UTF8STRING, a65, 65)}, 0},
        {"CN as serial", POA_OK, {.names = {{NID_commonName, V_ASN1_UTF8STRING, "1", 0}}}, POA_IDEVID_COMMON_NAME},
        {"no CN", POA_E_MALFORMED, {.names = SERIAL(V_ASN1_UTF8STRING, "1", 0)}, POA_IDEVID_COMMON_NAME},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        forged_plan plan = cases[i].plan;
        if (!plan.names[0].text)
            memcpy(plan.names, plain_leaf.names, sizeof plan.names);
        if (plan.exts[0].nid == 0 && plan.version == 0)
            memcpy(plan.exts, plain_leaf.exts, sizeof plan.exts);
        POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plan);
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        const poa_err err = judge_leaf(leaf, (poa_idevid_trust){.serial_from = cases[i].from}, &idevid);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

/* Two of a kind: which one is meant cannot be known; but each can be asked for. */
static void uris(void **state)
{
    (void)state;
    forged_plan plan = plain_leaf;
    plan.exts[3].value = "URI:" LINK ",URI:" LINK "a,URI:urn:uuid:" UUID ",URI:" SPIFFE ",DNS:a.example";
    POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plan);
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    assert_int_equal(judge_leaf(leaf, (poa_idevid_trust){0}, &idevid), POA_OK);
    assert_int_equal(poa_idevid_uri_count(idevid), 4);
    assert_int_equal(poa_idevid_id_link(idevid).len, 0);
    assert_true(poa_idevid_has_uri(idevid, POA_SPAN(LINK)) && poa_idevid_has_uri(idevid, POA_SPAN(LINK "a")));
    assert_true(poa_span_is(poa_idevid_spiffe_id(idevid), SPIFFE));
    assert_true(poa_span_is(poa_idevid_device(idevid), UUID));
    assert_int_equal(poa_idevid_product_uri(idevid).len, 0);
}

static void too_many_uris(void **state)
{
    (void)state;
    for (size_t count = POA_IDEVID_URIS_MAX; count <= POA_IDEVID_URIS_MAX + 1; count++) {
        char value[20 * (POA_IDEVID_URIS_MAX + 1)] = "URI:urn:a:b";
        for (size_t i = 1; i < count; i++)
            strcat(value, ",URI:urn:a:b");
        forged_plan plan = plain_leaf;
        plan.exts[3].value = value;
        POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plan);
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        assert_int_equal(judge_leaf(leaf, (poa_idevid_trust){0}, &idevid),
                         count > POA_IDEVID_URIS_MAX ? POA_E_TOO_LARGE : POA_OK);
    }
}

static void too_long_a_uri(void **state)
{
    (void)state;
    for (size_t len = POA_SAN_URI_BYTES_MAX; len <= POA_SAN_URI_BYTES_MAX + 1; len++) {
        char value[POA_SAN_URI_BYTES_MAX + 10] = "URI:urn:a:";
        memset(value + 10, 'x', len - 6);
        value[4 + len] = '\0';
        forged_plan plan = plain_leaf;
        plan.exts[3].value = value;
        POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plan);
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        assert_int_equal(judge_leaf(leaf, (poa_idevid_trust){0}, &idevid),
                         len > POA_SAN_URI_BYTES_MAX ? POA_E_TOO_LARGE : POA_OK);
    }
}

static void finding_the_maker(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *stranger = forge_ca("maker root", other_key, NULL, NULL);
    POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plain_leaf);
    POA_CLEANUP(poa_certs_freep) poa_certs *given = forge_list((X509 *[]){leaf, sub}, 2);
    POA_CLEANUP(poa_certs_freep) poa_certs *ours = forge_list(&root, 1);
    POA_CLEANUP(poa_certs_freep) poa_certs *theirs = forge_list(&stranger, 1);
    const poa_idevid_trust trusts[] = {
        {.anchors = theirs}, {.anchors = ours}, {.anchors = ours, .serial_from = POA_IDEVID_COMMON_NAME}};
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    size_t at = 99;
    poa_why why = {""};
    assert_int_equal(poa_idevid_find(ctx, given, trusts, 0, FORGE_NOW, &idevid, &at, &why), POA_E_SIGNATURE_INVALID);
    assert_true(why.text[0] != '\0');
    assert_int_equal(poa_idevid_find(ctx, given, trusts, 1, FORGE_NOW, &idevid, &at, &why), POA_E_SIGNATURE_INVALID);
    assert_int_equal(poa_idevid_find(ctx, given, trusts, 3, 1, &idevid, &at, &why), POA_E_NOT_YET_VALID);
    assert_string_equal(why.text, "a certificate in the path is not valid yet");
    assert_null(idevid);
    assert_int_equal(at, 99);
    assert_int_equal(poa_idevid_find(ctx, given, trusts, 3, FORGE_NOW, &idevid, &at, &why), POA_OK);
    assert_int_equal(at, 1);
    assert_true(poa_span_is(poa_idevid_serial(idevid), "SN-1042"));
}

/* Who may speak for a maker: its CAs, and none of its devices. */
static void makers(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plain_leaf);
    POA_CLEANUP(X509_freep) X509 *stranger = forge_ca("maker root", other_key, NULL, NULL);
    POA_CLEANUP(X509_freep) X509 *false_sub = forge_ca("maker issuing", sub_key, stranger, other_key);
    const struct {
        const char *name;
        X509 *signer;
        X509 *anchor;
        poa_err want;
        size_t cas;
    } cases[] = {
        {"the anchor itself", root, root, POA_OK, 0},
        {"an anchor that is no root", sub, sub, POA_OK, 0},
        {"one below it", sub, root, POA_OK, 1},
        {"a device", leaf, sub, POA_E_KEY_INVALID, 0},
        {"a device that is an anchor", leaf, leaf, POA_E_KEY_INVALID, 0},
        {"another's root of the same name", stranger, root, POA_E_SIGNATURE_INVALID, 0},
        {"the same key under another root", false_sub, root, POA_E_SIGNATURE_INVALID, 0},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        const poa_err err = judge(&cases[i].signer, 1, &cases[i].anchor, 1,
                                  (poa_idevid_trust){.profile = POA_IDEVID_MAKER}, FORGE_NOW, &idevid);
        size_t count = 0;
        if (!err) {
            (void)poa_idevid_path(idevid, &count);
            assert_int_equal(poa_idevid_issuer(idevid) != NULL, count > 0);
            assert_int_equal(poa_idevid_serial(idevid).len, 0);
        }
        if (err != cases[i].want || count != cases[i].cas)
            fail_msg("%s: %s, %zu CAs", cases[i].name, poa_err_name(err), count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says),
        cmocka_unit_test(the_key_is_the_device),
        cmocka_unit_test(leaves),
        cmocka_unit_test(uris),
        cmocka_unit_test(too_many_uris),
        cmocka_unit_test(too_long_a_uri),
        cmocka_unit_test(finding_the_maker),
        cmocka_unit_test(makers),
    };
    return cmocka_run_group_tests_name("pki_idevid", tests, make_all, drop_all);
}
