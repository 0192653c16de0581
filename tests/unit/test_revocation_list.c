#include "site.h"

#include "poa/answer.h"
#include "poa/revocation_list.h"

#include "bounds.h"
#include "buf.h"
#include "chain.h"
#include "cleanup.h"
#include "span.h"
#include "statement.h"

#include <stdlib.h>
#include <string.h>

POA_CLEANUP_DEFINE(poa_revocation_list, poa_revocation_list_free)

#define ADMINISTER "[{'type':'administration','actions':['revoke','suspend','resume'],'locations':['mine-7']}]"

/* ---- files ---- */

static void add_line(poa_buf *file, char *text)
{
    poa_buf_text(file, text);
    poa_buf_text(file, "\n");
    free(text);
}

static char *on_link(const site *s, enum who by, enum poa_statement_op op, const poa_chain *chain, size_t hop)
{
    poa_statement_request request = statement_request(by, op);
    request.target = poa_chain_link(chain, hop)->id;
    return statement_text(s, by, &request);
}

/* A statement of the administrator whom these PoAs make, said at that time; on a link, or on somebody's key. */
static char *by_administrator(const site *s, const grant *grants, size_t count, int64_t iat_s, const poa_id *poa,
                              const poa_id *key)
{
    POA_CLEANUP(poa_freep) char *administrator = chain_text(s, grants, count);
    const enum who by = grants[count - 1].to;
    poa_statement_request request = statement_request(by, POA_OP_REVOKE);
    request.iat_s = iat_s;
    request.target_kind = poa ? POA_TARGET_POA : POA_TARGET_KEY;
    request.target = poa ? *poa : *key;
    request.chain = poa_span_of(administrator);
    return statement_text(s, by, &request);
}

static char *age_line(const site *s, enum who by, enum poa_answer_state state, int64_t iat_s)
{
    const poa_answer answer = {
        .iss = MINE, .iat_s = iat_s, .exp_s = iat_s + MAX_AGE, .store = "ABCDEFGHIJKLMNOPQRSTUV", .state = state};
    const poa_signer signer = signer_of(s, by);
    char *text = NULL;
    assert_int_equal(poa_answer_sign(&answer, &signer, &text), POA_OK);
    return text;
}

/* ---- what comes of them ---- */

typedef struct outcome {
    poa_err parsed;
    poa_err alive;
    size_t ignored;
    poa_reason why;
} outcome;

static outcome ask(const site *s, poa_span file, const poa_chain *chain, bool complete)
{
    outcome o = {.why = {.hop = POA_HOP_NONE}};
    POA_CLEANUP(poa_revocation_list_freep) poa_revocation_list *list = NULL;
    o.parsed = poa_revocation_list_parse(s->ctx, file, chain, NOW, complete, &list, &o.why);
    if (o.parsed)
        return o;
    o.ignored = poa_revocation_list_ignored(list);
    o.alive = poa_chain_not_revoked(s->ctx, chain, NOW, poa_revocation_list_source(list), NULL, &o.why);
    return o;
}

static void a_complete_file(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_buf_clear) poa_buf file = {0};
    assert_int_equal(ask(s, POA_SPAN(""), chain, true).alive, POA_OK);
    add_line(&file, on_link(s, STRANGER, POA_OP_REVOKE, chain, 0));
    add_line(&file, on_link(s, SIBLING, POA_OP_REVOKE, chain, 1));
    outcome o = ask(s, poa_buf_span(&file), chain, true);
    assert_int_equal(o.alive, POA_OK);
    assert_int_equal(o.ignored, 2);

    add_line(&file, on_link(s, FOREMAN, POA_OP_REVOKE, chain, 2));
    o = ask(s, poa_buf_span(&file), chain, true);
    assert_int_equal(o.alive, POA_E_REVOKED);
    assert_int_equal(o.why.hop, 2);
    assert_int_equal(o.ignored, 2);
    const poa_span without_newline = poa_span_head(poa_buf_span(&file), file.len - 1);
    assert_int_equal(ask(s, without_newline, chain, true).alive, POA_E_REVOKED);
}

static void holds_and_keys(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_buf_clear) poa_buf file = {0};
    POA_CLEANUP(poa_freep) char *hold = on_link(s, CONTRACTOR, POA_OP_SUSPEND, chain, 1);
    poa_buf_printf(&file, "%s\n", hold);
    assert_int_equal(ask(s, poa_buf_span(&file), chain, true).alive, POA_E_SUSPENDED);

    POA_CLEANUP(poa_statement_freep) poa_statement *held = NULL;
    assert_int_equal(poa_statement_read(s->ctx, poa_span_of(hold), &held, NULL), POA_OK);
    poa_statement_request resume = statement_request(OWNER, POA_OP_RESUME);
    resume.hold = poa_statement_get(held)->jti;
    add_line(&file, statement_text(s, OWNER, &resume));
    assert_int_equal(ask(s, poa_buf_span(&file), chain, true).alive, POA_OK);

    poa_statement_request lost = statement_request(TECHNICIAN, POA_OP_REVOKE);
    lost.target_kind = POA_TARGET_KEY;
    lost.target = *thumbprint(s, TECHNICIAN);
    add_line(&file, statement_text(s, TECHNICIAN, &lost));
    assert_int_equal(ask(s, poa_buf_span(&file), chain, true).alive, POA_E_KEY_REVOKED);
}

static void how_old_a_file_is(void **state)
{
    static const struct {
        const char *name;
        enum who by;
        enum poa_answer_state state;
        int64_t iat_s;
        poa_err because;
    } ages[] = {
        {"new", ANSWERER, POA_STATE_LIST, NOW, POA_OK},
        {"oldest", ANSWERER, POA_STATE_LIST, NOW - MAX_AGE + 1, POA_OK},
        {"too old", ANSWERER, POA_STATE_LIST, NOW - MAX_AGE, POA_E_EXPIRED},
        {"of a clock before ours", ANSWERER, POA_STATE_LIST, NOW + 30, POA_OK},
        {"of the future", ANSWERER, POA_STATE_LIST, NOW + 31, POA_E_ISSUED_IN_FUTURE},
        {"by an owner", OWNER, POA_STATE_LIST, NOW, POA_E_ROOT_UNTRUSTED},
        {"about a PoA", ANSWERER, POA_STATE_ACTIVE, NOW, POA_E_CLAIM_TYPE},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    for (size_t i = 0; i < POA_COUNT(ages); i++)
        for (int complete = 0; complete < 2; complete++) {
            POA_CLEANUP(poa_buf_clear) poa_buf file = {0};
            add_line(&file, age_line(s, ages[i].by, ages[i].state, ages[i].iat_s));
            add_line(&file, on_link(s, OWNER, POA_OP_REVOKE, chain, 1));
            const outcome o = ask(s, poa_buf_span(&file), chain, complete);
            if (o.parsed != (ages[i].because ? POA_E_REVOCATION_UNKNOWN : POA_OK) || o.why.because != ages[i].because)
                fail_msg("%s: %s because %s", ages[i].name, poa_err_name(o.parsed), poa_err_name(o.why.because));
            if (ages[i].because)
                assert_string_equal(o.why.request, "1");
            else
                assert_int_equal(o.alive, POA_E_REVOKED);
        }
}

static void a_list_grows_old(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_buf_clear) poa_buf file = {0};
    add_line(&file, age_line(s, ANSWERER, POA_STATE_LIST, NOW));
    POA_CLEANUP(poa_revocation_list_freep) poa_revocation_list *list = NULL;
    assert_int_equal(poa_revocation_list_parse(s->ctx, poa_buf_span(&file), chain, NOW, false, &list, NULL), POA_OK);
    const poa_revocation_source *source = poa_revocation_list_source(list);
    assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW + MAX_AGE, source, NULL, NULL), POA_OK);
    assert_int_equal(poa_chain_not_revoked(s->ctx, chain, NOW + MAX_AGE + 1, source, NULL, NULL),
                     POA_E_REVOCATION_UNKNOWN);
}

static void a_file_that_says_no_age(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_buf_clear) poa_buf file = {0};
    assert_int_equal(ask(s, POA_SPAN(""), chain, false).alive, POA_E_REVOCATION_UNKNOWN);
    add_line(&file, on_link(s, OWNER, POA_OP_REVOKE, chain, 1));
    assert_int_equal(ask(s, poa_buf_span(&file), chain, false).alive, POA_E_REVOCATION_UNKNOWN);
}

static void a_line_that_is_no_statement(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_freep) char *good = on_link(s, STRANGER, POA_OP_REVOKE, chain, 0);
    POA_CLEANUP(poa_freep) char *forged = on_link(s, OWNER, POA_OP_REVOKE, chain, 0);
    const size_t inside = strlen(forged) - 9; /* of the signature */
    forged[inside] = forged[inside] == 'A' ? 'B' : 'A';
    POA_CLEANUP(poa_freep) char *age = age_line(s, ANSWERER, POA_STATE_LIST, NOW);
    const struct {
        const char *name;
        const char *line;
        poa_err because;
    } lines[] = {
        {"a word", "revoked", POA_E_MALFORMED},
        {"nothing", "", POA_E_MALFORMED},
        {"a carriage return", "\r", POA_E_MALFORMED},
        {"another token", "e30.e30.AA", POA_E_TYP_MISMATCH},
        {"a forged statement", forged, POA_E_SIGNATURE_INVALID},
        {"an age that comes late", age, POA_E_TYP_MISMATCH},
        {"a PoA", poa_chain_text(chain).ptr, POA_E_MALFORMED},
    };
    for (size_t i = 0; i < POA_COUNT(lines); i++) {
        POA_CLEANUP(poa_buf_clear) poa_buf file = {0};
        poa_buf_printf(&file, "%s\n%s\n%s\n", good, lines[i].line, good);
        const outcome o = ask(s, poa_buf_span(&file), chain, true);
        if (o.parsed != POA_E_REVOCATION_UNKNOWN || o.why.because != lines[i].because)
            fail_msg("%s: %s because %s", lines[i].name, poa_err_name(o.parsed), poa_err_name(o.why.because));
        assert_string_equal(o.why.request, "2");
        assert_int_equal(o.why.hop, POA_HOP_NONE);
    }
}

static void a_file_that_is_too_large(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_freep) char *text = calloc(1, POA_REVOCATIONS_BYTES_MAX + 1);
    assert_non_null(text);
    assert_int_equal(ask(s, (poa_span){text, POA_REVOCATIONS_BYTES_MAX}, chain, true).why.because, POA_E_TOO_LARGE);
    assert_string_equal(ask(s, (poa_span){text, POA_REVOCATIONS_BYTES_MAX}, chain, true).why.request, "1");
    assert_string_equal(ask(s, (poa_span){text, POA_REVOCATIONS_BYTES_MAX + 1}, chain, true).why.request, "");
}

static void the_number_of_a_line_counts_the_age(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_freep) char *forged = on_link(s, OWNER, POA_OP_REVOKE, chain, 0);
    const size_t inside = strlen(forged) - 9;
    forged[inside] = forged[inside] == 'A' ? 'B' : 'A';
    POA_CLEANUP(poa_buf_clear) poa_buf file = {0};
    add_line(&file, age_line(s, ANSWERER, POA_STATE_LIST, NOW));
    poa_buf_text(&file, forged);
    assert_string_equal(ask(s, poa_buf_span(&file), chain, true).why.request, "2");
}

/* ---- administrators, judged at the time of their statements and by the lines before them ---- */

static void administrators_of_a_file(void **state)
{
    static const grant direct[] = {{.from = OWNER, .to = ADMIN, .powers = ADMINISTER, .exp_s = NOW - 100}};
    static const grant deputy[] = {
        {.from = OWNER, .to = SIBLING, .powers = ADMINISTER},
        {.from = SIBLING, .to = ADMIN, .powers = ADMINISTER},
    };
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    const poa_id *leaf = &poa_chain_leaf(chain)->id;

    /* Expired now, alive when it was said. */
    POA_CLEANUP(poa_buf_clear) poa_buf old = {0};
    add_line(&old, by_administrator(s, direct, 1, NOW - 101, leaf, NULL));
    assert_int_equal(ask(s, poa_buf_span(&old), chain, true).alive, POA_E_REVOKED);

    /* Said when it had expired. */
    POA_CLEANUP(poa_buf_clear) poa_buf late = {0};
    add_line(&late, by_administrator(s, direct, 1, NOW - 100, leaf, NULL));
    outcome o = ask(s, poa_buf_span(&late), chain, true);
    assert_int_equal(o.alive, POA_OK);
    assert_int_equal(o.ignored, 1);

    /* A principal who stands in the administrator's chain alone revokes the key before it speaks, and after. */
    poa_statement_request fired = statement_request(SIBLING, POA_OP_REVOKE);
    fired.target_kind = POA_TARGET_KEY;
    fired.target = *thumbprint(s, ADMIN);
    POA_CLEANUP(poa_freep) char *revoke = statement_text(s, SIBLING, &fired);
    POA_CLEANUP(poa_freep) char *says = by_administrator(s, deputy, 2, NOW - 10, leaf, NULL);
    POA_CLEANUP(poa_buf_clear) poa_buf before = {0};
    poa_buf_printf(&before, "%s\n%s\n", revoke, says);
    o = ask(s, poa_buf_span(&before), chain, true);
    assert_int_equal(o.alive, POA_OK);
    assert_int_equal(o.ignored, 1);
    POA_CLEANUP(poa_buf_clear) poa_buf after = {0};
    poa_buf_printf(&after, "%s\n%s\n", says, revoke);
    assert_int_equal(ask(s, poa_buf_span(&after), chain, true).alive, POA_E_REVOKED);
}

static void many_statements_of_one_administrator(void **state)
{
    static const grant direct[] = {{.from = OWNER, .to = ADMIN, .powers = ADMINISTER}};
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_buf_clear) poa_buf file = {0};
    for (int i = 0; i < 40; i++)
        add_line(&file, by_administrator(s, direct, 1, NOW - 50, NULL, thumbprint(s, STRANGER)));
    add_line(&file, by_administrator(s, direct, 1, NOW - 50, NULL, thumbprint(s, FOREMAN)));
    const outcome o = ask(s, poa_buf_span(&file), chain, true);
    assert_int_equal(o.ignored, 0);
    assert_int_equal(o.alive, POA_E_KEY_REVOKED);
    assert_int_equal(o.why.hop, 1);
}

static void a_rotated_key_speaks_for_its_time(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    for (int late = 0; late < 2; late++) {
        poa_statement_request request = statement_request(OLD_OWNER, POA_OP_REVOKE);
        request.target = poa_chain_leaf(chain)->id;
        request.iat_s = OLD_UNTIL - 1 + late;
        POA_CLEANUP(poa_freep) char *text = statement_text(s, OLD_OWNER, &request);
        const outcome o = ask(s, poa_span_of(text), chain, true);
        assert_int_equal(o.alive, late ? POA_OK : POA_E_REVOKED);
        assert_int_equal(o.ignored, late);
    }
}

static void a_chain_that_was_only_read(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *verified = usual_chain(s);
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    assert_int_equal(poa_chain_read(s->ctx, poa_chain_text(verified), &chain, NULL), POA_OK);
    assert_int_equal(ask(s, POA_SPAN(""), chain, true).parsed, POA_F_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_complete_file),
        cmocka_unit_test(holds_and_keys),
        cmocka_unit_test(how_old_a_file_is),
        cmocka_unit_test(a_list_grows_old),
        cmocka_unit_test(a_file_that_says_no_age),
        cmocka_unit_test(a_line_that_is_no_statement),
        cmocka_unit_test(a_file_that_is_too_large),
        cmocka_unit_test(the_number_of_a_line_counts_the_age),
        cmocka_unit_test(administrators_of_a_file),
        cmocka_unit_test(many_statements_of_one_administrator),
        cmocka_unit_test(a_rotated_key_speaks_for_its_time),
        cmocka_unit_test(a_chain_that_was_only_read),
    };
    return cmocka_run_group_tests_name("revocation_list", tests, site_open, site_close);
}
