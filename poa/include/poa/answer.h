#ifndef POA_ANSWER_H
#define POA_ANSWER_H

#include "poa/context.h"
#include "poa/id.h"
#include "poa/policy.h"
#include "poa/reason.h"
#include "poa/signer.h"

enum poa_answer_state { POA_STATE_ACTIVE, POA_STATE_SUSPENDED, POA_STATE_REVOKED, POA_STATE_UNKNOWN, POA_STATE_LIST };

/** poa_answer_state_name() - "active", "suspended", "revoked", "unknown", "list". */
POA_API const char *poa_answer_state_name(enum poa_answer_state state);

/**
 * poa_answer - a signed answer about a PoA's state, poa-epoch+jwt (section 8). A plain value, owns nothing.
 * @iss:     the resource owner
 * @exp_s:   iat_s plus the policy's max_revocation_age
 * @store:   the store's id, 22 to 64 base64url characters
 * @epoch:   at most 2^53-1
 * @poa:     not for POA_STATE_LIST, which says how fresh a list of statements is
 *
 * For suspended and revoked only:
 * @inherited: false: a statement about this PoA or its keys ("origin":"direct"); true: about the link above it whose
 * PoA id is @from ("origin":"inherited","from":…)
 * @by:        the key that said so
 * @reason:    why: a CRLReason name
 * @since_s:   when it was said
 */
typedef struct poa_answer {
    char iss[257];
    int64_t iat_s;
    int64_t exp_s;
    char store[65];
    uint64_t epoch;
    poa_id poa;
    enum poa_answer_state state;
    bool inherited;
    poa_id from;
    poa_id by;
    char reason[32];
    int64_t since_s;
} poa_answer;

/**
 * poa_answer_sign() - make an answer: claims iss, iat, exp, store, epoch, poa, state, and for suspended and revoked
 * origin, from (inherited), by, reason, since.
 * @text: malloc'ed, NUL-terminated
 *
 * Return: POA_OK; POA_F_USAGE for an answer that poa_answer_verify() would not read; POA_F_NOMEM, POA_F_CRYPTO,
 * POA_F_SIGNER.
 */
POA_API POA_MUST_USE poa_err poa_answer_sign(const poa_answer *answer, const poa_signer *signer, char **text);

/**
 * poa_answer_verify() - read an answer that one of the policy's answer keys signed, of this resource owner, fresh at
 * now_s.
 * @text: compact JWS, at most 8,192 bytes
 *
 * Fresh: iat <= now + skew, now < exp and now - iat at most the policy's max_revocation_age.
 *
 * Return: POA_OK; POA_E_REVOCATION_UNKNOWN with `because`: a code of the envelope or claims, root_untrusted (no answer
 * key), issuer_mismatch, issued_in_future, expired; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_answer_verify(const poa_ctx *ctx, poa_span text, const poa_policy *policy,
                                               int64_t now_s, poa_answer *answer, poa_reason *why);

#endif
