#include "test.h"

#include "pki_fixture.h"

#include "pem.h"
#include "span.h"

#include <openssl/x509.h>

#define CHALLENGE "bm9uY2Ugb2YgdGhlIHNlcnZlcg_-"
#define SERIAL    "SN-1042"

POA_CLEANUP_DEFINE(X509_REQ, X509_REQ_free)

static poa_bytes make(poa_alg alg)
{
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    poa_bytes der = {0};
    assert_int_equal(poa_key_generate(ctx, alg, &key), POA_OK);
    assert_int_equal(poa_csr_make(key, POA_SPAN(CHALLENGE), POA_SPAN(SERIAL), &der), POA_OK);
    return der;
}

static void a_request_says_what_was_put_in(void **state)
{
    (void)state;
    static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_ES384, POA_ALG_EDDSA, POA_ALG_RS256};
    for (size_t i = 0; i < POA_COUNT(algs); i++) {
        POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
        assert_int_equal(poa_key_generate(ctx, algs[i], &key), POA_OK);
        assert_int_equal(poa_csr_make(key, POA_SPAN(CHALLENGE), POA_SPAN(SERIAL), &der), POA_OK);
        assert_int_equal(poa_pem_write(POA_PEM_CSR, poa_bytes_span(&der), &pem), POA_OK);

        const poa_bytes *forms[] = {&der, &pem};
        for (size_t f = 0; f < POA_COUNT(forms); f++) {
            POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
            assert_int_equal(parse(poa_bytes_span(forms[f]), &csr), POA_OK);
            assert_true(poa_span_is(poa_csr_challenge(csr), CHALLENGE));
            assert_true(poa_span_is(poa_csr_serial(csr), SERIAL));
            assert_int_equal(poa_csr_common_name(csr).len, 0);
            assert_true(poa_id_equal(poa_key_thumbprint(poa_csr_key(csr)), poa_key_thumbprint(key)));
            assert_false(poa_key_is_private(poa_csr_key(csr)));
        }
    }
}

static void the_key_id_is_the_hash_of_the_spki(void **state)
{
    (void)state;
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = make(POA_ALG_ES256);
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
    assert_int_equal(parse(poa_bytes_span(&der), &csr), POA_OK);

    const uint8_t *at = der.ptr;
    POA_CLEANUP(X509_REQ_freep) X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);
    uint8_t *spki = NULL;
    const int len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &spki);
    assert_true(poa_span_equal(poa_csr_spki(csr), (poa_span){(const char *)spki, (size_t)len}));
    uint8_t hash[32];
    assert_int_equal(EVP_Digest(spki, (size_t)len, hash, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(poa_csr_key_id(csr)->bytes, hash, sizeof hash);
    OPENSSL_free(spki);
}

static void what_is_absent_is_empty(void **state)
{
    (void)state;
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
    assert_int_equal(poa_key_generate(ctx, POA_ALG_ES256, &key), POA_OK);
    assert_int_equal(poa_csr_make(key, (poa_span){0}, (poa_span){0}, &der), POA_OK);
    assert_int_equal(parse(poa_bytes_span(&der), &csr), POA_OK);
    assert_int_equal(poa_csr_challenge(csr).len, 0);
    assert_int_equal(poa_csr_serial(csr).len, 0);
    assert_int_equal(poa_csr_common_name(csr).len, 0);
}

static void the_maker_keeps_bounds(void **state)
{
    (void)state;
    char text[256];
    memset(text, 'a', sizeof text);
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_key_freep) poa_key *public = NULL;
    assert_int_equal(poa_key_generate(ctx, POA_ALG_ES256, &key), POA_OK);
    assert_int_equal(poa_key_from_jwk(ctx, poa_span_of(poa_key_jwk(key)), &public, NULL), POA_OK);
    const poa_span none = {0};
    const struct {
        const poa_key *key;
        poa_span challenge;
        poa_span serial;
        poa_err want;
    } cases[] = {
        {key, {text, 255}, {text, 64}, POA_OK},
        {key, {text, 256}, none, POA_F_USAGE},
        {key, none, {text, 65}, POA_F_USAGE},
        {key, POA_SPAN("a\nb"), none, POA_F_USAGE},
        {key, none, POA_SPAN("a\0b"), POA_F_USAGE},
        {key, none, POA_SPAN("\xff"), POA_F_USAGE},
        {key, none, POA_SPAN("not_printable#string"), POA_OK},
        {public, none, none, POA_F_USAGE},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        assert_int_equal(poa_csr_make(cases[i].key, cases[i].challenge, cases[i].serial, &der), cases[i].want);
        if (cases[i].want == POA_OK) {
            POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
            assert_int_equal(parse(poa_bytes_span(&der), &csr), POA_OK);
            assert_true(poa_span_equal(poa_csr_challenge(csr), cases[i].challenge));
            assert_true(poa_span_equal(poa_csr_serial(csr), cases[i].serial));
        }
    }
}

static void no_beginning_of_a_request_is_one(void **state)
{
    (void)state;
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = make(POA_ALG_ES256);
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    assert_int_equal(poa_pem_write(POA_PEM_CSR, poa_bytes_span(&der), &pem), POA_OK);
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(parse_only(poa_span_head(poa_bytes_span(&der), len)), POA_E_MALFORMED);
    for (size_t len = 0; len + 1 < pem.len; len++) /* the newline at the end may lack */
        assert_int_equal(parse_only(poa_span_head(poa_bytes_span(&pem), len)), POA_E_MALFORMED);
}

static void no_changed_bit_is_accepted(void **state)
{
    (void)state;
    static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_EDDSA};
    for (size_t a = 0; a < POA_COUNT(algs); a++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = make(algs[a]);
        for (size_t i = 0; i < der.len * 8; i++) {
            der.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
            const poa_err err = parse_only(poa_bytes_span(&der));
            if (err != POA_E_MALFORMED && err != POA_E_KEY_INVALID && err != POA_E_SIGNATURE_INVALID)
                fail_msg("bit %zu: %s", i, poa_err_name(err));
            der.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
        }
        assert_int_equal(parse_only(poa_bytes_span(&der)), POA_OK);
    }
}

static void nothing_may_stand_around(void **state)
{
    (void)state;
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = make(POA_ALG_ES256);
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    POA_CLEANUP(poa_bytes_clear) poa_bytes cert = {0};
    assert_int_equal(poa_pem_write(POA_PEM_CSR, poa_bytes_span(&der), &pem), POA_OK);
    assert_int_equal(poa_pem_write(POA_PEM_CERTIFICATE, poa_bytes_span(&der), &cert), POA_OK);
    const struct {
        poa_span head;
        poa_span tail;
    } cases[] = {
        {poa_bytes_span(&der), POA_SPAN("\0")},        {poa_bytes_span(&der), poa_bytes_span(&der)},
        {poa_bytes_span(&pem), POA_SPAN("\n")},        {poa_bytes_span(&pem), POA_SPAN("\0")},
        {poa_bytes_span(&pem), poa_bytes_span(&pem)},  {POA_SPAN("\n"), poa_bytes_span(&pem)},
        {POA_SPAN("subject="), poa_bytes_span(&pem)},  {POA_SPAN("\0"), poa_bytes_span(&der)},
        {poa_bytes_span(&cert), poa_bytes_span(&pem)}, {poa_bytes_span(&cert), POA_SPAN("")},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes both = {0};
        assert_true(poa_bytes_join(&both, cases[i].head, cases[i].tail));
        assert_int_equal(parse_only(poa_bytes_span(&both)), POA_E_MALFORMED);
    }
}

static void garbage_and_size(void **state)
{
    (void)state;
    static char bytes[POA_CSR_BYTES_MAX + 1];
    assert_int_equal(parse_only((poa_span){bytes, sizeof bytes}), POA_E_TOO_LARGE);
    assert_int_equal(parse_only((poa_span){bytes, sizeof bytes - 1}), POA_E_MALFORMED);
    assert_int_equal(parse_only(POA_SPAN("{}")), POA_E_MALFORMED);
    /* A length of 2^63-1, one of indefinite form, and 8,000 sequences in one another. */
    assert_int_equal(parse_only(POA_SPAN("\x30\x88\x7f\xff\xff\xff\xff\xff\xff\xff")), POA_E_MALFORMED);
    assert_int_equal(parse_only(POA_SPAN("\x30\x80\x30\x80")), POA_E_MALFORMED);
    for (size_t i = 0; i + 1 < sizeof bytes; i += 2)
        memcpy(bytes + i, "\x30\x80", 2);
    assert_int_equal(parse_only((poa_span){bytes, sizeof bytes - 1}), POA_E_MALFORMED);

    uint32_t random = 1;
    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < 512; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = (char)(random >> 24);
        }
        bytes[0] = 0x30;
        assert_int_equal(parse_only((poa_span){bytes, 512}), POA_E_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_says_what_was_put_in),   cmocka_unit_test(the_key_id_is_the_hash_of_the_spki),
        cmocka_unit_test(what_is_absent_is_empty),          cmocka_unit_test(the_maker_keeps_bounds),
        cmocka_unit_test(no_beginning_of_a_request_is_one), cmocka_unit_test(no_changed_bit_is_accepted),
        cmocka_unit_test(nothing_may_stand_around),         cmocka_unit_test(garbage_and_size),
    };
    return cmocka_run_group_tests_name("pki_csr", tests, set_up, tear_down);
}
