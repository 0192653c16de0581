#include "test.h"

#include "base64.h"

#include <string.h>

static void round_trip_of_every_length(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 250);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        char text[POA_BASE64_LEN(sizeof bytes) + 1];
        poa_base64_encode(bytes, len, text);
        assert_int_equal(strlen(text), POA_BASE64_LEN(len));
        uint8_t back[sizeof bytes];
        size_t back_len = 99;
        assert_true(poa_base64_decode((poa_span){text, strlen(text)}, back, sizeof back, &back_len));
        assert_int_equal(back_len, len);
        assert_memory_equal(back, bytes, len);
    }
}

/* RFC 4648 section 10. */
static void known_answers(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xfb\xff\xfe", "+//+"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[16];
        poa_base64_encode((const uint8_t *)pairs[i][0], strlen(pairs[i][0]), text);
        assert_string_equal(text, pairs[i][1]);
    }
}

static void only_the_canonical_form(void **state)
{
    (void)state;
    static const poa_span bad[] = {
        POA_SPAN_INIT("A"),    POA_SPAN_INIT("Zg"),       POA_SPAN_INIT("Zg="),      POA_SPAN_INIT("Zg==="),
        POA_SPAN_INIT("Z==="), POA_SPAN_INIT("===="),     POA_SPAN_INIT("Zh=="),     POA_SPAN_INIT("Zm9="),
        POA_SPAN_INIT("Z g="), POA_SPAN_INIT("Zg==\n"),   POA_SPAN_INIT("Zg==Zg=="), POA_SPAN_INIT("Zm=v"),
        POA_SPAN_INIT("-_-_"), POA_SPAN_INIT("Zm9v=AAA"), POA_SPAN_INIT("Zm\0v"),    POA_SPAN_INIT("\xff\xff\xff\xff"),
        POA_SPAN_INIT("!!!!"),
    };
    uint8_t out[16];
    size_t len = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (poa_base64_decode(bad[i], out, sizeof out, &len))
            fail_msg("%zu", i);
    assert_int_equal(len, 7);
}

static void room_is_checked_first(void **state)
{
    (void)state;
    uint8_t out[3] = {9, 9, 9};
    size_t len = 7;
    assert_false(poa_base64_decode(POA_SPAN("Zm9v"), out, 2, &len));
    assert_int_equal(len, 7);
    assert_int_equal(out[0], 9);
    assert_true(poa_base64_decode(POA_SPAN("Zm9v"), out, 3, &len));
    assert_int_equal(len, 3);
    assert_true(poa_base64_decode(POA_SPAN("Zg=="), out, 1, &len));
    assert_int_equal(len, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_of_every_length),
        cmocka_unit_test(known_answers),
        cmocka_unit_test(only_the_canonical_form),
        cmocka_unit_test(room_is_checked_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
