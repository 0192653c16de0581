#include "test.h"

#include "idevid.h"
#include "pki_forge.h"
#include "span.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

/* A maker's PKI: root, issuing CA, device; and what must not pass under it. */

#define LINK   "https://id.maker.example/XY-1/SN-1042"
#define URN    "urn:maker.example:XY-1:SN-1042"
#define SPIFFE "spiffe://site.example/device/7"
#define UUID   "1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"

static EVP_PKEY *root_key;
static EVP_PKEY *sub_key;
static EVP_PKEY *leaf_key;
static EVP_PKEY *other_key;
static EVP_PKEY *rsa_key;
static X509 *root;
static X509 *sub;

static const forged_plan plain_leaf = {
    .names = {{NID_commonName, V_ASN1_UTF8STRING, "XY-1", 0}, {NID_serialNumber, V_ASN1_PRINTABLESTRING, "SN-1042", 0}},
    .exts = {{NID_key_usage, "critical,digitalSignature"},
             {NID_subject_key_identifier, "hash"},
             {NID_authority_key_identifier, "keyid"},
             {NID_subject_alt_name, "URI:" LINK ",URI:" URN}},
};

static X509 *make_leaf(forged_plan plan)
{
    plan.key = plan.key ? plan.key : leaf_key;
    plan.issuer = plan.issuer ? plan.issuer : sub;
    plan.issuer_key = plan.issuer_key ? plan.issuer_key : sub_key;
    return forge_cert(&plan);
}

/* Judge the given certificates under these anchors. */
static poa_err judge(X509 *const *x5c, size_t count, X509 *const *anchors, size_t anchor_count, poa_idevid_trust trust,
                     int64_t now_s, poa_idevid **out)
{
    POA_CLEANUP(poa_certs_freep) poa_certs *given = forge_list(x5c, count);
    POA_CLEANUP(poa_certs_freep) poa_certs *believed = forge_list(anchors, anchor_count);
    trust.anchors = believed;
    poa_why why = {""};
    *out = NULL;
    const poa_err err = poa_idevid_verify(ctx, given, &trust, now_s, out, &why);
    assert_int_equal(*out != NULL, err == POA_OK);
    assert_int_equal(why.text[0] != '\0', err > POA_OK);
    assert_int_equal(ERR_peek_error(), 0);
    return err;
}

static poa_err judge_leaf(X509 *leaf, poa_idevid_trust trust, poa_idevid **out)
{
    return judge((X509 *[]){leaf, sub}, 2, &root, 1, trust, FORGE_NOW, out);
}

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

/* Who stands where: which certificates are sent, which are believed. */
static void paths(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plain_leaf);
    POA_CLEANUP(X509_freep) X509 *stranger = forge_ca("maker root", other_key, NULL, NULL);
    POA_CLEANUP(X509_freep) X509 *false_sub = forge_ca("maker issuing", sub_key, stranger, other_key);
    forged_plan selfmade = plain_leaf;
    selfmade.exts[2].nid = NID_key_usage; /* no authority behind it */
    selfmade.exts[2] = (forged_ext){NID_subject_alt_name, "URI:" LINK};
    selfmade.exts[3] = (forged_ext){0};
    selfmade.key = leaf_key;
    selfmade.issuer_key = leaf_key;
    POA_CLEANUP(X509_freep) X509 *alone = forge_cert(&selfmade);
    const struct {
        const char *name;
        X509 *x5c[4];
        X509 *anchors[2];
        poa_err want;
        size_t cas;
    } cases[] = {
        {"in order", {leaf, sub}, {root}, POA_OK, 2},
        {"root sent along", {leaf, sub, root}, {root}, POA_OK, 2},
        {"out of order", {leaf, root, sub}, {root}, POA_OK, 2},
        {"the issuing CA is the anchor", {leaf}, {sub}, POA_OK, 1},
        {"the issuing CA is the anchor, all sent", {leaf, sub, root}, {sub}, POA_OK, 1},
        {"both are anchors", {leaf, sub}, {sub, root}, POA_OK, 1},
        {"a useless one among them", {leaf, stranger, sub}, {root}, POA_OK, 2},
        {"issuing CA missing", {leaf}, {root}, POA_E_SIGNATURE_INVALID, 0},
        {"another root of the same name", {leaf, sub, root}, {stranger}, POA_E_SIGNATURE_INVALID, 0},
        {"another root, its own path", {leaf, false_sub, stranger}, {root}, POA_E_SIGNATURE_INVALID, 0},
        {"a CA as leaf", {sub, root}, {root}, POA_E_KEY_INVALID, 0},
        {"leaf not first", {sub, leaf, root}, {root}, POA_E_KEY_INVALID, 0},
        {"leaf itself the anchor", {leaf}, {leaf}, POA_E_SIGNATURE_INVALID, 0},
        {"signed by itself", {alone}, {root}, POA_E_SIGNATURE_INVALID, 0},
        {"signed by itself, itself the anchor", {alone}, {alone}, POA_E_SIGNATURE_INVALID, 0},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        size_t sent = 0;
        while (sent < 4 && cases[i].x5c[sent])
            sent++;
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        const poa_err err = judge(cases[i].x5c, sent, cases[i].anchors, cases[i].anchors[1] ? 2 : 1,
                                  (poa_idevid_trust){0}, FORGE_NOW, &idevid);
        size_t count = 0;
        if (!err)
            (void)poa_idevid_path(idevid, &count);
        if (err != cases[i].want || count != cases[i].cas)
            fail_msg("%s: %s, %zu CAs", cases[i].name, poa_err_name(err), count);
    }
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

static EVP_PKEY *odd_p256(const char *encoding, const char *form)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding), 1);
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form), 1);
    return key;
}

/* Each key as that of a device, and as that of the CA above one. */
static void keys(void **state)
{
    (void)state;
    const struct {
        const char *name;
        EVP_PKEY *key;
        poa_err want;
    } cases[] = {
        {"P-256", EVP_EC_gen("P-256"), POA_OK},
        {"P-384", EVP_EC_gen("P-384"), POA_OK},
        {"RSA 2048", EVP_RSA_gen(2048), POA_OK},
        {"RSA 2040", EVP_RSA_gen(2040), POA_E_KEY_INVALID},
        {"RSA 1024", EVP_RSA_gen(1024), POA_E_KEY_INVALID},
        {"P-521", EVP_EC_gen("P-521"), POA_E_KEY_INVALID},
        {"P-224", EVP_EC_gen("P-224"), POA_E_KEY_INVALID},
        {"secp256k1", EVP_EC_gen("secp256k1"), POA_E_KEY_INVALID},
        {"Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), POA_E_KEY_INVALID},
        {"P-256 by parameters", odd_p256("explicit", "uncompressed"), POA_E_KEY_INVALID},
        {"P-256 compressed", odd_p256("named_curve", "compressed"), POA_E_KEY_INVALID},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        assert_non_null(cases[i].key);
        forged_plan as_leaf = plain_leaf;
        as_leaf.key = cases[i].key;
        POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(as_leaf);
        POA_CLEANUP(poa_idevid_freep) poa_idevid *first = NULL;
        const poa_err of_leaf = judge_leaf(leaf, (poa_idevid_trust){0}, &first);

        POA_CLEANUP(X509_freep) X509 *above = forge_ca("other issuing", cases[i].key, root, root_key);
        forged_plan below = plain_leaf;
        below.issuer = above;
        below.issuer_key = cases[i].key;
        POA_CLEANUP(X509_freep) X509 *second_leaf = make_leaf(below);
        POA_CLEANUP(poa_idevid_freep) poa_idevid *second = NULL;
        const poa_err of_ca =
            judge((X509 *[]){second_leaf, above}, 2, &root, 1, (poa_idevid_trust){0}, FORGE_NOW, &second);
        if (of_leaf != cases[i].want || of_ca != cases[i].want)
            fail_msg("%s: %s, %s", cases[i].name, poa_err_name(of_leaf), poa_err_name(of_ca));
        EVP_PKEY_free(cases[i].key);
    }
}

#define CA_BASIC                                  \
    {                                             \
        NID_basic_constraints, "critical,CA:TRUE" \
    }
#define CA_USAGE                              \
    {                                         \
        NID_key_usage, "critical,keyCertSign" \
    }

/* The CA in the middle, as makers and forgers might have it. */
static void cas(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *rsa_root = forge_ca("RSA root", rsa_key, NULL, NULL);
    const struct {
        const char *name;
        poa_err want;
        forged_plan plan;
    } cases[] = {
        {"as it should be", POA_OK, {.exts = {CA_BASIC, CA_USAGE}}},
        {"no keyUsage", POA_OK, {.exts = {CA_BASIC}}},
        {"PKCS #1 v1.5", POA_OK, {.exts = {CA_BASIC}, .issuer = rsa_root, .issuer_key = rsa_key}},
        {"RSASSA-PSS",
         POA_E_SIGNATURE_INVALID,
         {.exts = {CA_BASIC}, .issuer = rsa_root, .issuer_key = rsa_key, .pss = true}},
        {"SHA-1", POA_E_SIGNATURE_INVALID, {.exts = {CA_BASIC}, .digest = EVP_sha1()}},
        {"no basicConstraints", POA_E_SIGNATURE_INVALID, {.exts = {CA_USAGE}}},
        {"no CA", POA_E_SIGNATURE_INVALID, {.exts = {{NID_basic_constraints, "critical,CA:FALSE"}}}},
        {"must not sign certificates",
         POA_E_SIGNATURE_INVALID,
         {.exts = {CA_BASIC, {NID_key_usage, "critical,digitalSignature,cRLSign"}}}},
        {"expired", POA_E_EXPIRED, {.exts = {CA_BASIC}, .until = "20260921141319Z"}},
        {"not yet valid", POA_E_NOT_YET_VALID, {.exts = {CA_BASIC}, .from_s = FORGE_NOW + 1}},
        {"unknown critical extension", POA_E_MALFORMED, {.exts = {CA_BASIC, {NID_netscape_comment, "critical,x"}}}},
        {"broken extension", POA_E_MALFORMED, {.exts = {CA_BASIC, {NID_key_usage, "DER:04:01:00"}}}},
        {"only for other names",
         POA_E_SIGNATURE_INVALID,
         {.exts = {CA_BASIC, {NID_name_constraints, "critical,permitted;URI:other.example"}}}},
        {"signed by another", POA_E_SIGNATURE_INVALID, {.exts = {CA_BASIC}, .issuer_key = other_key}},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        forged_plan plan = cases[i].plan;
        plan.key = sub_key;
        plan.names[0] = (forged_name){NID_commonName, V_ASN1_UTF8STRING, "maker issuing", 0};
        plan.issuer = plan.issuer ? plan.issuer : root;
        plan.issuer_key = plan.issuer_key ? plan.issuer_key : root_key;
        POA_CLEANUP(X509_freep) X509 *ca = forge_cert(&plan);
        forged_plan below = {.key = leaf_key, .issuer = ca, .issuer_key = sub_key, .exts = {USAGE}};
        below.exts[1] = (forged_ext){NID_subject_alt_name, "URI:" LINK};
        memcpy(below.names, plain_leaf.names, sizeof below.names);
        POA_CLEANUP(X509_freep) X509 *leaf = forge_cert(&below);
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        const poa_err err =
            judge((X509 *[]){leaf, ca}, 2, (X509 *[]){root, rsa_root}, 2, (poa_idevid_trust){0}, FORGE_NOW, &idevid);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

/* A path as long as the list of certificates may be. */
static void a_long_path(void **state)
{
    (void)state;
    X509 *x5c[POA_CERTS_MAX];
    X509 *above = root;
    char name[] = "CA a";
    for (size_t i = POA_CERTS_MAX; --i > 0; name[3]++) {
        EVP_PKEY *signer = above == root ? root_key : sub_key;
        above = x5c[i] = forge_ca(name, sub_key, above, signer);
    }
    forged_plan plan = plain_leaf;
    plan.issuer = above;
    x5c[0] = make_leaf(plan);
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    assert_int_equal(judge(x5c, POA_CERTS_MAX, &root, 1, (poa_idevid_trust){0}, FORGE_NOW, &idevid), POA_OK);
    size_t count = 0;
    const poa_id root_id = forge_key_id(root_key);
    assert_true(poa_id_equal(&poa_idevid_path(idevid, &count)[POA_IDEVID_PATH_MAX - 1], &root_id));
    assert_int_equal(count, POA_IDEVID_PATH_MAX);
    for (size_t i = 0; i < POA_CERTS_MAX; i++)
        X509_free(x5c[i]);
}

static void path_length_holds(void **state)
{
    (void)state;
    forged_plan plan = {.key = other_key,
                        .issuer_key = other_key,
                        .names = {{NID_commonName, V_ASN1_UTF8STRING, "short root", 0}},
                        .exts = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"}}};
    POA_CLEANUP(X509_freep) X509 *short_root = forge_cert(&plan);
    POA_CLEANUP(X509_freep) X509 *between = forge_ca("between", sub_key, short_root, other_key);
    forged_plan below = plain_leaf;
    below.issuer = between;
    POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(below);
    below.issuer = short_root;
    below.issuer_key = other_key;
    below.exts[2] = (forged_ext){NID_netscape_comment, "x"}; /* that root has no key identifier to point to */
    POA_CLEANUP(X509_freep) X509 *near = make_leaf(below);
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    assert_int_equal(judge(&near, 1, &short_root, 1, (poa_idevid_trust){0}, FORGE_NOW, &idevid), POA_OK);
    poa_idevid_free(idevid);
    assert_int_equal(judge((X509 *[]){leaf, between}, 2, &short_root, 1, (poa_idevid_trust){0}, FORGE_NOW, &idevid),
                     POA_E_SIGNATURE_INVALID);
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

static void lists_of_der(void **state)
{
    (void)state;
    POA_CLEANUP(poa_certs_freep) poa_certs *one = forge_list(&root, 1);
    poa_span ders[POA_CERTS_MAX + 1];
    for (size_t i = 0; i < POA_COUNT(ders); i++)
        ders[i] = poa_certs_der(one, 0);
    const poa_span good = ders[0];
    char longer[4096];
    assert_true(good.len < sizeof longer);
    memcpy(longer, good.ptr, good.len);
    longer[good.len] = 0;
    static char large[POA_CERT_BYTES_MAX + 1];
    const struct {
        const char *name;
        poa_span second;
        size_t count;
        poa_err want;
    } cases[] = {
        {"none", good, 0, POA_E_MALFORMED},
        {"as many as may be", good, POA_CERTS_MAX, POA_OK},
        {"one too many", good, POA_CERTS_MAX + 1, POA_E_TOO_LARGE},
        {"an empty one", {"", 0}, 2, POA_E_MALFORMED},
        {"one byte short", {good.ptr, good.len - 1}, 2, POA_E_MALFORMED},
        {"one byte long", {longer, good.len + 1}, 2, POA_E_MALFORMED},
        {"zeros", {large, POA_CERT_BYTES_MAX}, 2, POA_E_MALFORMED},
        {"too large", {large, POA_CERT_BYTES_MAX + 1}, 2, POA_E_TOO_LARGE},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        ders[1] = cases[i].second;
        POA_CLEANUP(poa_certs_freep) poa_certs *list = NULL;
        poa_why why = {""};
        const poa_err err = poa_certs_from_der(ders, cases[i].count, &list, &why);
        if (err != cases[i].want || (list != NULL) != (err == POA_OK) || (why.text[0] != '\0') != (err != POA_OK))
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

/* Each byte of the certificate turned: it is refused, or was not the certificate's to say. */
static void flipped_bytes(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *leaf = make_leaf(plain_leaf);
    POA_CLEANUP(poa_certs_freep) poa_certs *ours = forge_list((X509 *[]){sub, leaf}, 2);
    POA_CLEANUP(poa_certs_freep) poa_certs *anchor = forge_list(&sub, 1);
    const poa_idevid_trust trust = {.anchors = anchor};
    const poa_span good = poa_certs_der(ours, 1);
    uint8_t *copy = malloc(good.len);
    assert_non_null(copy);
    for (size_t i = 0; i < good.len; i++) {
        memcpy(copy, good.ptr, good.len);
        copy[i] ^= (uint8_t)(1u << (i % 8));
        const poa_span der = {(const char *)copy, good.len};
        POA_CLEANUP(poa_certs_freep) poa_certs *list = NULL;
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        poa_err err = poa_certs_from_der(&der, 1, &list, NULL);
        if (!err)
            err = poa_idevid_verify(ctx, list, &trust, FORGE_NOW, &idevid, NULL);
        if (err <= POA_OK)
            fail_msg("byte %zu: %s", i, poa_err_name(err));
    }
    free(copy);
}

static int make_all(void **state)
{
    if (set_up(state) != 0)
        return 1;
    root_key = EVP_EC_gen("P-384");
    sub_key = EVP_EC_gen("P-256");
    leaf_key = EVP_EC_gen("P-256");
    other_key = EVP_EC_gen("P-256");
    rsa_key = EVP_RSA_gen(2048);
    root = forge_ca("maker root", root_key, NULL, NULL);
    sub = forge_ca("maker issuing", sub_key, root, root_key);
    return 0;
}

static int drop_all(void **state)
{
    X509_free(root);
    X509_free(sub);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(sub_key);
    EVP_PKEY_free(leaf_key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(rsa_key);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says),   cmocka_unit_test(the_key_is_the_device),
        cmocka_unit_test(paths),          cmocka_unit_test(leaves),
        cmocka_unit_test(keys),           cmocka_unit_test(cas),
        cmocka_unit_test(a_long_path),    cmocka_unit_test(path_length_holds),
        cmocka_unit_test(uris),           cmocka_unit_test(too_many_uris),
        cmocka_unit_test(too_long_a_uri), cmocka_unit_test(finding_the_maker),
        cmocka_unit_test(lists_of_der),   cmocka_unit_test(flipped_bytes),
    };
    return cmocka_run_group_tests_name("pki_idevid", tests, make_all, drop_all);
}
