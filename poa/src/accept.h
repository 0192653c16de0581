#ifndef POA_SRC_ACCEPT_H
#define POA_SRC_ACCEPT_H

#include "poa/revocation.h"

/*
 * poa_statement_accept() with any number of chains in place of under->shown, which is not looked at. All of them were
 * verified under under->policy.
 */
POA_MUST_USE poa_err poa_statement_accept_among(const poa_ctx *ctx, const poa_statement *statement,
                                                const poa_acceptance *under, const poa_chain *const *shown,
                                                size_t count, char **reach, poa_reason *why);

#endif
