#include "test.h"

#include "cleanup.h"
#include "crypto.h"
#include "file.h"
#include "poa/policy.h"
#include "span.h"

#include <fcntl.h>
#include <stdio.h>

/* The policies to start from: the program's arguments. */

static char **files;

static poa_policy *read_policy(poa_ctx *ctx, const char *file)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    POA_CLEANUP(poa_file_closep) int fd = open(file, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(poa_file_read(fd, 1048576, &text, &len), 0);
    poa_policy *policy = NULL;
    poa_reason why = {.hop = POA_HOP_NONE};
    if (poa_policy_parse(ctx, (poa_span){text, len}, NULL, &policy, &why) != POA_OK)
        fail_msg("%s: %s at %s", file, poa_err_name(why.code), why.member);
    return policy;
}

/* The site itself can always bar anyone, and answers can be signed. */
static void is_a_policy(const poa_policy *policy)
{
    const poa_span site = poa_policy_get(policy)->resource_owner;
    const poa_policy_owner *owner = NULL;
    size_t administrators = 0;
    for (size_t i = 0; (owner = poa_policy_owner_at(policy, i)) != NULL; i++) {
        administrators += owner->administers_all;
        assert_int_equal(owner->administers_all, poa_span_equal(owner->iss, site));
    }
    assert_int_equal(administrators, 1);
    assert_non_null(poa_policy_answer_key(policy, 0));
    assert_false(poa_policy_allows(policy, POA_ALG_RS256));
}

static void each_is_a_policy(void **state)
{
    (void)state;
    poa_ctx *ctx = NULL;
    assert_int_equal(poa_ctx_new(&ctx), POA_OK);
    for (char **file = files; *file; file++) {
        poa_policy *policy = read_policy(ctx, *file);
        is_a_policy(policy);
        poa_policy_free(policy);
    }
    poa_ctx_free(ctx);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s POLICY...\n", argv[0]);
        return 2;
    }
    files = argv + 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_is_a_policy)};
    return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
