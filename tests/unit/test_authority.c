#include "said.h"

#include "chain.h"
#include "cleanup.h"

/* Who may revoke and suspend what. */

static const test_case on_links[] = {
    {"nothing was said", {{0}}, 0, NONE},
    {"owner, root", {REVOKES(.by = OWNER, .which = 0)}, 1, REVOKED(0), OWNS},
    {"owner, middle", {REVOKES(.by = OWNER, .which = 1)}, 1, REVOKED(1), OWNS},
    {"owner, leaf", {REVOKES(.by = OWNER, .which = 2)}, 1, REVOKED(2), OWNS},
    {"who signed the link", {REVOKES(.by = CONTRACTOR, .which = 1)}, 1, REVOKED(1), PRINCIPAL},
    {"who signed a link above", {REVOKES(.by = CONTRACTOR, .which = 2)}, 1, REVOKED(2), PRINCIPAL},
    {"who signed the leaf", {REVOKES(.by = FOREMAN, .which = 2)}, 1, REVOKED(2), PRINCIPAL},
    {"child against parent", {REVOKES(.by = FOREMAN, .which = 0)}, 1, NONE},
    {"leaf agent against parent", {REVOKES(.by = TECHNICIAN, .which = 1)}, 1, NONE},
    {"sibling", {REVOKES(.by = SIBLING, .which = 2)}, 1, NONE},
    {"sibling against parent", {REVOKES(.by = SIBLING, .which = 0)}, 1, NONE},
    {"another PoA", {REVOKES(.by = OWNER, .on = ANOTHER_POA)}, 1, NONE},
    {"a PoA id is no thumbprint", {REVOKES(.by = OWNER, .on = LINK_AS_KEY, .which = 1)}, 1, NONE},
    {"the lowest link", {REVOKES(.by = OWNER, .which = 2), REVOKES(.by = OWNER, .which = 1)}, 2, REVOKED(1), OWNS},

    {"leaf agent gives up", {REVOKES(.by = TECHNICIAN, .which = 2)}, 1, REVOKED(2), AGENT},
    {"middle agent gives up", {REVOKES(.by = CONTRACTOR, .which = 0)}, 1, REVOKED(0), AGENT},
    {"giving up is no hold", {HOLDS(.by = TECHNICIAN, .which = 2)}, 1, NONE},
    {"nor in the middle", {HOLDS(.by = CONTRACTOR, .which = 0)}, 1, NONE},

    {"the owner's other key", {REVOKES(.by = NEXT_OWNER, .which = 2)}, 1, REVOKED(2), OWNS},
    {"its old key, accepted while it was pinned",
     {REVOKES(.by = OLD_OWNER, .which = 2, .accepted_s = OLD_UNTIL - 1)},
     1,
     REVOKED(2),
     OWNS},
    {"its old key, accepted later", {REVOKES(.by = OLD_OWNER, .which = 2, .accepted_s = OLD_UNTIL + 1)}, 1, NONE},
    {"another owner", {REVOKES(.by = OTHER_OWNER, .which = 2)}, 1, NONE},
    {"the site without a chain", {REVOKES(.by = SITE, .which = 2)}, 1, NONE},

    {"for this site", {REVOKES(.by = OWNER, .which = 1, .aud = MINE)}, 1, REVOKED(1), OWNS},
    {"for another site", {REVOKES(.by = OWNER, .which = 1, .aud = "other-mine.example")}, 1, NONE},
    {"held at another site", {HOLDS(.by = OWNER, .which = 1, .aud = "other-mine.example")}, 1, NONE},

    {"hold", {HOLDS(.by = CONTRACTOR, .which = 1)}, 1, HELD(1), PRINCIPAL},
    {"sibling's hold", {HOLDS(.by = SIBLING, .which = 1)}, 1, NONE},
    {"a revoke comes before a hold",
     {HOLDS(.by = OWNER, .which = 1), REVOKES(.by = CONTRACTOR, .which = 1)},
     2,
     REVOKED(1),
     PRINCIPAL},
    {"a lower hold comes before a revoke",
     {HOLDS(.by = OWNER, .which = 0), REVOKES(.by = OWNER, .which = 1)},
     2,
     HELD(0),
     OWNS},
};

static const test_case on_keys[] = {
    {"lost key, by itself", {REVOKES(.by = TECHNICIAN, .on = KEY_OF, .which = TECHNICIAN)}, 1, CNF_AT(2), SELF},
    {"by who granted it", {REVOKES(.by = FOREMAN, .on = KEY_OF, .which = TECHNICIAN)}, 1, CNF_AT(2), PRINCIPAL},
    {"by a principal above", {REVOKES(.by = CONTRACTOR, .on = KEY_OF, .which = TECHNICIAN)}, 1, CNF_AT(2), PRINCIPAL},
    {"by the owner", {REVOKES(.by = OWNER, .on = KEY_OF, .which = TECHNICIAN)}, 1, CNF_AT(2), OWNS},
    {"by the owner's other key", {REVOKES(.by = NEXT_OWNER, .on = KEY_OF, .which = TECHNICIAN)}, 1, CNF_AT(2), OWNS},
    {"by a sibling", {REVOKES(.by = SIBLING, .on = KEY_OF, .which = TECHNICIAN)}, 1, NONE},
    {"by another owner", {REVOKES(.by = OTHER_OWNER, .on = KEY_OF, .which = TECHNICIAN)}, 1, NONE},

    {"middle key by its principal",
     {REVOKES(.by = CONTRACTOR, .on = KEY_OF, .which = FOREMAN)},
     1,
     CNF_AT(1),
     PRINCIPAL},
    {"middle key by itself", {REVOKES(.by = FOREMAN, .on = KEY_OF, .which = FOREMAN)}, 1, CNF_AT(1), SELF},
    {"middle key by its own agent", {REVOKES(.by = TECHNICIAN, .on = KEY_OF, .which = FOREMAN)}, 1, NONE},
    {"root key by itself", {REVOKES(.by = OWNER, .on = KEY_OF, .which = OWNER)}, 1, KEY_AT(0), OWNS},
    {"root key by the owner's other key",
     {REVOKES(.by = NEXT_OWNER, .on = KEY_OF, .which = OWNER)},
     1,
     KEY_AT(0),
     OWNS},
    {"root key by its agent", {REVOKES(.by = CONTRACTOR, .on = KEY_OF, .which = OWNER)}, 1, NONE},
    {"a key that is not here", {REVOKES(.by = SIBLING, .on = KEY_OF, .which = SIBLING)}, 1, NONE},

    {"older links alone",
     {REVOKES(.by = CONTRACTOR, .on = KEY_OF, .which = FOREMAN, .issued_before_s = NOW - 999)},
     1,
     KEY_AT(2),
     PRINCIPAL},
    {"not links of that second",
     {REVOKES(.by = CONTRACTOR, .on = KEY_OF, .which = FOREMAN, .issued_before_s = NOW - 1000)},
     1,
     NONE},
    {"an agent signed no link",
     {REVOKES(.by = FOREMAN, .on = KEY_OF, .which = TECHNICIAN, .issued_before_s = NOW - 11)},
     1,
     NONE},

    {"key held", {HOLDS(.by = CONTRACTOR, .on = KEY_OF, .which = FOREMAN)}, 1, HELD(1), PRINCIPAL},
    {"own key held", {HOLDS(.by = TECHNICIAN, .on = KEY_OF, .which = TECHNICIAN)}, 1, HELD(2), SELF},
    {"held at another site",
     {HOLDS(.by = OWNER, .on = KEY_OF, .which = FOREMAN, .aud = "other-mine.example")},
     1,
     NONE},
    {"a revoke of the key comes before its hold",
     {HOLDS(.by = OWNER, .on = KEY_OF, .which = FOREMAN), REVOKES(.by = OWNER, .on = KEY_OF, .which = FOREMAN)},
     2,
     CNF_AT(1),
     OWNS},
    {"the id is asked before the key",
     {REVOKES(.by = CONTRACTOR, .on = KEY_OF, .which = FOREMAN, .issued_before_s = NOW - 999),
      HOLDS(.by = OWNER, .which = 2)},
     2,
     HELD(2),
     OWNS},
};

static const test_case by_administrators[] = {
    {"in reach", {REVOKES(.by = ADMIN, .as = AS_ADMIN, .which = 2)}, 1, REVOKED(2), ADMINISTERS},
    {"without a chain", {REVOKES(.by = ADMIN, .which = 2)}, 1, NONE},
    {"other locations", {REVOKES(.by = ADMIN, .as = AS_FAR, .which = 2)}, 1, NONE},
    {"less than the link's locations", {REVOKES(.by = ADMIN, .as = AS_NARROW, .which = 2)}, 1, NONE},
    {"of another owner", {REVOKES(.by = ADMIN, .as = AS_OTHER, .which = 2)}, 1, NONE},
    {"of the site, which administers all",
     {REVOKES(.by = ADMIN, .as = AS_SITE, .which = 2)},
     1,
     REVOKED(2),
     ADMINISTERS},
    {"may revoke", {REVOKES(.by = ADMIN, .as = AS_REVOKER, .which = 0)}, 1, REVOKED(0), ADMINISTERS},
    {"and no more", {HOLDS(.by = ADMIN, .as = AS_REVOKER, .which = 0)}, 1, NONE},
    {"a key", {REVOKES(.by = ADMIN, .as = AS_ADMIN, .on = KEY_OF, .which = TECHNICIAN)}, 1, CNF_AT(2), ADMINISTERS},
    {"a key, out of reach", {REVOKES(.by = ADMIN, .as = AS_FAR, .on = KEY_OF, .which = TECHNICIAN)}, 1, NONE},
    {"at another site", {REVOKES(.by = ADMIN, .as = AS_ADMIN, .which = 2, .aud = "other-mine.example")}, 1, NONE},
    {"out of reach, but a principal", {REVOKES(.by = FOREMAN, .as = AS_FAR, .which = 2)}, 1, REVOKED(2), PRINCIPAL},
};

static void each_on_a_link(void **state)
{
    try_usual(*state, on_links, POA_COUNT(on_links));
}

static void each_on_a_key(void **state)
{
    try_usual(*state, on_keys, POA_COUNT(on_keys));
}

static void each_by_an_administrator(void **state)
{
    try_usual(*state, by_administrators, POA_COUNT(by_administrators));
}

/* Powers without locations do not matter, so any place that its owner administers will do. */
static void a_link_without_locations_is_in_reach(void **state)
{
    static const grant gate = {.from = OWNER,
                               .to = CONTRACTOR,
                               .powers = "[{'type':'access','actions':['open'],'resources':['https://gate.example']}]"};
    static const test_case cases[] = {
        {"own administrator", {REVOKES(.by = ADMIN, .as = AS_FAR, .which = 0)}, 1, REVOKED(0), ADMINISTERS},
        {"another owner's", {REVOKES(.by = ADMIN, .as = AS_OTHER, .which = 0)}, 1, NONE},
        {"one who may not", {HOLDS(.by = ADMIN, .as = AS_REVOKER, .which = 0)}, 1, NONE},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_of(s, &gate, 1);
    try_all(s, chain, cases, POA_COUNT(cases));
}

/* A key that stands twice counts from its highest place. */
static void a_key_that_stands_twice(void **state)
{
    static const grant grants[] = {
        {.from = OWNER, .to = CONTRACTOR}, {.from = CONTRACTOR, .to = FOREMAN}, {.from = FOREMAN, .to = CONTRACTOR}};
    static const test_case cases[] = {
        {"the lowest link of its key",
         {REVOKES(.by = CONTRACTOR, .on = KEY_OF, .which = CONTRACTOR)},
         1,
         CNF_AT(0),
         SELF},
        {"the link in between", {REVOKES(.by = CONTRACTOR, .which = 2)}, 1, REVOKED(2), PRINCIPAL},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_of(s, grants, POA_COUNT(grants));
    try_all(s, chain, cases, POA_COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_on_a_link),           cmocka_unit_test(each_on_a_key),
        cmocka_unit_test(each_by_an_administrator), cmocka_unit_test(a_link_without_locations_is_in_reach),
        cmocka_unit_test(a_key_that_stands_twice),
    };
    return cmocka_run_group_tests_name("authority", tests, site_open, site_close);
}
