#ifndef POA_SRC_CEILING_H
#define POA_SRC_CEILING_H

#include "chain.h"

/*
 * Step 6: the site policy is the link above every root. The site's id is in every link's aud, links and lives keep to
 * the owner's bounds, and every power of the root lies inside one that the policy allows that owner.
 *
 * Of several faults the one of the lowest hop is told, at one hop the first in the order above; the number of links
 * stands with hop 0 in this order. POA_E_AUDIENCE_MISMATCH, POA_E_CHAIN_TOO_LONG, POA_E_LIFETIME_EXCEEDED,
 * POA_E_CEILING_EXCEEDED with `because`.
 */
POA_MUST_USE poa_err poa_ceiling_check(const poa_chain *chain, const poa_powers *ceiling, poa_reason *why);

#endif
