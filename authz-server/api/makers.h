#ifndef API_MAKERS_H
#define API_MAKERS_H

#include "idevid.h"
#include "poa/policy.h"

/*
 * The manufacturers of a policy, their certificates read: whose IDevIDs and tickets are believed. Immutable.
 */
typedef struct api_makers api_makers;

/**
 * api_makers_load() - read the certificates of all manufacturers of a policy.
 * @policy: borrowed, outlives the result
 * @at:     on a refusal: the index of the manufacturer whose `ca` cannot be read
 * @why:    one sentence for people on a refusal
 *
 * Return: POA_OK; POA_E_MALFORMED, POA_E_TOO_LARGE; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err api_makers_load(const poa_policy *policy, api_makers **out, size_t *at, poa_why *why);
/** NULL is fine. */
void api_makers_free(api_makers *makers);

/**
 * api_makers_find() - validate an IDevID; as poa_idevid_find().
 * @maker: whose it is; borrowed from the policy
 */
POA_MUST_USE poa_err api_makers_find(const api_makers *makers, const poa_ctx *ctx, const poa_certs *x5c, int64_t now_s,
                                     poa_idevid **out, const poa_policy_manufacturer **maker, poa_why *why);

/**
 * api_makers_signer() - validate the certificate by which the manufacturer of this name signs.
 *
 * Return: as poa_idevid_verify(); POA_E_SIGNATURE_INVALID where the policy names no such manufacturer.
 */
POA_MUST_USE poa_err api_makers_signer(const api_makers *makers, const poa_ctx *ctx, poa_span name,
                                       const poa_certs *x5c, int64_t now_s, poa_idevid **out,
                                       const poa_policy_manufacturer **maker, poa_why *why);

/**
 * api_makers_stand() - is a path that was validated before still one of the manufacturer of this name?
 * @path: of the keys of its CAs, the hashes; as poa_idevid_path()
 * @stands: one of these CAs is an anchor of that manufacturer; only the anchors are asked, not what has expired since
 *
 * Return: POA_OK; POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_MUST_USE poa_err api_makers_stand(const api_makers *makers, const poa_ctx *ctx, poa_span name, const poa_id *path,
                                      size_t len, bool *stands);

#endif
