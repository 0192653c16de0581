#include "nomem.h"

#include "buf.h"
#include "policy.h"

#include <stdlib.h>
#include <string.h>

static void draw_id(poa_buf *b, const poa_id *id)
{
    poa_buf_printf(b, "%s ", poa_id_print(id).chars);
}

static void draw_span(poa_buf *b, poa_span span)
{
    poa_buf_printf(b, "%zu:", span.len);
    poa_buf_add(b, span);
    poa_buf_text(b, " ");
}

static void draw_chain(poa_buf *b, const poa_chain *chain)
{
    draw_span(b, poa_chain_text(chain));
    for (size_t i = 0; i < poa_chain_len(chain); i++) {
        const poa_link *link = poa_chain_link(chain, i);
        draw_id(b, &link->id);
        draw_id(b, &link->kid);
        draw_id(b, poa_key_thumbprint(link->agent_key));
        draw_span(b, link->iss);
        draw_span(b, link->sub);
        draw_span(b, link->aud[0]);
        draw_span(b, link->jti);
        draw_span(b, link->principal_name);
        draw_span(b, link->powers);
        poa_buf_printf(b, "%zu %d %lld %lld %lld %d\n", link->aud_len, link->transferable, (long long)link->iat_s,
                       (long long)link->nbf_s, (long long)link->exp_s, link->has_status);
    }
    char *powers = poa_chain_describe(chain);
    poa_buf_text(b, powers);
    free(powers);
}

static void draw_policy(poa_buf *b, const site *s, const poa_policy *policy)
{
    const poa_policy_settings *settings = poa_policy_get(policy);
    draw_id(b, poa_policy_version(policy));
    draw_span(b, settings->resource_owner);
    poa_buf_printf(b, "%u %lld ", settings->algorithms, (long long)settings->max_revocation_age_s);
    const poa_policy_owner *owner = NULL;
    for (size_t i = 0; (owner = poa_policy_owner_at(policy, i)); i++) {
        draw_span(b, owner->iss);
        poa_buf_printf(b, "%zu %lld %d ", owner->max_links, (long long)owner->max_lifetime_s, owner->administers_all);
        for (size_t k = 0; k < poa_powers_count(poa_policy_owner_powers(owner)); k++)
            poa_power_json(poa_powers_at(poa_policy_owner_powers(owner), k), b);
    }
    for (int who = 0; who < WHO_COUNT; who++)
        poa_buf_printf(b, "%d", poa_policy_pin(policy, thumbprint(s, (enum who)who), NOW, NULL) != NULL);
    draw_id(b, poa_key_thumbprint(poa_policy_answer_key(policy, 0)));
}

static void draw_statement(poa_buf *b, const poa_statement *statement)
{
    const poa_statement_facts *facts = poa_statement_get(statement);
    draw_span(b, poa_statement_text(statement));
    draw_id(b, &facts->target);
    draw_id(b, &facts->kid);
    draw_span(b, facts->jti);
    draw_span(b, facts->reason);
    draw_span(b, facts->chain);
}

static void draw_token(poa_buf *b, const char *token)
{
    const char *signature = strrchr(token, '.');
    assert_non_null(signature);
    poa_buf_add(b, (poa_span){token, (size_t)(signature - token)});
}

static void draw_decision(poa_buf *b, const poa_decision *decision)
{
    poa_buf_printf(b, "%zu %d %d %lld %u ", decision->links, decision->effect, decision->on_revoke,
                   (long long)decision->credential_lifetime_s, decision->evidence);
    for (size_t i = 0; i < decision->links; i++)
        poa_buf_printf(b, "%zu %d ", decision->applied[i], decision->counted[i]);
}

static void draw_answer(poa_buf *b, const poa_answer *answer)
{
    poa_buf_printf(b, "%s %lld %s %d %s ", answer->iss, (long long)answer->exp_s, answer->store, answer->state,
                   answer->reason);
    draw_id(b, &answer->by);
}

static void draw_hit(poa_buf *b, const poa_revocation_hit *hit)
{
    poa_buf_printf(b, "%d %d %d %d %s %s", hit->hop, hit->op, hit->standing, hit->on_revoke, hit->jti, hit->reason);
    draw_id(b, &hit->target);
}

char *picture(const world *w, const result *r)
{
    poa_buf b = {0};
    if (r->key)
        poa_buf_text(&b, poa_key_jwk(r->key));
    if (r->policy)
        draw_policy(&b, w->s, r->policy);
    if (r->chain)
        draw_chain(&b, r->chain);
    if (r->statement)
        draw_statement(&b, r->statement);
    if (r->list)
        poa_buf_printf(
            &b, "%zu %d", poa_revocation_list_ignored(r->list),
            poa_chain_not_revoked(w->s->ctx, w->chain, NOW, poa_revocation_list_source(r->list), NULL, NULL));
    if (r->token)
        draw_token(&b, r->token);
    if (r->text)
        poa_buf_text(&b, r->text);
    poa_buf_printf(&b, "%d %d %s ", r->why.code, r->why.hop, r->why.member);
    draw_decision(&b, &r->decision);
    draw_answer(&b, &r->answer);
    draw_hit(&b, &r->hit);
    assert_false(b.failed);
    return poa_buf_take(&b);
}
