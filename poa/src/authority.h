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

/* What was said, so that it can be judged: a record whose statement was read again, or what is not signed yet. */
typedef struct poa_opened_record {
    const poa_statement_facts *facts; /* borrowed: from statement, or given */
    int64_t accepted_s;
    uint64_t epoch;
    poa_statement *statement; /* owned; NULL where it is not signed yet */
    poa_reach *reach;         /* owned; NULL: no administrator's */
} poa_opened_record;

/* POA_OK; POA_F_STORE when the record is no statement that was accepted; POA_F_NOMEM, POA_F_CRYPTO. */
POA_MUST_USE poa_err poa_record_open(const poa_ctx *ctx, const poa_record *record, poa_opened_record *out);
/* The same of facts that nobody has signed yet; reach is empty where no administrator speaks. Errors likewise. */
POA_MUST_USE poa_err poa_facts_open(const poa_statement_facts *facts, poa_span reach, int64_t now_s,
                                    poa_opened_record *out);
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
