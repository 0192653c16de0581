#include "site.h"

#include "bounds.h"
#include "buf.h"
#include "cleanup.h"
#include "policy.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

/* Two more public keys: RFC 7515 appendix A.3 and RFC 8037 appendix A.2. */
#define KEY_A                                                                          \
    "{'kty':'EC','crv':'P-256','x':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU','y':" \
    "'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'}"
#define KEY_B                "{'kty':'OKP','crv':'Ed25519','x':'11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'}"
#define POWERS               "'powers':[{'type':'administration','actions':['audit'],'locations':['mine-7']}]"
#define OWNER_A(more)        "{'iss':'a.example','keys':[{'jwk':" KEY_A "}]," POWERS more "}"
#define POLICY(owners, more) "{'version':1,'resource_owner':'mine.example','owners':[" owners "]" more "}"
#define WITH(more)           POLICY(OWNER_A(""), more)

#define MAKER(members) WITH(",'manufacturers':[{'name':'Acme','ca':'-----BEGIN CERTIFICATE-----'" members "}]")
#define HOSTS          "/manufacturers/0/id_link_hosts"

static const struct {
    const char *json;
    poa_err want;
    const char *member;
} cases[] = {
    {WITH(""), POA_OK, ""},
    {"[]", POA_E_MALFORMED, ""},
    {"{'resource_owner':'m','owners':[" OWNER_A("") "]}", POA_E_CLAIM_MISSING, "/version"},
    {"{'version':2,'resource_owner':'m','owners':[" OWNER_A("") "]}", POA_E_CLAIM_TYPE, "/version"},
    {"{'version':'1','resource_owner':'m','owners':[" OWNER_A("") "]}", POA_E_CLAIM_TYPE, "/version"},
    {"{'version':1,'owners':[" OWNER_A("") "]}", POA_E_CLAIM_MISSING, "/resource_owner"},
    {"{'version':1,'resource_owner':'','owners':[" OWNER_A("") "]}", POA_E_CLAIM_TYPE, "/resource_owner"},
    {"{'version':1,'resource_owner':'m'}", POA_E_CLAIM_MISSING, "/owners"},
    {POLICY("", ""), POA_E_CLAIM_TYPE, "/owners"},
    {WITH(",'mystery':1"), POA_E_CLAIM_FORBIDDEN, "/mystery"},
    {WITH(",'a~/b':1"), POA_E_CLAIM_FORBIDDEN, "/a~0~1b"},

    /* owners */
    {POLICY("{'keys':[{'jwk':" KEY_A "}]," POWERS "}", ""), POA_E_CLAIM_MISSING, "/owners/0/iss"},
    {POLICY("{'iss':'a','keys':[]," POWERS "}", ""), POA_E_CLAIM_TYPE, "/owners/0/keys"},
    {POLICY("{'iss':'a','keys':[{'jwk':" KEY_A "}]}", ""), POA_E_CLAIM_MISSING, "/owners/0/powers"},
    {POLICY("{'iss':'a','keys':[{'jwk':" KEY_A "}],'powers':[]}", ""), POA_E_CLAIM_TYPE, "/owners/0/powers"},
    {POLICY("{'iss':'a','keys':[{'jwk':" KEY_A "}],'powers':[{'type':'magic'}]}", ""), POA_E_POWER_UNKNOWN,
     "/owners/0/powers/0/type"},
    {POLICY(OWNER_A(",'mystery':1"), ""), POA_E_CLAIM_FORBIDDEN, "/owners/0/mystery"},
    {POLICY(OWNER_A(",'max_links':1"), ""), POA_OK, ""},
    {POLICY(OWNER_A(",'max_links':9"), ""), POA_OK, ""},
    {POLICY(OWNER_A(",'max_links':0"), ""), POA_E_CLAIM_TYPE, "/owners/0/max_links"},
    {POLICY(OWNER_A(",'max_links':10"), ""), POA_E_CLAIM_TYPE, "/owners/0/max_links"},
    {POLICY(OWNER_A(",'max_lifetime':1"), ""), POA_OK, ""},
    {POLICY(OWNER_A(",'max_lifetime':0"), ""), POA_E_CLAIM_TYPE, "/owners/0/max_lifetime"},
    {POLICY(OWNER_A(",'administers':'all'"), ""), POA_OK, ""},
    {POLICY(OWNER_A(",'administers':'some'"), ""), POA_E_CLAIM_TYPE, "/owners/0/administers"},
    {POLICY(OWNER_A("") "," OWNER_A(""), ""), POA_E_CLAIM_TYPE, "/owners/1/iss"},
    {POLICY(OWNER_A("") ",{'iss':'b','keys':[{'jwk':" KEY_A "}]," POWERS "}", ""), POA_E_CLAIM_TYPE,
     "/owners/1/keys/0/jwk"},
    {POLICY("{'iss':'a','keys':[{'jwk':" KEY_A "},{'jwk':" KEY_A "}]," POWERS "}", ""), POA_E_CLAIM_TYPE,
     "/owners/0/keys/1/jwk"},
    {POLICY("{'iss':'a','keys':[{'jwk':" KEY_A "},{'jwk':" KEY_B ",'label':'next','accept_until':9}]," POWERS "}", ""),
     POA_OK, ""},
    {POLICY("{'iss':'a','keys':[{'jwk':" KEY_A ",'accept_until':1.5}]," POWERS "}", ""), POA_E_CLAIM_TYPE,
     "/owners/0/keys/0/accept_until"},
    {POLICY("{'iss':'a','keys':[{'jwk':" KEY_A ",'mystery':1}]," POWERS "}", ""), POA_E_CLAIM_FORBIDDEN,
     "/owners/0/keys/0/mystery"},
    {POLICY("{'iss':'a','keys':[{'jwk':{'kty':'oct','k':'AA'}}]," POWERS "}", ""), POA_E_PRIVATE_KEY_IN_TOKEN,
     "/owners/0/keys/0/jwk"},
    {POLICY("{'iss':'a','keys':[{'jwk':'AA'}]," POWERS "}", ""), POA_E_KEY_INVALID, "/owners/0/keys/0/jwk"},
    {POLICY("{'iss':'a','keys':['AA']," POWERS "}", ""), POA_E_CLAIM_TYPE, "/owners/0/keys/0"},

    /* the rest */
    {WITH(",'algorithms':['ES256','ES384','EdDSA','RS256','PS256']"), POA_OK, ""},
    {WITH(",'algorithms':['Ed25519']"), POA_E_CLAIM_TYPE, "/algorithms"},
    {WITH(",'algorithms':['none']"), POA_E_CLAIM_TYPE, "/algorithms"},
    {WITH(",'algorithms':['HS256']"), POA_E_CLAIM_TYPE, "/algorithms"},
    {WITH(",'algorithms':[]"), POA_E_CLAIM_TYPE, "/algorithms"},
    {WITH(",'algorithms':['ES256','ES256']"), POA_E_CLAIM_TYPE, "/algorithms"},
    {WITH(",'clock_skew':0"), POA_OK, ""},
    {WITH(",'clock_skew':300"), POA_OK, ""},
    {WITH(",'clock_skew':301"), POA_E_CLAIM_TYPE, "/clock_skew"},
    {WITH(",'clock_skew':-1"), POA_E_CLAIM_TYPE, "/clock_skew"},
    {WITH(",'max_revocation_age':60"), POA_OK, ""},
    {WITH(",'max_revocation_age':-1"), POA_E_CLAIM_TYPE, "/max_revocation_age"},
    {WITH(",'answer_keys':[" KEY_B "]"), POA_OK, ""},
    {WITH(",'answer_keys':[" KEY_B ",{}]"), POA_E_KEY_INVALID, "/answer_keys/1"},
    {WITH(",'onboarding':{'approval':'always','tickets':'required','offline_age':1}"), POA_OK, ""},
    {WITH(",'onboarding':{'approval':'never'}"), POA_E_CLAIM_TYPE, "/onboarding/approval"},
    {WITH(",'onboarding':{'tickets':true}"), POA_E_CLAIM_TYPE, "/onboarding/tickets"},
    {WITH(",'onboarding':{'mystery':1}"), POA_E_CLAIM_FORBIDDEN, "/onboarding/mystery"},
    {WITH(",'onboarding':[]"), POA_E_CLAIM_TYPE, "/onboarding"},
    {WITH(",'credentials':{'lifetime':60}"), POA_OK, ""},
    {WITH(",'credentials':{'lifetime':59}"), POA_E_CLAIM_TYPE, "/credentials/lifetime"},
    {WITH(",'trust':{'period':60,'grace':0,'review_deadline':0}"), POA_OK, ""},
    {WITH(",'trust':{'period':1}"), POA_E_CLAIM_TYPE, "/trust/period"},
    {WITH(",'trust':{'mystery':1}"), POA_E_CLAIM_FORBIDDEN, "/trust/mystery"},
    {WITH(",'manufacturers':[{'name':'Acme','ca':'-----BEGIN CERTIFICATE-----','id_link_hosts':['id.example'],"
          "'serial_from':'serialNumber'}]"),
     POA_OK, ""},
    {MAKER(""), POA_OK, ""},
    {MAKER(",'serial_from':'commonName'"), POA_OK, ""},
    {MAKER(",'id_link_hosts':['a.example','b.example','localhost']"), POA_OK, ""},
    {MAKER(",'id_link_hosts':[]"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':'a.example'"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['A.example']"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['a.example',7]"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['']"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['a.example.']"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['a.example:443']"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['https://a.example']"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['*.example']"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['192.0.2.1']"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'id_link_hosts':['a.example','a.example']"), POA_E_CLAIM_TYPE, HOSTS},
    {MAKER(",'mystery':1"), POA_E_CLAIM_FORBIDDEN, "/manufacturers/0/mystery"},
    {WITH(",'manufacturers':[{'name':'Acme'}]"), POA_E_CLAIM_MISSING, "/manufacturers/0/ca"},
    {WITH(",'manufacturers':[{'name':'Acme','ca':'no PEM'}]"), POA_E_CLAIM_TYPE, "/manufacturers/0/ca"},
    {WITH(",'manufacturers':[{'name':'Acme','ca':'-----BEGIN CERTIFICATE-----','serial_from':'x'}]"), POA_E_CLAIM_TYPE,
     "/manufacturers/0/serial_from"},
    {WITH(",'manufacturers':[{'name':'A','ca':'-----BEGIN CERTIFICATE-----'},{'name':'A','ca':"
          "'-----BEGIN CERTIFICATE-----'}]"),
     POA_E_CLAIM_TYPE, "/manufacturers/1/name"},
};

static poa_err parse(const site *s, const char *json, const poa_limits *limits, poa_policy **policy, poa_reason *why)
{
    POA_CLEANUP(poa_freep) char *text = quoted(json);
    return poa_policy_parse(s->ctx, poa_span_of(text), limits, policy, why);
}

static void each_document(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        poa_policy *policy = NULL;
        poa_reason why = {.hop = 7};
        const poa_err err = parse(*state, cases[i].json, NULL, &policy, &why);
        if (err != cases[i].want || strcmp(why.member, cases[i].member) != 0)
            fail_msg("%s: %s at %s", cases[i].json, poa_err_name(err), why.member);
        assert_int_equal(policy != NULL, err == POA_OK);
        assert_int_equal(why.hop, err ? POA_HOP_NONE : 7);
        poa_policy_free(policy);
    }
}

static void makers(void **state)
{
    poa_policy *policy = NULL;
    assert_int_equal(parse(*state, MAKER(""), NULL, &policy, NULL), POA_OK);
    const poa_policy_manufacturer *maker = poa_policy_manufacturer_at(policy, 0);
    assert_true(poa_span_is(maker->name, "Acme"));
    assert_int_equal(maker->id_link_hosts_len, 0);
    assert_int_equal(maker->serial_from, POA_SERIAL_FROM_SERIAL_NUMBER);
    assert_null(poa_policy_manufacturer_at(policy, 1));
    poa_policy_free(policy);

    const char *more = MAKER(",'id_link_hosts':['a.example','b.example'],'serial_from':'commonName'");
    assert_int_equal(parse(*state, more, NULL, &policy, NULL), POA_OK);
    maker = poa_policy_manufacturer_at(policy, 0);
    assert_int_equal(maker->id_link_hosts_len, 2);
    assert_true(poa_span_is(maker->id_link_hosts[0], "a.example"));
    assert_true(poa_span_is(maker->id_link_hosts[1], "b.example"));
    assert_int_equal(maker->serial_from, POA_SERIAL_FROM_COMMON_NAME);
    poa_policy_free(policy);
}

static void defaults(void **state)
{
    poa_policy *policy = NULL;
    assert_int_equal(parse(*state, WITH(""), NULL, &policy, NULL), POA_OK);
    const poa_policy_settings *s = poa_policy_get(policy);
    assert_true(poa_span_is(s->resource_owner, "mine.example"));
    assert_int_equal(s->limits.chain_bytes, 16384);
    assert_int_equal(s->limits.links, 8);
    assert_int_equal(s->clock_skew_s, 30);
    assert_int_equal(s->max_revocation_age_s, 60);
    assert_int_equal(s->approval, POA_APPROVAL_AS_GRANTED);
    assert_int_equal(s->tickets, POA_TICKETS_OPTIONAL);
    assert_int_equal(s->offline_age_s, 604800);
    assert_int_equal(s->credential_lifetime_s, 604800);
    assert_int_equal(s->trust_period_s, 86400);
    assert_int_equal(s->trust_grace_s, 3600);
    assert_int_equal(s->review_deadline_s, 1209600);
    assert_true(poa_policy_allows(policy, POA_ALG_ES256));
    assert_true(poa_policy_allows(policy, POA_ALG_ES384));
    assert_true(poa_policy_allows(policy, POA_ALG_EDDSA));
    assert_false(poa_policy_allows(policy, POA_ALG_RS256));
    assert_false(poa_policy_allows(policy, POA_ALG_PS256));
    assert_false(poa_policy_allows(policy, POA_ALG_NONE));
    assert_null(poa_policy_answer_key(policy, 0));
    const poa_policy_owner *owner = poa_policy_owner_at(policy, 0);
    assert_true(poa_span_is(owner->iss, "a.example"));
    assert_int_equal(owner->max_links, 8);
    assert_int_equal(owner->max_lifetime_s, 31622400);
    assert_false(owner->administers_all);
    assert_null(poa_policy_owner_at(policy, 1));
    poa_policy_free(policy);
}

static void limits_change_the_version_and_have_a_ceiling(void **state)
{
    static const poa_limits limits[] = {{0, 0}, {16384, 8}, {16384, 9}, {65536, 8}};
    poa_id versions[4];
    for (size_t i = 0; i < 4; i++) {
        poa_policy *policy = NULL;
        assert_int_equal(parse(*state, WITH(""), &limits[i], &policy, NULL), POA_OK);
        versions[i] = *poa_policy_version(policy);
        poa_policy_free(policy);
    }
    assert_true(poa_id_equal(&versions[0], &versions[1]));
    assert_false(poa_id_equal(&versions[0], &versions[2]));
    assert_false(poa_id_equal(&versions[0], &versions[3]));
    assert_false(poa_id_equal(&versions[2], &versions[3]));

    static const poa_limits beyond[] = {{65537, 8}, {16384, 10}};
    for (size_t i = 0; i < 2; i++) {
        poa_policy *policy = NULL;
        assert_int_equal(parse(*state, WITH(""), &beyond[i], &policy, NULL), POA_F_USAGE);
        assert_null(policy);
    }
}

static void a_pin_ends(void **state)
{
    const site *s = *state;
    const poa_key *key = NULL;
    assert_non_null(poa_policy_pin(s->policy, thumbprint(s, OLD_OWNER), OLD_UNTIL - 1, &key));
    assert_true(poa_id_equal(poa_key_thumbprint(key), thumbprint(s, OLD_OWNER)));
    assert_null(poa_policy_pin(s->policy, thumbprint(s, OLD_OWNER), OLD_UNTIL, NULL));
    assert_non_null(poa_policy_pin(s->policy, thumbprint(s, OWNER), POA_TIME_MAX - 1, NULL));
    assert_null(poa_policy_pin(s->policy, thumbprint(s, STRANGER), 0, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_document), cmocka_unit_test(makers),
        cmocka_unit_test(defaults),      cmocka_unit_test(limits_change_the_version_and_have_a_ceiling),
        cmocka_unit_test(a_pin_ends),
    };
    return cmocka_run_group_tests_name("policy", tests, site_open, site_close);
}
