/* test_vectors FILE - every vector of one file of tests/vectors, decided as the file says. */

#include "test.h"
#include "vector.h"

#include "cleanup.h"
#include "json.h"
#include "json_hook.h"
#include "span.h"

#include <stdio.h>
#include <string.h>

static const char *path;
static poa_ctx *ctx;

/* At most the bytes that the one JSON reader takes, and one more to see that there are more. */
static poa_span read_all(char **bytes)
{
    enum { MOST = 1048576 + 1 };
    *bytes = malloc(MOST);
    assert_non_null(*bytes);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    const poa_span text = {*bytes, fread(*bytes, 1, MOST, file)};
    assert_int_equal(fclose(file), 0);
    return text;
}

/* Is a value null or the text, as the vector spells an absent one? What the vector does not tell is not judged. */
static bool agrees(const json_t *expect, const char *name, const char *text)
{
    const json_t *want = json_object_get(expect, name);
    if (!want)
        return true;
    return text[0] == '\0' ? json_is_null(want) : poa_span_is(poa_json_span(want), text);
}

static bool hop_agrees(const json_t *expect, int hop)
{
    const json_t *want = json_object_get(expect, "hop");
    return hop == POA_HOP_NONE ? json_is_null(want) : json_is_integer(want) && json_integer_value(want) == hop;
}

/* One line for a person, with all that differs. */
static void tell(const json_t *vector, const json_t *expect, const poa_reason *got, bool ids_ok)
{
    POA_CLEANUP(poa_freep) char *want = json_dumps(expect, JSON_COMPACT);
    POA_CLEANUP(poa_freep) char *have = poa_reason_json(got);
    fprintf(stderr, "%s (%s)\n  want %s\n  have %s%s\n", json_string_value(json_object_get(vector, "id")),
            json_string_value(json_object_get(vector, "title")), want, have, ids_ok ? "" : ", with other PoA ids");
}

static bool holds(const json_t *policies, const json_t *vector)
{
    const json_t *expect = json_object_get(vector, "expect");
    bool ids_ok = false;
    const poa_reason got = vector_decide(ctx, policies, vector, &ids_ok);
    const char *because = got.because == POA_OK ? "" : poa_err_name(got.because);
    const bool same = ids_ok && agrees(expect, "decision", got.code == POA_OK ? "permit" : "deny") &&
                      agrees(expect, "code", poa_err_name(got.code)) && hop_agrees(expect, got.hop) &&
                      agrees(expect, "member", got.member) && agrees(expect, "because", because);
    if (!same)
        tell(vector, expect, &got, ids_ok);
    return same;
}

static void each_vector_of_the_file(void **state)
{
    (void)state;
    POA_CLEANUP(poa_freep) char *bytes = NULL;
    const poa_span text = read_all(&bytes);
    POA_CLEANUP(poa_json_decrefp) json_t *file = NULL;
    assert_int_equal(poa_json_parse(text, &file), POA_OK);
    const json_t *vectors = json_object_get(file, "vectors");
    assert_true(json_array_size(vectors) > 0);

    size_t wrong = 0;
    size_t permitted = 0;
    size_t i = 0;
    const json_t *vector = NULL;
    json_array_foreach(vectors, i, vector)
    {
        wrong += !holds(json_object_get(file, "policies"), vector);
        permitted +=
            poa_span_is(poa_json_span(json_object_get(json_object_get(vector, "expect"), "decision")), "permit");
    }
    printf("# %s: %zu vectors, %zu permit, %zu deny\n", json_string_value(json_object_get(file, "group")), i, permitted,
           i - permitted);
    if (wrong > 0)
        fail_msg("%zu of %zu vectors decided otherwise", wrong, i);
    /* A file that only permits, or only denies, would pass with a library that always says so. */
    assert_true(permitted > 0 && permitted < i);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    path = argv[1];
    poa_json_hook_install();
    if (poa_ctx_new(&ctx) != POA_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_vector_of_the_file)};
    const int failed = cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
    poa_ctx_free(ctx);
    return failed;
}
