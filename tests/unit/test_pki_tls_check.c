#include "test.h"

#include "pki_fixture.h"

#include "span.h"
#include "tls.h"

#include <string.h>

#define NOW INT64_C(1790000000)

typedef struct pair {
    poa_bytes cert;
    poa_secret key;
} pair;

static pair make(void)
{
    pair p = {0};
    assert_int_equal(poa_tls_make(ctx, NOW, 86400, &p.cert, &p.key), POA_OK);
    return p;
}

static void end(pair *p)
{
    poa_bytes_clear(&p->cert);
    poa_secret_clear(&p->key);
}

static poa_err check(poa_span cert, poa_span key, int64_t now_s)
{
    int64_t not_after_s = -1;
    poa_why why = {0};
    const poa_err err = poa_tls_check(cert, key, now_s, &not_after_s, &why);
    assert_int_equal(not_after_s, err ? -1 : NOW + 86400 - 1);
    assert_int_equal(why.text[0] != '\0', err > 0);
    return err;
}

static void only_its_own_key(void **state)
{
    (void)state;
    POA_CLEANUP(end) pair a = make();
    POA_CLEANUP(end) pair b = make();
    const poa_span cert = poa_bytes_span(&a.cert);
    const poa_span key = {a.key.text, a.key.len};
    const poa_span other = {b.key.text, b.key.len};
    assert_int_equal(check(cert, key, NOW), POA_OK);
    assert_int_equal(check(cert, other, NOW), POA_E_KEY_INVALID);
    assert_int_equal(check(cert, cert, NOW), POA_E_KEY_INVALID);
    assert_int_equal(check(cert, POA_SPAN(""), NOW), POA_E_KEY_INVALID);
    assert_int_equal(check(key, key, NOW), POA_E_MALFORMED);
    assert_int_equal(check(POA_SPAN(""), key, NOW), POA_E_MALFORMED);
    assert_int_equal(check(poa_span_head(cert, cert.len / 2), key, NOW), POA_E_MALFORMED);
}

static void only_in_its_time(void **state)
{
    (void)state;
    POA_CLEANUP(end) pair p = make();
    const poa_span cert = poa_bytes_span(&p.cert);
    const poa_span key = {p.key.text, p.key.len};
    assert_int_equal(check(cert, key, NOW - 3600), POA_OK);
    assert_int_equal(check(cert, key, NOW - 3601), POA_E_NOT_YET_VALID);
    assert_int_equal(check(cert, key, NOW + 86400 - 1), POA_OK);
    assert_int_equal(check(cert, key, NOW + 86400), POA_E_EXPIRED);
}

/* A key with a passphrase is refused, not asked about. */
static void no_passphrase(void **state)
{
    (void)state;
    POA_CLEANUP(end) pair p = make();
    poa_key *key = NULL;
    POA_CLEANUP(poa_secret_clear) poa_secret sealed = {0};
    assert_int_equal(poa_key_from_pem(ctx, (poa_span){p.key.text, p.key.len}, (poa_span){0}, &key), POA_OK);
    assert_int_equal(poa_key_to_pem(key, POA_SPAN("open sesame"), &sealed), POA_OK);
    poa_key_free(key);
    assert_int_equal(check(poa_bytes_span(&p.cert), (poa_span){sealed.text, sealed.len}, NOW), POA_E_KEY_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_its_own_key),
        cmocka_unit_test(only_in_its_time),
        cmocka_unit_test(no_passphrase),
    };
    return cmocka_run_group_tests_name("pki_tls_check", tests, set_up, tear_down);
}
