#include "site.h"

#include "cleanup.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/* The mint refuses what a verifier would refuse, with the same reason. */
static const struct {
    const char *name;
    poa_grant grant; /* what differs from the good one; zero takes its value */
    const char *powers;
    enum who signer;
    poa_err want;
    const char *member;
} cases[] = {
    {.name = "good", .signer = CONTRACTOR, .want = POA_OK},
    {.name = "not the leaf's agent", .signer = SIBLING, .want = POA_E_KID_MISMATCH, .member = "/header/kid"},
    {.name = "another iss",
     .grant = {.iss = POA_SPAN_INIT("x.example")},
     .signer = CONTRACTOR,
     .want = POA_E_PRINCIPAL_MISALIGNED,
     .member = "/iss"},
    {.name = "too deep",
     .grant = {.transferable = 1},
     .signer = CONTRACTOR,
     .want = POA_E_DEPTH_INVALID,
     .member = "/transferable"},
    {.name = "outlives",
     .grant = {.exp_s = NOW + 2 * DAY},
     .signer = CONTRACTOR,
     .want = POA_E_OUTLIVES_PARENT,
     .member = "/exp"},
    {.name = "predates", .grant = {.iat_s = 1}, .signer = CONTRACTOR, .want = POA_E_PREDATES_PARENT, .member = "/iat"},
    {.name = "empty window",
     .grant = {.exp_s = NOW},
     .signer = CONTRACTOR,
     .want = POA_E_WINDOW_EMPTY,
     .member = "/exp"},
    {.name = "nbf after exp",
     .grant = {.nbf_s = NOW + DAY},
     .signer = CONTRACTOR,
     .want = POA_E_WINDOW_EMPTY,
     .member = "/exp"},
    {.name = "control character in a name",
     .grant = {.agent_name = POA_SPAN_INIT("a\tb")},
     .signer = CONTRACTOR,
     .want = POA_E_CLAIM_TYPE,
     .member = "/agent_name"},
    {.name = "powers are no array",
     .powers = "{}",
     .signer = CONTRACTOR,
     .want = POA_E_CLAIM_TYPE,
     .member = "/authorization_details"},
    {.name = "powers are two values",
     .powers = "[],'x':[]",
     .signer = CONTRACTOR,
     .want = POA_E_MALFORMED,
     .member = "/authorization_details"},
    {.name = "powers smuggle a claim",
     .powers = "[],'iss':'x'",
     .signer = CONTRACTOR,
     .want = POA_E_MALFORMED,
     .member = "/authorization_details"},
    {.name = "wider",
     .signer = CONTRACTOR,
     .want = POA_E_ACTION_WIDENED,
     .member = "/authorization_details/0/actions",
     .powers = "[{'type':'device_onboarding','actions':['onboard','replace'],'locations':['mine-7/hall-2'],"
               "'devices':[{'any':true}]}]"},
    {.name = "unknown member",
     .signer = CONTRACTOR,
     .want = POA_E_POWER_INVALID,
     .member = "/authorization_details/0/magic",
     .powers = "[{'type':'device_onboarding','actions':['onboard'],'locations':['mine-7/hall-2'],"
               "'devices':[{'any':true}],'magic':1}]"},
};

static void each_sub_grant(void **state)
{
    const site *s = *state;
    const poa_span aud = POA_SPAN(MINE);
    const poa_signer owner = signer_of(s, OWNER);
    POA_CLEANUP(poa_freep) char *powers = quoted(ONBOARD_HALL);
    const poa_grant root = {.iss = POA_SPAN("owner.example"),
                            .sub = POA_SPAN("contractor.example"),
                            .agent_key = s->keys[CONTRACTOR],
                            .aud = &aud,
                            .aud_len = 1,
                            .transferable = 1,
                            .iat_s = NOW - 10,
                            .nbf_s = -1,
                            .exp_s = NOW + DAY,
                            .powers = poa_span_of(powers)};
    POA_CLEANUP(poa_freep) char *text = NULL;
    assert_int_equal(poa_grant_sign(s->ctx, NULL, &root, &owner, &counting, NULL, &text, NULL), POA_OK);
    poa_chain *parent = NULL;
    assert_int_equal(poa_chain_read(s->ctx, poa_span_of(text), &parent, NULL), POA_OK);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const poa_grant *differs = &cases[i].grant;
        POA_CLEANUP(poa_freep) char *own = quoted(cases[i].powers ? cases[i].powers : ONBOARD_HALL);
        const poa_grant wanted = {.iss = differs->iss,
                                  .sub = POA_SPAN("foreman.example"),
                                  .agent_key = s->keys[FOREMAN],
                                  .aud = &aud,
                                  .aud_len = 1,
                                  .transferable = differs->transferable,
                                  .iat_s = differs->iat_s ? differs->iat_s : NOW,
                                  .nbf_s = differs->nbf_s ? differs->nbf_s : -1,
                                  .exp_s = differs->exp_s ? differs->exp_s : NOW + DAY,
                                  .agent_name = differs->agent_name,
                                  .powers = poa_span_of(own)};
        const poa_signer signer = signer_of(s, cases[i].signer);
        POA_CLEANUP(poa_freep) char *made = NULL;
        poa_reason why = {0};
        const poa_err err = poa_grant_sign(s->ctx, parent, &wanted, &signer, &counting, NULL, &made, &why);
        if (err != cases[i].want || (err && (strcmp(why.member, cases[i].member) != 0 || why.hop != 1)))
            fail_msg("%s: %s at %d %s", cases[i].name, poa_err_name(err), why.hop, why.member);
        assert_int_equal(made != NULL, err == POA_OK);
        if (made) {
            poa_chain *chain = NULL;
            assert_int_equal(poa_chain_verify(s->ctx, poa_span_of(made), s->policy, NOW, &chain, NULL), POA_OK);
            assert_int_equal(poa_chain_len(chain), 2);
            poa_chain_free(chain);
        }
    }
    poa_chain_free(parent);
}

static void a_chain_that_was_only_read_is_not_verified(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_freep) char *text = chain_text(s, (grant[]){{.from = STRANGER, .to = CONTRACTOR}}, 1);
    poa_chain *chain = NULL;
    assert_int_equal(poa_chain_read(s->ctx, poa_span_of(text), &chain, NULL), POA_OK);
    assert_false(poa_chain_is_verified(chain));
    assert_null(poa_chain_policy(chain));
    assert_null(poa_chain_owner(chain));
    assert_int_equal(poa_chain_alive(s->ctx, chain, NOW, 0, &poa_revocation_unchecked, NULL, NULL), POA_F_USAGE);
    poa_chain_free(chain);
    poa_reason why = {0};
    assert_int_equal(poa_chain_verify(s->ctx, poa_span_of(text), s->policy, NOW, &chain, &why), POA_E_ROOT_UNTRUSTED);
    assert_int_equal(why.hop, 0);
}

/* Each single character of a chain, changed: refused, whatever it is. */
static void no_other_spelling_verifies(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_freep)
    char *text = chain_text(s, (grant[]){{.from = OWNER, .to = CONTRACTOR}, {.from = CONTRACTOR, .to = FOREMAN}}, 2);
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i += 3) {
        const char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        poa_chain *chain = NULL;
        if (poa_chain_verify(s->ctx, (poa_span){text, len}, s->policy, NOW, &chain, NULL) == POA_OK)
            fail_msg("character %zu", i);
        text[i] = was;
    }
    for (size_t cut = 0; cut < len; cut += 7) {
        poa_chain *chain = NULL;
        const poa_err err = poa_chain_verify(s->ctx, (poa_span){text, cut}, s->policy, NOW, &chain, NULL);
        const bool is_root = text[cut] == '~';
        assert_int_equal(err == POA_OK, is_root);
        poa_chain_free(chain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sub_grant),
        cmocka_unit_test(a_chain_that_was_only_read_is_not_verified),
        cmocka_unit_test(no_other_spelling_verifies),
    };
    return cmocka_run_group_tests_name("grant", tests, site_open, site_close);
}
