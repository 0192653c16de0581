#include "test.h"

#include "cleanup.h"
#include "option_names.h"
#include "span.h"

static const char *const names[] = {"serve", "audit", "init", "check-config", "reset-clock-mark"};

static void words(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *want; /* NULL: nothing is near */
    } cases[] = {
        {"serve", "serve"},
        {"sevre", "serve"},
        {"srv", "serve"},
        {"ser", "serve"},
        {"check", "check-config"},
        {"chekc-confgi", NULL},
        {"check-confg", "check-config"},
        {"inti", "init"},
        {"reset-clock-marks", "reset-clock-mark"},
        {"xyz", NULL},
        {"", NULL},
        {"a-word-that-is-far-longer-than-any-name-of-a-verb", NULL},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_nearest nearest = {.word = poa_span_of(cases[i].word)};
        for (size_t k = 0; k < POA_COUNT(names); k++)
            poa_nearest_offer(&nearest, names[k]);
        if (cases[i].want)
            assert_string_equal(nearest.best, cases[i].want);
        else if (nearest.best)
            fail_msg("%s is near to %s", nearest.best, cases[i].word);
    }
}

/* ---- options in full ---- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)key;
    (void)arg;
    (void)state;
    return 0;
}

static const struct argp_option inner_options[] = {{"limits-links", 2, "N", 0, NULL, 0}, {0}};
static const struct argp inner = {.options = inner_options, .parser = parse};
static const struct argp_child children[] = {{&inner, 0, NULL, 0}, {0}};
static const struct argp_option outer_options[] = {
    {"config", 'c', "FILE", 0, NULL, 0},
    {"dev", 1, NULL, 0, NULL, 0},
    {"colour", 3, "WHEN", OPTION_ARG_OPTIONAL, NULL, 0},
    {0},
};
static const struct argp outer = {.options = outer_options, .parser = parse, .children = children};

static void options(void **state)
{
    (void)state;
    static const struct {
        const char *argv[5];
        const char *unknown; /* NULL: all are known */
        const char *best;
    } cases[] = {
        {{"p", "--config", "--dve", "--dev"}, NULL, NULL},
        {{"p", "--config=x", "--dev", "--limits-links", "3"}, NULL, NULL},
        {{"p", "-c", "--dve"}, NULL, NULL},
        {{"p", "-cx", "--dve"}, "--dve", "dev"},
        {{"p", "--dev", "--dve"}, "--dve", "dev"},
        {{"p", "--colour", "--dve"}, "--dve", "dev"},
        {{"p", "--", "--dve"}, NULL, NULL},
        {{"p", "-", "--dve"}, "--dve", "dev"},
        {{"p", "--conf=x"}, "--conf=x", "config"},
        {{"p", "--limits-link", "3"}, "--limits-link", "limits-links"},
        {{"p", "--nothing-like-it"}, "--nothing-like-it", NULL},
        {{"p", "--help", "--usage"}, NULL, NULL},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        char *argv[6] = {NULL};
        int argc = 0;
        for (; argc < 5 && cases[i].argv[argc]; argc++)
            argv[argc] = (char *)(uintptr_t)cases[i].argv[argc];
        poa_nearest nearest = {0};
        const char *unknown = poa_options_unknown(&outer, argc, argv, &nearest);
        if (!cases[i].unknown) {
            assert_null(unknown);
            continue;
        }
        assert_non_null(unknown);
        assert_string_equal(unknown, cases[i].unknown);
        if (cases[i].best)
            assert_string_equal(nearest.best, cases[i].best);
        else
            assert_null(nearest.best);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(options),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
