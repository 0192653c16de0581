#include "site.h"
#include "store_rig.h"

#include "api/change.h"
#include "api/effects_lineage.h"
#include "chain.h"
#include "cleanup.h"
#include "span.h"
#include "store/poas.h"

#include <stdlib.h>

/* A site and a store. */
typedef struct world {
    site *s;
    rig *r;
} world;

static int begin(void **state)
{
    world *w = calloc(1, sizeof *w);
    void *made = NULL;
    assert_int_equal(site_open(&made), 0);
    w->s = made;
    assert_int_equal(rig_setup(&made), 0);
    w->r = made;
    *state = w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    void *made = w->s;
    assert_int_equal(site_close(&made), 0);
    made = w->r;
    assert_int_equal(rig_teardown(&made), 0);
    free(w);
    return 0;
}

static void keep(world *w, const poa_chain *chain)
{
    store_txn txn = rig_write(w->r);
    assert_int_equal(api_keep_chain(chain, &txn, NOW, NULL), POA_OK);
    rig_commit(&txn);
}

static api_lineage line_of(world *w, const poa_chain *chain)
{
    keep(w, chain);
    api_lineage line;
    bool found = false;
    store_txn *txn = rig_read(w->r);
    assert_int_equal(api_lineage_of(txn, &poa_chain_leaf(chain)->id, &line, &found), POA_OK);
    store_read_end(txn);
    assert_true(found);
    return line;
}

/* ---- the line ---- */

static void a_line_is_the_chain_root_first(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const api_lineage line = line_of(w, chain);
    assert_int_equal(line.len, poa_chain_len(chain));
    assert_string_equal(line.root_iss, name_of(OWNER));
    assert_int_equal(line.exp_s, poa_chain_leaf(chain)->exp_s);
    for (size_t i = 0; i < line.len; i++) {
        const poa_link *link = poa_chain_link(chain, i);
        assert_true(poa_id_equal(&line.links[i].id, &link->id));
        assert_true(poa_id_equal(&line.links[i].kid, &link->kid));
        assert_true(poa_id_equal(&line.links[i].cnf, poa_key_thumbprint(link->agent_key)));
        assert_int_equal(line.links[i].iat_s, link->iat_s);
    }
}

static void an_unseen_leaf_has_no_line(void **state)
{
    world *w = *state;
    const poa_id leaf = rig_id(7);
    api_lineage line;
    bool found = true;
    store_txn *txn = rig_read(w->r);
    assert_int_equal(api_lineage_of(txn, &leaf, &line, &found), POA_OK);
    assert_false(found);
    store_read_end(txn);
}

static store_poa link_of(unsigned n, unsigned parent)
{
    return (store_poa){.id = rig_id(n),
                       .parent = parent == 0 ? (poa_id){{0}} : rig_id(parent),
                       .root_iss = POA_SPAN("owner.example"),
                       .iss = POA_SPAN("a.example"),
                       .sub = POA_SPAN("b.example"),
                       .iat_s = 100,
                       .nbf_s = 100,
                       .exp_s = 300,
                       .cnf = rig_id(900),
                       .kid = rig_id(901),
                       .chain = rig_id(902),
                       .first_seen_s = 150};
}

/* A line with a hole, and one that is longer than a chain: damage, never half a line. */
static void a_broken_line_is_a_fault(void **state)
{
    world *w = *state;
    store_txn txn = rig_write(w->r);
    const store_poa orphan = link_of(50, 49);
    assert_int_equal(store_poa_put(&txn, &orphan, NULL), POA_OK);
    for (unsigned i = 1; i <= POA_CHAIN_LINKS_HARD + 1; i++) {
        const store_poa one = link_of(100 + i, i == 1 ? 0 : 99 + i);
        assert_int_equal(store_poa_put(&txn, &one, NULL), POA_OK);
    }
    api_lineage line;
    bool found = false;
    const poa_id hole = rig_id(50), longest = rig_id(100 + POA_CHAIN_LINKS_HARD),
                 longer = rig_id(101 + POA_CHAIN_LINKS_HARD);
    assert_int_equal(api_lineage_of(&txn, &hole, &line, &found), POA_F_STORE);
    assert_int_equal(api_lineage_of(&txn, &longest, &line, &found), POA_OK);
    assert_int_equal(line.len, POA_CHAIN_LINKS_HARD);
    assert_int_equal(api_lineage_of(&txn, &longer, &line, &found), POA_F_STORE);
    rig_commit(&txn);
}

/* ---- who says what about it ---- */

/* A statement by somebody, with its facts. */
typedef struct spoken {
    char *text;
    poa_statement *statement;
    const poa_statement_facts *facts;
} spoken;

static spoken speak(const site *s, enum who by, const poa_statement_request *request)
{
    spoken said = {.text = statement_text(s, by, request)};
    assert_int_equal(poa_statement_read(s->ctx, poa_span_of(said.text), &said.statement, NULL), POA_OK);
    said.facts = poa_statement_get(said.statement);
    return said;
}

static void hush(spoken *said)
{
    poa_statement_free(said->statement);
    free(said->text);
}

/* The same standing on the same link as the library finds in the chain itself. */
static void agree(world *w, const api_lineage *line, const poa_chain *chain, enum who by,
                  const poa_statement_request *request)
{
    POA_CLEANUP(hush) spoken said = speak(w->s, by, request);
    const poa_record record = {.statement = poa_span_of(said.text), .accepted_s = NOW};
    poa_revocation_hit exact, hit;
    assert_int_equal(poa_record_judge(w->s->ctx, &record, chain, &exact), POA_OK);
    assert_int_equal(api_lineage_judge(line, w->s->policy, said.facts, (poa_span){0}, NOW, &hit), POA_OK);
    if (hit.standing != exact.standing || hit.hop != exact.hop)
        fail_msg("by %s: standing %d at hop %d, not %d at %d", name_of(by), (int)hit.standing, hit.hop,
                 (int)exact.standing, exact.hop);
    assert_int_equal(hit.op, exact.op);
    assert_int_equal(hit.on_revoke, exact.on_revoke);
    assert_string_equal(hit.jti, exact.jti);
    assert_string_equal(hit.reason, exact.reason);
    assert_true(poa_id_equal(&hit.statement, &exact.statement));
    if (hit.standing != POA_STANDING_NONE)
        assert_true(api_lineage_named(line, said.facts));
}

/* Whoever speaks, on whatever: the line and the chain give the same standing. */
static void a_line_judges_as_its_chain(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const api_lineage line = line_of(w, chain);
    for (int by = 0; by < ANSWERER; by++) {
        for (int op = POA_OP_REVOKE; op <= POA_OP_SUSPEND; op++) {
            poa_statement_request request = statement_request((enum who)by, (enum poa_statement_op)op);
            for (size_t i = 0; i < poa_chain_len(chain); i++) {
                request.target = poa_chain_link(chain, i)->id;
                agree(w, &line, chain, (enum who)by, &request);
            }
            request.target = rig_id(1);
            agree(w, &line, chain, (enum who)by, &request);
            for (int whose = 0; whose < ANSWERER; whose++) {
                request.target_kind = POA_TARGET_KEY;
                request.target = *thumbprint(w->s, (enum who)whose);
                for (int64_t before_s = NOW - 1001; before_s <= NOW - 999; before_s++) {
                    request.issued_before_s = before_s == NOW - 1001 ? -1 : before_s;
                    agree(w, &line, chain, (enum who)by, &request);
                }
                request.issued_before_s = -1;
            }
        }
    }
}

static void another_site_is_not_meant(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const api_lineage line = line_of(w, chain);
    poa_statement_request request = statement_request(OWNER, POA_OP_REVOKE);
    const poa_span elsewhere = POA_SPAN("elsewhere.example");
    request.target = poa_chain_link(chain, 1)->id;
    request.aud = &elsewhere;
    request.aud_len = 1;
    agree(w, &line, chain, OWNER, &request);
}

static void an_administrator_counts_by_owner(void **state)
{
    static const struct {
        const char *reach;
        poa_err err;
        enum poa_standing want;
    } cases[] = {
        {"{\"owner\":\"owner.example\",\"all\":false,\"powers\":[]}", POA_OK, POA_STANDING_ADMINISTRATOR},
        {"{\"owner\":\"mine.example\",\"all\":true,\"powers\":[]}", POA_OK, POA_STANDING_ADMINISTRATOR},
        {"{\"owner\":\"other.example\",\"all\":false,\"powers\":[]}", POA_OK, POA_STANDING_NONE},
        {"{\"owner\":\"owner.exampl\",\"all\":false,\"powers\":[]}", POA_OK, POA_STANDING_NONE},
        {"{\"owner\":", POA_F_STORE, POA_STANDING_NONE},
    };
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const api_lineage line = line_of(w, chain);
    poa_statement_request request = statement_request(STRANGER, POA_OP_REVOKE);
    request.target = poa_chain_link(chain, 1)->id;
    POA_CLEANUP(hush) spoken said = speak(w->s, STRANGER, &request);
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        poa_revocation_hit hit = {.standing = POA_STANDING_NONE};
        const poa_span reach = poa_span_of(cases[i].reach);
        assert_int_equal(api_lineage_judge(&line, w->s->policy, said.facts, reach, NOW, &hit), cases[i].err);
        assert_int_equal(hit.standing, cases[i].want);
    }
}

/* A key that was pinned when it spoke keeps its standing; one that was not, has none. */
static void a_pin_counts_as_of_then(void **state)
{
    world *w = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(w->s);
    const api_lineage line = line_of(w, chain);
    poa_statement_request request = statement_request(OLD_OWNER, POA_OP_REVOKE);
    request.target = poa_chain_link(chain, 1)->id;
    POA_CLEANUP(hush) spoken said = speak(w->s, OLD_OWNER, &request);
    poa_revocation_hit hit;
    assert_int_equal(api_lineage_judge(&line, w->s->policy, said.facts, (poa_span){0}, OLD_UNTIL - 1, &hit), POA_OK);
    assert_int_equal(hit.standing, POA_STANDING_OWNER);
    assert_int_equal(api_lineage_judge(&line, w->s->policy, said.facts, (poa_span){0}, OLD_UNTIL, &hit), POA_OK);
    assert_int_equal(hit.standing, POA_STANDING_NONE);
    assert_int_equal(hit.hop, POA_HOP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_the_chain_root_first, begin, end),
        cmocka_unit_test_setup_teardown(an_unseen_leaf_has_no_line, begin, end),
        cmocka_unit_test_setup_teardown(a_broken_line_is_a_fault, begin, end),
        cmocka_unit_test_setup_teardown(a_line_judges_as_its_chain, begin, end),
        cmocka_unit_test_setup_teardown(another_site_is_not_meant, begin, end),
        cmocka_unit_test_setup_teardown(an_administrator_counts_by_owner, begin, end),
        cmocka_unit_test_setup_teardown(a_pin_counts_as_of_then, begin, end),
    };
    return cmocka_run_group_tests_name("api lineage", tests, NULL, NULL);
}
