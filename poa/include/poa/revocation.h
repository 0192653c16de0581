#ifndef POA_REVOCATION_H
#define POA_REVOCATION_H

#include "poa/chain.h"
#include "poa/statement.h"

/**
 * poa_record - an accepted statement as a store keeps it. Borrowed spans.
 * @statement:  the JWS
 * @reach:      empty or, of an administrator, how far it reaches, as poa_statement_accept() gave it:
 *              {"owner":…,"all":…,"powers":[…]}
 * @epoch:      number in the store; 0 outside one
 * @accepted_s: when it was accepted. A signer counts as pinned when its key was pinned at that time: rotating a key
 * does not revive what it revoked
 */
typedef struct poa_record {
    poa_span statement;
    poa_span reach;
    uint64_t epoch;
    int64_t accepted_s;
} poa_record;

/** poa_record_fn - called with each record; anything but POA_OK ends the walk, which returns it. */
typedef poa_err (*poa_record_fn)(void *arg, const poa_record *record);

/**
 * poa_signers - whose statements can count where a source is asked: those of these keys, by thumbprint, and those of
 * administrators (records with a reach). Borrowed.
 */
typedef struct poa_signers {
    const poa_id *keys;
    size_t count;
} poa_signers;

/**
 * poa_revocation_source - where step 8 looks. Every record in it was accepted (poa_statement_accept()), so its
 * signature is not verified again; which ones count is judged in the chain in hand. The callbacks may be called from
 * within a walk.
 * @age: how stale the source is at now_s, seconds; 0 for a server's own store. POA_OK, POA_E_REVOCATION_UNKNOWN,
 * POA_F_*
 * @on_poa, @on_key: every revoke or suspend that targets this id
 * @on_hold: every resume that names this hold (a jti)
 *
 * Of these all that are by the signers or by an administrator. Others need not be shown, and may be: they never count.
 * That a source leaves them out bounds what a question costs, whatever strangers have had accepted.
 */
typedef struct poa_revocation_source {
    void *self;
    poa_err (*age)(void *self, int64_t now_s, int64_t *age_s);
    poa_err (*on_poa)(void *self, const poa_id *poa, const poa_signers *by, poa_record_fn fn, void *arg);
    poa_err (*on_key)(void *self, const poa_id *key, const poa_signers *by, poa_record_fn fn, void *arg);
    poa_err (*on_hold)(void *self, poa_span hold, const poa_signers *by, poa_record_fn fn, void *arg);
} poa_revocation_source;

/** Says in so many words that step 8 is not made. A caller that passes it must tell so ("revocation":"unchecked"). */
POA_API const poa_revocation_source poa_revocation_unchecked;

/** By what right a statement counts on a link (section 8), weakest first. */
enum poa_standing {
    POA_STANDING_NONE,
    POA_STANDING_AGENT,         /**< the link's own agent gives its PoA up (revoke only) */
    POA_STANDING_SELF,          /**< the key speaks about itself */
    POA_STANDING_PRINCIPAL,     /**< signed the link or one above it */
    POA_STANDING_OWNER,         /**< pinned to the root's owner */
    POA_STANDING_ADMINISTRATOR, /**< its reach covers the link */
};

/**
 * poa_revocation_hit - a statement that counts on a link; copied; for effects, logs and signed answers.
 * @hop:         lowest link on which it counts
 * @target_kind: POA_TARGET_POA or POA_TARGET_KEY
 * @on_revoke:   what the statement asks for devices: its own on_revoke, else by its reason
 */
typedef struct poa_revocation_hit {
    int hop;
    enum poa_statement_op op;
    enum poa_standing standing;
    enum poa_on_revoke on_revoke;
    enum poa_statement_target target_kind;
    poa_id target;
    poa_id statement;
    poa_id kid;
    char jti[65];
    char reason[32]; /**< CRLReason name */
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
 * First refuses a root whose pinned key is past its accept_until (root_untrusted), because the chain may have been
 * kept.
 *
 * Return: POA_OK; root_untrusted, clock_unsure, issued_in_future, not_yet_valid, expired, key_revoked, revoked,
 * suspended, revocation_unknown; POA_F_USAGE for a chain that was only read; POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_chain_alive(const poa_ctx *ctx, const poa_chain *chain, int64_t now_s, int64_t mark_s,
                                             const poa_revocation_source *source, poa_revocation_hit *hit,
                                             poa_reason *why);

/** poa_chain_in_time() - root key still pinned, and step 7 alone. */
POA_API POA_MUST_USE poa_err poa_chain_in_time(const poa_chain *chain, int64_t now_s, int64_t mark_s, poa_reason *why);

/**
 * poa_chain_not_revoked() - step 8 alone: the lowest link on which a statement counts.
 *
 * On one link its id is asked first, then its kid, then its cnf key; on one of these a revoke comes before a hold. A
 * statement on the id gives revoked, one on a key key_revoked (/header/kid or /cnf), a hold suspended, whatever it is
 * on. A link with a `status` claim is revocation_unknown (member /status), also for the source
 * &poa_revocation_unchecked: status lists are not fetched. A statement that counts is told first.
 */
POA_API POA_MUST_USE poa_err poa_chain_not_revoked(const poa_ctx *ctx, const poa_chain *chain, int64_t now_s,
                                                   const poa_revocation_source *source, poa_revocation_hit *hit,
                                                   poa_reason *why);

/**
 * poa_link_state() - does link `hop` by itself stand (its id, its kid and its cnf key)? For signed answers. Return as
 * poa_chain_not_revoked() with that hop; POA_F_USAGE beyond the leaf.
 */
POA_API POA_MUST_USE poa_err poa_link_state(const poa_ctx *ctx, const poa_chain *chain, size_t hop, int64_t now_s,
                                            const poa_revocation_source *source, poa_revocation_hit *hit,
                                            poa_reason *why);

/**
 * poa_record_judge() - does this one record count on a link of this chain?
 * @chain: a verified chain, alive or not
 * @hit:   set on POA_OK; standing is POA_STANDING_NONE when it counts on no link. Whether a hold was lifted is not
 * asked
 *
 * A resume counts on no link. Return: POA_OK; POA_F_USAGE for a chain that was only read; POA_F_STORE (the record
 * cannot be read), POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_record_judge(const poa_ctx *ctx, const poa_record *record, const poa_chain *chain,
                                              poa_revocation_hit *hit);

/**
 * poa_facts_judge() - would a statement that is not signed yet count on a link of this chain?
 * @facts: what it would say. Looked at are op, target_kind, target, issued_before_s (-1: absent), reason, on_revoke,
 * aud, iat_s and kid, the thumbprint of the key that would sign; id and jti are only copied
 * @reach: of an administrator, from poa_administrator_reach(); else empty
 * @now_s: when it would be accepted
 * @chain: a verified chain, alive or not
 * @hit:   as poa_record_judge(), by the same rules; epoch 0. A text that is absent in @facts is ""
 *
 * Return: POA_OK; POA_F_USAGE for a chain that was only read; POA_F_STORE (no such reach), POA_F_NOMEM.
 */
POA_API POA_MUST_USE poa_err poa_facts_judge(const poa_statement_facts *facts, poa_span reach, int64_t now_s,
                                             const poa_chain *chain, poa_revocation_hit *hit);

/**
 * poa_revocation_effect() - what a statement that counts does to devices that came in under a chain (section 8).
 * @hit:      from poa_record_judge() or step 8, on that chain
 * @of_power: on_revoke of the leaf power under which the device came in
 *
 * Return: the stronger of both where the root's owner or an administrator spoke, else the power's. A PoA given up by
 * its own agent and a hold: POA_ON_REVOKE_STOP_NEW.
 */
POA_API enum poa_on_revoke poa_revocation_effect(const poa_revocation_hit *hit, enum poa_on_revoke of_power);

/**
 * poa_acceptance - under what a statement is offered. All borrowed.
 * @policy: the site's policy
 * @shown:  a chain shown with the statement, verified (steps 1 to 6) under that policy; NULL: none
 * @now_s, @mark_s, @source: as in poa_chain_alive(); for an administrator's chain, which must be alive
 */
typedef struct poa_acceptance {
    const poa_policy *policy;
    const poa_chain *shown;
    int64_t now_s;
    int64_t mark_s;
    const poa_revocation_source *source;
} poa_acceptance;

/**
 * poa_statement_accept() - may a store take this statement (section 8)? Verifies its signature.
 * @reach: set on POA_OK: malloc'ed JSON for poa_record, or NULL when the signer is no administrator
 *
 * Accepted from an administrator (claim `chain`), from a key that the policy pins, or from a key of the shown chain (a
 * signer or a cnf key). The target need not have been seen. A statement whose `chain` makes nobody an administrator may
 * still be accepted for its key.
 *
 * Return: POA_OK; POA_E_STATEMENT_UNAUTHORIZED (of an administrator: `because` is the code with which its chain fails
 * or action_not_granted, member /chain; else member /header/kid); POA_E_STATEMENT_INVALID with `because`
 * alg_not_allowed, alg_key_mismatch, signature_malformed, signature_invalid; POA_F_USAGE when shown was not verified
 * under the policy; POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_statement_accept(const poa_ctx *ctx, const poa_statement *statement,
                                                  const poa_acceptance *under, char **reach, poa_reason *why);

/**
 * poa_administrator_reach() - how far a statement that is not signed yet would reach, by its administrator's chain.
 * @facts: looked at are op, chain, and kid: the thumbprint of the key that would sign
 * @reach: set on POA_OK: malloc'ed JSON for poa_facts_judge()
 *
 * Judges the chain as poa_statement_accept() does; no signature is there to verify, so the caller asks for another
 * proof that the key is held.
 *
 * Return: POA_OK; POA_E_STATEMENT_UNAUTHORIZED, member /chain, `because` the code with which the chain fails or
 * action_not_granted; POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_administrator_reach(const poa_ctx *ctx, const poa_statement_facts *facts,
                                                     const poa_acceptance *under, char **reach, poa_reason *why);

#endif
