#include "test.h"

#include "ca.h"
#include "credential.h"
#include "pki_forge.h"
#include "span.h"

#define DEVICE "1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"
#define LINK   "https://id.maker.example/XY-1/SN-1042"

static poa_ca *ca;
static poa_ca *other_ca;
static X509 *ca_cert;
static EVP_PKEY *key;

static const poa_leaf_plan plan = {
    .device = POA_SPAN_INIT(DEVICE),
    .owner = POA_SPAN_INIT("site"),
    .id_link = POA_SPAN_INIT(LINK),
    .now_s = FORGE_NOW,
    .backdate_s = 60,
    .lifetime_s = FORGE_DAY,
    .end_s = INT64_MAX,
    .crl_url = POA_SPAN_INIT("https://site.example/crl/1.crl"),
};

static poa_err judge(poa_span sent, const poa_ca *issuer, int64_t at_s, poa_idevid **out)
{
    const poa_span anchor = poa_ca_chain_der(issuer, 0);
    poa_why why = {""};
    *out = NULL;
    const poa_err err = poa_credential_verify(ctx, (poa_ders){&sent, 1}, (poa_ders){&anchor, 1}, at_s, out, &why);
    assert_int_equal(*out != NULL, err == POA_OK);
    assert_int_equal(why.text[0] != '\0', err > POA_OK);
    assert_int_equal(ERR_peek_error(), 0);
    return err;
}

/* Of each kind of key that a CSR may hold, for we issue for all of them. */
static void what_we_issue_comes_back(void **state)
{
    (void)state;
    static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_ES384, POA_ALG_EDDSA, POA_ALG_RS256};
    for (size_t i = 0; i < POA_COUNT(algs); i++) {
        POA_CLEANUP(poa_key_freep) poa_key *device = NULL;
        POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        assert_int_equal(poa_key_generate(ctx, algs[i], &device), POA_OK);
        assert_int_equal(poa_ca_issue_key(ctx, ca, device, &plan, &leaf, NULL), POA_OK);
        assert_int_equal(judge(poa_bytes_span(&leaf.der), ca, FORGE_NOW, &idevid), POA_OK);
        assert_true(poa_span_is(poa_idevid_device(idevid), DEVICE));
        assert_true(poa_span_is(poa_idevid_id_link(idevid), LINK));
        assert_int_equal(poa_idevid_serial(idevid).len, 0);
        assert_int_equal(poa_idevid_cert_serial(idevid).len, sizeof leaf.serial);
        assert_memory_equal(poa_idevid_cert_serial(idevid).ptr, leaf.serial, sizeof leaf.serial);
        assert_true(poa_id_equal(poa_key_thumbprint(poa_idevid_key(idevid)), poa_key_thumbprint(device)));
        assert_true(poa_id_equal(poa_idevid_issuer(idevid), poa_ca_key_id(ca)));
    }
}

/* Both ends count; one that has expired can be looked at as of its last second. */
static void times(void **state)
{
    (void)state;
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    assert_int_equal(poa_ca_issue_key(ctx, ca, poa_ca_key(other_ca), &plan, &leaf, NULL), POA_OK);
    const poa_span der = poa_bytes_span(&leaf.der);
    int64_t from_s = 0;
    int64_t until_s = 0;
    assert_int_equal(poa_credential_times(der, &from_s, &until_s), POA_OK);
    assert_int_equal(from_s, FORGE_NOW - 60);
    assert_int_equal(until_s, FORGE_NOW + FORGE_DAY - 1);
    const struct {
        int64_t at_s;
        poa_err want;
    } cases[] = {
        {from_s - 1, POA_E_NOT_YET_VALID}, {from_s, POA_OK},           {until_s, POA_OK}, {until_s + 1, POA_E_EXPIRED},
        {INT64_MIN, POA_E_NOT_YET_VALID},  {INT64_MAX, POA_E_EXPIRED},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        assert_int_equal(judge(der, ca, cases[i].at_s, &idevid), cases[i].want);
    }
    assert_int_equal(poa_credential_times(poa_span_head(der, der.len - 1), &from_s, &until_s), POA_E_MALFORMED);
    assert_int_equal(poa_credential_times((poa_span){0}, &from_s, &until_s), POA_E_MALFORMED);
}

/* The device's record may keep what was above the CA too, and a second CA; and x5c may bring them along. */
static void whose_it_is(void **state)
{
    (void)state;
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    assert_int_equal(poa_ca_issue_key(ctx, ca, poa_ca_key(other_ca), &plan, &leaf, NULL), POA_OK);
    const poa_span own = poa_ca_chain_der(ca, 0);
    const poa_span other = poa_ca_chain_der(other_ca, 0);
    const poa_span cred = poa_bytes_span(&leaf.der);
    const struct {
        const char *name;
        poa_span sent[2];
        size_t sent_count;
        poa_span issuers[2];
        size_t issuer_count;
        poa_err want;
    } cases[] = {
        {"its own", {cred}, 1, {own}, 1, POA_OK},
        {"two issuers", {cred}, 1, {other, own}, 2, POA_OK},
        {"the issuer sent too", {cred, own}, 2, {own}, 1, POA_OK},
        {"another's", {cred, own}, 2, {other}, 1, POA_E_SIGNATURE_INVALID},
        {"the issuer in its place", {own}, 1, {own}, 1, POA_E_SIGNATURE_INVALID},
        {"nothing sent", {{0}}, 0, {own}, 1, POA_E_MALFORMED},
        {"no issuer", {cred}, 1, {{0}}, 0, POA_E_MALFORMED},
        {"no certificate", {POA_SPAN_INIT("x")}, 1, {own}, 1, POA_E_MALFORMED},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        const poa_err err =
            poa_credential_verify(ctx, (poa_ders){cases[i].sent, cases[i].sent_count},
                                  (poa_ders){cases[i].issuers, cases[i].issuer_count}, FORGE_NOW, &idevid, NULL);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

#define BASIC                                      \
    {                                              \
        NID_basic_constraints, "critical,CA:FALSE" \
    }
#define USAGE                                      \
    {                                              \
        NID_key_usage, "critical,digitalSignature" \
    }
#define PURPOSE                         \
    {                                   \
        NID_ext_key_usage, "clientAuth" \
    }
#define SKI                                \
    {                                      \
        NID_subject_key_identifier, "hash" \
    }
#define AKI                                   \
    {                                         \
        NID_authority_key_identifier, "keyid" \
    }
#define SAN                                          \
    {                                                \
        NID_subject_alt_name, "URI:urn:uuid:" DEVICE \
    }

/* Signed by the CA's own key, and yet not what it issues. */
static void unlike_ours(void **state)
{
    (void)state;
    const struct {
        const char *name;
        poa_err want;
        forged_ext exts[FORGED_EXTS_MAX];
    } cases[] = {
        {"as ours", POA_OK, {BASIC, USAGE, PURPOSE, SKI, AKI, SAN}},
        {"and more that is not critical", POA_OK, {BASIC, USAGE, PURPOSE, SKI, AKI, SAN, {NID_netscape_comment, "x"}}},
        {"and more that is",
         POA_E_MALFORMED,
         {BASIC, USAGE, PURPOSE, SKI, AKI, SAN, {NID_netscape_comment, "critical,x"}}},
        {"no keyUsage", POA_E_MALFORMED, {BASIC, PURPOSE, SKI, AKI, SAN}},
        {"keyUsage not critical",
         POA_E_MALFORMED,
         {BASIC, {NID_key_usage, "digitalSignature"}, PURPOSE, SKI, AKI, SAN}},
        {"keyUsage of more",
         POA_E_MALFORMED,
         {BASIC, {NID_key_usage, "critical,digitalSignature,keyAgreement"}, PURPOSE, SKI, AKI, SAN}},
        {"keyUsage of another kind",
         POA_E_KEY_INVALID,
         {BASIC, {NID_key_usage, "critical,keyAgreement"}, PURPOSE, SKI, AKI, SAN}},
        {"no extKeyUsage", POA_E_MALFORMED, {BASIC, USAGE, SKI, AKI, SAN}},
        {"for servers", POA_E_MALFORMED, {BASIC, USAGE, {NID_ext_key_usage, "serverAuth"}, SKI, AKI, SAN}},
        {"for both", POA_E_MALFORMED, {BASIC, USAGE, {NID_ext_key_usage, "clientAuth,serverAuth"}, SKI, AKI, SAN}},
        {"no basicConstraints", POA_E_MALFORMED, {USAGE, PURPOSE, SKI, AKI, SAN}},
        {"basicConstraints not critical",
         POA_E_MALFORMED,
         {{NID_basic_constraints, "CA:FALSE"}, USAGE, PURPOSE, SKI, AKI, SAN}},
        {"a CA", POA_E_KEY_INVALID, {{NID_basic_constraints, "critical,CA:TRUE"}, USAGE, PURPOSE, SKI, AKI, SAN}},
        {"no subjectKeyIdentifier", POA_E_MALFORMED, {BASIC, USAGE, PURPOSE, AKI, SAN}},
        {"no authorityKeyIdentifier", POA_E_MALFORMED, {BASIC, USAGE, PURPOSE, SKI, SAN}},
        {"no names", POA_E_MALFORMED, {BASIC, USAGE, PURPOSE, SKI, AKI}},
        {"no device", POA_E_MALFORMED, {BASIC, USAGE, PURPOSE, SKI, AKI, {NID_subject_alt_name, "URI:" LINK}}},
        {"a device in capitals",
         POA_E_MALFORMED,
         {BASIC,
          USAGE,
          PURPOSE,
          SKI,
          AKI,
          {NID_subject_alt_name, "URI:urn:uuid:1F0C0A52-3f7b-4c8e-9d55-0a8f6f6c2b11"}}},
        {"two devices",
         POA_E_MALFORMED,
         {BASIC,
          USAGE,
          PURPOSE,
          SKI,
          AKI,
          {NID_subject_alt_name, "URI:urn:uuid:" DEVICE ",URI:urn:uuid:00000000-3f7b-4c8e-9d55-0a8f6f6c2b11"}}},
        {"the device twice",
         POA_E_MALFORMED,
         {BASIC, USAGE, PURPOSE, SKI, AKI, {NID_subject_alt_name, "URI:urn:uuid:" DEVICE ",URI:urn:uuid:" DEVICE}}},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        forged_plan how = {.key = key, .issuer = ca_cert, .issuer_key = poa_ca_key(ca)->pkey};
        memcpy(how.exts, cases[i].exts, sizeof how.exts);
        POA_CLEANUP(X509_freep) X509 *cert = forge_cert(&how);
        POA_CLEANUP(poa_certs_freep) poa_certs *list = forge_list(&cert, 1);
        POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
        const poa_err err = judge(poa_certs_der(list, 0), ca, FORGE_NOW, &idevid);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

static int make_all(void **state)
{
    const poa_ca_plan ca_plan = {
        .owner = POA_SPAN("site"), .now_s = FORGE_NOW - 2 * FORGE_DAY, .lifetime_s = 365 * FORGE_DAY};
    if (set_up(state) != 0 || poa_ca_make(ctx, &ca_plan, &ca) != POA_OK ||
        poa_ca_make(ctx, &ca_plan, &other_ca) != POA_OK)
        return 1;
    const poa_span der = poa_ca_chain_der(ca, 0);
    const uint8_t *at = (const uint8_t *)der.ptr;
    ca_cert = d2i_X509(NULL, &at, (long)der.len);
    key = EVP_EC_gen("P-256");
    return !ca_cert || !key;
}

static int drop_all(void **state)
{
    EVP_PKEY_free(key);
    X509_free(ca_cert);
    poa_ca_free(ca);
    poa_ca_free(other_ca);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_issue_comes_back),
        cmocka_unit_test(times),
        cmocka_unit_test(whose_it_is),
        cmocka_unit_test(unlike_ours),
    };
    return cmocka_run_group_tests_name("pki_credential", tests, make_all, drop_all);
}
