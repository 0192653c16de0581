#include "test.h"

#include "cleanup.h"
#include "span.h"
#include "url.h"

#include <stdlib.h>
#include <string.h>

/* RFC 3986 sections 6.2.2 and 6.2.3; a NULL is no URL. */
static const struct {
    const char *name;
    const char *text;
    const char *want;
} cases[] = {
    {"already normal", "https://site.example/v1/onboardings", "https://site.example/v1/onboardings"},
    {"scheme and host case", "HTTPS://Site.EXAMPLE/V1", "https://site.example/V1"},
    {"path case stays", "http://a/B", "http://a/B"},
    {"empty path", "http://a", "http://a/"},
    {"empty path before a query", "http://a?q", "http://a/"},
    {"query and fragment", "http://a/b?c=d/../e#f?g", "http://a/b"},
    {"fragment alone", "http://a/b#?", "http://a/b"},
    {"default port, http", "http://a:80/", "http://a/"},
    {"default port, https", "https://a:443/", "https://a/"},
    {"port of the other scheme", "https://a:80/", "https://a:80/"},
    {"another port", "http://a:8443/b", "http://a:8443/b"},
    {"largest port", "http://a:65535/", "http://a:65535/"},
    {"empty port", "http://a:/b", "http://a/b"},
    {"percent-encoding case", "http://a/%c3%a9", "http://a/%C3%A9"},
    {"encoded unreserved", "http://a/%41%7e%2D%5f%2E0", "http://a/A~-_.0"},
    {"encoded reserved stays", "http://a/b%2fc%3Fd", "http://a/b%2Fc%3Fd"},
    {"encoded NUL stays", "http://a/%00", "http://a/%00"},
    {"percent is encoded once", "http://a/%2541", "http://a/%2541"},
    {"host percent-encoding", "http://%41b%c3%a9/", "http://ab%C3%A9/"},
    {"dot segments", "http://a/b/./c/../d", "http://a/b/d"},
    {"encoded dot segments", "http://a/b/%2e/c/%2E%2e/d", "http://a/b/d"},
    {"dot segment at the end", "http://a/b/.", "http://a/b/"},
    {"dot-dot segment at the end", "http://a/b/c/..", "http://a/b/"},
    {"above the root", "http://a/../../b", "http://a/b"},
    {"nothing but dots", "http://a/..", "http://a/"},
    {"three dots are a name", "http://a/.../b", "http://a/.../b"},
    {"empty segments stay", "http://a//b//", "http://a//b//"},
    {"dot-dot takes an empty segment", "http://a/b//..", "http://a/b/"},
    {"sub-delimiters", "http://a/!$&'()*+,;=:@", "http://a/!$&'()*+,;=:@"},
    {"IPv4", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/"},
    {"IPv6", "https://[2001:DB8::1]:443/", "https://[2001:db8::1]/"},
    {"RFC 3986 section 6.2.2", "eXAMPLE://a/./b/../b/%63/%7bfoo%7d", NULL},
    {"the same under http", "hTTP://a/./b/../b/%63/%7bfoo%7d", "http://a/b/c/%7Bfoo%7D"},
    {"empty", "", NULL},
    {"scheme alone", "https://", NULL},
    {"no authority", "https:/a/b", NULL},
    {"no host", "https:///b", NULL},
    {"no host but a port", "https://:443/b", NULL},
    {"relative", "/v1/onboardings", NULL},
    {"other scheme", "ftp://a/", NULL},
    {"longer scheme", "httpss://a/", NULL},
    {"user", "http://u@a/", NULL},
    {"user and password", "http://u:1@a/", NULL},
    {"encoded at sign is part of a host", "http://u%40a/", "http://u%40a/"},
    {"port zero", "http://a:0/", NULL},
    {"port with leading zero", "http://a:080/", NULL},
    {"port too large", "http://a:65536/", NULL},
    {"port with sign", "http://a:+80/", NULL},
    {"two ports", "http://a:80:80/", NULL},
    {"blank before", " http://a/", NULL},
    {"blank after", "http://a/ ", NULL},
    {"blank in a host", "http://a b/", NULL},
    {"newline", "http://a/\n", NULL},
    {"backslash in a path", "http://a/\\b", NULL},
    {"backslash in a host", "http://a\\b/", NULL},
    {"non-ASCII path", "http://a/\xc3\xa9", NULL},
    {"non-ASCII host", "http://\xc3\xa9/", NULL},
    {"stray percent", "http://a/%", NULL},
    {"short percent", "http://a/%4", NULL},
    {"no hex", "http://a/%4g", NULL},
    {"stray percent in a query", "http://a/?%4", NULL},
    {"blank in a query", "http://a/? ", NULL},
    {"two fragments", "http://a/#b#c", NULL},
    {"bracket in a path", "http://a/[b]", NULL},
    {"bracket not closed", "http://[::1/", NULL},
    {"text behind a bracket", "http://[::1]a/", NULL},
    {"empty brackets", "http://[]/", NULL},
    {"IPv4 in brackets", "http://[127.0.0.1]/", NULL},
    {"seven groups", "http://[1:2:3:4:5:6:7]/", NULL},
    {"name in brackets", "http://[abc]/", NULL},
    {"future IP literal", "http://[v1.a:b]/", NULL},
    {"zone", "http://[fe80::1%25eth0]/", NULL},
};

static void each_url(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_url url = {.text = "untouched", .len = 9};
        const bool ok = poa_url_normalise(poa_span_of(cases[i].text), &url);
        const char *want = cases[i].want ? cases[i].want : "untouched";
        if (ok != (cases[i].want != NULL) || strcmp(url.text, want) != 0 || url.len != strlen(want))
            fail_msg("%s: %s", cases[i].name, ok ? url.text : "no URL");
    }
}

static void normal_form_is_its_own_normal_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_url once;
        poa_url twice;
        if (!cases[i].want || !poa_url_normalise(poa_span_of(cases[i].want), &once))
            continue;
        assert_true(poa_url_normalise((poa_span){once.text, once.len}, &twice));
        assert_string_equal(once.text, twice.text);
    }
}

/* Exactly allocated, so that the sanitizers see a byte too many. */
static bool normalise_of_length(size_t len, const char *head, char fill, poa_url *out)
{
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, fill, len);
    memcpy(text, head, strlen(head));
    const bool ok = poa_url_normalise((poa_span){text, len}, out);
    free(text);
    return ok;
}

static void length_is_bounded(void **state)
{
    (void)state;
    poa_url url;
    assert_true(normalise_of_length(POA_URL_BYTES_MAX, "http://a/", 'b', &url));
    assert_int_equal(url.len, POA_URL_BYTES_MAX);
    assert_false(normalise_of_length(POA_URL_BYTES_MAX + 1, "http://a/", 'b', &url));
    assert_true(normalise_of_length(POA_URL_BYTES_MAX, "http://", 'b', &url));
    assert_int_equal(url.len, POA_URL_BYTES_MAX + 1);
    assert_true(normalise_of_length(POA_URL_BYTES_MAX, "http://a/", '/', &url));
    assert_false(normalise_of_length(POA_URL_BYTES_MAX, "http://a/", '%', &url));
}

static void nul_is_no_end(void **state)
{
    (void)state;
    poa_url url;
    assert_false(poa_url_normalise(POA_SPAN("http://a/\0b"), &url));
    assert_false(poa_url_normalise(POA_SPAN("http://a\0/"), &url));
    assert_false(poa_url_normalise(POA_SPAN("http://a/?\0"), &url));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_url),
        cmocka_unit_test(normal_form_is_its_own_normal_form),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(nul_is_no_end),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
