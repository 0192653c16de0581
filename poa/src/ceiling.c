#include "ceiling.h"

#include "guard.h"
#include "span.h"

static bool names_site(const poa_link *link, poa_span site)
{
    for (size_t i = 0; i < link->aud_len; i++)
        if (poa_span_equal(link->aud[i], site))
            return true;
    return false;
}

static poa_err check_audience(const poa_chain *chain, size_t i, poa_reason *why)
{
    const poa_span site = poa_policy_get(poa_chain_policy(chain))->resource_owner;
    if (!POA_GUARD(ceiling_audience, !names_site(poa_chain_link(chain, i), site)))
        return POA_OK;
    (void)poa_deny(why, POA_E_AUDIENCE_MISMATCH, (int)i, "/aud");
    if (why)
        poa_reason_text(why->parent, site);
    return POA_E_AUDIENCE_MISMATCH;
}

static poa_err check_lifetime(const poa_chain *chain, size_t i, poa_reason *why)
{
    const poa_link *link = poa_chain_link(chain, i);
    const int64_t most = poa_chain_owner(chain)->max_lifetime_s;
    const int64_t life = link->exp_s - link->iat_s;
    if (!POA_GUARD(ceiling_lifetime, life > most))
        return POA_OK;
    (void)poa_deny(why, POA_E_LIFETIME_EXCEEDED, (int)i, "/exp");
    json_t *parent = json_integer(most);
    json_t *child = json_integer(life);
    poa_reason_values(why, parent, child, NULL);
    json_decref(parent);
    json_decref(child);
    return POA_E_LIFETIME_EXCEEDED;
}

static poa_err check_powers(const poa_chain *chain, const poa_powers *ceiling, poa_reason *why)
{
    const poa_err inner = poa_powers_inside(poa_chain_powers(chain, 0), ceiling, 0, why);
    if (!POA_GUARD(ceiling_powers, inner != POA_OK))
        return POA_OK;
    if (why) {
        why->because = inner;
        why->code = POA_E_CEILING_EXCEEDED;
    }
    return POA_E_CEILING_EXCEEDED;
}

poa_err poa_ceiling_check(const poa_chain *chain, const poa_powers *ceiling, poa_reason *why)
{
    for (size_t i = 0; i < poa_chain_len(chain); i++) {
        poa_err err = check_audience(chain, i, why);
        if (err)
            return err;
        if (i == 0 && POA_GUARD(ceiling_links, poa_chain_len(chain) > poa_chain_owner(chain)->max_links))
            return poa_deny(why, POA_E_CHAIN_TOO_LONG, POA_HOP_NONE, "%s", "");
        err = check_lifetime(chain, i, why);
        if (!err && i == 0)
            err = check_powers(chain, ceiling, why);
        if (err)
            return err;
    }
    return POA_OK;
}
