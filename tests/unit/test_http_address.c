#include "test.h"

#include "cleanup.h"
#include "http/address.h"
#include "span.h"

#include <string.h>

static void texts(void **state)
{
    (void)state;
    static const struct {
        poa_span text;
        const char *want; /* NULL: refused */
        bool loopback;
    } cases[] = {
        {POA_SPAN_INIT("127.0.0.1:8080"), "127.0.0.1:8080", true},
        {POA_SPAN_INIT("127.255.0.9:0"), "127.255.0.9:0", true},
        {POA_SPAN_INIT("128.0.0.1:80"), "128.0.0.1:80", false},
        {POA_SPAN_INIT("0.0.0.0:65535"), "0.0.0.0:65535", false},
        {POA_SPAN_INIT("[::1]:8443"), "[::1]:8443", true},
        {POA_SPAN_INIT("[::]:1"), "[::]:1", false},
        {POA_SPAN_INIT("[::2]:1"), "[::2]:1", false},
        {POA_SPAN_INIT("[2001:DB8::1]:1"), "[2001:db8::1]:1", false},
        {POA_SPAN_INIT("[::ffff:127.0.0.1]:1"), "127.0.0.1:1", true},
        {POA_SPAN_INIT("[::ffff:128.0.0.1]:1"), "128.0.0.1:1", false},
        {POA_SPAN_INIT("127.0.0.1:65536"), NULL, false},
        {POA_SPAN_INIT("127.0.0.1:"), NULL, false},
        {POA_SPAN_INIT("127.0.0.1:080"), NULL, false},
        {POA_SPAN_INIT("127.0.0.1:-1"), NULL, false},
        {POA_SPAN_INIT("127.0.0.1"), NULL, false},
        {POA_SPAN_INIT("127.0.0.01:80"), NULL, false},
        {POA_SPAN_INIT("127.1:80"), NULL, false},
        {POA_SPAN_INIT("127.0.0.1 :80"), NULL, false},
        {POA_SPAN_INIT("127.0.0.1\0:80"), NULL, false},
        {POA_SPAN_INIT("localhost:80"), NULL, false},
        {POA_SPAN_INIT("::1:80"), NULL, false},
        {POA_SPAN_INIT("[::1]80"), NULL, false},
        {POA_SPAN_INIT("[::1]x:80"), NULL, false},
        {POA_SPAN_INIT("[::1"), NULL, false},
        {POA_SPAN_INIT("[127.0.0.1]:80"), NULL, false},
        {POA_SPAN_INIT("[fe80::1%eth0]:80"), NULL, false},
        {POA_SPAN_INIT(":80"), NULL, false},
        {POA_SPAN_INIT(""), NULL, false},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        http_address address = {.family = 9};
        const bool good = http_address_parse(cases[i].text, &address);
        assert_int_equal(good, cases[i].want != NULL);
        if (!good) {
            assert_int_equal(address.family, 9);
            continue;
        }
        char text[HTTP_ADDRESS_TEXT_MAX];
        http_address_text(&address, text);
        assert_string_equal(text, cases[i].want);
        assert_int_equal(http_address_is_loopback(&address), cases[i].loopback);

        struct sockaddr_storage there;
        assert_true(http_address_to_socket(&address, &there) > 0);
        const http_address back = http_address_from_socket(&there);
        assert_memory_equal(&back, &address, sizeof back);
    }
}

static http_address read(const char *text)
{
    http_address address;
    assert_true(http_address_parse(poa_span_of(text), &address));
    return address;
}

static void neighbours(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool near;
    } cases[] = {
        {"10.0.0.1:1", "10.0.0.1:2", true},
        {"10.0.0.1:1", "10.0.0.2:1", false},
        {"[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff::2]:1", true},
        {"[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1", false},
        {"[a00:1::]:1", "10.0.0.1:1", false},
        {"[::ffff:10.0.0.1]:1", "10.0.0.1:1", true},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        const http_address a = read(cases[i].a);
        const http_address b = read(cases[i].b);
        assert_int_equal(http_address_neighbours(&a, &b), cases[i].near);
    }
}

static void unknown_family(void **state)
{
    (void)state;
    struct sockaddr_storage other = {.ss_family = AF_UNIX};
    const http_address address = http_address_from_socket(&other);
    char text[HTTP_ADDRESS_TEXT_MAX];
    assert_int_equal(address.family, 0);
    assert_false(http_address_is_loopback(&address));
    assert_int_equal(http_address_to_socket(&address, &other), 0);
    http_address_text(&address, text);
    assert_string_equal(text, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(unknown_family),
    };
    return cmocka_run_group_tests_name("http_address", tests, NULL, NULL);
}
