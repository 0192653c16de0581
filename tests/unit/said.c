#include "said.h"

#include "chain.h"
#include "cleanup.h"
#include "reach.h"
#include "span.h"
#include "statement.h"

#include <stdlib.h>
#include <string.h>

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

void try_all(const site *s, const poa_chain *chain, const test_case *cases, size_t count)
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

void try_usual(const site *s, const test_case *cases, size_t count)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    try_all(s, chain, cases, count);
}
