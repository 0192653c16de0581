#include "poa/revocation_list.h"

#include "answer.h"

#include "accept.h"
#include "bounds.h"
#include "chain.h"
#include "cleanup.h"
#include "guard.h"
#include "json.h"
#include "jws.h"
#include "reason.h"
#include "span.h"
#include "statement.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct line {
    poa_statement *statement; /* owned */
    bool taken;
    char *reach; /* owned; NULL: no administrator's */
} line;

struct poa_revocation_list {
    line *lines; /* owned; count of them, in the order of acceptance */
    size_t count;
    size_t cap;
    size_t ignored;
    bool complete;
    bool has_age;
    int64_t as_of_s;              /* where it has an age */
    poa_revocation_source source; /* self is this list */
};

void poa_revocation_list_free(poa_revocation_list *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++) {
        poa_statement_free(list->lines[i].statement);
        free(list->lines[i].reach);
    }
    free(list->lines);
    free(list);
}
POA_CLEANUP_DEFINE(poa_revocation_list, poa_revocation_list_free)

const poa_revocation_source *poa_revocation_list_source(const poa_revocation_list *list)
{
    return &list->source;
}

size_t poa_revocation_list_ignored(const poa_revocation_list *list)
{
    return list->ignored;
}

/* ---- the source ---- */

static poa_err list_age(void *self, int64_t now_s, int64_t *age_s)
{
    const poa_revocation_list *list = self;
    if (POA_GUARD(list_age_unknown, !list->has_age && !list->complete))
        return POA_E_REVOCATION_UNKNOWN;
    *age_s = list->has_age && now_s > list->as_of_s ? now_s - list->as_of_s : 0;
    return POA_OK;
}

/* Can this line count, as the signers say? An administrator's always may. */
static bool is_by(const line *l, const poa_signers *by)
{
    const poa_id *signer = &poa_statement_get(l->statement)->kid;
    for (size_t i = 0; i < by->count; i++)
        if (poa_id_equal(&by->keys[i], signer))
            return true;
    return l->reach != NULL;
}

static poa_err show(const line *l, poa_record_fn fn, void *arg)
{
    const poa_record record = {
        .statement = poa_statement_text(l->statement),
        .reach = poa_span_of(l->reach),
        .accepted_s = poa_statement_get(l->statement)->iat_s,
    };
    return fn(arg, &record);
}

static poa_err show_target(const poa_revocation_list *list, enum poa_statement_target kind, const poa_id *target,
                           const poa_signers *by, poa_record_fn fn, void *arg)
{
    for (size_t i = 0; i < list->count; i++) {
        const poa_statement_facts *facts = poa_statement_get(list->lines[i].statement);
        if (!list->lines[i].taken || facts->target_kind != kind || !poa_id_equal(&facts->target, target) ||
            !is_by(&list->lines[i], by))
            continue;
        const poa_err err = show(&list->lines[i], fn, arg);
        if (err)
            return err;
    }
    return POA_OK;
}

static poa_err list_on_poa(void *self, const poa_id *poa, const poa_signers *by, poa_record_fn fn, void *arg)
{
    return show_target(self, POA_TARGET_POA, poa, by, fn, arg);
}

static poa_err list_on_key(void *self, const poa_id *key, const poa_signers *by, poa_record_fn fn, void *arg)
{
    return show_target(self, POA_TARGET_KEY, key, by, fn, arg);
}

static poa_err list_on_hold(void *self, poa_span hold, const poa_signers *by, poa_record_fn fn, void *arg)
{
    const poa_revocation_list *list = self;
    for (size_t i = 0; i < list->count; i++) {
        const poa_statement_facts *facts = poa_statement_get(list->lines[i].statement);
        if (!list->lines[i].taken || facts->op != POA_OP_RESUME || !poa_span_equal(facts->hold, hold) ||
            !is_by(&list->lines[i], by))
            continue;
        const poa_err err = show(&list->lines[i], fn, arg);
        if (err)
            return err;
    }
    return POA_OK;
}

/* ---- reading the lines ---- */

/* What all functions of the reading share. */
typedef struct reading {
    const poa_ctx *ctx;
    const poa_chain *chain; /* in hand */
    const poa_policy *policy;
    int64_t now_s;
    poa_revocation_list *list;
    poa_reason *why; /* never NULL */
    /* The chain in hand and every administrator's of the file that passes steps 1 to 6: whose keys may speak. A
     * reference to each. */
    const poa_chain **shown; /* owned */
    size_t shown_count;
    size_t shown_cap;
} reading;

static void reading_clear(reading *r)
{
    for (size_t i = 0; i < r->shown_count; i++)
        poa_chain_free((poa_chain *)(uintptr_t)r->shown[i]);
    free(r->shown);
}

/* The array with room for one more entry of size bytes behind count; NULL, and the array as it was, without memory. */
static void *with_room(void *array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    const size_t more = *cap * 2 + 16;
    void *grown = reallocarray(array, more, size);
    if (grown)
        *cap = more;
    return grown;
}

/* The code that says what is wrong in a line goes right inside ours; the request is the file, so it names the line. */
static poa_err refuse_line(reading *r, size_t number, poa_err err)
{
    if (poa_err_is_fault(err))
        return err;
    const poa_err inner = r->why->because != POA_OK ? r->why->because : err;
    (void)snprintf(r->why->request, sizeof r->why->request, "%zu", number);
    return poa_reason_wrap(r->why, POA_E_REVOCATION_UNKNOWN, inner);
}

static bool is_answer(const poa_ctx *ctx, poa_span text)
{
    poa_jws jws;
    POA_CLEANUP(poa_json_decrefp) json_t *header = NULL;
    if (poa_jws_split(ctx, text, &jws) || poa_jws_read_header(&jws, &header))
        return false;
    return poa_span_is(poa_json_span(json_object_get(header, "typ")), POA_ANSWER_TYP);
}

static poa_err read_age(reading *r, poa_span text)
{
    poa_answer answer;
    const poa_err err = poa_answer_verify(r->ctx, text, r->policy, r->now_s, &answer, r->why);
    if (err)
        return err;
    if (POA_GUARD(list_state, answer.state != POA_STATE_LIST))
        return poa_deny(r->why, POA_E_CLAIM_TYPE, POA_HOP_NONE, "/state");
    r->list->has_age = true;
    r->list->as_of_s = answer.iat_s;
    return POA_OK;
}

static poa_err add_shown(reading *r, const poa_chain *chain)
{
    const poa_chain **shown = with_room(r->shown, r->shown_count, &r->shown_cap, sizeof *shown);
    if (!shown)
        return POA_F_NOMEM;
    r->shown = shown;
    r->shown[r->shown_count++] = poa_chain_ref(chain);
    return POA_OK;
}

static bool is_shown(const reading *r, poa_span text)
{
    for (size_t i = 0; i < r->shown_count; i++)
        if (poa_span_equal(poa_chain_text(r->shown[i]), text))
            return true;
    return false;
}

/* Keep an administrator's chain for its keys; one that does not verify has none to offer. */
static poa_err show_chain(reading *r, const poa_statement_facts *facts)
{
    if (!facts->chain.ptr || is_shown(r, facts->chain))
        return POA_OK;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    const poa_err err = poa_chain_verify(r->ctx, facts->chain, r->policy, facts->iat_s, &chain, NULL);
    if (err)
        return poa_err_is_fault(err) ? err : POA_OK;
    return add_shown(r, chain);
}

static poa_err read_line(reading *r, poa_span text)
{
    poa_revocation_list *list = r->list;
    line *lines = with_room(list->lines, list->count, &list->cap, sizeof *lines);
    if (!lines)
        return POA_F_NOMEM;
    list->lines = lines;
    poa_statement *statement = NULL;
    const poa_err err = poa_statement_read(r->ctx, text, &statement, r->why);
    if (err)
        return err;
    list->lines[list->count++] = (line){.statement = statement};
    return show_chain(r, poa_statement_get(statement));
}

static poa_err read_lines(reading *r, poa_span text)
{
    if (text.len == 0)
        return POA_OK;
    if (poa_span_ends(text, POA_SPAN("\n")))
        text = poa_span_head(text, text.len - 1);
    poa_fields fields = poa_fields_of(text, '\n');
    poa_span field;
    for (size_t number = 1; poa_fields_next(&fields, &field); number++) {
        const bool age = number == 1 && is_answer(r->ctx, field);
        const poa_err err = age ? read_age(r, field) : read_line(r, field);
        if (err)
            return refuse_line(r, number, err);
    }
    return POA_OK;
}

/* ---- whose statements are taken ---- */

static poa_err no_age(void *self, int64_t now_s, int64_t *age_s)
{
    (void)self;
    (void)now_s;
    *age_s = 0;
    return POA_OK;
}

static poa_err accept_line(reading *r, line *l, size_t shown_count)
{
    poa_revocation_source so_far = r->list->source;
    so_far.age = no_age;
    /* The file says no more of when a statement was accepted than its own iat and the lines before it. */
    const poa_acceptance under = {
        .policy = r->policy, .now_s = poa_statement_get(l->statement)->iat_s, .source = &so_far};
    return poa_statement_accept_among(r->ctx, l->statement, &under, r->shown, shown_count, &l->reach, r->why);
}

/*
 * The chain in hand first. Who stands in an administrator's chain alone may still speak against that administrator; one
 * who claims to be an administrator and is none is told as ignored, although its key may do that much.
 */
static poa_err take_line(reading *r, line *l)
{
    poa_err err = accept_line(r, l, 1);
    const bool elsewhere = err == POA_E_STATEMENT_UNAUTHORIZED;
    if (elsewhere)
        err = accept_line(r, l, r->shown_count);
    if (err == POA_E_STATEMENT_UNAUTHORIZED || (elsewhere && poa_statement_get(l->statement)->chain.ptr))
        r->list->ignored++;
    l->taken = err == POA_OK;
    return err == POA_E_STATEMENT_UNAUTHORIZED ? POA_OK : err;
}

static poa_err take_lines(reading *r)
{
    for (size_t i = 0; i < r->list->count; i++) {
        const poa_err err = take_line(r, &r->list->lines[i]);
        if (err)
            return refuse_line(r, i + 1 + r->list->has_age, err);
    }
    return POA_OK;
}

static poa_err read_list(reading *r, poa_span text)
{
    if (POA_GUARD(list_bytes, text.len > POA_REVOCATIONS_BYTES_MAX))
        return poa_reason_wrap(r->why, POA_E_REVOCATION_UNKNOWN,
                               poa_deny(r->why, POA_E_TOO_LARGE, POA_HOP_NONE, "%s", ""));
    poa_err err = add_shown(r, r->chain);
    if (!err)
        err = read_lines(r, text);
    return err ? err : take_lines(r);
}

poa_err poa_revocation_list_parse(const poa_ctx *ctx, poa_span text, const poa_chain *chain, int64_t now_s,
                                  bool complete, poa_revocation_list **out, poa_reason *why)
{
    if (!poa_chain_is_verified(chain))
        return POA_F_USAGE;
    POA_CLEANUP(poa_revocation_list_freep) poa_revocation_list *list = calloc(1, sizeof *list);
    if (!list)
        return POA_F_NOMEM;
    list->complete = complete;
    list->source = (poa_revocation_source){
        .self = list, .age = list_age, .on_poa = list_on_poa, .on_key = list_on_key, .on_hold = list_on_hold};

    poa_reason own;
    POA_CLEANUP(reading_clear) reading r = {.ctx = ctx, .chain = chain, .now_s = now_s, .list = list};
    r.policy = poa_chain_policy(chain);
    r.why = why ? why : &own;
    *r.why = (poa_reason){.hop = POA_HOP_NONE};
    const poa_err err = read_list(&r, text);
    if (err)
        return err;
    if (why)
        *why = (poa_reason){.hop = POA_HOP_NONE};
    *out = POA_TAKE(list);
    return POA_OK;
}
