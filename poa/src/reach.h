#ifndef POA_SRC_REACH_H
#define POA_SRC_REACH_H

#include "poa/revocation.h"

#include "chain.h"
#include "cleanup.h"

/*
 * How far an administrator's statement reaches (section 8): the owner in whose name it speaks, whether that owner
 * administers all, and the powers of its leaf. Written when the statement is accepted, kept with it, and asked of each
 * link that it might count on.
 */
typedef struct poa_reach poa_reach;

/* The reach of the last agent of a verified chain, as JSON text, malloc'ed. POA_OK, POA_F_NOMEM. */
POA_MUST_USE poa_err poa_reach_write(const poa_chain *administrator, char **out);

/* Read it back. POA_OK; POA_F_STORE when it is not what poa_reach_write() wrote; POA_F_NOMEM. */
POA_MUST_USE poa_err poa_reach_read(poa_span text, poa_reach **out);
void poa_reach_free(poa_reach *reach);
POA_CLEANUP_DEFINE(poa_reach, poa_reach_free)

/*
 * Does it cover link hop of a verified chain: rooted in the same owner, or in any where that owner administers all, and
 * all locations of the link inside those of a power that grants op? Powers without locations do not matter.
 */
bool poa_reach_covers(const poa_reach *reach, enum poa_statement_op op, const poa_chain *chain, size_t hop);

#endif
