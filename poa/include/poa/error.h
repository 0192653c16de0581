#ifndef POA_ERROR_H
#define POA_ERROR_H

#include "poa/macros.h"

#include <stdbool.h>

/**
 * POA_ERR_LIST() - every outcome of the library, once.
 *
 * X(symbol, value, name, step, http, exit, condition)
 * @value:     above zero a refusal, below zero a fault; stable
 * @name:      the protocol's reason code, letter for letter; stable
 * @step:      verification step of the protocol's section 4 that gives it; 0 where no step of a chain does
 * @http:      status of the server's answer
 * @exit:      exit code of the CLI
 * @condition: when it is given, for people
 *
 * A refusal (POA_E_) is an answer: all was read and the answer is no. A fault (POA_F_) means that nothing is known.
 * Neither ever permits.
 */
#define POA_ERR_LIST(X)                                                                                               \
    X(POA_OK, 0, "ok", 0, 200, 0, "granted")                                                                          \
    /* envelope */                                                                                                    \
    X(POA_E_CHAIN_EMPTY, 1, "chain_empty", 1, 400, 3, "there is no PoA in the text")                                  \
    X(POA_E_CHAIN_TOO_LONG, 2, "chain_too_long", 1, 400, 3, "more links than the limit or the policy allows")         \
    X(POA_E_TOO_LARGE, 3, "too_large", 1, 400, 3, "the chain or a link has more bytes than the limit")                \
    X(POA_E_MALFORMED, 4, "malformed", 2, 400, 3, "not three parts, canonical base64url, strict JSON, UTF-8")         \
    X(POA_E_DUPLICATE_MEMBER, 5, "duplicate_member", 3, 400, 3, "a JSON object names a member twice")                 \
    X(POA_E_LIMIT_EXCEEDED, 6, "limit_exceeded", 3, 400, 3, "JSON nested deeper than 16 levels")                      \
    X(POA_E_HEADER_FORBIDDEN, 7, "header_forbidden", 3, 400, 3, "a header member other than typ, alg, kid")           \
    X(POA_E_TYP_MISMATCH, 8, "typ_mismatch", 3, 400, 3, "typ is absent or not the expected type")                     \
    X(POA_E_ALG_MISSING, 9, "alg_missing", 3, 400, 3, "alg is absent or not a string")                                \
    X(POA_E_ALG_NOT_ALLOWED, 10, "alg_not_allowed", 3, 401, 4, "the policy does not list this algorithm")             \
    X(POA_E_KID_MISMATCH, 11, "kid_mismatch", 3, 401, 4,                                                              \
      "kid is absent, no thumbprint, or not that of the parent's agent key")                                          \
    X(POA_E_ALG_KEY_MISMATCH, 12, "alg_key_mismatch", 4, 401, 4, "the key is not one for this algorithm")             \
    X(POA_E_SIGNATURE_MALFORMED, 13, "signature_malformed", 4, 401, 4, "wrong length, or r or s out of range")        \
    X(POA_E_SIGNATURE_INVALID, 14, "signature_invalid", 4, 401, 4, "the signature does not fit the text and the key") \
    /* claims */                                                                                                      \
    X(POA_E_CLAIM_MISSING, 20, "claim_missing", 4, 400, 3, "a required claim is absent")                              \
    X(POA_E_CLAIM_TYPE, 21, "claim_type", 4, 400, 3,                                                                  \
      "a claim has the wrong type, range, length, count, syntax, or an entry twice")                                  \
    X(POA_E_CLAIM_FORBIDDEN, 22, "claim_forbidden", 4, 400, 3, "a claim that must not stand here")                    \
    X(POA_E_KEY_INVALID, 23, "key_invalid", 4, 400, 3, "a key that is no valid public key of an accepted kind")       \
    X(POA_E_PRIVATE_KEY_IN_TOKEN, 24, "private_key_in_token", 4, 400, 3, "a key with private members")                \
    X(POA_E_WINDOW_EMPTY, 25, "window_empty", 4, 400, 3, "exp is not later than iat and nbf")                         \
    X(POA_E_CYCLE, 26, "cycle", 5, 401, 8, "a PoA or a jti stands twice in the chain")                                \
    /* anchor, links */                                                                                               \
    X(POA_E_ROOT_UNTRUSTED, 30, "root_untrusted", 4, 401, 4, "the policy pins no owner key with the root's kid")      \
    X(POA_E_ISSUER_MISMATCH, 31, "issuer_mismatch", 4, 401, 4, "the root's iss is not the one pinned to its key")     \
    X(POA_E_PRINCIPAL_MISALIGNED, 32, "principal_misaligned", 5, 401, 8, "iss is not the parent's sub")               \
    X(POA_E_PARENT_HASH_MISMATCH, 33, "parent_hash_mismatch", 5, 401, 8, "par_hash is not the parent's PoA id")       \
    X(POA_E_AUDIENCE_WIDENED, 34, "audience_widened", 5, 401, 8, "aud has an entry that the parent's has not")        \
    X(POA_E_NOT_TRANSFERABLE, 35, "not_transferable", 5, 401, 8, "the parent allows no further sub-grant")            \
    X(POA_E_DEPTH_INVALID, 36, "depth_invalid", 5, 401, 8, "transferable is not below the parent's")                  \
    X(POA_E_PREDATES_PARENT, 37, "predates_parent", 5, 401, 8, "iat or nbf is before the parent's")                   \
    X(POA_E_OUTLIVES_PARENT, 38, "outlives_parent", 5, 401, 8, "exp is after the parent's")                           \
    /* powers */                                                                                                      \
    X(POA_E_POWER_UNKNOWN, 40, "power_unknown", 4, 401, 3, "a power of a type that is not known here")                \
    X(POA_E_POWER_INVALID, 41, "power_invalid", 4, 401, 3, "something is wrong in a power by itself")                 \
    X(POA_E_ACTION_WIDENED, 42, "action_widened", 5, 401, 8, "an action that the parent's power has not")             \
    X(POA_E_LOCATION_WIDENED, 43, "location_widened", 5, 401, 8, "a location outside the parent's")                   \
    X(POA_E_DEVICE_WIDENED, 44, "device_widened", 5, 401, 8, "a device selector outside the parent's")                \
    X(POA_E_CONSTRAINT_DROPPED, 45, "constraint_dropped", 5, 401, 8, "a member of the parent's power is absent")      \
    X(POA_E_EVIDENCE_WEAKENED, 46, "evidence_weakened", 5, 401, 8, "evidence lacks an entry of the parent's")         \
    X(POA_E_LIMIT_WIDENED, 47, "limit_widened", 5, 401, 8, "a limit wider than the parent's")                         \
    X(POA_E_POWER_OUTSIDE_PARENT, 48, "power_outside_parent", 5, 401, 8, "the parent has no power of this type")      \
    /* ceiling */                                                                                                     \
    X(POA_E_AUDIENCE_MISMATCH, 50, "audience_mismatch", 6, 401, 8, "aud does not name this resource owner")           \
    X(POA_E_LIFETIME_EXCEEDED, 51, "lifetime_exceeded", 6, 401, 8, "a link lives longer than the policy allows")      \
    X(POA_E_CEILING_EXCEEDED, 52, "ceiling_exceeded", 6, 401, 8, "the root grants more than the policy allows")       \
    /* time */                                                                                                        \
    X(POA_E_ISSUED_IN_FUTURE, 60, "issued_in_future", 7, 401, 5, "iat is in the future")                              \
    X(POA_E_NOT_YET_VALID, 61, "not_yet_valid", 7, 401, 5, "nbf is in the future")                                    \
    X(POA_E_EXPIRED, 62, "expired", 7, 401, 5, "exp has passed")                                                      \
    X(POA_E_CLOCK_UNSURE, 63, "clock_unsure", 7, 503, 5, "the server's clock is behind a time that it acted on")      \
    /* state */                                                                                                       \
    X(POA_E_KEY_REVOKED, 70, "key_revoked", 8, 401, 6, "a key of this link is revoked")                               \
    X(POA_E_REVOKED, 71, "revoked", 8, 401, 6, "this PoA is revoked")                                                 \
    X(POA_E_SUSPENDED, 72, "suspended", 8, 401, 6, "a hold on this link is not lifted")                               \
    X(POA_E_REVOCATION_UNKNOWN, 73, "revocation_unknown", 8, 503, 10, "the revocation state is unknown or too old")   \
    X(POA_E_QUOTA_EXCEEDED, 74, "quota_exceeded", 10, 403, 7, "max_devices of a power of this link is used up")       \
    /* proof */                                                                                                       \
    X(POA_E_PROOF_MISSING, 80, "proof_missing", 9, 401, 4, "not exactly one chain and one proof")                     \
    X(POA_E_PROOF_INVALID, 81, "proof_invalid", 9, 401, 4, "the proof is not a valid DPoP proof JWT")                 \
    X(POA_E_PROOF_KEY_MISMATCH, 82, "proof_key_mismatch", 9, 401, 4, "the proof's key is not the leaf agent's")       \
    X(POA_E_PROOF_BINDING_MISMATCH, 83, "proof_binding_mismatch", 9, 401, 4,                                          \
      "the proof is for another method, URL, chain or body")                                                          \
    X(POA_E_PROOF_STALE, 84, "proof_stale", 9, 401, 5, "the proof's iat is too far from the clock")                   \
    X(POA_E_NONCE_REQUIRED, 85, "nonce_required", 9, 401, 4, "the proof must carry a nonce of this server")           \
    X(POA_E_NONCE_INVALID, 86, "nonce_invalid", 9, 401, 4, "the proof's nonce is not valid here, used or too old")    \
    X(POA_E_PROOF_REPLAYED, 87, "proof_replayed", 9, 401, 4, "the proof was used before")                             \
    /* request */                                                                                                     \
    X(POA_E_ACTION_NOT_GRANTED, 90, "action_not_granted", 10, 403, 7, "no power of this type grants the action")      \
    X(POA_E_LOCATION_NOT_GRANTED, 91, "location_not_granted", 10, 403, 7, "the location is outside the power")        \
    X(POA_E_DEVICE_NOT_GRANTED, 92, "device_not_granted", 10, 403, 7, "the device matches no selector of the power")  \
    X(POA_E_RESOURCE_NOT_GRANTED, 93, "resource_not_granted", 10, 403, 7, "the resource is outside the power")        \
    X(POA_E_EVIDENCE_MISSING, 94, "evidence_missing", 10, 403, 7, "the power asks evidence that was not established") \
    X(POA_E_OUTSIDE_HOURS, 95, "outside_hours", 10, 403, 7, "not within the power's hours")                           \
    X(POA_E_NETWORK_NOT_GRANTED, 96, "network_not_granted", 10, 403, 7, "the caller's address is not granted")        \
    X(POA_E_IDENTITY_MISMATCH, 97, "identity_mismatch", 10, 422, 7, "sources name different identities")              \
    X(POA_E_DEVICE_EXISTS, 98, "device_exists", 10, 409, 7, "another device has this identity")                       \
    X(POA_E_APPROVAL_REQUIRED, 99, "approval_required", 10, 403, 7, "the request waits for somebody's approval")      \
    /* statements */                                                                                                  \
    X(POA_E_STATEMENT_INVALID, 110, "statement_invalid", 0, 400, 3, "the statement breaks a rule of section 8")       \
    X(POA_E_STATEMENT_UNAUTHORIZED, 111, "statement_unauthorized", 0, 403, 4, "its signer has no authority here")     \
    /* faults: nothing is known */                                                                                    \
    X(POA_F_NOMEM, -1, "out_of_memory", 0, 503, 1, "memory ran out")                                                  \
    X(POA_F_CRYPTO, -2, "crypto_fault", 0, 500, 1, "the cryptographic library failed")                                \
    X(POA_F_STORE, -3, "store_fault", 0, 503, 1, "the store could not be read or written")                            \
    X(POA_F_USAGE, -4, "usage_fault", 0, 500, 1, "the library was called against its contract")                       \
    X(POA_F_SIGNER, -5, "signer_fault", 0, 500, 1, "the signer did not sign")

/** Zero is permit; every other value refuses. */
typedef enum poa_err {
#define X(symbol, value, name, step, http, exit, condition) symbol = (value),
    POA_ERR_LIST(X)
#undef X
} poa_err;

/** One row of POA_ERR_LIST. */
typedef struct poa_err_info {
    poa_err code;
    const char *name;
    int step;
    int http;
    int exit;
    const char *condition;
} poa_err_info;

/** poa_err_name() - the reason code; never NULL. */
POA_API const char *poa_err_name(poa_err err);

/** poa_err_describe() - the row of an outcome; never NULL. */
POA_API const poa_err_info *poa_err_describe(poa_err err);

/** poa_err_next() - walk the list: NULL gives the first row, the last row gives NULL. */
POA_API const poa_err_info *poa_err_next(const poa_err_info *row);

/** poa_err_by_name() - the row of a reason code, or NULL. */
POA_API const poa_err_info *poa_err_by_name(const char *name);

/** poa_err_is_fault() - is this a fault (nothing known) and not an answer? */
static inline bool poa_err_is_fault(poa_err err)
{
    return err < POA_OK;
}

#endif
