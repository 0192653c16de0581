#include "powers.h"

static const reading readings[] = {
    {"['https://h']", true},
    {"['https://data.example:8443/a/b']", true},
    {"['opc.tcp://192.0.2.1:4840/Line-1']", true},
    {"['https://h/a~b!$&()*+,;=:@c']", true},
    {"['https://h/...']", true},
    {"['https://h/']", false},
    {"['https://h/a/']", false},
    {"['https://h//a']", false},
    {"['https://h/a//b']", false},
    {"['https://h/.']", false},
    {"['https://h/a/../b']", false},
    {"['https://h/a/..']", false},
    {"['https://h/a%20b']", false},
    {"['https://h/a\\\\b']", false},
    {"['https://h/a b']", false},
    {"['https://h/a\\\"b']", false},
    {"['https://h/<a>']", false},
    {"['https://h/h\\u00e4']", false},
    {"['https://h?q']", false},
    {"['https://h/a?q']", false},
    {"['https://h#f']", false},
    {"['https://h/a#f']", false},
    {"['https://u@h']", false},
    {"['https://H']", false},
    {"['HTTPS://h']", false},
    {"['h']", false},
    {"['//h']", false},
    {"['https://']", false},
    {"['https://h:443']", false},
    {"['https://h:80']", true},
    {"['http://h:80']", false},
    {"['http://h:443']", true},
    {"['wss://h:443/a']", false},
    {"['ws://h:80']", false},
    {"['coap://h:5683']", false},
    {"['coaps://h:5684']", false},
    {"['coap://h:5684']", true},
    {"['ftp://h:21']", false},
    {"['x://h:443']", true},
    {"['https://[::1]']", false},
    {"['https://256.1.1.1']", false},
    {"['https://h','https://h']", false},
    {"['https://h','https://h/a']", true},
    {"['']", false},
    {"[1]", false},
    {"[]", false},
    {"'https://h'", false},
};

static void check_count(int count, bool ok)
{
    char text[1024] = "[";
    size_t len = 1;
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s'https://h/%d'", i > 0 ? "," : "", i);
    (void)snprintf(text + len, sizeof text - len, "]");
    check_reading("access", "resources", &(reading){text, ok}, 1);
}

static void each_reading(void **state)
{
    (void)state;
    check_reading("access", "resources", readings, POA_COUNT(readings));
    check_count(32, true);
    check_count(33, false);
}

static const narrowing narrowings[] = {
    {"['https://h']", "['https://h']", POA_OK},
    {"['https://h']", "['https://h/a/b','https://h/c']", POA_OK},
    {"['https://h/a']", "['https://h/a/b']", POA_OK},
    {"['https://h/a']", "['https://h/ab']", POA_E_LIMIT_WIDENED},
    {"['https://h/a']", "['https://h']", POA_E_LIMIT_WIDENED},
    {"['https://h/a']", "['https://h/b']", POA_E_LIMIT_WIDENED},
    {"['https://h']", "['http://h']", POA_E_LIMIT_WIDENED},
    {"['https://h']", "['https://h:8443']", POA_E_LIMIT_WIDENED},
    {"['https://h:844']", "['https://h:8443']", POA_E_LIMIT_WIDENED},
    {"['https://h:8443']", "['https://h']", POA_E_LIMIT_WIDENED},
    {"['https://h']", "['https://h.example']", POA_E_LIMIT_WIDENED},
    {"['https://h']", "['https://hh']", POA_E_LIMIT_WIDENED},
    {"['https://h','https://g']", "['https://g/a']", POA_OK},
    {"['https://h']", "['https://h','https://g']", POA_E_LIMIT_WIDENED},
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("access", "resources", narrowings, POA_COUNT(narrowings));
}

static void check(const char *value, const char *resource, poa_err want)
{
    const poa_request request = {
        .type = POA_SPAN("access"),
        .action = POA_SPAN("read"),
        .resource = poa_span_of(resource),
    };
    check_match("access", "resources", value, &request, want);
}

static void each_match(void **state)
{
    (void)state;
    check("['https://h/a']", "https://h/a", POA_OK);
    check("['https://h/a']", "https://h/a/b", POA_OK);
    check("['https://g','https://h/a']", "https://h/a/b", POA_OK);
    check("['https://h/a']", "https://h", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h/a']", "https://h/ab", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h/a']", "https://h/a/", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h/a']", "https://h/a/../b", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h/a']", "https://h/a/%2e%2e/b", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h/a']", "https://h/a?b", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h']", "https://h?b", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h']", "https://h:443", POA_E_RESOURCE_NOT_GRANTED); /* another spelling */
    check("['https://h']", "https://h:8443", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h']", "http://h", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h']", "https://h@evil.example", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h']", "", POA_E_RESOURCE_NOT_GRANTED);
    check("['https://h']", NULL, POA_E_RESOURCE_NOT_GRANTED);
}

static void a_byte_that_hides(void **state)
{
    (void)state;
    const poa_request request = {
        .type = POA_SPAN("access"), .action = POA_SPAN("read"), .resource = POA_SPAN("https://h/a\0b")};
    check_match("access", "resources", "['https://h']", &request, POA_E_RESOURCE_NOT_GRANTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(each_match),
        cmocka_unit_test(a_byte_that_hides),
    };
    return cmocka_run_group_tests_name("constraint_resources", tests, NULL, NULL);
}
