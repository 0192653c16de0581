#include "site.h"

#include "chain.h"
#include "cleanup.h"
#include "span.h"

#include <string.h>

/* A chain of two whose times are iat NOW - 1000 and NOW - 500, exp NOW + 1000 and NOW + 500. */
static poa_chain *timed_chain(const site *s)
{
    static const grant grants[] = {
        {.from = OWNER, .to = CONTRACTOR, .iat_s = NOW - 1000, .exp_s = NOW + 1000},
        {.from = CONTRACTOR, .to = FOREMAN, .iat_s = NOW - 500, .exp_s = NOW + 500},
    };
    return chain_of(s, grants, POA_COUNT(grants));
}

/* The policy's skew is 30 s. */
static const struct {
    const char *name;
    int64_t now_s;
    int64_t mark_s;
    poa_err want;
    int hop;
    const char *member;
} cases[] = {
    {"now", NOW, 0, POA_OK, POA_HOP_NONE, ""},
    {"last second of the leaf", NOW + 499, 0, POA_OK, POA_HOP_NONE, ""},
    {"its exp", NOW + 500, 0, POA_E_EXPIRED, 1, "/exp"},
    {"exp of both: the lower hop", NOW + 1000, 0, POA_E_EXPIRED, 0, "/exp"},
    {"as early as the skew allows", NOW - 530, 0, POA_OK, POA_HOP_NONE, ""},
    {"a second earlier", NOW - 531, 0, POA_E_ISSUED_IN_FUTURE, 1, "/iat"},
    {"before the root", NOW - 1031, 0, POA_E_ISSUED_IN_FUTURE, 0, "/iat"},
    {"1970", 0, 0, POA_E_ISSUED_IN_FUTURE, 0, "/iat"},
    {"in the end", 9007199254740990, 0, POA_E_EXPIRED, 0, "/exp"},
    {"mark within the skew", NOW, NOW + 30, POA_OK, POA_HOP_NONE, ""},
    {"mark beyond it", NOW, NOW + 31, POA_E_CLOCK_UNSURE, POA_HOP_NONE, ""},
    {"mark before exp", NOW + 500, NOW + 531, POA_E_CLOCK_UNSURE, POA_HOP_NONE, ""},
};

static void each_time(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = timed_chain(s);
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_reason why = {.hop = POA_HOP_NONE};
        const poa_err err = poa_chain_in_time(chain, cases[i].now_s, cases[i].mark_s, &why);
        if (err != cases[i].want || why.hop != cases[i].hop || strcmp(why.member, cases[i].member) != 0)
            fail_msg("%s: %s at hop %d %s", cases[i].name, poa_err_name(err), why.hop, why.member);
        assert_int_equal(
            poa_chain_alive(s->ctx, chain, cases[i].now_s, cases[i].mark_s, &poa_revocation_unchecked, NULL, NULL),
            cases[i].want);
    }
}

/* Verified while the old key was pinned, and kept since. */
static void a_kept_chain_ends_with_its_pin(void **state)
{
    static const grant old = {.from = OLD_OWNER, .to = CONTRACTOR, .iat_s = OLD_UNTIL - 1000};
    const site *s = *state;
    POA_CLEANUP(poa_freep) char *text = chain_text(s, &old, 1);
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    assert_int_equal(poa_chain_verify(s->ctx, poa_span_of(text), s->policy, OLD_UNTIL - 1, &chain, NULL), POA_OK);
    assert_int_equal(poa_chain_in_time(chain, OLD_UNTIL - 1, 0, NULL), POA_OK);
    poa_reason why = {0};
    assert_int_equal(poa_chain_in_time(chain, OLD_UNTIL, 0, &why), POA_E_ROOT_UNTRUSTED);
    assert_int_equal(why.hop, 0);
    assert_string_equal(why.member, "/header/kid");
}

static void nbf_may_be_later_than_iat(void **state)
{
    static const grant later = {.from = OWNER, .to = CONTRACTOR, .nbf_s = NOW + 100};
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_of(s, &later, 1);
    assert_int_equal(poa_chain_in_time(chain, NOW + 70, 0, NULL), POA_OK);
    poa_reason why = {0};
    assert_int_equal(poa_chain_in_time(chain, NOW + 69, 0, &why), POA_E_NOT_YET_VALID);
    assert_int_equal(why.hop, 0);
    assert_string_equal(why.member, "/nbf");
}

static void time_comes_before_revocation(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = timed_chain(s);
    assert_int_equal(poa_chain_alive(s->ctx, chain, NOW + 500, 0, NULL, NULL, NULL), POA_E_EXPIRED);
    assert_int_equal(poa_chain_alive(s->ctx, chain, NOW, 0, NULL, NULL, NULL), POA_E_REVOCATION_UNKNOWN);
}

static void a_chain_that_was_only_read_is_not_alive(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *verified = timed_chain(s);
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    assert_int_equal(poa_chain_read(s->ctx, poa_chain_text(verified), &chain, NULL), POA_OK);
    assert_int_equal(poa_chain_in_time(chain, NOW, 0, NULL), POA_F_USAGE);
    assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW, &poa_revocation_unchecked, NULL, NULL), POA_F_USAGE);
    assert_int_equal(poa_chain_alive(s->ctx, chain, NOW, 0, &poa_revocation_unchecked, NULL, NULL), POA_F_USAGE);
    assert_int_equal(poa_link_state(s->ctx, chain, 0, NOW, &poa_revocation_unchecked, NULL, NULL), POA_F_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_time),
        cmocka_unit_test(a_kept_chain_ends_with_its_pin),
        cmocka_unit_test(nbf_may_be_later_than_iat),
        cmocka_unit_test(time_comes_before_revocation),
        cmocka_unit_test(a_chain_that_was_only_read_is_not_alive),
    };
    return cmocka_run_group_tests_name("alive", tests, site_open, site_close);
}
