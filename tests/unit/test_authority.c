#include "site.h"

#include "authority.h"
#include "chain.h"
#include "cleanup.h"
#include "reach.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/*
 * Who may say what about which link of owner -> contractor -> foreman -> technician: each case is what was said, and
 * what step 8 makes of it.
 */

/* An administrator's chain, by which a statement carries a reach. */
enum as { AS_NOBODY, AS_ADMIN, AS_FAR, AS_NARROW, AS_REVOKER, AS_OTHER, AS_SITE, AS_COUNT };

#define ADMINISTER(actions, location) "[{'type':'administration','actions':[" actions "],'locations':['" location "']}]"
#define ALL_ACTIONS                   "'revoke','suspend','resume'"

static const grant administrators[AS_COUNT] = {
    [AS_ADMIN] = {.from = OWNER, .to = ADMIN, .powers = ADMINISTER(ALL_ACTIONS, "mine-7")},
    [AS_FAR] = {.from = OWNER, .to = ADMIN, .powers = ADMINISTER(ALL_ACTIONS, "mine-8")},
    [AS_NARROW] = {.from = OWNER, .to = ADMIN, .powers = ADMINISTER(ALL_ACTIONS, "mine-7/hall-2/bay-1")},
    [AS_REVOKER] = {.from = OWNER, .to = ADMIN, .powers = ADMINISTER("'revoke'", "mine-7")},
    [AS_OTHER] = {.from = OTHER_OWNER, .to = ADMIN, .powers = ADMINISTER(ALL_ACTIONS, "mine-7")},
    [AS_SITE] = {.from = SITE, .to = ADMIN, .powers = ADMINISTER(ALL_ACTIONS, "mine-7")},
};

/* What a statement is on: a link of the chain, somebody's key, what was said as number n. */
enum on_what { LINK, ANOTHER_POA, KEY_OF, LINK_AS_KEY, HOLD_OF };

typedef struct said {
    enum who by;
    enum poa_statement_op op;
    enum on_what on;
    int which;
    enum as as;
    const char *aud; /* another site */
    int64_t issued_before_s;
    int64_t accepted_s; /* NOW where it is zero */
    int again;          /* instead of all this: what was said as number again - 1, once more */
} said;

#define SAID_MAX 4

#define REVOKES(...)                     \
    {                                    \
        .op = POA_OP_REVOKE, __VA_ARGS__ \
    }
#define HOLDS(...)                        \
    {                                     \
        .op = POA_OP_SUSPEND, __VA_ARGS__ \
    }
#define RESUMES(...)                                    \
    {                                                   \
        .op = POA_OP_RESUME, .on = HOLD_OF, __VA_ARGS__ \
    }

typedef struct test_case {
    const char *name;
    said said[SAID_MAX];
    size_t count;
    poa_err want;
    int hop;
    const char *member;
    enum poa_standing standing;
} test_case;

#define NONE         POA_OK, POA_HOP_NONE, "", POA_STANDING_NONE
#define REVOKED(hop) POA_E_REVOKED, hop, ""
#define HELD(hop)    POA_E_SUSPENDED, hop, ""
#define KEY_AT(hop)  POA_E_KEY_REVOKED, hop, "/header/kid"
#define CNF_AT(hop)  POA_E_KEY_REVOKED, hop, "/cnf"
#define AGENT        POA_STANDING_AGENT
#define SELF         POA_STANDING_SELF
#define PRINCIPAL    POA_STANDING_PRINCIPAL
#define OWNS         POA_STANDING_OWNER
#define ADMINISTERS  POA_STANDING_ADMINISTRATOR

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

/* ---- saying it ---- */

typedef struct scene {
    const site *s;
    const poa_chain *chain;
    char *reach[AS_COUNT];
} scene;

static poa_id target_of(const scene *sc, const said *say)
{
    if (say->on == KEY_OF)
        return *thumbprint(sc->s, (enum who)say->which);
    if (say->on == ANOTHER_POA)
        return (poa_id){.bytes = {1}};
    return poa_chain_link(sc->chain, (size_t)say->which)->id;
}

/* hold: the text of the statement that a resume names. */
static char *say_it(const scene *sc, const said *say, const char *hold)
{
    poa_statement_request request = statement_request(say->by, say->op);
    const poa_span aud = poa_span_of(say->aud);
    if (say->aud) {
        request.aud = &aud;
        request.aud_len = 1;
    }
    if (say->issued_before_s > 0)
        request.issued_before_s = say->issued_before_s;
    if (say->op != POA_OP_RESUME) {
        request.target_kind = say->on == LINK || say->on == ANOTHER_POA ? POA_TARGET_POA : POA_TARGET_KEY;
        request.target = target_of(sc, say);
        return statement_text(sc->s, say->by, &request);
    }
    POA_CLEANUP(poa_statement_freep) poa_statement *held = NULL;
    assert_int_equal(poa_statement_read(sc->s->ctx, poa_span_of(hold), &held, NULL), POA_OK);
    request.hold = poa_statement_get(held)->jti;
    return statement_text(sc->s, say->by, &request);
}

/* A resume is written after what it names, wherever it stands. */
static void say_all(const scene *sc, const said *all, size_t count, char *texts[SAID_MAX])
{
    for (size_t i = 0; i < count; i++)
        if (all[i].op != POA_OP_RESUME && all[i].again == 0)
            texts[i] = say_it(sc, &all[i], NULL);
    for (size_t i = 0; i < count; i++)
        if (all[i].op == POA_OP_RESUME)
            texts[i] = say_it(sc, &all[i], texts[all[i].which]);
}

static void ask(const scene *sc, const test_case *c, const shelf *here)
{
    shelf mine = *here;
    const poa_revocation_source source = shelf_source(&mine);
    poa_reason why = {.hop = POA_HOP_NONE};
    poa_revocation_hit hit = {.standing = POA_STANDING_NONE};
    const poa_err err = poa_chain_not_revoked(sc->s->ctx, sc->chain, NOW, &source, &hit, &why);
    if (err != c->want || why.hop != c->hop || strcmp(why.member, c->member) != 0 || hit.standing != c->standing)
        fail_msg("%s: %s at hop %d %s, standing %d", c->name, poa_err_name(err), why.hop, why.member, hit.standing);
    if (err)
        assert_int_equal(hit.hop, c->hop);
}

/* A source that shows more than it was asked for changes nothing. */
static void try_case(const scene *sc, const test_case *c)
{
    char *texts[SAID_MAX] = {0};
    say_all(sc, c->said, c->count, texts);
    shelf here = {.s = sc->s};
    for (size_t i = 0; i < c->count; i++) {
        const said *say = &c->said[i];
        if (say->again > 0)
            shelf_add(&here, texts[say->again - 1], NULL, NOW);
        else
            shelf_add(&here, texts[i], sc->reach[say->as], say->accepted_s ? say->accepted_s : NOW);
    }

    ask(sc, c, &here);
    here.sloppy = true;
    ask(sc, c, &here);
    for (size_t i = 0; i < c->count; i++)
        free(texts[i]);
}

static void try_all(const site *s, const poa_chain *chain, const test_case *cases, size_t count)
{
    scene sc = {.s = s, .chain = chain};
    for (int as = 1; as < AS_COUNT; as++) {
        POA_CLEANUP(poa_chain_freep) poa_chain *administrator = chain_of(s, &administrators[as], 1);
        assert_int_equal(poa_reach_write(administrator, &sc.reach[as]), POA_OK);
    }
    for (size_t i = 0; i < count; i++)
        try_case(&sc, &cases[i]);
    for (int as = 1; as < AS_COUNT; as++)
        free(sc.reach[as]);
}

static void try_usual(const site *s, const test_case *cases, size_t count)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    try_all(s, chain, cases, count);
}

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

static void each_resume(void **state)
{
    try_usual(*state, resumes, POA_COUNT(resumes));
}

/* ---- chains of another shape ---- */

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
        {"the lowest link of its key",
         {REVOKES(.by = CONTRACTOR, .on = KEY_OF, .which = CONTRACTOR)},
         1,
         CNF_AT(0),
         SELF},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_of(s, grants, POA_COUNT(grants));
    try_all(s, chain, cases, POA_COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_on_a_link),
        cmocka_unit_test(each_on_a_key),
        cmocka_unit_test(each_by_an_administrator),
        cmocka_unit_test(each_resume),
        cmocka_unit_test(a_link_without_locations_is_in_reach),
        cmocka_unit_test(a_key_that_stands_twice),
    };
    return cmocka_run_group_tests_name("authority", tests, site_open, site_close);
}
