#include "test.h"

#include "cleanup.h"
#include "span.h"
#include "uri.h"

#include <stdbool.h>
#include <string.h>

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HOST_253 LABEL_63 "." LABEL_63 "." LABEL_63 ".bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct {
    const char *text;
    bool ok;
} cases[] = {
    {"https://h", true},
    {"opc.tcp://h:4840/x", true},
    {"a+b-c.1://h", true},
    {"1a://h", false},
    {"+a://h", false},
    {"HTTPS://h", false},
    {"hTtp://h", false},
    {"ht_tp://h", false},
    {"://h", false},
    {"h", false},
    {"", false},
    {"https:/h", false},
    {"https:h", false},
    {"https:///x", false},
    {"https://", false},

    {"https://a.b-c.example", true},
    {"https://A.example", false},
    {"https://a_b.example", false},
    {"https://-a.example", false},
    {"https://a-.example", false},
    {"https://a..example", false},
    {"https://.example", false},
    {"https://example.", false},
    {"https://ex ample", false},
    {"https://ex%61mple", false},
    {"https://b\xc3\xbc"
     "cher.example",
     false},
    {"https://xn--bcher-kva.example", true},
    {"https://" LABEL_63 ".example", true},
    {"https://" LABEL_63 "a.example", false},
    {"https://" HOST_253, true},
    {"https://" HOST_253 "b", false},

    {"https://192.0.2.1", true},
    {"https://192.0.2.01", false},
    {"https://192.0.2.256", false},
    {"https://192.0.2", false},
    {"https://192.0.2.1.5", false},
    {"https://1", false},
    {"https://0x7f", false}, /* some resolvers take these for 127.0.0.1 */
    {"https://0x7f.1", false},
    {"https://127.0x1", false},
    {"https://a.0xg", true},
    {"https://1a", true},
    {"https://1.example", true},
    {"https://[::1]", false},

    {"https://user@h", false},
    {"https://user:pw@h", false},
    {"https://h:1", true},
    {"https://h:65535", true},
    {"https://h:65536", false},
    {"https://h:0", false},
    {"https://h:", false},
    {"https://h:01", false},
    {"https://h:1:2", false},
    {"https://h:x", false},
    {"https://h:-1", false},
};

static void each_uri(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_uri uri;
        if (poa_uri_parse(poa_span_of(cases[i].text), &uri) != cases[i].ok)
            fail_msg("%s", cases[i].text);
    }
    poa_uri uri;
    assert_false(poa_uri_parse(POA_SPAN("https://h\0.example"), &uri));
}

static void parts(void **state)
{
    (void)state;
    poa_uri uri;
    assert_true(poa_uri_parse(POA_SPAN("coap://a.b:5683/c:1?d#e"), &uri));
    assert_true(poa_span_is(uri.scheme, "coap"));
    assert_true(poa_span_is(uri.host, "a.b"));
    assert_int_equal(uri.port, 5683);
    assert_true(poa_span_is(uri.rest, "/c:1?d#e"));

    assert_true(poa_uri_parse(POA_SPAN("http://h?q:1"), &uri));
    assert_true(poa_span_is(uri.host, "h"));
    assert_int_equal(uri.port, 0);
    assert_true(poa_span_is(uri.rest, "?q:1"));
    assert_true(poa_uri_parse(POA_SPAN("http://h#/"), &uri));
    assert_true(poa_span_is(uri.rest, "#/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_uri),
        cmocka_unit_test(parts),
    };
    return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
