#include "test.h"

#include "cleanup.h"
#include "id_link.h"
#include "span.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *text;
    bool ok;
} forms[] = {
    {"https://id.example/a/b", true},
    {"http://id.example/?m=1&s=2", true},
    {"https://id.example", true},
    {"https://id.example:8443/a", true},
    {"https://id.example//a", true},
    {"https://id.example/a.b/..c/...", true},
    {"https://id.example/?a=/../b", true}, /* a query has no segments */
    {"ftp://id.example/a", false},
    {"httpss://id.example/a", false},
    {"https://ID.example/a", false},
    {"HTTPS://id.example/a", false},
    {"https:/id.example/a", false},
    {"https://u@id.example/a", false},
    {"https://id.example/a@b", false},
    {"https://id.example/a%20b", false},
    {"https://id.example/a#b", false},
    {"https://id.example/a\\b", false},
    {"https://id.example/a b", false},
    {"https://id.example/a\x7f", false},
    {"https://id.example/\xc3\xa9", false},
    {"https://id.example/a/../b", false},
    {"https://id.example/a/./b", false},
    {"https://id.example/..", false},
    {"https://id.example/..?a", false},
    {"https://id.example/.", false},
    {"", false},

    {"https://id.example/*", true},
    {"https://id.example/a/*", true},
    {"https://id.example/a*", false},
    {"https://id.example*", false},
    {"https://*", false},
    {"https://id.example/*/", false},
    {"https://id.example/*a", false},
    {"https://id.example/**", false},
    {"https://id.example/../*", false},
    {"*", false},
};

static void each_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(forms); i++) {
        poa_id_link link;
        if (poa_id_link_parse(poa_span_of(forms[i].text), &link) != forms[i].ok)
            fail_msg("%s", forms[i].text);
    }
}

static void length(void **state)
{
    (void)state;
    char text[256] = "https://id.example/";
    memset(text + 19, 'a', sizeof text - 19);
    poa_id_link link;
    assert_true(poa_id_link_parse((poa_span){text, 255}, &link));
    assert_true(poa_id_link_match(&link, (poa_span){text, 255}));
    assert_false(poa_id_link_parse((poa_span){text, 256}, &link));
    assert_false(poa_id_link_is_valid((poa_span){text, 256}));

    text[253] = '/';
    text[254] = '*';
    assert_true(poa_id_link_parse((poa_span){text, 255}, &link));
    text[254] = '/';
    text[255] = '*';
    assert_false(poa_id_link_parse((poa_span){text, 256}, &link));
}

static const struct {
    const char *link;
    const char *stated;
    bool want;
} matches[] = {
    {"https://id.example/a", "https://id.example/a", true},
    {"https://id.example/a", "https://id.example/a/", false},
    {"https://id.example/a", "https://id.example/A", false},
    {"https://id.example/a", "http://id.example/a", false},
    {"https://id.example/a/*", "https://id.example/a/b", true},
    {"https://id.example/a/*", "https://id.example/a/", true},
    {"https://id.example/a/*", "https://id.example/a", false},
    {"https://id.example/a/*", "https://id.example/ab", false},
    {"https://id.example/a/*", "https://id.example/b/a/", false},
    {"https://id.example/a/*", "https://id.example/a/../b", false}, /* leads elsewhere */
    {"https://id.example/a/*", "https://id.example/a/%2e%2e/b", false},
    {"https://id.example/a/*", "https://id.example/a/*", false},
    {"https://id.example/*", "https://id.example.evil.example/", false},
    {"https://id.example/*", "https://id.example:8443/", false},
    {"https://id.example/*", "", false},
};

static void each_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(matches); i++) {
        poa_id_link link;
        assert_true(poa_id_link_parse(poa_span_of(matches[i].link), &link));
        if (poa_id_link_match(&link, poa_span_of(matches[i].stated)) != matches[i].want)
            fail_msg("%s of %s", matches[i].stated, matches[i].link);
    }
}

static const struct {
    const char *child;
    const char *parent;
    bool want;
} insides[] = {
    {"https://h/a", "https://h/a", true},       {"https://h/a/*", "https://h/a", false},
    {"https://h/a/*", "https://h/a/", false}, /* nothing is inside an exact value but itself */
    {"https://h/a/", "https://h/a/*", true},    {"https://h/a/b", "https://h/a/*", true},
    {"https://h/ab", "https://h/a/*", false},   {"https://h/a/*", "https://h/a/*", true},
    {"https://h/a/b/*", "https://h/a/*", true}, {"https://h/*", "https://h/a/*", false},
    {"https://g/a/*", "https://h/a/*", false},
};

static void each_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(insides); i++) {
        poa_id_link child;
        poa_id_link parent;
        assert_true(poa_id_link_parse(poa_span_of(insides[i].child), &child));
        assert_true(poa_id_link_parse(poa_span_of(insides[i].parent), &parent));
        if (poa_id_link_inside(&child, &parent) != insides[i].want)
            fail_msg("%s in %s", insides[i].child, insides[i].parent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form),
        cmocka_unit_test(length),
        cmocka_unit_test(each_match),
        cmocka_unit_test(each_inside),
    };
    return cmocka_run_group_tests_name("id_link", tests, NULL, NULL);
}
