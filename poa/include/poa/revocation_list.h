#ifndef POA_REVOCATION_LIST_H
#define POA_REVOCATION_LIST_H

#include "poa/revocation.h"

/**
 * poa_revocation_list - a source made from a file of statements (section 8, offline). Immutable once parsed.
 */
typedef struct poa_revocation_list poa_revocation_list;

/**
 * poa_revocation_list_parse() - read a file: one statement a line, the first line optionally a poa-epoch+jwt with
 * `state` `list`, which gives the file its age.
 * @text:     at most 64 MiB; the last line may end with a newline; copied
 * @chain:    the verified chain in hand
 * @now_s:    seconds since the epoch
 * @complete: the caller vouches that a file without a line of age is complete and of age 0; else such a file has no age
 *            and every question to it is revocation_unknown
 * @out:      set on POA_OK only; ends with poa_revocation_list_free(). It keeps what it needs of the chain
 * @why:      set on a refusal; `request` names the line, counted from 1; may be NULL
 *
 * Lines stand in the order of acceptance, and each is taken as accepted at its `iat`: so an administrator's chain is
 * judged at that time, against the lines before it. A statement is taken from a key that the policy pins, a key of the
 * chain in hand or of an administrator's chain in the file (steps 1 to 6), or from an administrator; others are ignored
 * and counted.
 *
 * Return: POA_OK; POA_E_REVOCATION_UNKNOWN with `because` (a line that is no statement, an age that does not verify, a
 * signature that fails under a known key); POA_F_USAGE for a chain that was only read; POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_revocation_list_parse(const poa_ctx *ctx, poa_span text, const poa_chain *chain,
                                                       int64_t now_s, bool complete, poa_revocation_list **out,
                                                       poa_reason *why);
POA_API void poa_revocation_list_free(poa_revocation_list *list);

/** poa_revocation_list_source() - the source; lives as long as the list. */
POA_API const poa_revocation_source *poa_revocation_list_source(const poa_revocation_list *list);

/** poa_revocation_list_ignored() - how many statements were ignored because their signer has no authority. */
POA_API size_t poa_revocation_list_ignored(const poa_revocation_list *list);

#endif
