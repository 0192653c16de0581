#include "test.h"

#include "cleanup.h"
#include "http/query.h"
#include "http/route.h"
#include "span.h"

#include <stdio.h>
#include <string.h>

static void never(http_request *request, void *arg)
{
    (void)request;
    (void)arg;
    fail();
}

static const http_route routes[] = {
    {HTTP_GET, "/healthz", never, 0, NULL, 0},
    {HTTP_GET, "/v1/devices", never, 0, NULL, HTTP_ROUTE_QUERY},
    {HTTP_POST, "/v1/devices", never, HTTP_BODY_DEFAULT, NULL, 0},
    {HTTP_GET, "/v1/devices/{id}", never, 0, NULL, 0},
    {HTTP_GET, "/v1/devices/{id}/links/{n}", never, 0, NULL, 0},
    {HTTP_DELETE, "/v1/devices/{id}", never, 0, NULL, 0},
    {HTTP_GET, "/crl/{ca}.crl", never, 0, NULL, 0},
    {HTTP_POST, "/v1/onboardings:batch", never, 0, NULL, 0},
    {HTTP_POST, "/v1/onboardings/{id}:retry/{part}", never, 0, NULL, 0},
};

static void matches(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        unsigned method;
        int row; /* -1: none */
        unsigned allowed;
        const char *captures[2];
    } cases[] = {
        {"/healthz", HTTP_GET, 0, HTTP_GET, {0}},
        {"/v1/devices", HTTP_POST, 2, HTTP_GET | HTTP_POST, {0}},
        {"/v1/devices", HTTP_PUT, -1, HTTP_GET | HTTP_POST, {0}},
        {"/v1/devices", 0, -1, HTTP_GET | HTTP_POST, {0}},
        {"/v1/devices/abc", HTTP_GET, 3, HTTP_GET, {"abc"}},
        {"/v1/devices/abc", HTTP_DELETE, 5, HTTP_GET | HTTP_DELETE, {"abc"}},
        {"/v1/devices/abc/links/7", HTTP_GET, 4, HTTP_GET, {"abc", "7"}},
        {"/v1/devices/{id}", HTTP_GET, 3, HTTP_GET, {"{id}"}},
        {"/v1/devices/", HTTP_GET, -1, 0, {0}},
        {"/v1/devices//links/7", HTTP_GET, -1, 0, {0}},
        {"/v1/devices/abc/", HTTP_GET, -1, 0, {0}},
        {"/v1/devices/abc/links", HTTP_GET, -1, 0, {0}},
        {"/healthz/", HTTP_GET, -1, 0, {0}},
        {"//healthz", HTTP_GET, -1, 0, {0}},
        {"/HEALTHZ", HTTP_GET, -1, 0, {0}},
        {"/", HTTP_GET, -1, 0, {0}},
        {"/crl/site.crl", HTTP_GET, 6, HTTP_GET, {"site"}},
        {"/crl/a.crl.crl", HTTP_GET, 6, HTTP_GET, {"a.crl"}},
        {"/crl/.crl", HTTP_GET, -1, 0, {0}},
        {"/crl/site", HTTP_GET, -1, 0, {0}},
        {"/crl/site.CRL", HTTP_GET, -1, 0, {0}},
        {"/crl/site.crl.", HTTP_GET, -1, 0, {0}},
        {"/crl/site.crl/", HTTP_GET, -1, 0, {0}},
        {"/crl/a/b.crl", HTTP_GET, -1, 0, {0}},
        {"/v1/onboardings:batch", HTTP_POST, 7, HTTP_POST, {0}},
        {"/v1/onboardings", HTTP_POST, -1, 0, {0}},
        {"/v1/onboardings:batches", HTTP_POST, -1, 0, {0}},
        {"/v1/onboardings/7:retry/x", HTTP_POST, 8, HTTP_POST, {"7", "x"}},
        {"/v1/onboardings/:retry/x", HTTP_POST, -1, 0, {0}},
        {"", HTTP_GET, -1, 0, {0}},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        const http_match match =
            http_route_match(routes, POA_COUNT(routes), cases[i].method, poa_span_of(cases[i].path));
        assert_ptr_equal(match.route, cases[i].row < 0 ? NULL : &routes[cases[i].row]);
        if (match.route) {
            for (size_t c = 0; c < 2 && cases[i].captures[c]; c++)
                assert_true(c < match.capture_count && poa_span_is(match.captures[c], cases[i].captures[c]));
        } else {
            assert_int_equal(match.allowed, cases[i].allowed);
        }
    }
}

static void tables(void **state)
{
    (void)state;
    static const struct {
        http_route row;
        const char *fault; /* NULL: none */
    } cases[] = {
        {{HTTP_GET, "/", never, 0, NULL, 0}, NULL},
        {{HTTP_GET, "/a/{b}-c:d.e/{f_g}", never, 0, NULL, HTTP_ROUTE_QUERY}, NULL},
        {{HTTP_GET, "/{a}/{b}/{c}/{d}", never, 0, NULL, 0}, NULL},
        {{HTTP_GET, "/{a}/{b}/{c}/{d}/{e}", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, NULL, never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "a", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/a/", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "//a", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/a/../b", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/.", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/a%20b", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/a b", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/{}", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/{a", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/a}", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/x{a}", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/{a}{b}", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/{a}.b}", never, 0, NULL, 0}, "the pattern is malformed"},
        {{HTTP_GET, "/{A}", never, 0, NULL, 0}, "the pattern is malformed"},
        {{0, "/a", never, 0, NULL, 0}, "the method is none that a route can have"},
        {{1 << 5, "/a", never, 0, NULL, 0}, "the method is none that a route can have"},
        {{HTTP_GET, "/a", NULL, 0, NULL, 0}, "there is no handler"},
        {{HTTP_GET, "/a", never, 0, NULL, 1u << 7}, "a flag is not known"},
        {{HTTP_POST, "/a", never, HTTP_SPOOL_BYTES_MAX, NULL, HTTP_ROUTE_SPOOL}, NULL},
        {{HTTP_POST, "/a", never, 1, NULL, HTTP_ROUTE_SPOOL}, NULL},
        {{HTTP_POST, "/a", never, 0, NULL, HTTP_ROUTE_SPOOL}, "the body to be spooled has no maximum that is allowed"},
        {{HTTP_POST, "/a", never, HTTP_SPOOL_BYTES_MAX + 1, NULL, HTTP_ROUTE_SPOOL},
         "the body to be spooled has no maximum that is allowed"},
        {{HTTP_POST, "/a", never, HTTP_BODY_DEFAULT, NULL, HTTP_ROUTE_SPOOL},
         "the body to be spooled has no maximum that is allowed"},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        const http_route *const row = &cases[i].row;
        char want[128];
        (void)snprintf(want, sizeof want, "row 0 of the routes (%s): %s", row->pattern ? row->pattern : "none",
                       cases[i].fault ? cases[i].fault : "");
        poa_buf why = {0};
        if (http_routes_check(row, 1, &why) != !cases[i].fault)
            fail_msg("%s", want);
        if (cases[i].fault)
            assert_string_equal(why.text, want);
        poa_buf_clear(&why);
    }
    poa_buf why = {0};
    assert_true(http_routes_check(routes, POA_COUNT(routes), &why));
    assert_null(why.text);
}

static void paths(void **state)
{
    (void)state;
    static const struct {
        poa_span path;
        bool plain;
    } cases[] = {
        {POA_SPAN_INIT("/"), true},        {POA_SPAN_INIT("/a/b-._~!$&'()*+,;=:@"), true},
        {POA_SPAN_INIT("/..."), true},     {POA_SPAN_INIT("/.well-known/x"), true},
        {POA_SPAN_INIT(""), false},        {POA_SPAN_INIT("a"), false},
        {POA_SPAN_INIT("*"), false},       {POA_SPAN_INIT("http://host/a"), false},
        {POA_SPAN_INIT("/a%20b"), false},  {POA_SPAN_INIT("/a%00"), false},
        {POA_SPAN_INIT("/a\0b"), false},   {POA_SPAN_INIT("/a b"), false},
        {POA_SPAN_INIT("/a\\b"), false},   {POA_SPAN_INIT("/a#b"), false},
        {POA_SPAN_INIT("/a\"b"), false},   {POA_SPAN_INIT("/\xc3\xa9"), false},
        {POA_SPAN_INIT("/a/../b"), false}, {POA_SPAN_INIT("/a/./b"), false},
        {POA_SPAN_INIT("/a/.."), false},   {POA_SPAN_INIT("/."), false},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++)
        assert_int_equal(http_path_is_plain(cases[i].path), cases[i].plain);
}

static void method_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool known;
        unsigned bit;
    } cases[] = {
        {"GET", true, HTTP_GET},
        {"HEAD", true, HTTP_GET},
        {"POST", true, HTTP_POST},
        {"PUT", true, HTTP_PUT},
        {"OPTIONS", true, 0},
        {"TRACE", true, 0},
        {"CONNECT", true, 0},
        {"PATCH", true, HTTP_PATCH},
        {"get", false, 77},
        {"GETS", false, 77},
        {"", false, 77},
        {"BREW", false, 77},
        {"DELETE", true, HTTP_DELETE},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        unsigned bit = 77;
        assert_int_equal(http_method_of(poa_span_of(cases[i].name), &bit), cases[i].known);
        assert_int_equal(bit, cases[i].bit);
    }

    char list[HTTP_METHOD_LIST_MAX];
    http_method_list(HTTP_GET | HTTP_POST, list);
    assert_string_equal(list, "GET, HEAD, POST");
    http_method_list(HTTP_GET | HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE, list);
    assert_string_equal(list, "GET, HEAD, POST, PUT, PATCH, DELETE");
    http_method_list(0, list);
    assert_string_equal(list, "");
}

static void queries(void **state)
{
    (void)state;
    static const struct {
        poa_span raw;
        int count; /* -1: refused */
        const char *limit;
        const char *location;
    } cases[] = {
        {POA_SPAN_INIT(""), 0, NULL, NULL},
        {POA_SPAN_INIT("limit=20"), 1, "20", NULL},
        {POA_SPAN_INIT("limit="), 1, "", NULL},
        {POA_SPAN_INIT("limit=20&location=mine-7/hall-2"), 2, "20", "mine-7/hall-2"},
        {POA_SPAN_INIT("location=mine-7%2Fhall-2&limit=%32%30"), 2, "20", "mine-7/hall-2"},
        {POA_SPAN_INIT("location=%c3%a9"), 1, NULL, "\xc3\xa9"},
        {POA_SPAN_INIT("location=a%2Bb%26c%3Dd%25e"), 1, NULL, "a+b&c=d%e"},
        {POA_SPAN_INIT("a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l="), 12, NULL, NULL},
        {POA_SPAN_INIT("a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m="), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=1&limit=1"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit"), -1, NULL, NULL},
        {POA_SPAN_INIT("=1"), -1, NULL, NULL},
        {POA_SPAN_INIT("&"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=1&"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=1;a=2=3"), -1, NULL, NULL},
        {POA_SPAN_INIT("Limit=1"), -1, NULL, NULL},
        {POA_SPAN_INIT("l%69mit=1"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=a+b"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=%"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=%2"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=%2g"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=%00"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=%0a"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=%ff"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=\xff"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=a b"), -1, NULL, NULL},
        {POA_SPAN_INIT("limit=1#x"), -1, NULL, NULL},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        char scratch[64];
        assert_true(cases[i].raw.len <= sizeof scratch);
        http_query query = {0};
        const bool good = http_query_parse(cases[i].raw, scratch, &query);
        assert_int_equal(good, cases[i].count >= 0);
        assert_int_equal(query.count, good ? cases[i].count : 0);

        poa_span value = POA_SPAN("untouched");
        assert_int_equal(http_query_find(&query, "limit", &value), cases[i].limit != NULL);
        assert_true(poa_span_is(value, cases[i].limit ? cases[i].limit : "untouched"));
        value = POA_SPAN("untouched");
        assert_int_equal(http_query_find(&query, "location", &value), cases[i].location != NULL);
        assert_true(poa_span_is(value, cases[i].location ? cases[i].location : "untouched"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),      cmocka_unit_test(tables),  cmocka_unit_test(paths),
        cmocka_unit_test(method_names), cmocka_unit_test(queries),
    };
    return cmocka_run_group_tests_name("http_route", tests, NULL, NULL);
}
