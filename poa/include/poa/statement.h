#ifndef POA_STATEMENT_H
#define POA_STATEMENT_H

#include "poa/context.h"
#include "poa/decision.h"
#include "poa/id.h"
#include "poa/key.h"
#include "poa/reason.h"
#include "poa/signer.h"

enum poa_statement_op { POA_OP_REVOKE, POA_OP_SUSPEND, POA_OP_RESUME };
enum poa_statement_target { POA_TARGET_POA, POA_TARGET_KEY, POA_TARGET_HOLD };

/** poa_statement_op_name() - "revoke", "suspend", "resume". */
POA_API const char *poa_statement_op_name(enum poa_statement_op op);

/** poa_statement - a revocation statement (section 8), parsed. Immutable, reference-counted, shared by threads. */
typedef struct poa_statement poa_statement;

/**
 * poa_statement_facts - what a statement says. Borrowed from the statement. Text that is absent has ptr NULL, a time
 * that is absent is -1.
 * @id:              SHA-256 of its signing input
 * @kid:             thumbprint of the key that signed
 * @iss:             for people: authority goes by keys, never by names
 * @jti:             names the hold that a suspend places
 * @target:          the PoA id or key thumbprint (POA_TARGET_POA, POA_TARGET_KEY); zero for a resume
 * @hold:            of a resume: jti of the suspend that it lifts
 * @reason:          an RFC 5280 CRLReason name
 * @invalid_since_s: bad since
 * @issued_before_s: only with a key
 * @poa_exp_s:       exp of the PoA, as the signer says
 * @on_revoke:       valid where has_on_revoke
 * @aud:             the only sites that count it; none: every site
 * @chain:           an administrator's chain, in text form
 */
typedef struct poa_statement_facts {
    poa_id id;
    poa_alg alg;
    poa_id kid;
    poa_span iss;
    poa_span jti;
    int64_t iat_s;
    enum poa_statement_op op;
    enum poa_statement_target target_kind;
    poa_id target;
    poa_span hold;
    poa_span reason;
    int64_t invalid_since_s;
    int64_t issued_before_s;
    int64_t poa_exp_s;
    bool has_on_revoke;
    enum poa_on_revoke on_revoke;
    poa_span aud[8];
    size_t aud_len;
    poa_span chain;
} poa_statement_facts;

/**
 * poa_statement_read() - parse a statement by itself. Its signature is NOT verified here: see poa_statement_accept().
 * @text: compact JWS, at most 131,072 bytes; copied
 * @out:  set on POA_OK only; ends with poa_statement_free()
 * @why:  set on a refusal, hop null; may be NULL
 *
 * Claims are checked in this order: iss, iat, jti, op, target (poa, key, hold, issued_before), reason, invalid_since,
 * on_revoke, poa_exp, aud, chain. Any other claim is ignored, as in a PoA.
 *
 * Return: POA_OK; POA_E_STATEMENT_INVALID with a code of the groups envelope or claims in `because` and its member;
 * POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_statement_read(const poa_ctx *ctx, poa_span text, poa_statement **out,
                                                poa_reason *why);
POA_API poa_statement *poa_statement_ref(const poa_statement *statement);
POA_API void poa_statement_free(poa_statement *statement);

/** poa_statement_get() - what it says; lives as long as the statement. */
POA_API const poa_statement_facts *poa_statement_get(const poa_statement *statement);

/** poa_statement_text() - the exact bytes; live as long as the statement. */
POA_API poa_span poa_statement_text(const poa_statement *statement);

/**
 * poa_statement_drop_after() - when a store may drop the record of this statement.
 * @seen_exp_s: `exp` of the PoA that it names, as the store saw it in a verified chain; -1 when it did not. What was
 *              seen counts before the statement's own poa_exp
 *
 * Return: seconds since the epoch, after which it may go; 0: never (a key, a resume, an exp that nobody knows or at the
 * end of time).
 */
POA_API int64_t poa_statement_drop_after(const poa_statement *statement, int64_t seen_exp_s, int64_t skew_s);

/**
 * poa_statement_request - what a statement shall say; as in poa_statement_facts. All borrowed; jti is made from random
 * bytes.
 */
typedef struct poa_statement_request {
    poa_span iss;
    int64_t iat_s;
    enum poa_statement_op op;
    enum poa_statement_target target_kind;
    poa_id target;
    poa_span hold;
    poa_span reason;
    int64_t invalid_since_s; /**< negative: absent; likewise the next two */
    int64_t issued_before_s;
    int64_t poa_exp_s;
    bool has_on_revoke;
    enum poa_on_revoke on_revoke;
    const poa_span *aud;
    size_t aud_len;
    poa_span chain;
} poa_statement_request;

/**
 * poa_statement_sign() - make a statement.
 * @text: malloc'ed, NUL-terminated
 * @why:  set on a refusal; may be NULL
 *
 * Refuses what poa_statement_read() would refuse, with the same reason.
 *
 * Return: POA_OK, POA_E_STATEMENT_INVALID, POA_F_NOMEM, POA_F_CRYPTO (also: no random bytes), POA_F_SIGNER.
 */
POA_API POA_MUST_USE poa_err poa_statement_sign(const poa_ctx *ctx, const poa_statement_request *request,
                                                const poa_signer *signer, const poa_random *random, char **text,
                                                poa_reason *why);

#endif
