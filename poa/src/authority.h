#ifndef POA_SRC_AUTHORITY_H
#define POA_SRC_AUTHORITY_H

#include "poa/revocation.h"

#include "bounds.h"
#include "policy.h"
#include "reach.h"
#include "statement.h"

/*
 * Who may say what about which link (section 8). Judged in the chain in hand, by keys and never by names.
 */

/* A record whose statement was read again, so that it can be judged. */
typedef struct poa_opened_record {
    const poa_record *record; /* borrowed */
    poa_statement *statement; /* owned */
    poa_reach *reach;         /* owned; NULL: no administrator's */
} poa_opened_record;

/* POA_OK; POA_F_STORE when the record is no statement that was accepted; POA_F_NOMEM, POA_F_CRYPTO. */
POA_MUST_USE poa_err poa_record_open(const poa_ctx *ctx, const poa_record *record, poa_opened_record *out);
void poa_opened_record_clear(poa_opened_record *opened);

/* What of a link a statement can name, in the order in which step 8 asks. */
enum poa_aspect { POA_ASPECT_ID, POA_ASPECT_KID, POA_ASPECT_CNF };
#define POA_ASPECTS 3

/* The id or thumbprint that stands there. */
const poa_id *poa_aspect_of(const poa_link *link, enum poa_aspect aspect);

/*
 * By what right a revoke or suspend counts on this aspect of link hop; the strongest. POA_STANDING_NONE: it does not:
 * a resume, another target, another site, or a signer without authority there.
 */
enum poa_standing poa_standing_on(const poa_opened_record *opened, const poa_chain *chain, size_t hop,
                                  enum poa_aspect aspect);

/*
 * The keys whose statements can count on link hop, and those whose resumes can lift a hold in this chain: no fewer than
 * those to which the rules here give a standing. An administrator may have any key.
 */
typedef struct poa_who {
    poa_id keys[POA_CHAIN_LINKS_HARD + 1 + POA_POLICY_OWNER_KEYS_MAX];
    size_t count;
} poa_who;
void poa_who_counts(const poa_chain *chain, size_t hop, poa_who *who);
void poa_who_lifts(const poa_chain *chain, const poa_opened_record *hold, poa_who *who);

/*
 * Does this resume lift this hold, which counts on link hop by such a standing? A hold placed by an administrator is
 * lifted by an administrator alone; any other one by the key that placed it, by a principal above that key in the
 * chain, or by an administrator. All keys pinned to the root's owner stand at the top, none of them above another.
 */
bool poa_resume_lifts(const poa_opened_record *resume, const poa_opened_record *hold, enum poa_standing standing,
                      const poa_chain *chain, size_t hop);

#endif
