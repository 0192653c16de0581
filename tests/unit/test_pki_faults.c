#include "test.h"

#include "pki_fixture.h"

#include "credential.h"
#include "crl.h"
#include "maker.h"
#include "span.h"

#include <openssl/crypto.h>
#include <stdlib.h>

/*
 * OpenSSL's allocations are made to fail, one after the other: nothing leaks, nothing crashes, and what comes out all
 * the same is what would have come out otherwise.
 */

static size_t allowed = SIZE_MAX; /* allocations that still succeed; then one fails, and the ones after it not */
static bool failed;

static bool may_allocate(void)
{
    if (allowed == SIZE_MAX || failed)
        return true;
    if (allowed > 0) {
        allowed--;
        return true;
    }
    failed = true;
    return false;
}

static void *allocate(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return may_allocate() ? malloc(len) : NULL;
}

static void *reallocate(void *old, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return may_allocate() ? realloc(old, len) : NULL;
}

static void release(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

static poa_bytes request;
static poa_csr *parsed;
static poa_ca *authority;

static poa_err parse_request(void)
{
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
    const poa_err err = poa_csr_parse(ctx, poa_bytes_span(&request), &csr, NULL);
    assert_int_equal(csr != NULL, err == POA_OK);
    if (err == POA_OK) {
        assert_true(poa_span_is(poa_csr_challenge(csr), "nonce"));
        assert_true(poa_span_is(poa_csr_serial(csr), "serial"));
        assert_true(poa_id_equal(poa_csr_key_id(csr), poa_csr_key_id(parsed)));
    }
    return err;
}

static poa_err issue(void)
{
    const poa_leaf_plan plan = {.device = POA_SPAN("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"),
                                .owner = POA_SPAN("site"),
                                .id_link = POA_SPAN("https://id.example/a"),
                                .crl_url = POA_SPAN("https://site.example/1.crl"),
                                .now_s = 1790000000,
                                .lifetime_s = 600,
                                .end_s = INT64_MAX};
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    const poa_err err = poa_ca_issue(ctx, authority, parsed, &plan, &leaf, NULL);
    if (err == POA_OK) {
        allowed = SIZE_MAX;
        const uint8_t *at = leaf.der.ptr;
        X509 *cert = d2i_X509(NULL, &at, (long)leaf.der.len);
        assert_non_null(cert);
        assert_int_equal(X509_get_ext_count(cert), 7);
        assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(cert)), 2);
        assert_int_equal(X509_verify(cert, poa_ca_key(authority)->pkey), 1);
        X509_free(cert);
    }
    return err;
}

static poa_leaf credential;

static poa_err judge_credential(void)
{
    const poa_span sent = poa_bytes_span(&credential.der);
    const poa_span anchor = poa_ca_chain_der(authority, 0);
    POA_CLEANUP(poa_idevid_freep) poa_idevid *idevid = NULL;
    const poa_err err =
        poa_credential_verify(ctx, (poa_ders){&sent, 1}, (poa_ders){&anchor, 1}, 1790000000, &idevid, NULL);
    assert_int_equal(idevid != NULL, err == POA_OK);
    if (err == POA_OK) {
        assert_true(poa_id_equal(poa_idevid_key_id(idevid), poa_csr_key_id(parsed)));
        assert_true(poa_id_equal(poa_idevid_issuer(idevid), poa_ca_key_id(authority)));
        assert_true(poa_span_is(poa_idevid_id_link(idevid), "https://id.example/a"));
        assert_int_equal(poa_idevid_uri_count(idevid), 2);
    }
    return err;
}

static poa_err make_idevid(void)
{
    static const poa_span uris[] = {POA_SPAN_INIT("https://id.example/a"), POA_SPAN_INIT("urn:maker.example:a")};
    const poa_maker_plan plan = {.manufacturer = POA_SPAN("maker"),
                                 .common_name = POA_SPAN("model"),
                                 .serial = POA_SPAN("SN-1"),
                                 .uris = uris,
                                 .uri_count = 2,
                                 .now_s = 1790000000};
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    const poa_err err = poa_maker_issue(ctx, authority, poa_csr_key(parsed), &plan, &leaf, NULL);
    if (err == POA_OK) {
        allowed = SIZE_MAX;
        const uint8_t *at = leaf.der.ptr;
        X509 *cert = d2i_X509(NULL, &at, (long)leaf.der.len);
        assert_non_null(cert);
        assert_int_equal(X509_get_ext_count(cert), 5);
        assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(cert)), 3);
        X509_free(cert);
    }
    return err;
}

static poa_err list_revoked(void)
{
    poa_crl_entry entries[10] = {{{0}}};
    for (uint8_t i = 0; i < POA_COUNT(entries); i++)
        entries[i] = (poa_crl_entry){{0x40, i}, 1790000000, POA_CRL_SUPERSEDED, 1780000000};
    const poa_crl_plan plan = {.number = 7, .this_update_s = 1790000000, .next_update_s = 1790000600};
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    const poa_err err = poa_crl_make(authority, &plan, entries, POA_COUNT(entries), &der, NULL);
    assert_int_equal(der.ptr != NULL, err == POA_OK);
    if (err == POA_OK) {
        allowed = SIZE_MAX;
        const uint8_t *at = der.ptr;
        X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
        assert_non_null(crl);
        assert_int_equal(X509_CRL_get_ext_count(crl), 2);
        assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), POA_COUNT(entries));
        for (int i = 0; i < (int)POA_COUNT(entries); i++)
            assert_int_equal(X509_REVOKED_get_ext_count(sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), i)), 2);
        X509_CRL_free(crl);
    }
    return err;
}

static poa_err make_request(void)
{
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    const poa_err err = poa_csr_make(poa_ca_key(authority), POA_SPAN("nonce"), POA_SPAN("serial"), &der);
    if (err == POA_OK) {
        allowed = SIZE_MAX;
        assert_int_equal(parse_only(poa_bytes_span(&der)), POA_OK);
    }
    return err;
}

static poa_err make_authority(void)
{
    const poa_ca_plan plan = {.owner = POA_SPAN("site"), .now_s = 1790000000, .lifetime_s = 31536000};
    POA_CLEANUP(poa_ca_freep) poa_ca *ca = NULL;
    return poa_ca_make(ctx, &plan, &ca);
}

/*
 * Let the first allocation fail, then the second, until none is left to fail; of the later ones every fifth, for there
 * are thousands. Where we only make something, each failure is a fault. Where we judge something, it may come out as a
 * refusal: OpenSSL does not always say why a key or a signature could not be used.
 */
static void each_allocation(poa_err (*what)(void), bool may_refuse)
{
    assert_int_equal(what(), POA_OK); /* what OpenSSL keeps for good, it has from now on */
    size_t count = 0;
    do {
        failed = false;
        allowed = count;
        count += count < 256 ? 1 : 5;
        const poa_err err = what();
        allowed = SIZE_MAX;
        assert_true(err <= POA_OK || may_refuse);
        assert_int_equal(ERR_peek_error(), 0);
    } while (failed);
    assert_true(count > 256);
}

static void parsing(void **state)
{
    (void)state;
    each_allocation(parse_request, true);
}

static void issuing(void **state)
{
    (void)state;
    each_allocation(issue, false);
}

static void judging(void **state)
{
    (void)state;
    const poa_leaf_plan plan = {.device = POA_SPAN("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"),
                                .owner = POA_SPAN("site"),
                                .id_link = POA_SPAN("https://id.example/a"),
                                .now_s = 1790000000,
                                .lifetime_s = 600,
                                .end_s = INT64_MAX};
    assert_int_equal(poa_ca_issue(ctx, authority, parsed, &plan, &credential, NULL), POA_OK);
    each_allocation(judge_credential, true);
    poa_leaf_clear(&credential);
}

static void making_an_idevid(void **state)
{
    (void)state;
    each_allocation(make_idevid, false);
}

static void listing(void **state)
{
    (void)state;
    each_allocation(list_revoked, false);
}

static void making_a_request(void **state)
{
    (void)state;
    each_allocation(make_request, false);
}

static void making_a_ca(void **state)
{
    (void)state;
    each_allocation(make_authority, false);
}

static int make_all(void **state)
{
    const poa_ca_plan plan = {.owner = POA_SPAN("site"), .now_s = 1790000000, .lifetime_s = 31536000};
    return set_up(state) != 0 || poa_ca_make(ctx, &plan, &authority) != POA_OK ||
           poa_csr_make(poa_ca_key(authority), POA_SPAN("nonce"), POA_SPAN("serial"), &request) != POA_OK ||
           poa_csr_parse(ctx, poa_bytes_span(&request), &parsed, NULL) != POA_OK;
}

static int drop_all(void **state)
{
    poa_csr_free(parsed);
    poa_bytes_clear(&request);
    poa_ca_free(authority);
    return tear_down(state);
}

int main(void)
{
    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing),     cmocka_unit_test(issuing),          cmocka_unit_test(judging),
        cmocka_unit_test(listing),     cmocka_unit_test(making_an_idevid), cmocka_unit_test(making_a_request),
        cmocka_unit_test(making_a_ca),
    };
    return cmocka_run_group_tests_name("pki_faults", tests, make_all, drop_all);
}
