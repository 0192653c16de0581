#include "powers.h"

static const reading readings[] = {
    {"['10.0.0.0/8']", true},
    {"['0.0.0.0/0','::/0']", true},
    {"['192.0.2.1/32']", true},
    {"['192.0.2.128/25']", true},
    {"['192.0.2.128/24']", false}, /* host bits */
    {"['192.0.2.1/31']", false},
    {"['10.0.0.0/33']", false},
    {"['10.0.0.0/08']", false},
    {"['10.0.0.0/']", false},
    {"['10.0.0.0']", false},
    {"['10.0.0.0/8/8']", false},
    {"['10.0.0.0/-1']", false},
    {"['10.0.0.0/+8']", false},
    {"['10.0.0.0/255.0.0.0']", false},
    {"['10.0.0.00/8']", false},
    {"['10.0.0/8']", false},
    {"['010.0.0.0/8']", false},
    {"['/8']", false},
    {"['']", false},
    {"[8]", false},
    {"'10.0.0.0/8'", false},
    {"[]", false},
    {"[' 10.0.0.0/8']", false},
    {"['host.example/8']", false},

    {"['2001:db8::/32']", true},
    {"['2001:DB8::/32']", true},
    {"['2001:db8:0:0:0:0:0:0/32']", true},
    {"['2001:0db8::/32']", false}, /* leading zero */
    {"['2001:db8::/31']", true},   /* 0xb8 is even */
    {"['2001:db9::/31']", false},
    {"['2001:db8::1/127']", false},
    {"['2001:db8::1/128']", true},
    {"['2001:db8::1/129']", false},
    {"['fe80::%eth0/10']", false},
    {"['fe80::/10%eth0']", false},
    {"['64:ff9b::192.0.2.0/120']", true},
    {"['::ffff:10.0.0.0/104']", false}, /* IPv4-mapped */
    {"['::ffff:0:0/96']", false},
    {"['::fffe:0:0/96']", true},
    {"['[2001:db8::]/32']", false},

    {"['10.0.0.0/8','10.0.0.0/8']", false},
    {"['10.0.0.0/8','10.0.0.0/9']", true},
    {"['2001:db8::/32','2001:DB8:0::/32']", false}, /* the same, spelled otherwise */
    {"['0.0.0.0/0','0.0.0.0/1','::/0','::/1']", true},
};

static void check_count(int count, bool ok)
{
    char text[512] = "[";
    size_t len = 1;
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s'10.%d.0.0/16'", i > 0 ? "," : "", i);
    (void)snprintf(text + len, sizeof text - len, "]");
    check_reading("access", "networks", &(reading){text, ok}, 1);
}

static void each_reading(void **state)
{
    (void)state;
    check_reading("device_onboarding", "networks", readings, POA_COUNT(readings));
    check_count(16, true);
    check_count(17, false);
}

static const narrowing narrowings[] = {
    {"['10.0.0.0/8']", "['10.0.0.0/8']", POA_OK},
    {"['10.0.0.0/8']", "['10.255.0.0/16','10.0.0.1/32']", POA_OK},
    {"['10.0.0.0/8']", "['10.0.0.0/7']", POA_E_LIMIT_WIDENED},
    {"['10.0.0.0/8']", "['11.0.0.0/8']", POA_E_LIMIT_WIDENED},
    {"['10.0.0.0/9']", "['10.128.0.0/9']", POA_E_LIMIT_WIDENED},
    {"['10.0.0.0/9']", "['10.64.0.0/10']", POA_OK},
    {"['10.1.0.0/16']", "['10.0.0.0/8']", POA_E_LIMIT_WIDENED},
    {"['10.0.0.0/16']", "['10.0.0.0/15']", POA_E_LIMIT_WIDENED},
    {"['0.0.0.0/0']", "['192.0.2.0/24']", POA_OK},
    {"['0.0.0.0/0']", "['2001:db8::/32']", POA_E_LIMIT_WIDENED},
    {"['::/0']", "['0.0.0.0/0']", POA_E_LIMIT_WIDENED},
    {"['::/0','0.0.0.0/0']", "['0.0.0.0/1','8000::/1']", POA_OK},
    {"['2001:db8::/32']", "['2001:db8:8000::/33']", POA_OK},
    {"['2001:db8::/33']", "['2001:db8:8000::/33']", POA_E_LIMIT_WIDENED},
    {"['2001:db8::/32']", "['2001:db8::/31']", POA_E_LIMIT_WIDENED},
    {"['2001:db8::1/128']", "['2001:db8::1/128']", POA_OK},
    {"['2001:db8::1/128']", "['2001:db8::2/128']", POA_E_LIMIT_WIDENED},
    {"['10.0.0.0/8']", "['10.0.0.0/8','11.0.0.0/8']", POA_E_LIMIT_WIDENED},
    {"['10.0.0.0/8']", NULL, POA_E_CONSTRAINT_DROPPED},
    {NULL, "['0.0.0.0/0']", POA_OK},
};

static void each_narrowing(void **state)
{
    (void)state;
    check_narrowing("device_onboarding", "networks", narrowings, POA_COUNT(narrowings));
    check_narrowing("access", "networks", narrowings, POA_COUNT(narrowings));
}

static void check(const char *value, const char *address, poa_err want)
{
    poa_request request = {
        .type = POA_SPAN("access"),
        .action = POA_SPAN("read"),
        .resource = POA_SPAN("https://data.example"),
    };
    if (address)
        assert_true(poa_address_parse(poa_span_of(address), &request.address));
    check_match("access", "networks", value, &request, want);
}

static void each_match(void **state)
{
    (void)state;
    check("['10.0.0.0/8']", "10.255.255.255", POA_OK);
    check("['10.0.0.0/8']", "10.0.0.0", POA_OK);
    check("['10.0.0.0/8']", "11.0.0.0", POA_E_NETWORK_NOT_GRANTED);
    check("['10.0.0.0/8']", "9.255.255.255", POA_E_NETWORK_NOT_GRANTED);
    check("['192.0.2.128/25']", "192.0.2.127", POA_E_NETWORK_NOT_GRANTED);
    check("['192.0.2.128/25']", "192.0.2.128", POA_OK);
    check("['192.0.2.1/32']", "192.0.2.1", POA_OK);
    check("['192.0.2.1/32']", "192.0.2.0", POA_E_NETWORK_NOT_GRANTED);
    check("['10.0.0.0/8','192.0.2.0/24']", "192.0.2.9", POA_OK);
    check("['10.0.0.0/8']", "::ffff:10.0.0.1", POA_OK);
    check("['10.0.0.0/8']", "a00::", POA_E_NETWORK_NOT_GRANTED); /* the same first byte */
    check("['::/0']", "10.0.0.1", POA_E_NETWORK_NOT_GRANTED);
    check("['::/0']", "::ffff:10.0.0.1", POA_E_NETWORK_NOT_GRANTED);
    check("['::/0']", "2001:db8::1", POA_OK);
    check("['2001:db8::/32']", "2001:db8:ffff::", POA_OK);
    check("['2001:db8::/32']", "2001:db9::", POA_E_NETWORK_NOT_GRANTED);
    check("['0.0.0.0/0']", "2001:db8::1", POA_E_NETWORK_NOT_GRANTED);
    check("['0.0.0.0/0','::/0']", NULL, POA_E_NETWORK_NOT_GRANTED);
}

/* A server may hand over what the socket told it. */
static void a_mapped_address_is_unmapped(void **state)
{
    (void)state;
    const poa_request request = {
        .type = POA_SPAN("access"),
        .action = POA_SPAN("read"),
        .resource = POA_SPAN("https://data.example"),
        .address = {.family = 6, .bytes = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}},
    };
    check_match("access", "networks", "['10.0.0.1/32']", &request, POA_OK);
    check_match("access", "networks", "['::/0']", &request, POA_E_NETWORK_NOT_GRANTED);
}

static void a_reason_shows_the_address(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_take(powers_with("access", "networks", "['10.0.0.0/8']"), "");
    poa_request request = {
        .type = POA_SPAN("access"), .action = POA_SPAN("read"), .resource = POA_SPAN("https://data.example")};
    poa_reason why = {0};
    size_t applied = 0;
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_NETWORK_NOT_GRANTED);
    assert_string_equal(why.request, "");
    assert_true(poa_address_parse(POA_SPAN("2001:db8::1"), &request.address));
    assert_int_equal(poa_powers_match(powers, 0, &request, NULL, NULL, &applied, &why), POA_E_NETWORK_NOT_GRANTED);
    assert_string_equal(why.request, "\"2001:db8::1\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reading),
        cmocka_unit_test(each_narrowing),
        cmocka_unit_test(each_match),
        cmocka_unit_test(a_mapped_address_is_unmapped),
        cmocka_unit_test(a_reason_shows_the_address),
    };
    return cmocka_run_group_tests_name("constraint_networks", tests, NULL, NULL);
}
