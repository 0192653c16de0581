#include "test.h"

#include "pki_fixture.h"

#include "ca.h"
#include "span.h"

#include <openssl/x509v3.h>

POA_CLEANUP_DEFINE(X509, X509_free)

/* What a renewed credential needs beyond a first one: a key without a request, and where the CRL is. */

#define NOW INT64_C(1790000000)
#define URL "https://site.example/crl/1,2.crl"

static poa_ca *ca;

static const poa_leaf_plan plan = {
    .device = POA_SPAN_INIT("1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"),
    .owner = POA_SPAN_INIT("site"),
    .now_s = NOW,
    .lifetime_s = 600,
    .end_s = INT64_MAX,
};

static X509 *issue(const poa_key *key, const poa_leaf_plan *how)
{
    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    assert_int_equal(poa_ca_issue_key(ctx, ca, key, how, &leaf, NULL), POA_OK);
    const uint8_t *at = leaf.der.ptr;
    X509 *cert = d2i_X509(NULL, &at, (long)leaf.der.len);
    assert_non_null(cert);
    assert_int_equal(X509_verify(cert, poa_ca_key(ca)->pkey), 1);
    return cert;
}

/* The public half alone is enough, and of a pair nothing else goes in. */
static void a_key_needs_no_request(void **state)
{
    (void)state;
    static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_ES384, POA_ALG_EDDSA, POA_ALG_RS256};
    for (size_t i = 0; i < POA_COUNT(algs); i++) {
        POA_CLEANUP(poa_key_freep) poa_key *pair = NULL;
        POA_CLEANUP(poa_key_freep) poa_key *half = NULL;
        assert_int_equal(poa_key_generate(ctx, algs[i], &pair), POA_OK);
        assert_int_equal(poa_key_from_jwk(ctx, poa_span_of(poa_key_jwk(pair)), &half, NULL), POA_OK);
        POA_CLEANUP(X509_freep) X509 *from_pair = issue(pair, &plan);
        POA_CLEANUP(X509_freep) X509 *from_half = issue(half, &plan);
        assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(from_pair), pair->pkey), 1);
        assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(from_half), pair->pkey), 1);
        assert_int_equal(X509_get_ext_by_NID(from_half, NID_crl_distribution_points, -1), -1);
    }
}

static void where_the_crl_is(void **state)
{
    (void)state;
    poa_leaf_plan with = plan;
    with.crl_url = POA_SPAN(URL);
    POA_CLEANUP(X509_freep) X509 *cert = issue(poa_ca_key(ca), &with);
    CRL_DIST_POINTS *points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
    assert_true(points && sk_DIST_POINT_num(points) == 1);
    const DIST_POINT *point = sk_DIST_POINT_value(points, 0);
    assert_true(!point->reasons && !point->CRLissuer && point->distpoint && point->distpoint->type == 0);
    const GENERAL_NAMES *names = point->distpoint->name.fullname;
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
    assert_int_equal(name->type, GEN_URI);
    assert_string_equal((const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier), URL);
    CRL_DIST_POINTS_free(points);
}

static void places_that_are_none(void **state)
{
    (void)state;
    static const poa_span places[] = {
        POA_SPAN_INIT("ldap://site.example/"), POA_SPAN_INIT("site.example/1.crl"), POA_SPAN_INIT("https://a b"),
        POA_SPAN_INIT("https://a\0b"),         POA_SPAN_INIT("https://\xc3\xa4"),
    };
    for (size_t i = 0; i < POA_COUNT(places); i++) {
        poa_leaf_plan with = plan;
        with.crl_url = places[i];
        POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
        assert_int_equal(poa_ca_issue_key(ctx, ca, poa_ca_key(ca), &with, &leaf, NULL), POA_F_USAGE);
    }
}

static int make_all(void **state)
{
    const poa_ca_plan ca_plan = {.owner = POA_SPAN("site"), .now_s = NOW, .lifetime_s = 31536000};
    return set_up(state) != 0 || poa_ca_make(ctx, &ca_plan, &ca) != POA_OK;
}

static int drop_all(void **state)
{
    poa_ca_free(ca);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_needs_no_request),
        cmocka_unit_test(where_the_crl_is),
        cmocka_unit_test(places_that_are_none),
    };
    return cmocka_run_group_tests_name("pki_ca_renew", tests, make_all, drop_all);
}
