#include "said.h"

#include "chain.h"
#include "cleanup.h"

/* Who may lift which hold. */

static const test_case resumes[] = {
    {"by who placed it", {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = CONTRACTOR)}, 2, NONE},
    {"by the owner above", {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = OWNER)}, 2, NONE},
    {"by the owner's other key", {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = NEXT_OWNER)}, 2, NONE},
    {"by another owner", {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = OTHER_OWNER)}, 2, HELD(1), PRINCIPAL},
    {"by the agent", {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = FOREMAN)}, 2, HELD(1), PRINCIPAL},
    {"by the leaf's agent", {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = TECHNICIAN)}, 2, HELD(1), PRINCIPAL},
    {"by a sibling", {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = SIBLING)}, 2, HELD(1), PRINCIPAL},
    {"by a principal above", {HOLDS(.by = FOREMAN, .which = 2), RESUMES(.by = CONTRACTOR)}, 2, NONE},
    {"by one below", {HOLDS(.by = CONTRACTOR, .which = 2), RESUMES(.by = FOREMAN)}, 2, HELD(2), PRINCIPAL},
    {"at another site",
     {HOLDS(.by = OWNER, .which = 1), RESUMES(.by = OWNER, .aud = "other-mine.example")},
     2,
     HELD(1),
     OWNS},

    {"owner's hold, by the contractor", {HOLDS(.by = OWNER, .which = 1), RESUMES(.by = CONTRACTOR)}, 2, HELD(1), OWNS},
    {"owner's hold, by its other key", {HOLDS(.by = OWNER, .which = 1), RESUMES(.by = NEXT_OWNER)}, 2, HELD(1), OWNS},
    {"other key's hold, by the root's key",
     {HOLDS(.by = NEXT_OWNER, .which = 1), RESUMES(.by = OWNER)},
     2,
     HELD(1),
     OWNS},
    {"other key's hold, by itself", {HOLDS(.by = NEXT_OWNER, .which = 1), RESUMES(.by = NEXT_OWNER)}, 2, NONE},

    {"key's own hold, by itself",
     {HOLDS(.by = TECHNICIAN, .on = KEY_OF, .which = TECHNICIAN), RESUMES(.by = TECHNICIAN)},
     2,
     NONE},
    {"key's own hold, by who granted it",
     {HOLDS(.by = TECHNICIAN, .on = KEY_OF, .which = TECHNICIAN), RESUMES(.by = FOREMAN)},
     2,
     NONE},
    {"key's own hold, by a sibling",
     {HOLDS(.by = TECHNICIAN, .on = KEY_OF, .which = TECHNICIAN), RESUMES(.by = SIBLING)},
     2,
     HELD(2),
     SELF},

    {"by an administrator", {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = ADMIN, .as = AS_ADMIN)}, 2, NONE},
    {"by an administrator out of reach",
     {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = ADMIN, .as = AS_FAR)},
     2,
     HELD(1),
     PRINCIPAL},
    {"by one who may only revoke",
     {HOLDS(.by = CONTRACTOR, .which = 1), RESUMES(.by = ADMIN, .as = AS_REVOKER)},
     2,
     HELD(1),
     PRINCIPAL},
    {"administrator's hold, by an administrator",
     {HOLDS(.by = ADMIN, .as = AS_ADMIN, .which = 1), RESUMES(.by = ADMIN, .as = AS_SITE)},
     2,
     NONE},
    {"administrator's hold, by the owner",
     {HOLDS(.by = ADMIN, .as = AS_ADMIN, .which = 1), RESUMES(.by = OWNER)},
     2,
     HELD(1),
     ADMINISTERS},
    {"administrator's hold, by its key alone",
     {HOLDS(.by = ADMIN, .as = AS_ADMIN, .which = 1), RESUMES(.by = ADMIN)},
     2,
     HELD(1),
     ADMINISTERS},
    {"principal's hold as administrator, by its key alone",
     {HOLDS(.by = CONTRACTOR, .as = AS_ADMIN, .which = 1), RESUMES(.by = CONTRACTOR)},
     2,
     HELD(1),
     ADMINISTERS},

    {"told before the hold", {RESUMES(.by = CONTRACTOR, .which = 1), HOLDS(.by = CONTRACTOR, .which = 1)}, 2, NONE},
    {"hold replayed", {HOLDS(.by = OWNER, .which = 1), RESUMES(.by = OWNER), {.again = 1}}, 3, NONE},
    {"the other of two holds",
     {HOLDS(.by = OWNER, .which = 1), HOLDS(.by = OWNER, .which = 1), RESUMES(.by = OWNER)},
     3,
     HELD(1),
     OWNS},
    {"both of two holds",
     {HOLDS(.by = OWNER, .which = 1), HOLDS(.by = OWNER, .which = 1), RESUMES(.by = OWNER),
      RESUMES(.by = OWNER, .which = 1)},
     4,
     NONE},
    {"parent's hold lifted, child's own not",
     {HOLDS(.by = OWNER, .which = 1), HOLDS(.by = OWNER, .which = 2), RESUMES(.by = OWNER)},
     3,
     HELD(2),
     OWNS},
    {"child's own hold lifted, parent's not",
     {HOLDS(.by = OWNER, .which = 1), HOLDS(.by = OWNER, .which = 2), RESUMES(.by = OWNER, .which = 1)},
     3,
     HELD(1),
     OWNS},
    {"a revoke is no hold", {REVOKES(.by = OWNER, .which = 1), RESUMES(.by = OWNER)}, 2, REVOKED(1), OWNS},
    {"a revoke behind a lifted hold",
     {HOLDS(.by = OWNER, .which = 1), RESUMES(.by = OWNER), REVOKES(.by = OWNER, .which = 1)},
     3,
     REVOKED(1),
     OWNS},
};

static void each_resume(void **state)
{
    try_usual(*state, resumes, POA_COUNT(resumes));
}

/* A key that stands twice counts from its highest place: nobody between its places is above it. */
static void a_key_that_stands_twice(void **state)
{
    static const grant grants[] = {{.from = OWNER, .to = CONTRACTOR},
                                   {.from = CONTRACTOR, .to = FOREMAN},
                                   {.from = FOREMAN, .to = CONTRACTOR},
                                   {.from = CONTRACTOR, .to = TECHNICIAN}};
    static const test_case cases[] = {
        {"from between", {HOLDS(.by = CONTRACTOR, .which = 3), RESUMES(.by = FOREMAN)}, 2, HELD(3), PRINCIPAL},
        {"from above both", {HOLDS(.by = CONTRACTOR, .which = 3), RESUMES(.by = OWNER)}, 2, NONE},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_of(s, grants, POA_COUNT(grants));
    try_all(s, chain, cases, POA_COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_resume),
        cmocka_unit_test(a_key_that_stands_twice),
    };
    return cmocka_run_group_tests_name("resume", tests, site_open, site_close);
}
