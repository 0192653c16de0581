#include "site.h"

#include "buf.h"
#include "chain.h"
#include "cleanup.h"
#include "json.h"
#include "span.h"

#define HALLS \
    "{'type':'device_onboarding','actions':['onboard','read'],'locations':['mine-7'],'devices':[{'any':true}]}"
#define AUDIT "{'type':'administration','actions':['audit'],'locations':['mine-7']}"

static poa_chain *narrowing_chain(const site *s)
{
    static const grant grants[] = {
        {.from = OWNER, .to = CONTRACTOR, .powers = "[" AUDIT "," HALLS "]", .iat_s = NOW - 50, .exp_s = NOW + 900},
        {.from = CONTRACTOR, .to = FOREMAN, .powers = "[" HALLS "]", .iat_s = NOW - 40, .exp_s = NOW + 500},
        {.from = FOREMAN, .to = TECHNICIAN, .powers = ONBOARD_HALL, .iat_s = NOW - 40, .exp_s = NOW + 500},
    };
    return chain_of(s, grants, POA_COUNT(grants));
}

/* text is JSON equal to want, which has ' for ". */
static void expect_json(char *text, const char *want)
{
    POA_CLEANUP(poa_freep) char *owned = text;
    POA_CLEANUP(poa_freep) char *wanted = quoted(want);
    assert_non_null(owned);
    POA_CLEANUP(poa_json_decrefp) json_t *is = json_loads(owned, JSON_REJECT_DUPLICATES, NULL);
    POA_CLEANUP(poa_json_decrefp) json_t *should = json_loads(wanted, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(should);
    if (!json_equal(is, should))
        fail_msg("%s\nnot %s", owned, wanted);
}

static void effective_powers_and_their_bounds(void **state)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = narrowing_chain(*state);
    expect_json(poa_chain_describe(chain),
                "{'aud':['" MINE "'],'nbf':{'value':1789999960,'hop':1},'exp':{'value':1790000500,'hop':1},"
                "'transferable':0,'powers':[{'type':'device_onboarding','actions':{'value':['onboard'],'hop':2},"
                "'locations':{'value':['mine-7/hall-2'],'hop':2},'devices':{'value':[{'any':true}],'hop':0},"
                "'max_devices':null,'evidence':{'value':['device_key'],'hop':null},'credential_lifetime':null,"
                "'effect':{'value':'until_exp','hop':null},'on_revoke':{'value':'review','hop':null},'hours':null,"
                "'networks':null}]}");
}

static void what_each_link_took(void **state)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = narrowing_chain(*state);
    expect_json(poa_chain_taken(chain, 0), "[{'type':'administration','granted':" AUDIT "},"
                                           "{'type':'device_onboarding','granted':" HALLS "}]");
    expect_json(poa_chain_taken(chain, 1), "[{'type':'device_onboarding','parent':1,'narrowed':{}}]");
    expect_json(poa_chain_taken(chain, 2), "[{'type':'device_onboarding','parent':0,'narrowed':{"
                                           "'actions':{'from':['onboard','read'],'to':['onboard']},"
                                           "'locations':{'from':['mine-7'],'to':['mine-7/hall-2']}}}]");
    expect_json(poa_chain_taken(chain, 3), "[]");
}

/* The links of one chain and the last of another, in a chain that nobody verified. */
static poa_chain *spliced(const site *s, const poa_chain *above, const poa_chain *below)
{
    poa_fields links = poa_fields_of(poa_chain_text(below), '~');
    poa_span last = {0};
    while (poa_fields_next(&links, &last))
        continue;
    POA_CLEANUP(poa_buf_clear) poa_buf text = {0};
    poa_buf_add(&text, poa_chain_text(above));
    poa_buf_text(&text, "~");
    poa_buf_add(&text, last);

    poa_chain *chain = NULL;
    assert_int_equal(poa_chain_read(s->ctx, poa_buf_span(&text), &chain, NULL), POA_OK);
    return chain;
}

/* The window is still the one in which every link stands, and a power that lies in none above took nothing away. */
static void chain_that_was_only_read(void **state)
{
    const site *s = *state;
    static const grant short_grant = {.from = OWNER, .to = CONTRACTOR, .exp_s = NOW + 100};
    static const grant wide_grants[] = {{.from = OWNER, .to = CONTRACTOR, .powers = "[" HALLS "]"},
                                        {.from = CONTRACTOR, .to = FOREMAN, .powers = "[" HALLS "]"}};
    POA_CLEANUP(poa_chain_freep) poa_chain *above = chain_of(s, &short_grant, 1);
    POA_CLEANUP(poa_chain_freep) poa_chain *below = chain_of(s, wide_grants, 2);
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = spliced(s, above, below);
    expect_json(poa_chain_taken(chain, 1), "[{'type':'device_onboarding','parent':null,'narrowed':null}]");

    POA_CLEANUP(poa_freep) char *text = poa_chain_describe(chain);
    POA_CLEANUP(poa_json_decrefp) json_t *described = json_loads(text, 0, NULL);
    const json_t *exp = json_object_get(described, "exp");
    assert_int_equal(json_integer_value(json_object_get(exp, "value")), NOW + 100);
    assert_int_equal(json_integer_value(json_object_get(exp, "hop")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effective_powers_and_their_bounds),
        cmocka_unit_test(what_each_link_took),
        cmocka_unit_test(chain_that_was_only_read),
    };
    return cmocka_run_group_tests_name("describe", tests, site_open, site_close);
}
