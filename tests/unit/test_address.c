#include "test.h"

#include "address.h"
#include "cleanup.h"
#include "span.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *text;
    const char *want; /* as printed; NULL: refused */
} cases[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"256.0.0.1", NULL},
    {"192.0.2.01", NULL}, /* some readers take it for octal */
    {"192.0.2", NULL},
    {"192.0.2.", NULL},
    {"192.0.2.1.", NULL},
    {"192.0.2.1.5", NULL},
    {"192.0.2.1.5.6.7.8", NULL},
    {"192.0..1", NULL},
    {"192.0.2.+1", NULL},
    {" 192.0.2.1", NULL},
    {"192.0.2.1/32", NULL},
    {"0xc0.0.2.1", NULL},
    {"3221225985", NULL},
    {"", NULL},

    {"2001:db8::1", "2001:db8::1"},
    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
    {"::", "::"},
    {"::1", "::1"},
    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"1::2::3", NULL},
    {":1", NULL},
    {":", NULL},
    {"12345::", NULL},
    {"fe80::1%eth0", NULL},
    {"fe80::1%", NULL},
    {"[::1]", NULL},
    {"::g", NULL},
    {"::1 ", NULL},
    {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
    {"64:ff9b::192.0.2.01", NULL},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL},

    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::ffff:c000:201", "192.0.2.1"},
    {"::fffe:c000:201", "::fffe:c000:201"},
    {"1::ffff:c000:201", "1::ffff:c000:201"},
};

static void each_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_address address = {.family = 9};
        const bool ok = poa_address_parse(poa_span_of(cases[i].text), &address);
        if (ok != (cases[i].want != NULL))
            fail_msg("%s", cases[i].text);
        if (!ok) {
            assert_int_equal(address.family, 9);
            continue;
        }
        char text[46];
        poa_address_print(&address, text);
        assert_string_equal(text, cases[i].want);
        assert_int_equal(address.family, strchr(cases[i].want, ':') ? 6 : 4);
    }
}

static void bytes_that_hide(void **state)
{
    (void)state;
    poa_address address;
    assert_false(poa_address_parse(POA_SPAN("::1\0:2"), &address));
    assert_false(poa_address_parse(POA_SPAN("192.0.2.1\0"), &address));
}

static void raw_stays_mapped(void **state)
{
    (void)state;
    poa_address address;
    assert_true(poa_address_parse_raw(POA_SPAN("::ffff:192.0.2.1"), &address));
    assert_true(poa_address_is_mapped(&address));
    assert_int_equal(address.family, 6);
    const poa_address plain = poa_address_unmap(&address);
    assert_int_equal(plain.family, 4);
    assert_int_equal(plain.bytes[0], 192);
    assert_int_equal(plain.bytes[3], 1);
    assert_int_equal(plain.bytes[4], 0);
    assert_false(poa_address_is_mapped(&plain));
}

static void unknown_has_no_text(void **state)
{
    (void)state;
    char text[46] = "x";
    poa_address_print(&(poa_address){0}, text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address),
        cmocka_unit_test(bytes_that_hide),
        cmocka_unit_test(raw_stays_mapped),
        cmocka_unit_test(unknown_has_no_text),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
