#include "authority.h"

#include "guard.h"
#include "span.h"

static poa_err read_reach(poa_span text, poa_reach **out)
{
    return text.len > 0 ? poa_reach_read(text, out) : POA_OK;
}

poa_err poa_record_open(const poa_ctx *ctx, const poa_record *record, poa_opened_record *out)
{
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    poa_err err = poa_statement_read(ctx, record->statement, &statement, NULL);
    if (err)
        return poa_err_is_fault(err) ? err : POA_F_STORE;
    POA_CLEANUP(poa_reach_freep) poa_reach *reach = NULL;
    err = read_reach(record->reach, &reach);
    if (err)
        return err;
    *out = (poa_opened_record){
        .facts = poa_statement_get(statement), .accepted_s = record->accepted_s, .epoch = record->epoch};
    out->statement = POA_TAKE(statement);
    out->reach = POA_TAKE(reach);
    return POA_OK;
}

poa_err poa_facts_open(const poa_statement_facts *facts, poa_span reach, int64_t now_s, poa_opened_record *out)
{
    POA_CLEANUP(poa_reach_freep) poa_reach *read = NULL;
    const poa_err err = read_reach(reach, &read);
    if (err)
        return err;
    *out = (poa_opened_record){.facts = facts, .accepted_s = now_s, .reach = POA_TAKE(read)};
    return POA_OK;
}

void poa_opened_record_clear(poa_opened_record *opened)
{
    poa_statement_free(opened->statement);
    poa_reach_free(opened->reach);
    *opened = (poa_opened_record){0};
}

const poa_id *poa_aspect_of(const poa_link *link, enum poa_aspect aspect)
{
    switch (aspect) {
    case POA_ASPECT_ID:
        return &link->id;
    case POA_ASPECT_KID:
        return &link->kid;
    case POA_ASPECT_CNF:
        break;
    }
    return poa_key_thumbprint(link->agent_key);
}

/* ---- who the signer is, in this chain ---- */

static bool at_this_site(const poa_opened_record *opened, const poa_chain *chain)
{
    const poa_span site = poa_policy_get(poa_chain_policy(chain))->resource_owner;
    return poa_statement_counts_at(opened->facts, site);
}

static bool is_administrator(const poa_opened_record *opened, const poa_chain *chain, size_t hop)
{
    return opened->reach && poa_reach_covers(opened->reach, opened->facts->op, chain, hop);
}

/* The root's own key is an owner's whatever happened to its pin since the chain was verified. */
static bool is_owner(const poa_opened_record *opened, const poa_chain *chain)
{
    const poa_id *signer = &opened->facts->kid;
    if (poa_id_equal(signer, &poa_chain_link(chain, 0)->kid))
        return true;
    const poa_policy_owner *pinned = poa_policy_pin(poa_chain_policy(chain), signer, opened->accepted_s, NULL);
    return pinned && pinned == poa_chain_owner(chain);
}

/* Did this key sign one of the links 0 to hop? */
static bool is_principal(const poa_id *signer, const poa_chain *chain, size_t hop)
{
    for (size_t i = 0; i <= hop; i++)
        if (poa_id_equal(signer, &poa_chain_link(chain, i)->kid))
            return true;
    return false;
}

static bool is_agent(const poa_id *signer, const poa_chain *chain, size_t hop)
{
    return poa_id_equal(signer, poa_key_thumbprint(poa_chain_link(chain, hop)->agent_key));
}

/* The signers of the links 0 to hop, one key more, and what is pinned to the root's owner. */
static void gather(const poa_chain *chain, size_t hop, const poa_id *more, poa_who *who)
{
    who->count = 0;
    for (size_t i = 0; i <= hop; i++)
        who->keys[who->count++] = poa_chain_link(chain, i)->kid;
    who->keys[who->count++] = *more;
    const poa_key *pinned = NULL;
    for (size_t i = 0; (pinned = poa_policy_owner_key(poa_chain_owner(chain), i)); i++)
        who->keys[who->count++] = *poa_key_thumbprint(pinned);
}

/* A key that speaks about itself signed the link or is its agent's. */
void poa_who_counts(const poa_chain *chain, size_t hop, poa_who *who)
{
    gather(chain, hop, poa_key_thumbprint(poa_chain_link(chain, hop)->agent_key), who);
}

void poa_who_lifts(const poa_chain *chain, const poa_opened_record *hold, poa_who *who)
{
    gather(chain, poa_chain_len(chain) - 1, &hold->facts->kid, who);
}

/* ---- revoke and suspend ---- */

/*
 * Is this aspect of the link what the statement names? A PoA id is no thumbprint even where the bytes are equal, and a
 * resume names neither. With issued_before it names earlier links that the key signed and no others: a thief chooses
 * iat, so a stolen key is revoked without it.
 */
static bool names(const poa_statement_facts *facts, const poa_link *link, enum poa_aspect aspect)
{
    const enum poa_statement_target kind = aspect == POA_ASPECT_ID ? POA_TARGET_POA : POA_TARGET_KEY;
    if (POA_GUARD(statement_target_kind, facts->target_kind != kind))
        return false;
    if (POA_GUARD(statement_target, !poa_id_equal(&facts->target, poa_aspect_of(link, aspect))))
        return false;
    if (facts->issued_before_s < 0)
        return true;
    if (POA_GUARD(issued_before_agent, aspect == POA_ASPECT_CNF))
        return false;
    return !POA_GUARD(issued_before_later, link->iat_s >= facts->issued_before_s);
}

enum poa_standing poa_standing_on(const poa_opened_record *opened, const poa_chain *chain, size_t hop,
                                  enum poa_aspect aspect)
{
    const poa_statement_facts *facts = opened->facts;
    if (!names(facts, poa_chain_link(chain, hop), aspect))
        return POA_STANDING_NONE;
    if (POA_GUARD(statement_site, !at_this_site(opened, chain)))
        return POA_STANDING_NONE;

    if (is_administrator(opened, chain, hop))
        return POA_STANDING_ADMINISTRATOR;
    if (is_owner(opened, chain))
        return POA_STANDING_OWNER;
    if (is_principal(&facts->kid, chain, hop))
        return POA_STANDING_PRINCIPAL;
    if (facts->target_kind == POA_TARGET_KEY)
        return poa_id_equal(&facts->kid, &facts->target) ? POA_STANDING_SELF : POA_STANDING_NONE;

    /* An agent may give its PoA up, for good; holding it would be a way to come and go. */
    if (POA_GUARD(agent_only_revokes, facts->op != POA_OP_REVOKE))
        return POA_STANDING_NONE;
    return is_agent(&facts->kid, chain, hop) ? POA_STANDING_AGENT : POA_STANDING_NONE;
}

/* ---- resume ---- */

/*
 * Where a key first stands in the chain: i when it signed link i, the number of links when it is the last agent's. A
 * key that stands twice is taken at its highest place, so that fewest are above it.
 */
static size_t place_of(const poa_id *key, const poa_chain *chain)
{
    const size_t len = poa_chain_len(chain);
    for (size_t i = 0; i < len; i++)
        if (poa_id_equal(key, &poa_chain_link(chain, i)->kid))
            return i;
    return len;
}

static bool is_above(const poa_opened_record *resume, const poa_opened_record *hold, const poa_chain *chain)
{
    if (POA_GUARD(hold_of_owner, is_owner(hold, chain)))
        return false;
    if (is_owner(resume, chain))
        return true;
    const size_t place = place_of(&hold->facts->kid, chain);
    return place > 0 && is_principal(&resume->facts->kid, chain, place - 1);
}

bool poa_resume_lifts(const poa_opened_record *resume, const poa_opened_record *hold, enum poa_standing standing,
                      const poa_chain *chain, size_t hop)
{
    const poa_statement_facts *lift = resume->facts;
    const poa_statement_facts *held = hold->facts;
    /* Only a resume names a hold. */
    if (POA_GUARD(resume_hold, !poa_span_equal(lift->hold, held->jti)))
        return false;
    if (POA_GUARD(resume_site, !at_this_site(resume, chain)))
        return false;

    if (is_administrator(resume, chain, hop))
        return true;
    if (POA_GUARD(hold_of_administrator, standing == POA_STANDING_ADMINISTRATOR))
        return false;
    return poa_id_equal(&lift->kid, &held->kid) || is_above(resume, hold, chain);
}
