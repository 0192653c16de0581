#include "api/effects_lineage.h"

#include "guard.h"
#include "json.h"
#include "span.h"
#include "statement.h"
#include "store/poas.h"

#include <stdio.h>

static void copy(poa_span text, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%.*s", (int)text.len, text.ptr);
}

/* ---- from the store ---- */

static api_ancestor ancestor_of(const store_poa *poa)
{
    return (api_ancestor){.id = poa->id, .kid = poa->kid, .cnf = poa->cnf, .iat_s = poa->iat_s};
}

/* They are found from the leaf upwards. */
static void turn_round(api_lineage *line)
{
    for (size_t i = 0; i < line->len / 2; i++) {
        const api_ancestor low = line->links[i];
        line->links[i] = line->links[line->len - 1 - i];
        line->links[line->len - 1 - i] = low;
    }
}

poa_err api_lineage_of(store_txn *txn, const poa_id *leaf, api_lineage *out, bool *found)
{
    store_poa poa;
    bool there = false;
    poa_err err = store_poa_get(txn, leaf, &poa, &there);
    if (err)
        return err;
    *found = there;
    if (!there)
        return POA_OK;
    *out = (api_lineage){.exp_s = poa.exp_s};
    copy(poa.root_iss, out->root_iss, sizeof out->root_iss);
    out->links[out->len++] = ancestor_of(&poa);
    while (!store_id_is_none(&poa.parent)) {
        const poa_id above = poa.parent;
        if (out->len == POA_COUNT(out->links))
            return POA_F_STORE;
        err = store_poa_get(txn, &above, &poa, &there);
        if (err)
            return err;
        if (!there)
            return POA_F_STORE;
        out->links[out->len++] = ancestor_of(&poa);
    }
    turn_round(out);
    return POA_OK;
}

/* ---- is it meant? ---- */

/* As the library says of a link in hand: with issued_before a key names earlier PoAs that it signed, and no others. */
static bool names(const poa_statement_facts *facts, const api_ancestor *link)
{
    switch (facts->target_kind) {
    case POA_TARGET_POA:
        return poa_id_equal(&facts->target, &link->id);
    case POA_TARGET_KEY:
        break;
    case POA_TARGET_HOLD:
        return false;
    }
    const bool signed_it = poa_id_equal(&facts->target, &link->kid);
    if (facts->issued_before_s >= 0)
        return signed_it && link->iat_s < facts->issued_before_s;
    return signed_it || poa_id_equal(&facts->target, &link->cnf);
}

bool api_lineage_named(const api_lineage *line, const poa_statement_facts *facts)
{
    for (size_t i = 0; i < line->len; i++)
        if (names(facts, &line->links[i]))
            return true;
    return false;
}

/* ---- by what right? ---- */

/* {"owner":…,"all":…,"powers":[…]}, as poa_statement_accept() wrote it. */
static poa_err is_administrator(const api_lineage *line, poa_span reach, bool *is)
{
    *is = false;
    if (reach.len == 0)
        return POA_OK;
    POA_CLEANUP(poa_json_decrefp) json_t *document = NULL;
    const poa_err err = poa_json_parse(reach, &document);
    if (err)
        return poa_err_is_fault(err) ? err : POA_F_STORE;
    const bool all = json_is_true(json_object_get(document, "all"));
    const bool same = poa_span_is(poa_json_span(json_object_get(document, "owner")), line->root_iss);
    *is = !POA_GUARD(lineage_reach, !all && !same);
    return POA_OK;
}

static bool is_owner(const api_lineage *line, const poa_policy *policy, const poa_id *signer, int64_t accepted_s)
{
    if (poa_id_equal(signer, &line->links[0].kid))
        return true;
    const poa_policy_owner *pinned = poa_policy_pin(policy, signer, accepted_s, NULL);
    return pinned && poa_span_is(pinned->iss, line->root_iss);
}

static bool is_principal(const api_lineage *line, size_t hop, const poa_id *signer)
{
    for (size_t i = 0; i <= hop; i++)
        if (poa_id_equal(signer, &line->links[i].kid))
            return true;
    return false;
}

static enum poa_standing standing_on(const api_lineage *line, size_t hop, const poa_policy *policy,
                                     const poa_statement_facts *facts, int64_t accepted_s)
{
    if (is_owner(line, policy, &facts->kid, accepted_s))
        return POA_STANDING_OWNER;
    if (is_principal(line, hop, &facts->kid))
        return POA_STANDING_PRINCIPAL;
    if (facts->target_kind == POA_TARGET_KEY)
        return poa_id_equal(&facts->kid, &facts->target) ? POA_STANDING_SELF : POA_STANDING_NONE;
    const bool gives_up = facts->op == POA_OP_REVOKE && poa_id_equal(&facts->kid, &line->links[hop].cnf);
    return gives_up ? POA_STANDING_AGENT : POA_STANDING_NONE;
}

static void fill_hit(poa_revocation_hit *hit, const poa_statement_facts *facts, int hop, enum poa_standing standing,
                     int64_t accepted_s)
{
    *hit = (poa_revocation_hit){
        .hop = hop,
        .op = facts->op,
        .standing = standing,
        .on_revoke = poa_statement_on_revoke(facts),
        .target_kind = facts->target_kind,
        .target = facts->target,
        .statement = facts->id,
        .kid = facts->kid,
        .iat_s = facts->iat_s,
        .accepted_s = accepted_s,
    };
    copy(facts->jti, hit->jti, sizeof hit->jti);
    copy(facts->reason, hit->reason, sizeof hit->reason);
}

poa_err api_lineage_judge(const api_lineage *line, const poa_policy *policy, const poa_statement_facts *facts,
                          poa_span reach, int64_t accepted_s, poa_revocation_hit *hit)
{
    bool administrator = false;
    const poa_err err = is_administrator(line, reach, &administrator);
    if (err)
        return err;
    const bool elsewhere = !poa_statement_counts_at(facts, poa_policy_get(policy)->resource_owner);
    const size_t len = POA_GUARD(lineage_site, elsewhere) ? 0 : line->len;
    for (size_t hop = 0; hop < len; hop++) {
        if (POA_GUARD(lineage_target, !names(facts, &line->links[hop])))
            continue;
        const enum poa_standing standing =
            administrator ? POA_STANDING_ADMINISTRATOR : standing_on(line, hop, policy, facts, accepted_s);
        if (POA_GUARD(lineage_standing, standing == POA_STANDING_NONE))
            continue;
        fill_hit(hit, facts, (int)hop, standing, accepted_s);
        return POA_OK;
    }
    fill_hit(hit, facts, POA_HOP_NONE, POA_STANDING_NONE, accepted_s);
    return POA_OK;
}
