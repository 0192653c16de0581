#ifndef POA_REVOCATION_H
#define POA_REVOCATION_H

#include "poa/chain.h"
#include "poa/decision.h"
#include "poa/id.h"
#include "poa/signer.h"

enum poa_statement_op { POA_OP_REVOKE, POA_OP_SUSPEND, POA_OP_RESUME };
enum poa_statement_target { POA_TARGET_POA, POA_TARGET_KEY, POA_TARGET_HOLD };

/** poa_statement - a revocation statement (section 8), parsed. Immutable, reference-counted. */
typedef struct poa_statement poa_statement;

/**
 * poa_statement_facts - what a statement says. Borrowed from the statement; text that is absent has ptr NULL, a time
 * that is absent is -1.
 * @id:        SHA-256 of its signing input
 * @kid:       thumbprint of the key that signed
 * @target:    the PoA id or key thumbprint (POA_TARGET_POA, POA_TARGET_KEY)
 * @hold:      jti of the suspension (POA_TARGET_HOLD)
 * @reason:    an RFC 5280 CRLReason name; ptr NULL where absent
 * @on_revoke: valid where has_on_revoke
 * @chain:     an administrator's chain
 */
typedef struct poa_statement_facts {
    poa_id id;
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
 * poa_statement_read() - parse a statement by itself. Its signature is not verified here.
 *
 * Return: POA_OK; statement_invalid with `because` and member (or the envelope's own codes under `because`);
 * POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_statement_read(const poa_ctx *ctx, poa_span text, poa_statement **out,
                                                poa_reason *why);
POA_API poa_statement *poa_statement_ref(const poa_statement *statement);
POA_API void poa_statement_free(poa_statement *statement);
POA_API const poa_statement_facts *poa_statement_get(const poa_statement *statement);
POA_API poa_span poa_statement_text(const poa_statement *statement);

/**
 * poa_record - an accepted statement as a store keeps it. Borrowed spans.
 * @statement:  the JWS
 * @reach:      "" or, of an administrator, how far it reaches, as JSON: {"owner":…,"all":…,"locations":[…]}
 * @epoch:      number in the store; 0 outside one
 * @accepted_s: when it was accepted
 */
typedef struct poa_record {
    poa_span statement;
    poa_span reach;
    uint64_t epoch;
    int64_t accepted_s;
} poa_record;

/** poa_record_fn - called with each record; anything but POA_OK ends the walk and is handed on. */
typedef poa_err (*poa_record_fn)(void *arg, const poa_record *record);

/**
 * poa_revocation_source - where step 8 looks. Every record in it was accepted (its signature and standing verified).
 * @age: how stale the source is at now_s, seconds; 0 for a server's own store. POA_OK, POA_E_REVOCATION_UNKNOWN,
 * POA_F_*
 * @on_poa, @on_key: every revoke or suspend that targets this id
 * @on_hold: every resume that names this hold (a jti)
 */
typedef struct poa_revocation_source {
    void *self;
    poa_err (*age)(void *self, int64_t now_s, int64_t *age_s);
    poa_err (*on_poa)(void *self, const poa_id *poa, poa_record_fn fn, void *arg);
    poa_err (*on_key)(void *self, const poa_id *key, poa_record_fn fn, void *arg);
    poa_err (*on_hold)(void *self, poa_span hold, poa_record_fn fn, void *arg);
} poa_revocation_source;

/** Says in so many words that step 8 is not made. A caller that passes it must tell so ("revocation":"unchecked"). */
POA_API extern const poa_revocation_source poa_revocation_unchecked;

/**
 * poa_revocation_hit - the statement on which step 8 refused, copied; for logs and signed answers.
 */
typedef struct poa_revocation_hit {
    int hop;
    enum poa_statement_op op;
    poa_id statement;
    poa_id kid;
    poa_id target;
    char reason[32]; /**< CRLReason name or "" */
    int64_t iat_s;
    int64_t accepted_s;
    uint64_t epoch;
} poa_revocation_hit;

/**
 * poa_chain_alive() - steps 7 and 8 of section 4: in time, and no statement counts against it.
 * @chain:  a verified chain
 * @now_s:  seconds since the epoch
 * @mark_s: latest time that this verifier ever acted on, 0 when it keeps none: behind it by more than the skew is
 *          clock_unsure
 * @source: where statements are; NULL gives revocation_unknown; &poa_revocation_unchecked skips step 8
 * @hit:    set when step 8 refuses because of a statement; may be NULL
 * @why:    set on a refusal; may be NULL
 *
 * Also refuses a root whose pinned key is past its accept_until (root_untrusted), because the chain may have been kept.
 * Authority is judged in this chain, by keys and never by names.
 *
 * Return: POA_OK; root_untrusted, clock_unsure, issued_in_future, not_yet_valid, expired, key_revoked, revoked,
 * suspended, revocation_unknown; POA_F_USAGE for a chain that was only read; POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_chain_alive(const poa_ctx *ctx, const poa_chain *chain, int64_t now_s, int64_t mark_s,
                                             const poa_revocation_source *source, poa_revocation_hit *hit,
                                             poa_reason *why);

/**
 * poa_chain_in_time() - step 7 alone.
 */
POA_API POA_MUST_USE poa_err poa_chain_in_time(const poa_chain *chain, int64_t now_s, int64_t mark_s, poa_reason *why);

/**
 * poa_chain_not_revoked() - step 8 alone: the lowest link on which a statement counts.
 */
POA_API POA_MUST_USE poa_err poa_chain_not_revoked(const poa_ctx *ctx, const poa_chain *chain, int64_t now_s,
                                                   const poa_revocation_source *source, poa_revocation_hit *hit,
                                                   poa_reason *why);

/**
 * poa_link_state() - does link `hop` by itself stand (its id, its kid and its cnf key)? For signed answers. Return as
 * poa_chain_not_revoked() with that hop.
 */
POA_API POA_MUST_USE poa_err poa_link_state(const poa_ctx *ctx, const poa_chain *chain, size_t hop, int64_t now_s,
                                            const poa_revocation_source *source, poa_revocation_hit *hit,
                                            poa_reason *why);

/**
 * poa_statement_accept() - may a store take this statement (section 8)? Verifies its signature.
 * @shown:  a chain shown with it that passed steps 1 to 6; NULL when there is none
 * @source: for an administrator's chain, which must be alive
 * @reach:  set on POA_OK to malloc'ed JSON for poa_record, or to NULL when the signer is no administrator
 *
 * Accepted from a key pinned by the policy, from an administrator (claim `chain`), or from a key in the shown chain (a
 * signer or a cnf key). The target need not have been seen.
 *
 * Return: POA_OK; statement_unauthorized; statement_invalid (because: what); POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_statement_accept(const poa_ctx *ctx, const poa_statement *statement,
                                                  const poa_policy *policy, const poa_chain *shown, int64_t now_s,
                                                  int64_t mark_s, const poa_revocation_source *source, char **reach,
                                                  poa_reason *why);

/**
 * poa_statement_drop_after() - when a store may drop the record of this statement: seconds since the epoch, or 0:
 * never.
 * @seen_exp_s: `exp` of the PoA that it names, as seen by the store; -1 when not seen
 */
POA_API int64_t poa_statement_drop_after(const poa_statement *statement, int64_t seen_exp_s, int64_t skew_s);

/**
 * poa_statement_effect() - what a revocation does to devices (section 8): the stronger of the leaf power's on_revoke
 * and the statement's, where who signed may make it stronger.
 * @chain: the verified chain under which the device came in
 */
POA_API enum poa_on_revoke poa_statement_effect(const poa_record *record, const poa_chain *chain,
                                                enum poa_on_revoke of_power);

/**
 * poa_statement_request - what a statement shall say; as in poa_statement_facts. jti is made from random bytes.
 */
typedef struct poa_statement_request {
    poa_span iss;
    int64_t iat_s;
    enum poa_statement_op op;
    enum poa_statement_target target_kind;
    poa_id target;
    poa_span hold;
    poa_span reason;
    int64_t invalid_since_s; /**< -1: absent; likewise the next two */
    int64_t issued_before_s;
    int64_t poa_exp_s;
    bool has_on_revoke;
    enum poa_on_revoke on_revoke;
    const poa_span *aud;
    size_t aud_len;
    poa_span chain;
} poa_statement_request;

/** poa_statement_sign() - make a statement, malloc'ed; refuses what poa_statement_read() would refuse. */
POA_API POA_MUST_USE poa_err poa_statement_sign(const poa_ctx *ctx, const poa_statement_request *request,
                                                const poa_signer *signer, const poa_random *random, char **text,
                                                poa_reason *why);

enum poa_answer_state { POA_STATE_ACTIVE, POA_STATE_SUSPENDED, POA_STATE_REVOKED, POA_STATE_UNKNOWN, POA_STATE_LIST };

/**
 * poa_answer - a signed answer about a PoA's state, poa-epoch+jwt (section 8). Spans borrowed.
 * @store:     the store's id as text
 * @poa:       absent for POA_STATE_LIST
 * @inherited: for suspended and revoked: from which id; has_from false: direct
 * @by:        the key that said so; @reason why (may be empty); @since_s when
 */
typedef struct poa_answer {
    poa_span iss;
    int64_t iat_s;
    int64_t exp_s;
    poa_span store;
    uint64_t epoch;
    poa_id poa;
    enum poa_answer_state state;
    bool inherited;
    poa_id from;
    poa_id by;
    poa_span reason;
    int64_t since_s;
} poa_answer;

/** poa_answer_sign() - make an answer, malloc'ed. POA_OK, POA_F_*. */
POA_API POA_MUST_USE poa_err poa_answer_sign(const poa_answer *answer, const poa_signer *signer, char **text);

/**
 * poa_answer_verify() - read an answer that one of the policy's answer keys signed.
 * @storage: owns what the answer's spans point into; free() after use
 *
 * Return: POA_OK; revocation_unknown with `because` (bad form, unknown key, signature, expired at now_s); POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_answer_verify(const poa_ctx *ctx, poa_span text, const poa_policy *policy,
                                               int64_t now_s, poa_answer *answer, char **storage, poa_reason *why);

/**
 * poa_revocation_list - a source made from a file of statements (section 8, offline).
 */
typedef struct poa_revocation_list poa_revocation_list;

/**
 * poa_revocation_list_parse() - read a file: one statement a line, the first line optionally a poa-epoch+jwt with
 * `state` `list` that gives the file its age.
 * @chain:    the verified chain in hand: a statement by a key without authority there is ignored and counted
 * @complete: the caller vouches that the file is complete and of age 0; else a file without a first line of age has
 * none (revocation_unknown when it is asked)
 * @ignored:  set to the number of ignored statements; may be NULL
 *
 * Return: POA_OK; revocation_unknown (a malformed line: `because` says what and `request` names the line); POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_revocation_list_parse(const poa_ctx *ctx, poa_span text, const poa_policy *policy,
                                                       const poa_chain *chain, int64_t now_s, bool complete,
                                                       poa_revocation_list **out, size_t *ignored, poa_reason *why);
POA_API void poa_revocation_list_free(poa_revocation_list *list);

/** poa_revocation_list_source() - the source; lives as long as the list. */
POA_API const poa_revocation_source *poa_revocation_list_source(const poa_revocation_list *list);

#endif
