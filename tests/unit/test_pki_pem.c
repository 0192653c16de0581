#include "test.h"

#include "pem.h"
#include "span.h"

#include <string.h>

#define BLOCK "-----BEGIN X-----\nAAEC\n-----END X-----\n"

static const struct {
    const char *name;
    poa_span text;
    poa_err want;
} cases[] = {
    {"one block", POA_SPAN_INIT(BLOCK), POA_OK},
    {"no newline at the end", POA_SPAN_INIT("-----BEGIN X-----\nAAEC\n-----END X-----"), POA_OK},
    {"CRLF", POA_SPAN_INIT("-----BEGIN X-----\r\nAAEC\r\n-----END X-----\r\n"), POA_OK},
    {"two lines", POA_SPAN_INIT("-----BEGIN X-----\nAA\nEC\n-----END X-----\n"), POA_OK},
    {"two blocks", POA_SPAN_INIT(BLOCK BLOCK), POA_E_MALFORMED},
    {"text before", POA_SPAN_INIT("a\n" BLOCK), POA_E_MALFORMED},
    {"newline before", POA_SPAN_INIT("\n" BLOCK), POA_E_MALFORMED},
    {"text behind", POA_SPAN_INIT(BLOCK "a"), POA_E_MALFORMED},
    {"newline behind", POA_SPAN_INIT(BLOCK "\n"), POA_E_MALFORMED},
    {"NUL behind", POA_SPAN_INIT(BLOCK "\0"), POA_E_MALFORMED},
    {"another label", POA_SPAN_INIT("-----BEGIN Y-----\nAAEC\n-----END Y-----\n"), POA_E_MALFORMED},
    {"labels differ", POA_SPAN_INIT("-----BEGIN X-----\nAAEC\n-----END Y-----\n"), POA_E_MALFORMED},
    {"no label", POA_SPAN_INIT("-----BEGIN -----\nAAEC\n-----END -----\n"), POA_E_MALFORMED},
    {"dashes shared", POA_SPAN_INIT("-----BEGIN ----\nAAEC\n-----END ----\n"), POA_E_MALFORMED},
    {"no END", POA_SPAN_INIT("-----BEGIN X-----\nAAEC\n"), POA_E_MALFORMED},
    {"no newline before END", POA_SPAN_INIT("-----BEGIN X-----\nAAEC-----END X-----\n"), POA_E_MALFORMED},
    {"nothing inside", POA_SPAN_INIT("-----BEGIN X-----\n-----END X-----\n"), POA_E_MALFORMED},
    {"empty line", POA_SPAN_INIT("-----BEGIN X-----\nAAEC\n\n-----END X-----\n"), POA_E_MALFORMED},
    {"blank at the line's end", POA_SPAN_INIT("-----BEGIN X-----\nAAE \n-----END X-----\n"), POA_E_MALFORMED},
    {"header line", POA_SPAN_INIT("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAAEC\n-----END X-----\n"),
     POA_E_MALFORMED},
    {"base64url's dash", POA_SPAN_INIT("-----BEGIN X-----\nAA-A\n-----END X-----\n"), POA_E_MALFORMED},
    {"base64url's underscore", POA_SPAN_INIT("-----BEGIN X-----\nAA_A\n-----END X-----\n"), POA_E_MALFORMED},
    {"bits left over", POA_SPAN_INIT("-----BEGIN X-----\nAAF=\n-----END X-----\n"), POA_E_MALFORMED},
    {"no padding", POA_SPAN_INIT("-----BEGIN X-----\nAAE\n-----END X-----\n"), POA_E_MALFORMED},
    {"too much padding", POA_SPAN_INIT("-----BEGIN X-----\nA===\n-----END X-----\n"), POA_E_MALFORMED},
    {"only padding", POA_SPAN_INIT("-----BEGIN X-----\n====\n-----END X-----\n"), POA_E_MALFORMED},
    {"padding inside", POA_SPAN_INIT("-----BEGIN X-----\nA=A=\n-----END X-----\n"), POA_E_MALFORMED},
    {"one byte too many", POA_SPAN_INIT("-----BEGIN X-----\nAAECAA==\n-----END X-----\n"), POA_E_TOO_LARGE},
    {"far too many", POA_SPAN_INIT("-----BEGIN X-----\nAAECAAAA\nAAAA\nAAAA\n-----END X-----\n"), POA_E_TOO_LARGE},
    {"nothing", POA_SPAN_INIT(""), POA_E_MALFORMED},
    {"one newline", POA_SPAN_INIT("\n"), POA_E_MALFORMED},
};

static void each_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        const poa_err err = poa_pem_one(cases[i].text, "X", 3, &der);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, poa_err_name(err));
        if (err)
            assert_null(der.ptr);
        else
            assert_true(poa_span_equal(poa_bytes_span(&der), POA_SPAN("\0\1\2")));
    }
}

static void a_line_has_at_most_76_characters(void **state)
{
    (void)state;
    static const char tail[] = "-----END X-----\n";
    for (size_t chars = 72; chars <= 80; chars += 4) {
        char text[256] = "-----BEGIN X-----\n";
        size_t len = strlen(text);
        memset(text + len, 'A', chars);
        len += chars;
        text[len++] = '\n';
        memcpy(text + len, tail, sizeof tail - 1);
        len += sizeof tail - 1;
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        const poa_err want = chars <= 76 ? POA_OK : POA_E_MALFORMED;
        assert_int_equal(poa_pem_one((poa_span){text, len}, "X", 100, &der), want);
    }
}

static void a_block_has_at_most_max_bytes(void **state)
{
    (void)state;
    for (size_t max = 1; max <= 4; max++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        assert_int_equal(poa_pem_one(POA_SPAN(BLOCK), "X", max, &der), max < 3 ? POA_E_TOO_LARGE : POA_OK);
    }
}

#define TEN             "0123456789"
#define LABELLED(label) "-----BEGIN " label "-----\nAAEC\n-----END " label "-----\n"

static void a_label_has_1_to_64_characters(void **state)
{
    (void)state;
    static const struct {
        poa_span text;
        poa_err want;
    } labels[] = {
        {POA_SPAN_INIT(LABELLED("")), POA_E_MALFORMED},
        {POA_SPAN_INIT(LABELLED("X")), POA_OK},
        {POA_SPAN_INIT(LABELLED(TEN TEN TEN TEN TEN TEN "abcd")), POA_OK},
        {POA_SPAN_INIT(LABELLED(TEN TEN TEN TEN TEN TEN "abcde")), POA_E_MALFORMED},
    };
    for (size_t i = 0; i < POA_COUNT(labels); i++) {
        poa_span text = labels[i].text;
        poa_span label = {0};
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        assert_int_equal(poa_pem_next(&text, 3, &label, &der), labels[i].want);
        assert_int_equal(text.len == 0, labels[i].want == POA_OK);
    }
}

static void no_beginning_of_a_block_is_one(void **state)
{
    (void)state;
    const poa_span whole = POA_SPAN(BLOCK);
    for (size_t len = 0; len + 1 < whole.len; len++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes copy = {0};
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        assert_true(poa_bytes_copy(&copy, poa_span_head(whole, len)));
        assert_int_equal(poa_pem_one(poa_bytes_span(&copy), "X", 3, &der), POA_E_MALFORMED);
    }
}

static void blocks_are_taken_one_by_one(void **state)
{
    (void)state;
    poa_span text = POA_SPAN("-----BEGIN A-----\nAAEC\n-----END A-----\n-----BEGIN B-----\nAAE=\n-----END B-----\n");
    static const struct {
        const char *label;
        poa_span der;
    } want[] = {{"A", POA_SPAN_INIT("\0\1\2")}, {"B", POA_SPAN_INIT("\0\1")}};
    for (size_t i = 0; i < POA_COUNT(want); i++) {
        poa_span label = {0};
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        assert_int_equal(poa_pem_next(&text, 3, &label, &der), POA_OK);
        assert_true(poa_span_is(label, want[i].label));
        assert_true(poa_span_equal(poa_bytes_span(&der), want[i].der));
    }
    assert_int_equal(text.len, 0);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37);
    for (size_t len = 1; len <= sizeof bytes; len++) {
        POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
        POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
        const poa_span in = {(const char *)bytes, len};
        assert_int_equal(poa_pem_write("X", in, &pem), POA_OK);
        assert_int_equal(strlen((const char *)pem.ptr), pem.len);
        assert_int_equal(poa_pem_one(poa_bytes_span(&pem), "X", len, &der), POA_OK);
        assert_true(poa_span_equal(poa_bytes_span(&der), in));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text),
        cmocka_unit_test(a_line_has_at_most_76_characters),
        cmocka_unit_test(a_block_has_at_most_max_bytes),
        cmocka_unit_test(a_label_has_1_to_64_characters),
        cmocka_unit_test(no_beginning_of_a_block_is_one),
        cmocka_unit_test(blocks_are_taken_one_by_one),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests_name("pki_pem", tests, NULL, NULL);
}
