#include "test.h"

#include "pki_fixture.h"

#include "crl.h"
#include "pem.h"
#include "span.h"

#include <openssl/x509v3.h>

POA_CLEANUP_DEFINE(X509_CRL, X509_CRL_free)
POA_CLEANUP_DEFINE(X509, X509_free)

#define NOW INT64_C(1790000000)
#define DAY INT64_C(86400)

static poa_ca *ca;
static X509 *ca_cert;

static const poa_crl_plan plan = {
    .number = UINT64_C(0x8000000000000001), .this_update_s = NOW, .next_update_s = NOW + DAY};

static poa_crl_entry entry(uint32_t number, poa_crl_reason reason, int64_t invalidity_s)
{
    poa_crl_entry made = {.revoked_s = NOW - 60, .reason = reason, .invalidity_s = invalidity_s};
    made.serial[0] = 0x40;
    for (int i = 0; i < 4; i++)
        made.serial[19 - i] = (uint8_t)(number >> 8 * i);
    return made;
}

static X509_CRL *make(const poa_crl_plan *how, const poa_crl_entry *entries, size_t count)
{
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    assert_int_equal(poa_crl_make(ca, how, entries, count, &der, NULL), POA_OK);
    assert_int_equal(ERR_peek_error(), 0);
    const uint8_t *at = der.ptr;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    assert_non_null(crl);
    assert_ptr_equal(at, der.ptr + der.len);
    assert_int_equal(X509_CRL_verify(crl, poa_ca_key(ca)->pkey), 1);
    return crl;
}

static void the_list_itself(void **state)
{
    (void)state;
    POA_CLEANUP(X509_CRL_freep) X509_CRL *crl = make(&plan, NULL, 0);
    assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
    assert_int_equal(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca_cert)), 0);
    assert_int_equal(ASN1_TIME_cmp_time_t(X509_CRL_get0_lastUpdate(crl), NOW), 0);
    assert_int_equal(ASN1_TIME_cmp_time_t(X509_CRL_get0_nextUpdate(crl), NOW + DAY), 0);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) > 0, 0);
    assert_int_equal(X509_CRL_get_ext_count(crl), 2);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    uint64_t read = 0;
    assert_true(number && ASN1_INTEGER_get_uint64(&read, number) == 1 && read == plan.number);
    ASN1_INTEGER_free(number);
    AUTHORITY_KEYID *authority = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
    assert_non_null(authority);
    assert_int_equal(ASN1_OCTET_STRING_cmp(authority->keyid, X509_get0_subject_key_id(ca_cert)), 0);
    AUTHORITY_KEYID_free(authority);
}

/* The reason that OpenSSL reads, -1 when none is written. */
static long reason_of(const X509_REVOKED *revoked)
{
    int state = 0;
    ASN1_ENUMERATED *value = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, &state, NULL);
    if (!value) {
        assert_int_equal(state, -1);
        return -1;
    }
    const long reason = ASN1_ENUMERATED_get(value);
    ASN1_ENUMERATED_free(value);
    return reason;
}

static void assert_invalidity(const X509_REVOKED *revoked, int64_t want_s)
{
    int state = 0;
    ASN1_GENERALIZEDTIME *time = X509_REVOKED_get_ext_d2i(revoked, NID_invalidity_date, &state, NULL);
    assert_int_equal(time == NULL, want_s == 0);
    if (time) {
        assert_int_equal(ASN1_STRING_type(time), V_ASN1_GENERALIZEDTIME);
        assert_int_equal(ASN1_TIME_cmp_time_t(time, (time_t)want_s), 0);
    }
    ASN1_GENERALIZEDTIME_free(time);
}

static void each_reason(void **state)
{
    (void)state;
    static const poa_crl_reason reasons[] = {
        POA_CRL_UNSPECIFIED,         POA_CRL_KEY_COMPROMISE,      POA_CRL_CA_COMPROMISE,
        POA_CRL_AFFILIATION_CHANGED, POA_CRL_SUPERSEDED,          POA_CRL_CESSATION_OF_OPERATION,
        POA_CRL_CERTIFICATE_HOLD,    POA_CRL_PRIVILEGE_WITHDRAWN, POA_CRL_AA_COMPROMISE,
    };
    poa_crl_entry entries[POA_COUNT(reasons)];
    for (size_t i = 0; i < POA_COUNT(reasons); i++) /* the last first */
        entries[POA_COUNT(reasons) - 1 - i] = entry((uint32_t)i, reasons[i], i % 2 ? NOW - DAY : 0);
    POA_CLEANUP(X509_CRL_freep) X509_CRL *crl = make(&plan, entries, POA_COUNT(entries));
    STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
    assert_int_equal(sk_X509_REVOKED_num(list), POA_COUNT(reasons));
    for (size_t i = 0; i < POA_COUNT(reasons); i++) {
        const X509_REVOKED *revoked = sk_X509_REVOKED_value(list, (int)i);
        assert_int_equal(ASN1_STRING_length(X509_REVOKED_get0_serialNumber(revoked)), POA_SERIAL_NUMBER_BYTES);
        assert_memory_equal(ASN1_STRING_get0_data(X509_REVOKED_get0_serialNumber(revoked)),
                            entries[POA_COUNT(reasons) - 1 - i].serial, POA_SERIAL_NUMBER_BYTES);
        assert_int_equal(ASN1_TIME_cmp_time_t(X509_REVOKED_get0_revocationDate(revoked), NOW - 60), 0);
        assert_int_equal(reason_of(revoked), i == 0 ? -1 : (long)reasons[i]);
        assert_invalidity(revoked, i % 2 ? NOW - DAY : 0);
    }
}

/* What it is for: a path with the certificate no longer verifies, and one with its neighbour still does. */
static void openssl_believes_it(void **state)
{
    (void)state;
    const poa_leaf_plan leaf_plan = {.device = POA_SPAN("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"),
                                     .owner = POA_SPAN("site"),
                                     .crl_url = POA_SPAN("https://site.example/crl/1.crl"),
                                     .now_s = NOW,
                                     .lifetime_s = 2 * DAY,
                                     .end_s = INT64_MAX};
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    assert_int_equal(poa_key_generate(ctx, POA_ALG_ES256, &key), POA_OK);
    for (int revoked = 0; revoked < 2; revoked++) {
        POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
        assert_int_equal(poa_ca_issue_key(ctx, ca, key, &leaf_plan, &leaf, NULL), POA_OK);
        poa_crl_entry on_it = entry(7, POA_CRL_SUPERSEDED, 0);
        if (revoked)
            memcpy(on_it.serial, leaf.serial, sizeof leaf.serial);
        X509_CRL *crl = make(&plan, &on_it, 1);
        const uint8_t *at = leaf.der.ptr;
        POA_CLEANUP(X509_freep) X509 *cert = d2i_X509(NULL, &at, (long)leaf.der.len);
        X509_STORE *store = X509_STORE_new();
        X509_STORE_CTX *walk = X509_STORE_CTX_new();
        assert_true(X509_STORE_add_cert(store, ca_cert) == 1 && X509_STORE_add_crl(store, crl) == 1);
        assert_int_equal(X509_STORE_CTX_init(walk, store, cert, NULL), 1);
        X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(walk), NOW + 10);
        (void)X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(walk),
                                          X509_V_FLAG_CRL_CHECK | X509_V_FLAG_X509_STRICT);
        assert_int_equal(X509_verify_cert(walk), revoked ? 0 : 1);
        assert_int_equal(X509_STORE_CTX_get_error(walk), revoked ? X509_V_ERR_CERT_REVOKED : X509_V_OK);
        X509_STORE_CTX_free(walk);
        X509_STORE_free(store);
        X509_CRL_free(crl);
    }
}

static void as_many_as_may_be(void **state)
{
    (void)state;
    poa_crl_entry *entries = calloc(POA_CRL_ENTRIES_MAX + 1, sizeof *entries);
    assert_non_null(entries);
    for (uint32_t i = 0; i <= POA_CRL_ENTRIES_MAX; i++) /* a step prime to the count: each number once, in disorder */
        entries[i] = entry(i * 7919u % (POA_CRL_ENTRIES_MAX + 1), POA_CRL_PRIVILEGE_WITHDRAWN, NOW - DAY);
    POA_CLEANUP(X509_CRL_freep) X509_CRL *crl = make(&plan, entries, POA_CRL_ENTRIES_MAX);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), POA_CRL_ENTRIES_MAX);

    poa_bytes der = {0};
    assert_int_equal(poa_crl_make(ca, &plan, entries, POA_CRL_ENTRIES_MAX + 1, &der, NULL), POA_F_USAGE);
    entries[POA_CRL_ENTRIES_MAX - 1] = entries[0];
    assert_int_equal(poa_crl_make(ca, &plan, entries, POA_CRL_ENTRIES_MAX, &der, NULL), POA_F_USAGE);
    assert_null(der.ptr);
    free(entries);
}

static void plans_against_the_rules(void **state)
{
    (void)state;
    const struct {
        const char *name;
        poa_crl_plan plan;
        poa_crl_entry entry;
        poa_err want;
    } cases[] = {
        {"as it should be", plan, entry(1, POA_CRL_SUPERSEDED, 1), POA_OK},
        {"number 0", {0, NOW, NOW + 1}, entry(1, POA_CRL_SUPERSEDED, 0), POA_OK},
        {"the end of time", {1, NOW, INT64_C(253402300799)}, entry(1, POA_CRL_SUPERSEDED, 0), POA_OK},
        {"beyond it", {1, NOW, INT64_C(253402300800)}, entry(1, POA_CRL_SUPERSEDED, 0), POA_F_USAGE},
        {"next is this", {1, NOW, NOW}, entry(1, POA_CRL_SUPERSEDED, 0), POA_F_USAGE},
        {"before the epoch", {1, -1, NOW}, entry(1, POA_CRL_SUPERSEDED, 0), POA_F_USAGE},
        {"removeFromCRL", plan, entry(1, POA_CRL_REMOVE_FROM_CRL, 0), POA_F_USAGE},
        {"no reason", plan, entry(1, (poa_crl_reason)7, 0), POA_F_USAGE},
        {"no reason either", plan, entry(1, (poa_crl_reason)11, 0), POA_F_USAGE},
        {"invalid before the epoch", plan, entry(1, POA_CRL_SUPERSEDED, -1), POA_F_USAGE},
        {"revoked before the epoch", plan, {.revoked_s = -1}, POA_F_USAGE},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        const poa_err err = poa_crl_make(ca, &cases[i].plan, &cases[i].entry, 1, &der, NULL);
        if (err != cases[i].want || (der.ptr != NULL) != (err == POA_OK))
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
    }
}

static X509 *without_crl_sign(void)
{
    X509 *cert = X509_dup(ca_cert);
    assert_non_null(cert);
    const int at = X509_get_ext_by_NID(cert, NID_key_usage, -1);
    X509_EXTENSION_free(X509_delete_ext(cert, at));
    X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,keyCertSign");
    assert_true(usage && X509_add_ext(cert, usage, -1) == 1);
    X509_EXTENSION_free(usage);
    assert_true(X509_sign(cert, poa_ca_key(ca)->pkey, EVP_sha256()) > 0);
    return cert;
}

static void a_ca_that_must_not(void **state)
{
    (void)state;
    POA_CLEANUP(X509_freep) X509 *cert = without_crl_sign();
    POA_CLEANUP(poa_bytes_clear) poa_bytes bytes = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    const int len = i2d_X509(cert, NULL);
    assert_true(len > 0 && poa_bytes_alloc(&bytes, (size_t)len));
    uint8_t *at = bytes.ptr;
    assert_int_equal(i2d_X509(cert, &at), len);
    assert_int_equal(poa_pem_write(POA_PEM_CERTIFICATE, poa_bytes_span(&bytes), &pem), POA_OK);
    POA_CLEANUP(poa_ca_freep) poa_ca *other = NULL;
    assert_int_equal(poa_ca_load(ctx, poa_bytes_span(&pem), poa_ca_key(ca), &other, NULL), POA_OK);
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    poa_why why = {""};
    assert_int_equal(poa_crl_make(other, &plan, NULL, 0, &der, &why), POA_F_SIGNER);
    assert_true(why.text[0] != '\0');
}

static int make_all(void **state)
{
    const poa_ca_plan ca_plan = {.owner = POA_SPAN("site"), .now_s = NOW, .lifetime_s = 365 * DAY};
    if (set_up(state) != 0 || poa_ca_make(ctx, &ca_plan, &ca) != POA_OK)
        return 1;
    const poa_span der = poa_ca_chain_der(ca, 0);
    const uint8_t *at = (const uint8_t *)der.ptr;
    ca_cert = d2i_X509(NULL, &at, (long)der.len);
    return ca_cert == NULL;
}

static int drop_all(void **state)
{
    X509_free(ca_cert);
    poa_ca_free(ca);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_itself),         cmocka_unit_test(each_reason),
        cmocka_unit_test(openssl_believes_it),     cmocka_unit_test(as_many_as_may_be),
        cmocka_unit_test(plans_against_the_rules), cmocka_unit_test(a_ca_that_must_not),
    };
    return cmocka_run_group_tests_name("pki_crl", tests, make_all, drop_all);
}
