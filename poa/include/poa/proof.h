#ifndef POA_PROOF_H
#define POA_PROOF_H

#include "poa/chain.h"
#include "poa/signer.h"

/**
 * poa_proof_expected - what a proof must bind (section 6). All borrowed.
 * @method:    the request's method, exactly
 * @urls:      the URLs under which the request may have been made: configured public base URL plus path; usually one
 * @chain:     the chain text as it stood in the Authorization header
 * @body:      the request's body; ignored where body_hash is given
 * @body_hash: SHA-256 of a body that somebody else received; NULL: body counts
 * @now_s:     seconds since the epoch
 * @started_s: start of this process: a proof without nonce and with an earlier iat is asked for one
 * @nonce_demanded: the route changes state, so a nonce must be there
 */
typedef struct poa_proof_expected {
    poa_span method;
    const poa_span *urls;
    size_t urls_len;
    poa_span chain;
    poa_span body;
    const poa_id *body_hash;
    int64_t now_s;
    int64_t started_s;
    bool nonce_demanded;
} poa_proof_expected;

/**
 * poa_proof_memory - what a verifier remembers of nonces and proofs.
 * @nonce: is this text a valid unused nonce of ours at now_s? POA_OK, POA_E_NONCE_INVALID, POA_F_*. Does not use it up
 * @use:   remember that key used jti until until_s. POA_OK the first time, POA_E_PROOF_REPLAYED afterwards, POA_F_*
 *         when it cannot be remembered (a fault: the proof is not accepted)
 *
 * A verifier without memory (offline) passes NULL for the struct: then any nonce is accepted unseen and no jti is
 * remembered. Servers never do.
 */
typedef struct poa_proof_memory {
    void *self;
    poa_err (*nonce)(void *self, poa_span nonce, int64_t now_s);
    poa_err (*use)(void *self, const poa_id *key, poa_span jti, int64_t until_s);
} poa_proof_memory;

/**
 * poa_proof_facts - what a checked proof said. Copies; owns nothing.
 */
typedef struct poa_proof_facts {
    poa_id id; /**< SHA-256 of its signing input */
    char jti[257];
    char nonce[257]; /**< "" where there was none */
    int64_t iat_s;
} poa_proof_facts;

/**
 * poa_proof_check() - step 9: the caller holds the leaf agent's key and made this very request, now.
 *
 * In the order of section 6: form, key, signature, htm, htu, ath, bh, iat, nonce, jti. Once the signature has verified
 * the jti is remembered, whatever comes out, until the proof could not be accepted any more.
 *
 * Form: a compact JWS of at most 8,192 bytes, its header exactly typ, alg, jwk (public); jti and nonce 1 to 256 bytes
 * of UTF-8 without control characters; htm and htu not empty; iat a whole number, 0 to 2^53-1; ath, which must be there
 * under a chain, and bh strings; other claims are ignored. What htm, htu, ath and bh say is compared, never judged by
 * itself: a htu that is no http or https URL matches none.
 *
 * @proof:    the text; ptr NULL where none was sent
 * @chain:    only read or verified: the leaf's cnf counts
 * @policy:   lists the algorithms
 * @expected: its chain is the text of @chain, else POA_F_USAGE
 * @facts:    set on POA_OK; may be NULL
 * @verified: set to whether the proof's signature held and its key is the leaf's, also when a later check refuses; from
 *            then on the caller may be told the whole reason; may be NULL
 *
 * A clock that is more than 60 s off needs a nonce to be heard at all, so a server sends one with proof_stale, too.
 *
 * Return: POA_OK; proof_missing, proof_invalid, proof_key_mismatch, proof_binding_mismatch, proof_stale,
 * nonce_required, nonce_invalid, proof_replayed (hop null, member null); POA_F_*.
 */
POA_API POA_MUST_USE poa_err poa_proof_check(const poa_ctx *ctx, poa_span proof, const poa_chain *chain,
                                             const poa_policy *policy, const poa_proof_expected *expected,
                                             const poa_proof_memory *memory, poa_proof_facts *facts, bool *verified,
                                             poa_reason *why);

/**
 * poa_proof_check_key() - the same for a proof by a key that stands in no chain: an enforcement point's own.
 * @key: the public key that must have made it; the proof's ath must be absent when expected->chain is empty
 */
POA_API POA_MUST_USE poa_err poa_proof_check_key(const poa_ctx *ctx, poa_span proof, const poa_key *key,
                                                 const poa_policy *policy, const poa_proof_expected *expected,
                                                 const poa_proof_memory *memory, poa_proof_facts *facts, bool *verified,
                                                 poa_reason *why);

/**
 * poa_proof_request - what a proof shall bind. All borrowed.
 * @url:   query and fragment are left out of htu
 * @chain: chain text; the empty span leaves ath out
 * @body:  the empty span leaves bh out
 * @nonce: the empty span leaves it out
 */
typedef struct poa_proof_request {
    poa_span method;
    poa_span url;
    poa_span chain;
    poa_span body;
    poa_span nonce;
    int64_t iat_s;
} poa_proof_request;

/** poa_proof_sign() - make a proof; malloc'ed. Return: POA_OK, POA_E_PROOF_INVALID (a request that no verifier would
 * take), POA_F_*. */
POA_API POA_MUST_USE poa_err poa_proof_sign(const poa_ctx *ctx, const poa_proof_request *request,
                                            const poa_signer *signer, const poa_random *random, char **proof);

#endif
