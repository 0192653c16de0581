#include "site.h"

#include "buf.h"
#include "chain.h"
#include "cleanup.h"
#include "json.h"
#include "json_hook.h"
#include "jws.h"
#include "policy.h"
#include "span.h"
#include "statement.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    "owner.example",      "owner.example",   "owner.example",      "other.example",   MINE,
    "contractor.example", "foreman.example", "technician.example", "sibling.example", "admin.example",
    "stranger.example",   "answers.example",
};

const char *name_of(enum who who)
{
    return names[who];
}

char *quoted(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

const poa_id *thumbprint(const site *s, enum who who)
{
    return poa_key_thumbprint(s->keys[who]);
}

poa_signer signer_of(const site *s, enum who who)
{
    poa_signer signer;
    assert_int_equal(poa_signer_of(s->keys[who], POA_ALG_NONE, &signer), POA_OK);
    return signer;
}

static bool count_up(void *self, uint8_t *out, size_t len)
{
    static uint64_t counter;
    (void)self;
    counter++;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(counter >> 8 * (i % 8));
    return true;
}

const poa_random counting = {.fill = count_up};

/* ---- the policy ---- */

#define CEILING                                                                                           \
    "'powers':[{'type':'device_onboarding','actions':['onboard','read'],'locations':['mine-7','mine-8']," \
    "'devices':[{'any':true}]},"                                                                          \
    "{'type':'access','actions':['open'],'resources':['https://gate.example']},"                          \
    "{'type':'administration','actions':['revoke','suspend','resume','audit'],'locations':['mine-7','mine-8']}]"

static void add(poa_buf *b, const char *text)
{
    POA_CLEANUP(poa_freep) char *json = quoted(text);
    poa_buf_text(b, json);
}

static void add_key(poa_buf *b, const site *s, enum who who)
{
    add(b, "{'jwk':");
    poa_buf_text(b, poa_key_jwk(s->keys[who]));
    if (who == OLD_OWNER)
        poa_buf_printf(b, ",\"accept_until\":%d", OLD_UNTIL);
    poa_buf_text(b, "}");
}

static poa_policy *make_policy(const site *s)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    add(&b, "{'version':1,'resource_owner':'" MINE "','owners':[{'iss':'owner.example','keys':[");
    add_key(&b, s, OWNER);
    poa_buf_text(&b, ",");
    add_key(&b, s, NEXT_OWNER);
    poa_buf_text(&b, ",");
    add_key(&b, s, OLD_OWNER);
    add(&b, "]," CEILING "},{'iss':'other.example','keys':[");
    add_key(&b, s, OTHER_OWNER);
    add(&b, "]," CEILING "},{'iss':'" MINE "','administers':'all','keys':[");
    add_key(&b, s, SITE);
    add(&b, "]," CEILING "}],'answer_keys':[");
    poa_buf_text(&b, poa_key_jwk(s->keys[ANSWERER]));
    add(&b, "]}");
    assert_false(b.failed);

    poa_policy *policy = NULL;
    poa_reason why = {0};
    if (poa_policy_parse(s->ctx, poa_buf_span(&b), NULL, &policy, &why))
        fail_msg("policy: %s at %s", poa_err_name(why.code), why.member);
    return policy;
}

int site_open(void **state)
{
    poa_json_hook_install();
    site *s = calloc(1, sizeof *s);
    assert_non_null(s);
    assert_int_equal(poa_ctx_new(&s->ctx), POA_OK);
    for (int who = 0; who < WHO_COUNT; who++)
        assert_int_equal(poa_key_generate(s->ctx, POA_ALG_ES256, &s->keys[who]), POA_OK);
    s->policy = make_policy(s);
    *state = s;
    return 0;
}

int site_close(void **state)
{
    site *s = *state;
    poa_policy_free(s->policy);
    for (int who = 0; who < WHO_COUNT; who++)
        poa_key_free(s->keys[who]);
    poa_ctx_free(s->ctx);
    free(s);
    return 0;
}

/* ---- chains ---- */

static char *mint(const site *s, const poa_chain *parent, const grant *g, int transferable)
{
    POA_CLEANUP(poa_freep) char *powers = quoted(g->powers ? g->powers : ONBOARD_HALL);
    const poa_span aud = POA_SPAN(MINE);
    const poa_grant wanted = {
        .iss = poa_span_of(name_of(g->from)),
        .sub = poa_span_of(name_of(g->to)),
        .agent_key = s->keys[g->to],
        .aud = &aud,
        .aud_len = 1,
        .transferable = transferable,
        .iat_s = g->iat_s ? g->iat_s : NOW - 1000,
        .nbf_s = g->nbf_s ? g->nbf_s : -1,
        .exp_s = g->exp_s ? g->exp_s : NOW + DAY,
        .powers = poa_span_of(powers),
    };
    const poa_signer signer = signer_of(s, g->from);
    char *text = NULL;
    poa_reason why = {0};
    if (poa_grant_sign(s->ctx, parent, &wanted, &signer, &counting, NULL, &text, &why))
        fail_msg("grant: %s at %s", poa_err_name(why.code), why.member);
    return text;
}

char *chain_text(const site *s, const grant *grants, size_t count)
{
    char *text = NULL;
    for (size_t i = 0; i < count; i++) {
        POA_CLEANUP(poa_chain_freep) poa_chain *parent = NULL;
        if (text)
            assert_int_equal(poa_chain_read(s->ctx, poa_span_of(text), &parent, NULL), POA_OK);
        char *longer = mint(s, parent, &grants[i], (int)(count - 1 - i));
        free(text);
        text = longer;
    }
    return text;
}

poa_chain *chain_of(const site *s, const grant *grants, size_t count)
{
    POA_CLEANUP(poa_freep) char *text = chain_text(s, grants, count);
    poa_chain *chain = NULL;
    poa_reason why = {0};
    if (poa_chain_verify(s->ctx, poa_span_of(text), s->policy, NOW, &chain, &why))
        fail_msg("chain: %s at hop %d %s", poa_err_name(why.code), why.hop, why.member);
    return chain;
}

poa_chain *usual_chain(const site *s)
{
    static const grant grants[] = {
        {.from = OWNER, .to = CONTRACTOR}, {.from = CONTRACTOR, .to = FOREMAN}, {.from = FOREMAN, .to = TECHNICIAN}};
    return chain_of(s, grants, POA_COUNT(grants));
}

/* The last link of a chain, and in *above what stands before it, its ~ included. */
static poa_span last_link(poa_span chain, poa_span *above)
{
    size_t start = chain.len;
    while (start > 0 && chain.ptr[start - 1] != '~')
        start--;
    *above = poa_span_head(chain, start);
    return poa_span_skip(chain, start);
}

char *altered_leaf(const site *s, poa_span chain, enum who principal, const char *claim, const char *json)
{
    poa_span above;
    poa_jws jws;
    assert_int_equal(poa_jws_split(s->ctx, last_link(chain, &above), &jws), POA_OK);
    POA_CLEANUP(poa_json_decrefp) json_t *payload = NULL;
    assert_int_equal(poa_jws_read_payload(&jws, &payload), POA_OK);
    assert_int_equal(json_object_set_new(payload, claim, json_loads(json, JSON_DECODE_ANY, NULL)), 0);

    poa_buf claims = {0};
    poa_buf_json(&claims, payload);
    const poa_signer signer = signer_of(s, principal);
    POA_CLEANUP(poa_freep) char *token = NULL;
    assert_int_equal(poa_jws_sign(&signer, "poa+jwt", poa_buf_span(&claims), &token), POA_OK);
    poa_buf_clear(&claims);

    poa_buf whole = {0};
    poa_buf_add(&whole, above);
    poa_buf_text(&whole, token);
    char *text = poa_buf_take(&whole);
    assert_non_null(text);
    return text;
}

/* ---- statements ---- */

poa_statement_request statement_request(enum who signer, enum poa_statement_op op)
{
    static const poa_span here = POA_SPAN_INIT(MINE);
    static const char *const reasons[] = {"unspecified", "certificateHold", "removeFromCRL"};
    return (poa_statement_request){
        .iss = poa_span_of(name_of(signer)),
        .iat_s = NOW - 10,
        .op = op,
        .target_kind = op == POA_OP_RESUME ? POA_TARGET_HOLD : POA_TARGET_POA,
        .reason = poa_span_of(reasons[op]),
        .invalid_since_s = -1,
        .issued_before_s = -1,
        .poa_exp_s = -1,
        .aud = &here,
        .aud_len = op == POA_OP_REVOKE ? 0 : 1,
    };
}

char *statement_text(const site *s, enum who signer, const poa_statement_request *request)
{
    const poa_signer by = signer_of(s, signer);
    char *text = NULL;
    poa_reason why = {0};
    if (poa_statement_sign(s->ctx, request, &by, &counting, &text, &why))
        fail_msg("statement: %s because %s at %s", poa_err_name(why.code), poa_err_name(why.because), why.member);
    return text;
}

/* ---- the shelf ---- */

static poa_err shelf_age(void *self, int64_t now_s, int64_t *age_s)
{
    const shelf *here = self;
    (void)now_s;
    *age_s = here->age_s;
    return POA_OK;
}

static bool is_by(const poa_signers *by, const poa_id *signer)
{
    for (size_t i = 0; i < by->count; i++)
        if (poa_id_equal(&by->keys[i], signer))
            return true;
    return false;
}

/* Show each record that names the target, or where target is NULL the hold; none that need not be shown. */
static poa_err show(const shelf *here, enum poa_statement_target kind, const poa_id *target, poa_span hold,
                    const poa_signers *by, poa_record_fn fn, void *arg)
{
    for (size_t i = 0; i < here->count; i++) {
        POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
        if (poa_statement_read(here->s->ctx, here->records[i].statement, &statement, NULL))
            return fn(arg, &here->records[i]);
        const poa_statement_facts *facts = poa_statement_get(statement);
        const bool named = target ? poa_id_equal(&facts->target, target) : poa_span_equal(facts->hold, hold);
        const bool may_count = here->records[i].reach.len > 0 || is_by(by, &facts->kid);
        if (!here->sloppy && (facts->target_kind != kind || !named || !may_count))
            continue;
        const poa_err err = fn(arg, &here->records[i]);
        if (err)
            return err;
    }
    return POA_OK;
}

static poa_err shelf_on_poa(void *self, const poa_id *poa, const poa_signers *by, poa_record_fn fn, void *arg)
{
    return show(self, POA_TARGET_POA, poa, (poa_span){0}, by, fn, arg);
}

static poa_err shelf_on_key(void *self, const poa_id *key, const poa_signers *by, poa_record_fn fn, void *arg)
{
    return show(self, POA_TARGET_KEY, key, (poa_span){0}, by, fn, arg);
}

static poa_err shelf_on_hold(void *self, poa_span hold, const poa_signers *by, poa_record_fn fn, void *arg)
{
    return show(self, POA_TARGET_HOLD, NULL, hold, by, fn, arg);
}

poa_revocation_source shelf_source(shelf *here)
{
    return (poa_revocation_source){
        .self = here,
        .age = shelf_age,
        .on_poa = shelf_on_poa,
        .on_key = shelf_on_key,
        .on_hold = shelf_on_hold,
    };
}

void shelf_add(shelf *here, const char *statement, const char *reach, int64_t accepted_s)
{
    assert_true(here->count < POA_COUNT(here->records));
    here->records[here->count] = (poa_record){
        .statement = poa_span_of(statement),
        .reach = poa_span_of(reach),
        .epoch = here->count + 1,
        .accepted_s = accepted_s,
    };
    here->count++;
}
