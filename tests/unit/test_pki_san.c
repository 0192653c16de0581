#include "test.h"

#include "cleanup.h"
#include "san.h"
#include "span.h"

#include <string.h>

#define UUID "1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"

static const struct {
    const char *uri;
    poa_san_kind want;
} cases[] = {
    {"https://id.maker.example/XY-1/SN-1042", POA_SAN_ID_LINK},
    {"http://id.maker.example/?s=1", POA_SAN_ID_LINK},
    {"https://id.maker.example/a%20b", POA_SAN_PRODUCT},
    {"https://ID.maker.example/a", POA_SAN_PRODUCT},
    {"https://id.maker.example/../a", POA_SAN_PRODUCT},
    {"urn:maker.example:XY-1:SN-1042", POA_SAN_PRODUCT},
    {"maker+1.a-b:x", POA_SAN_PRODUCT},
    {"URN:maker.example:1", POA_SAN_PRODUCT},
    {"urn:uuid:" UUID, POA_SAN_DEVICE},
    {"urn:uuid:" UUID "0", POA_SAN_OTHER},
    {"urn:uuid:1F0C0A52-3f7b-4c8e-9d55-0a8f6f6c2b11", POA_SAN_OTHER},
    {"urn:uuid:1f0c0a5203f7b-4c8e-9d55-0a8f6f6c2b11", POA_SAN_OTHER},
    {"urn:uuid:1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b1g", POA_SAN_OTHER},
    {"URN:UUID:" UUID, POA_SAN_OTHER},
    {"urn:uuid:", POA_SAN_OTHER},
    {"spiffe://site.example/line/7", POA_SAN_SPIFFE},
    {"spiffe://a-b_c.1/A.b-c_9", POA_SAN_SPIFFE},
    {"spiffe://site.example/...", POA_SAN_SPIFFE},
    {"spiffe://site.example", POA_SAN_OTHER},
    {"spiffe://site.example/", POA_SAN_OTHER},
    {"spiffe://site.example/a/", POA_SAN_OTHER},
    {"spiffe://site.example//a", POA_SAN_OTHER},
    {"spiffe://site.example/./a", POA_SAN_OTHER},
    {"spiffe://site.example/a/..", POA_SAN_OTHER},
    {"spiffe://site.example/a?b", POA_SAN_OTHER},
    {"spiffe://site.example/a%20", POA_SAN_OTHER},
    {"spiffe://Site.example/a", POA_SAN_OTHER},
    {"spiffe://site.example:1/a", POA_SAN_OTHER},
    {"spiffe:///a", POA_SAN_OTHER},
    {"SPIFFE://site.example/a", POA_SAN_OTHER},
    {"spiffe:site", POA_SAN_OTHER},
    {"", POA_SAN_OTHER},
    {"maker", POA_SAN_OTHER},
    {"maker:", POA_SAN_OTHER},
    {":maker", POA_SAN_OTHER},
    {"1maker:a", POA_SAN_OTHER},
    {"ma_ker:a", POA_SAN_OTHER},
    {"urn:maker.example:a b", POA_SAN_OTHER},
    {"urn:maker.example:\x7f", POA_SAN_OTHER},
    {"urn:maker.example:\xc3\xa4", POA_SAN_OTHER},
};

static void each_uri_is_of_one_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        const poa_san_kind kind = poa_san_kind_of(poa_span_of(cases[i].uri));
        if (kind != cases[i].want)
            fail_msg("%s: %d", cases[i].uri, (int)kind);
    }
}

static void bounds_hold(void **state)
{
    (void)state;
    static char text[POA_SAN_URI_BYTES_MAX + 1];
    memset(text, 'a', sizeof text);
    memcpy(text, "urn:", 4);
    assert_int_equal(poa_san_kind_of((poa_span){text, POA_SAN_URI_BYTES_MAX}), POA_SAN_PRODUCT);
    assert_int_equal(poa_san_kind_of((poa_span){text, POA_SAN_URI_BYTES_MAX + 1}), POA_SAN_OTHER);

    memcpy(text, "spiffe://", 9);
    text[9 + 255] = '/';
    assert_int_equal(poa_san_kind_of((poa_span){text, 9 + 255 + 2}), POA_SAN_SPIFFE);
    text[9 + 255] = 'a';
    text[9 + 256] = '/';
    assert_int_equal(poa_san_kind_of((poa_span){text, 9 + 256 + 2}), POA_SAN_OTHER);
}

static void a_nul_is_no_end(void **state)
{
    (void)state;
    assert_int_equal(poa_san_kind_of(POA_SPAN("https://id.maker.example/a\0b")), POA_SAN_OTHER);
    assert_int_equal(poa_san_kind_of(POA_SPAN("urn:uuid:" UUID "\0")), POA_SAN_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_uri_is_of_one_kind),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(a_nul_is_no_end),
    };
    return cmocka_run_group_tests_name("pki_san", tests, NULL, NULL);
}
