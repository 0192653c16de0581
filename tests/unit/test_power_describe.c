#include "powers.h"

#define POWER(place, more) \
    "{'type':'device_onboarding','actions':['onboard'],'locations':['" place "'],'devices':[{'any':true}]" more "}"

/* Compares JSON with a text as json_of() takes it, members in any order. */
static void expect_json(const poa_buf *b, const char *want)
{
    assert_false(b->failed);
    POA_CLEANUP(poa_json_decrefp) json_t *is = json_of(b->text);
    POA_CLEANUP(poa_json_decrefp) json_t *should = json_of(want);
    if (!json_equal(is, should))
        fail_msg("%s\nnot %s", b->text, want);
}

static void shown_to_people(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *powers = powers_of(
        "[{'networks':['10.0.0.0/8','2001:db8::/32'],"
        "'hours':[{'days':['tue','mon'],'from':'07:00','to':'24:00'},{'days':['sat'],'from':'00:05','to':'12:30'}],"
        "'on_revoke':'cascade','effect':'permanent','credential_lifetime':3600,'evidence':['approval','idevid'],"
        "'max_devices':20,'devices':[{'model':'X','serial':'S1*'},{'id_link':'https://h/*'}],"
        "'locations':['a/b','c'],'actions':['read','onboard'],'type':'device_onboarding'},"
        "{'type':'access','actions':['b','a'],'resources':['https://h','https://g']},"
        "{'type':'administration','actions':['audit','revoke'],'locations':['a']}," POWER("a", "") "]");
    static const char *const want[] = {
        "type: device_onboarding\nactions: onboard, read\nlocations: a/b, c\n"
        "devices: model=X serial=S1*, id_link=https://h/*\nmax_devices: 20\nevidence: device_key, idevid, approval\n"
        "credential_lifetime: 3600 s\neffect: permanent\non_revoke: cascade\n"
        "hours: mon+tue 07:00-24:00 UTC, sat 00:05-12:30 UTC\nnetworks: 10.0.0.0/8, 2001:db8::/32\n",
        "type: access\nactions: b, a\nresources: https://h, https://g\n",
        "type: administration\nactions: revoke, audit\nlocations: a\n",
        "type: device_onboarding\nactions: onboard\nlocations: a\ndevices: any device\n",
    };
    for (size_t i = 0; i < POA_COUNT(want); i++) {
        POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
        poa_power_show(poa_powers_at(powers, i), &b);
        assert_string_equal(b.text, want[i]);
    }
}

static void the_link_that_bounds(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *root = powers_of("[" POWER("z", "") "," POWER("a", ",'max_devices':9") "]");
    POA_CLEANUP(poa_powers_freep)
    poa_powers *middle =
        powers_of("[" POWER("a/b", ",'max_devices':9,'effect':'until_exp','credential_lifetime':60") "]");
    POA_CLEANUP(poa_powers_freep)
    poa_powers *leaf = powers_of("[" POWER(
        "a/b", ",'max_devices':8,'effect':'until_exp','credential_lifetime':60,'evidence':['device_key']") "]");
    const poa_powers *const chain[] = {root, middle, leaf};

    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_powers_describe(chain, 3, &b);
    expect_json(&b, "[{'type':'device_onboarding','actions':{'value':['onboard'],'hop':0},"
                    "'locations':{'value':['a/b'],'hop':1},'devices':{'value':[{'any':true}],'hop':0},"
                    "'max_devices':{'value':8,'hop':2},'evidence':{'value':['device_key'],'hop':0},"
                    "'credential_lifetime':{'value':60,'hop':1},'effect':{'value':'until_exp','hop':0},"
                    "'on_revoke':{'value':'review','hop':null},'hours':null,'networks':null}]");
}

static void a_chain_of_one(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep)
    poa_powers *root = powers_of("[{'type':'administration','actions':['audit'],'locations':['a']},"
                                 "{'type':'access','actions':['read'],'resources':['https://h']}]");
    const poa_powers *const chain[] = {root};
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_powers_describe(chain, 1, &b);
    expect_json(&b, "[{'type':'administration','actions':{'value':['audit'],'hop':0},"
                    "'locations':{'value':['a'],'hop':0}},"
                    "{'type':'access','actions':{'value':['read'],'hop':0},"
                    "'resources':{'value':['https://h'],'hop':0},'hours':null,'networks':null}]");
}

/* Nobody has verified what `poa inspect` shows: a power that lies in none above it is bounded from there on. */
static void a_chain_that_widens(void **state)
{
    (void)state;
    POA_CLEANUP(poa_powers_freep) poa_powers *root = powers_of("[" POWER("a", "") "]");
    POA_CLEANUP(poa_powers_freep) poa_powers *leaf = powers_of("[" POWER("b", "") "]");
    const poa_powers *const chain[] = {root, leaf};
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_powers_describe(chain, 2, &b);
    expect_json(&b, "[{'type':'device_onboarding','actions':{'value':['onboard'],'hop':1},"
                    "'locations':{'value':['b'],'hop':1},'devices':{'value':[{'any':true}],'hop':1},"
                    "'max_devices':null,'evidence':{'value':['device_key'],'hop':null},'credential_lifetime':null,"
                    "'effect':{'value':'until_exp','hop':null},'on_revoke':{'value':'review','hop':null},"
                    "'hours':null,'networks':null}]");
}

static const struct {
    const char *parent;
    const char *child;
    const char *want;
} takings[] = {
    {"[" POWER("a", "") "]", "[" POWER("a", "") "]", "[{'type':'device_onboarding','parent':0,'narrowed':{}}]"},
    {"[" POWER("z", "") "," POWER("a", ",'max_devices':9") "]", "[" POWER("a/b", ",'max_devices':8") "]",
     "[{'type':'device_onboarding','parent':1,'narrowed':{'locations':{'from':['a'],'to':['a/b']},"
     "'max_devices':{'from':9,'to':8}}}]"},
    {"[" POWER("a", "") "]", "[" POWER("a", ",'max_devices':8,'on_revoke':'cascade','effect':'until_exp'") "]",
     "[{'type':'device_onboarding','parent':0,'narrowed':{'max_devices':{'from':null,'to':8},"
     "'on_revoke':{'from':'review','to':'cascade'}}}]"},
    {"[" POWER("a", "") "]", "[" POWER("a", ",'evidence':['device_key']") "]",
     "[{'type':'device_onboarding','parent':0,'narrowed':{}}]"},
    {"[" POWER("a", "") "]", "[" POWER("b", "") "," POWER("a", "") "]",
     "[{'type':'device_onboarding','parent':null,'narrowed':null},"
     "{'type':'device_onboarding','parent':0,'narrowed':{}}]"},
};

static void what_a_link_took_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(takings); i++) {
        POA_CLEANUP(poa_powers_freep) poa_powers *parent = powers_of(takings[i].parent);
        POA_CLEANUP(poa_powers_freep) poa_powers *child = powers_of(takings[i].child);
        POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
        poa_powers_taken(parent, child, &b);
        expect_json(&b, takings[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown_to_people),       cmocka_unit_test(the_link_that_bounds),
        cmocka_unit_test(a_chain_of_one),        cmocka_unit_test(a_chain_that_widens),
        cmocka_unit_test(what_a_link_took_away),
    };
    return cmocka_run_group_tests_name("power_describe", tests, NULL, NULL);
}
