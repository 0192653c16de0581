#include "test.h"

#include "pki_fixture.h"

#include "pki_openssl_program.h"
#include "tls.h"

#define NOW INT64_C(1790000000)
/* As a client sees it: the certificate given as the one to trust. */
#define VERIFY "verify -x509_strict -purpose sslserver -CAfile cert.pem "

static void openssl_trusts_it_for_loopback(void **state)
{
    (void)state;
    POA_CLEANUP(poa_bytes_clear) poa_bytes cert = {0};
    poa_secret key = {0};
    assert_int_equal(poa_tls_make(ctx, NOW, 86400, &cert, &key), POA_OK);
    make_folder();
    write_file("cert.pem", poa_bytes_span(&cert));
    write_file("key.pem", (poa_span){key.text, key.len});
    poa_secret_clear(&key);

    assert_true(openssl_says_ok(VERIFY "-attime 1790000000 -verify_hostname localhost cert.pem"));
    assert_true(openssl_says_ok(VERIFY "-attime 1790000000 -verify_ip 127.0.0.1 cert.pem"));
    assert_true(openssl_says_ok(VERIFY "-attime 1790000000 -verify_ip ::1 cert.pem"));
    assert_true(openssl_says_ok(VERIFY "-attime 1790086398 cert.pem"));
    assert_false(openssl_says_ok(VERIFY "-attime 1790086400 cert.pem"));
    assert_false(openssl_says_ok(VERIFY "-attime 1789996399 cert.pem"));
    assert_false(openssl_says_ok(VERIFY "-attime 1790000000 -verify_hostname example.com cert.pem"));
    assert_false(openssl_says_ok(VERIFY "-attime 1790000000 -verify_ip 127.0.0.2 cert.pem"));
    assert_true(openssl_says_ok("x509 -in cert.pem -pubkey -noout -out a.pem"));
    assert_true(openssl_says_ok("pkey -in key.pem -pubout -out b.pem && cmp a.pem b.pem"));
    remove_folder();
}

static void no_time_out_of_range(void **state)
{
    (void)state;
    static const int64_t cases[][2] = {{NOW, 0}, {NOW, -1}, {NOW, INT64_MAX}, {3599, 1}, {INT64_C(253402300799), 2}};
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes cert = {0};
        poa_secret key = {0};
        assert_int_equal(poa_tls_make(ctx, cases[i][0], cases[i][1], &cert, &key), POA_F_USAGE);
        assert_null(cert.ptr);
        assert_null(key.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_trusts_it_for_loopback),
        cmocka_unit_test(no_time_out_of_range),
    };
    return cmocka_run_group_tests_name("pki_tls", tests, set_up, tear_down);
}
