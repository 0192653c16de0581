#include "test.h"

#include "pki_idevid_world.h"
#include "span.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

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

#define USAGE                                      \
    {                                              \
        NID_key_usage, "critical,digitalSignature" \
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

/* What was made an anchor, and is no CA by its own words, is no CA. */
static void anchors_that_are_no_ca(void **state)
{
    (void)state;
    const struct {
        const char *name;
        poa_err want;
        forged_plan plan;
    } cases[] = {
        {"a CA", POA_OK, {.exts = {CA_BASIC}}},
        {"version 1", POA_E_SIGNATURE_INVALID, {.version = 1}},
        {"no basicConstraints", POA_E_SIGNATURE_INVALID, {.exts = {CA_USAGE}}},
        {"no CA", POA_E_SIGNATURE_INVALID, {.exts = {{NID_basic_constraints, "critical,CA:FALSE"}}}},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        forged_plan plan = cases[i].plan;
        plan.key = other_key;
        plan.issuer_key = other_key;
        plan.names[0] = (forged_name){NID_commonName, V_ASN1_UTF8STRING, "old root", 0};
        POA_CLEANUP(X509_freep) X509 *anchor = forge_cert(&plan);
        forged_plan below = {.key = leaf_key, .issuer = anchor, .issuer_key = other_key, .exts = {USAGE}};
        memcpy(below.names, plain_leaf.names, sizeof below.names);
        POA_CLEANUP(X509_freep) X509 *leaf = forge_cert(&below);
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        const poa_err err = judge(&leaf, 1, &anchor, 1, (poa_idevid_trust){0}, FORGE_NOW, &idevid);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
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

/* Each byte of the certificate turned: it is refused. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),        cmocka_unit_test(keys),
        cmocka_unit_test(cas),          cmocka_unit_test(anchors_that_are_no_ca),
        cmocka_unit_test(a_long_path),  cmocka_unit_test(path_length_holds),
        cmocka_unit_test(lists_of_der), cmocka_unit_test(flipped_bytes),
    };
    return cmocka_run_group_tests_name("pki_idevid_path", tests, make_all, drop_all);
}
