#ifndef POA_SRC_STATEMENT_H
#define POA_SRC_STATEMENT_H

#include "poa/statement.h"

#include "cleanup.h"
#include "jws.h"

#define POA_STATEMENT_TYP "poa-revocation+jwt"

POA_CLEANUP_DEFINE(poa_statement, poa_statement_free)

/* The token, for the one who has the key; lives as long as the statement. */
const poa_jws *poa_statement_jws(const poa_statement *statement);

/* Does it count at this site: no aud, or one that names it? */
bool poa_statement_counts_at(const poa_statement_facts *facts, poa_span site);

/*
 * What it asks for devices (section 8): its own on_revoke; else by its reason: keyCompromise cascade, superseded and
 * cessationOfOperation stop_new, all others review.
 */
enum poa_on_revoke poa_statement_on_revoke(const poa_statement_facts *facts);

#endif
