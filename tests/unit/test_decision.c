#include "site.h"

#include "buf.h"
#include "chain.h"
#include "cleanup.h"
#include "policy.h"
#include "span.h"

#include "poa/decision.h"

#include <stdlib.h>
#include <string.h>

#define POWER(place, more)                                                                                             \
    "{'type':'device_onboarding','actions':['onboard','read'],'locations':['" place "'],'devices':[{'any':true}]" more \
    "}"
#define GATE "{'type':'access','actions':['open'],'resources':['https://gate.example']}"

/* Owner to contractor to technician, with the powers given. */
static poa_chain *chain_with(const site *s, const char *above, const char *below)
{
    const grant grants[] = {{.from = OWNER, .to = CONTRACTOR, .powers = above},
                            {.from = CONTRACTOR, .to = TECHNICIAN, .powers = below}};
    return chain_of(s, grants, POA_COUNT(grants));
}

static poa_request request_for(const char *action, const char *location)
{
    return (poa_request){.type = POA_SPAN("device_onboarding"),
                         .action = poa_span_of(action),
                         .location = poa_span_of(location),
                         .device = {.model = POA_SPAN("XY-1"), .serial = POA_SPAN("SN-1")},
                         .evidence = POA_EVIDENCE_IDEVID | POA_EVIDENCE_APPROVAL,
                         .now_s = NOW};
}

/* A policy that allows the owner what the usual one does not: a permanent effect. */
static poa_policy *lasting_policy(const site *s)
{
    POA_CLEANUP(poa_freep) char *powers = quoted("[" GATE "," POWER("mine-7", ",'effect':'permanent'") "]");
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b,
                   "{\"version\":1,\"resource_owner\":\"" MINE "\",\"owners\":[{\"iss\":\"owner.example\","
                   "\"keys\":[{\"jwk\":%s}],\"powers\":%s}]}",
                   poa_key_jwk(s->keys[OWNER]), powers);
    poa_policy *policy = NULL;
    assert_int_equal(poa_policy_parse(s->ctx, poa_buf_span(&b), NULL, &policy, NULL), POA_OK);
    return policy;
}

#define LASTING(place, more) POWER(place, ",'effect':'permanent','credential_lifetime':600,'evidence':" more)

static void what_applied_is_told(void **state)
{
    site s = *(const site *)*state;
    POA_CLEANUP(poa_policy_freep) poa_policy *policy = lasting_policy(&s);
    s.policy = policy;
    POA_CLEANUP(poa_chain_freep)
    poa_chain *chain =
        chain_with(&s, "[" GATE "," LASTING("mine-7", "['approval'],'max_devices':9") "]",
                   "[" LASTING("mine-7/hall-1", "['approval'],'max_devices':9") "," POWER(
                       "mine-7/hall-2", ",'effect':'until_exp','evidence':['idevid','approval'],'max_devices':3,"
                                        "'credential_lifetime':300,'on_revoke':'cascade'") "]");
    poa_request request = request_for("onboard", "mine-7/hall-2");
    poa_decision decision;
    assert_int_equal(poa_decide(chain, &request, NULL, &decision, NULL), POA_OK);
    assert_int_equal(decision.links, 2);
    assert_int_equal(decision.applied[0], 1);
    assert_int_equal(decision.applied[1], 1);
    assert_true(decision.counted[0]);
    assert_true(decision.counted[1]);
    assert_int_equal(decision.effect, POA_EFFECT_UNTIL_EXP);
    assert_int_equal(decision.on_revoke, POA_ON_REVOKE_CASCADE);
    assert_true(decision.credential_lifetime_s == 300);
    assert_int_equal(decision.evidence, POA_EVIDENCE_DEVICE_KEY | POA_EVIDENCE_IDEVID | POA_EVIDENCE_APPROVAL);

    request = request_for("onboard", "mine-7/hall-1");
    assert_int_equal(poa_decide(chain, &request, NULL, &decision, NULL), POA_OK);
    assert_int_equal(decision.applied[1], 0);
    assert_int_equal(decision.effect, POA_EFFECT_PERMANENT);
    assert_int_equal(decision.on_revoke, POA_ON_REVOKE_REVIEW);
    assert_true(decision.credential_lifetime_s == 600);
    assert_int_equal(decision.evidence, POA_EVIDENCE_DEVICE_KEY | POA_EVIDENCE_APPROVAL);
}

static void what_is_not_stated_has_its_default(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep)
    poa_chain *chain = chain_with(s, "[" POWER("mine-7", "") "]", "[" POWER("mine-7", "") "]");
    const poa_request request = request_for("read", "mine-7/hall-2");
    poa_decision decision;
    assert_int_equal(poa_decide(chain, &request, NULL, &decision, NULL), POA_OK);
    assert_false(decision.counted[0]);
    assert_false(decision.counted[1]);
    assert_int_equal(decision.effect, POA_EFFECT_UNTIL_EXP);
    assert_int_equal(decision.on_revoke, POA_ON_REVOKE_REVIEW);
    assert_true(decision.credential_lifetime_s == INT64_MAX);
    assert_int_equal(decision.evidence, POA_EVIDENCE_DEVICE_KEY);
}

static void each_link_must_hold_the_request(void **state)
{
    const site *s = *state;
    static const struct {
        const char *name;
        const char *action;
        const char *location;
        poa_err want;
        int hop;
        const char *member;
    } cases[] = {
        {"inside both", "onboard", "mine-7/hall-2/rack-1", POA_OK, 0, ""},
        {"outside the leaf", "onboard", "mine-7/hall-3", POA_E_LOCATION_NOT_GRANTED, 1,
         "/authorization_details/0/locations"},
        {"outside both: the lowest link speaks", "onboard", "mine-8", POA_E_LOCATION_NOT_GRANTED, 0,
         "/authorization_details/0/locations"},
        {"no such action", "replace", "mine-7/hall-2", POA_E_ACTION_NOT_GRANTED, 0, "/authorization_details/0/actions"},
    };
    POA_CLEANUP(poa_chain_freep)
    poa_chain *chain = chain_with(s, "[" POWER("mine-7", "") "]", "[" POWER("mine-7/hall-2", "") "]");
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        const poa_request request = request_for(cases[i].action, cases[i].location);
        poa_decision decision = {.links = 77};
        poa_reason why = {.hop = 0};
        const poa_err err = poa_decide(chain, &request, NULL, &decision, &why);
        if (err != cases[i].want || why.hop != cases[i].hop || strcmp(why.member, cases[i].member) != 0)
            fail_msg("%s: %s at %d %s", cases[i].name, poa_err_name(err), why.hop, why.member);
        assert_int_equal(decision.links, err ? 77 : 2);
    }
}

static void no_power_of_the_type(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep)
    poa_chain *chain = chain_with(s, "[" POWER("mine-7", "") "," GATE "]", "[" GATE "]");
    const poa_request request = request_for("onboard", "mine-7");
    poa_decision decision;
    poa_reason why;
    assert_int_equal(poa_decide(chain, &request, NULL, &decision, &why), POA_E_ACTION_NOT_GRANTED);
    assert_int_equal(why.hop, 1);
    assert_string_equal(why.member, "/authorization_details");
}

/* ---- Quota ---- */

/* Counters of (link, index); what is asked is counted. */
typedef struct tally {
    const poa_chain *chain;
    uint64_t used[2][2];
    size_t asked;
    poa_err fault;
} tally;

static poa_err look_up(void *self, const poa_id *poa, size_t index, uint64_t *used)
{
    tally *t = self;
    t->asked++;
    if (t->fault)
        return t->fault;
    const size_t hop = poa_id_equal(poa, &poa_chain_link(t->chain, 1)->id) ? 1 : 0;
    assert_true(poa_id_equal(poa, &poa_chain_link(t->chain, hop)->id));
    assert_in_range(index, 0, 1);
    *used = t->used[hop][index];
    return POA_OK;
}

static poa_err decide_with(tally *t, const char *action, const char *location, poa_decision *decision, poa_reason *why)
{
    const poa_quota quota = {.self = t, .used = look_up};
    const poa_request request = request_for(action, location);
    return poa_decide(t->chain, &request, &quota, decision, why);
}

#define ABOVE "[" POWER("mine-7", ",'max_devices':5") "," POWER("mine-7", ",'max_devices':9") "]"
#define BELOW "[" POWER("mine-7/hall-2", ",'max_devices':2") "]"

static void room_for_one_more(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_with(s, ABOVE, BELOW);
    poa_decision decision;
    poa_reason why;

    tally t = {.chain = chain, .used = {{4, 0}, {1, 0}}};
    assert_int_equal(decide_with(&t, "onboard", "mine-7/hall-2", &decision, &why), POA_OK);
    assert_int_equal(decision.applied[0], 0);
    assert_int_equal(t.asked, 2);

    t = (tally){.chain = chain, .used = {{5, 8}, {1, 0}}};
    assert_int_equal(decide_with(&t, "onboard", "mine-7/hall-2", &decision, &why), POA_OK);
    assert_int_equal(decision.applied[0], 1);
    assert_int_equal(t.asked, 3);

    t = (tally){.chain = chain, .used = {{4, 0}, {2, 0}}};
    assert_int_equal(decide_with(&t, "onboard", "mine-7/hall-2", &decision, &why), POA_E_QUOTA_EXCEEDED);
    assert_int_equal(why.hop, 1);
    assert_string_equal(why.member, "/authorization_details/0/max_devices");

    t = (tally){.chain = chain, .used = {{6, UINT64_MAX}, {0, 0}}};
    assert_int_equal(decide_with(&t, "onboard", "mine-7/hall-2", &decision, &why), POA_E_QUOTA_EXCEEDED);
    assert_int_equal(why.hop, 0);
}

/* The lowest hop comes before the order of the checks of a step (section 4). */
static void quota_above_speaks_before_a_power_below(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_with(s, ABOVE, BELOW);
    tally t = {.chain = chain, .used = {{5, 9}, {0, 0}}};
    poa_decision decision;
    poa_reason why;
    assert_int_equal(decide_with(&t, "onboard", "mine-7/hall-3", &decision, &why), POA_E_QUOTA_EXCEEDED);
    assert_int_equal(why.hop, 0);
}

static void only_onboard_asks_for_room(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_with(s, ABOVE, BELOW);
    tally t = {.chain = chain, .used = {{5, 9}, {2, 0}}};
    poa_decision decision;
    assert_int_equal(decide_with(&t, "read", "mine-7/hall-2", &decision, NULL), POA_OK);
    assert_int_equal(t.asked, 0);
}

static void fault_of_the_counters_never_permits(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = chain_with(s, ABOVE, BELOW);
    tally t = {.chain = chain, .fault = POA_F_STORE};
    poa_decision decision;
    assert_int_equal(decide_with(&t, "onboard", "mine-7/hall-2", &decision, NULL), POA_F_STORE);
}

static void chain_must_be_verified(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = usual_chain(s);
    POA_CLEANUP(poa_chain_freep) poa_chain *read = NULL;
    assert_int_equal(poa_chain_read(s->ctx, poa_chain_text(chain), &read, NULL), POA_OK);
    const poa_request request = request_for("onboard", "mine-7/hall-2");
    poa_decision decision;
    assert_int_equal(poa_decide(chain, &request, NULL, &decision, NULL), POA_OK);
    assert_int_equal(poa_decide(read, &request, NULL, &decision, NULL), POA_F_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_applied_is_told),
        cmocka_unit_test(what_is_not_stated_has_its_default),
        cmocka_unit_test(each_link_must_hold_the_request),
        cmocka_unit_test(no_power_of_the_type),
        cmocka_unit_test(room_for_one_more),
        cmocka_unit_test(quota_above_speaks_before_a_power_below),
        cmocka_unit_test(only_onboard_asks_for_room),
        cmocka_unit_test(fault_of_the_counters_never_permits),
        cmocka_unit_test(chain_must_be_verified),
    };
    return cmocka_run_group_tests_name("decision", tests, site_open, site_close);
}
