#include "test.h"

#include "bounds.h"
#include "span.h"
#include "store/record.h"

#include <string.h>

static void numbers_are_big_endian(void **state)
{
    (void)state;
    poa_buf b = {0};
    store_write_u8(&b, 1);
    store_write_u16(&b, 0x0203);
    store_write_u32(&b, 0x04050607);
    store_write_u64(&b, 0x08090a0b0c0d0e0f);
    assert_int_equal(b.len, 15);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.text[i], i + 1);

    store_reader r = store_reader_of(poa_buf_span(&b), 1);
    assert_int_equal(store_read_u16(&r, 0, UINT16_MAX), 0x0203);
    assert_int_equal(store_read_u32(&r, 0, UINT32_MAX), 0x04050607);
    assert_true(store_read_u64(&r, 0, UINT64_MAX) == 0x08090a0b0c0d0e0f);
    assert_int_equal(store_reader_end(&r), POA_OK);
    poa_buf_clear(&b);
}

static void a_number_keeps_its_bounds(void **state)
{
    (void)state;
    static const struct {
        unsigned char byte;
        bool ok;
    } cases[] = {{1, false}, {2, true}, {5, true}, {6, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store_reader r = {.rest = {(const char *)&cases[i].byte, 1}};
        assert_int_equal(store_read_u8(&r, 2, 5), cases[i].ok ? cases[i].byte : 0);
        assert_int_equal(store_reader_end(&r), cases[i].ok ? POA_OK : POA_F_STORE);
    }
}

static void what_does_not_fit_is_not_read_back(void **state)
{
    (void)state;
    poa_buf b = {0};
    store_write_u8(&b, 256);
    store_reader r = {.rest = poa_buf_span(&b)};
    (void)store_read_u8(&r, 0, 254);
    assert_true(r.failed);
    poa_buf_clear(&b);

    store_write_time(&b, -1);
    r = (store_reader){.rest = poa_buf_span(&b)};
    (void)store_read_time(&r);
    assert_true(r.failed);
    poa_buf_clear(&b);

    store_write_time(&b, POA_TIME_MAX + 1);
    r = (store_reader){.rest = poa_buf_span(&b)};
    (void)store_read_time(&r);
    assert_true(r.failed);
    poa_buf_clear(&b);

    static char text[UINT16_MAX + 2];
    memset(text, 'a', sizeof text);
    store_write_text(&b, (poa_span){text, sizeof text - 1});
    r = (store_reader){.rest = poa_buf_span(&b)};
    (void)store_read_text(&r, 0, UINT16_MAX);
    assert_int_equal(store_reader_end(&r), POA_F_STORE);
    poa_buf_clear(&b);
}

static void texts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        poa_span record;
        bool ok;
    } cases[] = {
        {"empty where one byte is wanted", POA_SPAN_INIT("\0\0"), false},
        {"least", POA_SPAN_INIT("\0\1a"), true},
        {"most", POA_SPAN_INIT("\0\4abcd"), true},
        {"one too many", POA_SPAN_INIT("\0\5abcde"), false},
        {"shorter than it says", POA_SPAN_INIT("\0\4abc"), false},
        {"byte behind", POA_SPAN_INIT("\0\1ab"), false},
        {"length cut", POA_SPAN_INIT("\0"), false},
        {"control character", POA_SPAN_INIT("\0\2a\n"), false},
        {"NUL", POA_SPAN_INIT("\0\2a\0"), false},
        {"no UTF-8", POA_SPAN_INIT("\0\2\xc0\xaf"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store_reader r = {.rest = cases[i].record};
        (void)store_read_text(&r, 1, 4);
        if (store_reader_end(&r) != (cases[i].ok ? POA_OK : POA_F_STORE))
            fail_msg("%s", cases[i].name);
    }

    store_reader absent = {.rest = POA_SPAN("\0\0")};
    assert_null(store_read_text(&absent, 0, 4).ptr);
    assert_int_equal(store_reader_end(&absent), POA_OK);
}

static void failure_is_sticky(void **state)
{
    (void)state;
    store_reader r = {.rest = POA_SPAN("\1\2\3")};
    (void)store_read_u32(&r, 0, UINT32_MAX);
    assert_true(r.failed);
    assert_int_equal(store_read_u8(&r, 0, 255), 0);
    assert_int_equal(store_reader_end(&r), POA_F_STORE);

    store_reader other = store_reader_of(POA_SPAN("\2"), 1);
    assert_int_equal(store_reader_end(&other), POA_F_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(a_number_keeps_its_bounds),
        cmocka_unit_test(what_does_not_fit_is_not_read_back),
        cmocka_unit_test(texts),
        cmocka_unit_test(failure_is_sticky),
    };
    return cmocka_run_group_tests_name("store_record", tests, NULL, NULL);
}
