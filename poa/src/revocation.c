#include "poa/revocation.h"

#include "authority.h"
#include "chain.h"
#include "guard.h"
#include "reason.h"
#include "span.h"

#include <string.h>

const poa_revocation_source poa_revocation_unchecked = {0};

/* ---- what is told of a statement that counts ---- */

static void copy_text(char *out, size_t cap, poa_span text)
{
    const poa_span head = poa_span_head(text, cap - 1);
    if (head.len > 0)
        memcpy(out, head.ptr, head.len);
    out[head.len] = '\0';
}

static void fill_hit(poa_revocation_hit *hit, const poa_opened_record *opened, size_t hop, enum poa_standing standing)
{
    const poa_statement_facts *facts = opened->facts;
    *hit = (poa_revocation_hit){
        .hop = (int)hop,
        .op = facts->op,
        .standing = standing,
        .on_revoke = poa_statement_on_revoke(facts),
        .target_kind = facts->target_kind,
        .target = facts->target,
        .statement = facts->id,
        .kid = facts->kid,
        .iat_s = facts->iat_s,
        .accepted_s = opened->accepted_s,
        .epoch = opened->epoch,
    };
    copy_text(hit->jti, sizeof hit->jti, facts->jti);
    copy_text(hit->reason, sizeof hit->reason, facts->reason);
}

/* ---- one question: does anything count on this aspect of this link? ---- */

typedef struct question {
    const poa_ctx *ctx;
    const poa_chain *chain;
    const poa_revocation_source *source;
    const poa_signers *by; /* who can count on this link */
    size_t hop;
    enum poa_aspect aspect;
    bool revoked;
    bool held;
    poa_revocation_hit hit; /* of the revoke; else of the first hold that is not lifted */
} question;

typedef struct lifting {
    const question *asked;
    const poa_opened_record *hold;
    enum poa_standing standing; /* of the hold */
    bool lifted;
} lifting;

/* Ends a walk that found what it looked for. */
#define FOUND POA_E_REVOKED

static poa_err see_resume(void *arg, const poa_record *record)
{
    lifting *l = arg;
    POA_CLEANUP(poa_opened_record_clear) poa_opened_record resume = {0};
    const poa_err err = poa_record_open(l->asked->ctx, record, &resume);
    if (err)
        return err;
    if (!poa_resume_lifts(&resume, l->hold, l->standing, l->asked->chain, l->asked->hop))
        return POA_OK;
    l->lifted = true;
    return FOUND;
}

/* What a walk returned: a fault stays one, and a refusal that is not our own way to end it makes nothing known. */
static poa_err walked(poa_err err, bool found)
{
    if (err == POA_OK || poa_err_is_fault(err))
        return err;
    return found ? POA_OK : POA_E_REVOCATION_UNKNOWN;
}

static poa_err see_hold(question *q, const poa_opened_record *hold, enum poa_standing standing)
{
    lifting l = {.asked = q, .hold = hold, .standing = standing};
    poa_who who;
    poa_who_lifts(q->chain, hold, &who);
    const poa_signers by = {who.keys, who.count};
    poa_err err = q->source->on_hold(q->source->self, hold->facts->jti, &by, see_resume, &l);
    err = walked(err, l.lifted);
    if (err || l.lifted)
        return err;
    q->held = true;
    fill_hit(&q->hit, hold, q->hop, standing);
    return POA_OK;
}

static poa_err see_record(void *arg, const poa_record *record)
{
    question *q = arg;
    POA_CLEANUP(poa_opened_record_clear) poa_opened_record opened = {0};
    const poa_err err = poa_record_open(q->ctx, record, &opened);
    if (err)
        return err;
    const enum poa_standing standing = poa_standing_on(&opened, q->chain, q->hop, q->aspect);
    if (POA_GUARD(statement_standing, standing == POA_STANDING_NONE))
        return POA_OK;
    if (opened.facts->op == POA_OP_SUSPEND)
        return q->held ? POA_OK : see_hold(q, &opened, standing);

    q->revoked = true; /* for ever, so no hold matters any more */
    fill_hit(&q->hit, &opened, q->hop, standing);
    return FOUND;
}

static poa_err ask(question *q)
{
    const poa_id *id = poa_aspect_of(poa_chain_link(q->chain, q->hop), q->aspect);
    const poa_revocation_source *source = q->source;
    const poa_err err = q->aspect == POA_ASPECT_ID ? source->on_poa(source->self, id, q->by, see_record, q)
                                                   : source->on_key(source->self, id, q->by, see_record, q);
    return walked(err, q->revoked);
}

static poa_err refuse(const question *q, poa_revocation_hit *hit, poa_reason *why)
{
    if (hit)
        *hit = q->hit;
    const int hop = (int)q->hop;
    if (!q->revoked)
        return poa_deny(why, POA_E_SUSPENDED, hop, "%s", "");
    if (q->aspect == POA_ASPECT_ID)
        return poa_deny(why, POA_E_REVOKED, hop, "%s", "");
    return poa_deny(why, POA_E_KEY_REVOKED, hop, "%s", q->aspect == POA_ASPECT_KID ? "/header/kid" : "/cnf");
}

static poa_err unknown(poa_reason *why, const char *member)
{
    return poa_deny(why, POA_E_REVOCATION_UNKNOWN, POA_HOP_NONE, "%s", member);
}

/* Does anything count on link hop by itself? */
static poa_err ask_link(const poa_ctx *ctx, const poa_chain *chain, size_t hop, const poa_revocation_source *source,
                        poa_revocation_hit *hit, poa_reason *why)
{
    poa_who who;
    poa_who_counts(chain, hop, &who);
    const poa_signers by = {who.keys, who.count};
    for (int aspect = 0; aspect < POA_ASPECTS; aspect++) {
        question q = {.ctx = ctx, .chain = chain, .source = source, .by = &by, .hop = hop};
        q.aspect = (enum poa_aspect)aspect;
        const poa_err err = ask(&q);
        if (err)
            return err == POA_E_REVOCATION_UNKNOWN ? unknown(why, "") : err;
        if (POA_GUARD(link_revoked, q.revoked) || POA_GUARD(link_suspended, q.held))
            return refuse(&q, hit, why);
    }
    return POA_OK;
}

/* ---- step 8 ---- */

/* Is there a source, and is it fresh enough for the policy? */
static poa_err check_source(const poa_chain *chain, int64_t now_s, const poa_revocation_source *source, poa_reason *why)
{
    if (!poa_chain_is_verified(chain))
        return POA_F_USAGE;
    if (POA_GUARD(revocation_source, !source))
        return unknown(why, "");
    if (!source || source == &poa_revocation_unchecked)
        return POA_OK;
    int64_t age_s = 0;
    const poa_err err = source->age(source->self, now_s, &age_s);
    if (err)
        return poa_err_is_fault(err) ? err : unknown(why, "");
    const int64_t max_s = poa_policy_get(poa_chain_policy(chain))->max_revocation_age_s;
    if (POA_GUARD(revocation_age, age_s < 0 || age_s > max_s))
        return unknown(why, "");
    return POA_OK;
}

/* We fetch no status lists (section 2), so a link that refers to one may be revoked there. */
static poa_err check_status(const poa_chain *chain, size_t hop, poa_reason *why)
{
    if (POA_GUARD(link_status, poa_chain_link(chain, hop)->has_status))
        return unknown(why, "/status");
    return POA_OK;
}

static bool is_checked(const poa_revocation_source *source)
{
    return source && source != &poa_revocation_unchecked;
}

/* Links first to last of the chain: what counts on one of them is told before what is not known. */
static poa_err ask_links(const poa_ctx *ctx, const poa_chain *chain, size_t first, size_t last,
                         const poa_revocation_source *source, poa_revocation_hit *hit, poa_reason *why)
{
    for (size_t hop = first; is_checked(source) && hop <= last; hop++) {
        const poa_err err = ask_link(ctx, chain, hop, source, hit, why);
        if (err)
            return err;
    }
    for (size_t hop = first; hop <= last; hop++) {
        const poa_err err = check_status(chain, hop, why);
        if (err)
            return err;
    }
    return POA_OK;
}

poa_err poa_chain_not_revoked(const poa_ctx *ctx, const poa_chain *chain, int64_t now_s,
                              const poa_revocation_source *source, poa_revocation_hit *hit, poa_reason *why)
{
    const poa_err err = check_source(chain, now_s, source, why);
    return err ? err : ask_links(ctx, chain, 0, poa_chain_len(chain) - 1, source, hit, why);
}

poa_err poa_link_state(const poa_ctx *ctx, const poa_chain *chain, size_t hop, int64_t now_s,
                       const poa_revocation_source *source, poa_revocation_hit *hit, poa_reason *why)
{
    if (hop >= poa_chain_len(chain))
        return POA_F_USAGE;
    const poa_err err = check_source(chain, now_s, source, why);
    return err ? err : ask_links(ctx, chain, hop, hop, source, hit, why);
}

/* ---- one record ---- */

/* The lowest link on which it counts, and there the first aspect. */
static void judge(const poa_opened_record *opened, const poa_chain *chain, poa_revocation_hit *hit)
{
    for (size_t hop = 0; hop < poa_chain_len(chain); hop++)
        for (int aspect = 0; aspect < POA_ASPECTS; aspect++) {
            const enum poa_standing standing = poa_standing_on(opened, chain, hop, (enum poa_aspect)aspect);
            if (standing == POA_STANDING_NONE)
                continue;
            fill_hit(hit, opened, hop, standing);
            return;
        }
    fill_hit(hit, opened, 0, POA_STANDING_NONE);
    hit->hop = POA_HOP_NONE;
}

poa_err poa_record_judge(const poa_ctx *ctx, const poa_record *record, const poa_chain *chain, poa_revocation_hit *hit)
{
    if (!poa_chain_is_verified(chain))
        return POA_F_USAGE;
    POA_CLEANUP(poa_opened_record_clear) poa_opened_record opened = {0};
    const poa_err err = poa_record_open(ctx, record, &opened);
    if (err)
        return err;
    judge(&opened, chain, hit);
    return POA_OK;
}

poa_err poa_facts_judge(const poa_statement_facts *facts, poa_span reach, int64_t now_s, const poa_chain *chain,
                        poa_revocation_hit *hit)
{
    if (!poa_chain_is_verified(chain))
        return POA_F_USAGE;
    POA_CLEANUP(poa_opened_record_clear) poa_opened_record opened = {0};
    const poa_err err = poa_facts_open(facts, reach, now_s, &opened);
    if (err)
        return err;
    judge(&opened, chain, hit);
    return POA_OK;
}

enum poa_on_revoke poa_revocation_effect(const poa_revocation_hit *hit, enum poa_on_revoke of_power)
{
    if (hit->op != POA_OP_REVOKE || hit->standing == POA_STANDING_AGENT)
        return POA_ON_REVOKE_STOP_NEW;
    const bool may_strengthen = hit->standing == POA_STANDING_OWNER || hit->standing == POA_STANDING_ADMINISTRATOR;
    if (POA_GUARD(effect_strengthened, !may_strengthen))
        return of_power;
    return hit->on_revoke > of_power ? hit->on_revoke : of_power;
}
