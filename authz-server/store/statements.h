#ifndef STORE_STATEMENTS_H
#define STORE_STATEMENTS_H

#include "poa/revocation.h"
#include "store/store.h"

/*
 * Table `statements`: what was accepted of the protocol's section 8, by epoch. Whether one counts on a link is the
 * library's judgement; the store finds the ones to be judged.
 */

#define STORE_STATEMENT_BYTES_MAX                                                      \
    131072 /* the JWS: a chain of 65,536 bytes, once more in base64url, and its claims \
            */
#define STORE_REACH_BYTES_MAX 65536

/**
 * store_statement - one accepted statement.
 * @epoch:        given by store_statement_add()
 * @id:           base64url-decoded SHA-256 of its signing input, as for a PoA
 * @op, @kind: what it does to what; a resume has POA_TARGET_HOLD, the others POA_TARGET_POA or POA_TARGET_KEY
 * @target:    PoA id or thumbprint; none for a resume
 * @hold:      jti of the hold that a resume names, at most POA_NAME_BYTES_MAX bytes; empty for the others
 * @jti:          1 to POA_NAME_BYTES_MAX bytes
 * @signer:       thumbprint of the key that signed it
 * @reach:        of an administrator's: owner and locations as JSON text, kept as given; empty for all others
 * @accepted_s:   when
 * @drop_after_s: store_purge() drops it once this time has passed; 0: never
 * @text:         the JWS, 1 to STORE_STATEMENT_BYTES_MAX bytes
 */
typedef struct store_statement {
    uint64_t epoch;
    poa_id id;
    enum poa_statement_op op;
    enum poa_statement_target kind;
    poa_id target;
    poa_span hold;
    poa_span jti;
    poa_id signer;
    poa_span reach;
    int64_t accepted_s;
    int64_t drop_after_s;
    poa_span text;
} store_statement;

/**
 * store_statement_add() - accept a statement under the next epoch.
 * @s:     s->epoch is ignored
 * @epoch: the epoch that it has; for one that is there already (same id) the one that it was given then
 * @added: was it new? May be NULL
 *
 * Return: POA_OK, POA_F_STORE, POA_F_NOMEM, POA_F_USAGE.
 */
POA_MUST_USE poa_err store_statement_add(store_txn *txn, const store_statement *s, uint64_t *epoch, bool *added);

POA_MUST_USE poa_err store_statement_get(store_txn *txn, uint64_t epoch, store_statement *s, bool *found);

/* The epoch under which the statement with this id was accepted. */
POA_MUST_USE poa_err store_statement_find(store_txn *txn, const poa_id *id, uint64_t *epoch, bool *found);

/**
 * store_statement_visit - called for a statement; it only reads. @s is good during the call.
 * Return: POA_OK to go on; anything else ends the walk, which returns it.
 */
typedef poa_err (*store_statement_visit)(void *ctx, const store_statement *s);

/**
 * store_statement_each_on() - visit every revoke and suspend on a target that one of these keys signed, or that has a
 * reach, oldest first. What others have said about the target is not even looked at.
 * @kind: POA_TARGET_POA or POA_TARGET_KEY
 * @by:   at most STORE_SIGNERS_MAX keys; one may stand twice
 *
 * Return: POA_OK; what the visitor returned; POA_F_STORE, POA_F_NOMEM, POA_F_USAGE.
 */
#define STORE_SIGNERS_MAX 32
POA_MUST_USE poa_err store_statement_each_on(store_txn *txn, enum poa_statement_target kind, const poa_id *target,
                                             const poa_signers *by, store_statement_visit visit, void *ctx);

/* The same for every resume that names this hold (a jti). */
POA_MUST_USE poa_err store_statement_each_lifting(store_txn *txn, poa_span hold, const poa_signers *by,
                                                  store_statement_visit visit, void *ctx);

/* Visit all statements with this jti, oldest first: among them the holds that a resume names. */
POA_MUST_USE poa_err store_statement_each_named(store_txn *txn, poa_span jti, store_statement_visit visit, void *ctx);

/* Visit all statements accepted after epoch @after, oldest first. */
POA_MUST_USE poa_err store_statement_each_since(store_txn *txn, uint64_t after, store_statement_visit visit, void *ctx);

#endif
