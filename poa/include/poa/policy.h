#ifndef POA_POLICY_H
#define POA_POLICY_H

#include "poa/context.h"
#include "poa/id.h"
#include "poa/key.h"
#include "poa/reason.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** poa_limits - configured limits of a verifier (section 4); 0 takes the default. */
typedef struct poa_limits {
    size_t chain_bytes; /**< default 16,384, at most 65,536 */
    size_t links;       /**< default 8, at most 9 */
} poa_limits;

/**
 * poa_policy - a site policy (section 9): whom a resource owner accepts as owners, and the most that each may grant.
 * Immutable, reference-counted, shared by threads; replaced whole.
 */
typedef struct poa_policy poa_policy;

/**
 * poa_policy_parse() - read and check a policy document.
 * @json:   the document; at most 1 MiB
 * @limits: configured limits, or NULL for the defaults; above the hard ones is POA_F_USAGE
 * @why:    on a refusal: code and JSON pointer into the document (not cut to two levels), hop null; may be NULL
 *
 * Return: POA_OK; claim_missing, claim_type, claim_forbidden (unknown member), key_invalid, private_key_in_token,
 * power_unknown, power_invalid, the JSON reader's errors; POA_F_NOMEM, POA_F_CRYPTO, POA_F_USAGE. An iss or a key that
 * stands in two owners is claim_type, as every duplicate entry.
 */
POA_API POA_MUST_USE poa_err poa_policy_parse(const poa_ctx *ctx, poa_span json, const poa_limits *limits,
                                              poa_policy **out, poa_reason *why);

POA_API poa_policy *poa_policy_ref(const poa_policy *policy);
POA_API void poa_policy_free(poa_policy *policy);

/** poa_policy_version() - SHA-256 over the document's bytes and the configured limits. */
POA_API const poa_id *poa_policy_version(const poa_policy *policy);

/** poa_policy_document_id() - SHA-256 of the document's bytes alone. */
POA_API const poa_id *poa_policy_document_id(const poa_policy *policy);

/** poa_policy_document() - the document as it was read. */
POA_API poa_span poa_policy_document(const poa_policy *policy);

/** Who may onboard without a further yes (section 9, `onboarding`). */
enum poa_policy_approval { POA_APPROVAL_AS_GRANTED, POA_APPROVAL_ALWAYS };
enum poa_policy_tickets { POA_TICKETS_OPTIONAL, POA_TICKETS_REQUIRED };

/** poa_policy_settings - the scalars of section 9, defaults filled in. Spans live as long as the policy. */
typedef struct poa_policy_settings {
    poa_span resource_owner;
    unsigned algorithms; /**< set of 1 << poa_alg */
    poa_limits limits;   /**< the configured ones, filled in */
    int64_t clock_skew_s;
    int64_t max_revocation_age_s;
    enum poa_policy_approval approval;
    enum poa_policy_tickets tickets;
    int64_t offline_age_s;
    int64_t credential_lifetime_s;
    int64_t trust_period_s;
    int64_t trust_grace_s;
    int64_t review_deadline_s;
} poa_policy_settings;

POA_API const poa_policy_settings *poa_policy_get(const poa_policy *policy);

/** poa_policy_allows() - does the policy list this algorithm? */
POA_API bool poa_policy_allows(const poa_policy *policy, poa_alg alg);

/** poa_policy_answer_key() - the i-th key that signs poa-epoch+jwt; NULL beyond the last. Borrowed. */
POA_API const poa_key *poa_policy_answer_key(const poa_policy *policy, size_t i);

/**
 * poa_policy_owner - one owner as the policy pins it. Borrowed from the policy.
 * @max_lifetime_s: the longest `exp` - `iat` of any link
 * @administers_all: "administers": "all"
 */
typedef struct poa_policy_owner {
    poa_span iss;
    size_t max_links;
    int64_t max_lifetime_s;
    bool administers_all;
} poa_policy_owner;

/** poa_policy_owner_at() - the i-th owner; NULL beyond the last. */
POA_API const poa_policy_owner *poa_policy_owner_at(const poa_policy *policy, size_t i);

/**
 * poa_policy_pin() - the owner to which a key is pinned at a time, or NULL.
 * @now_s: a key past its accept_until is not pinned
 * @key:   set to the pinned key, borrowed; may be NULL
 */
POA_API const poa_policy_owner *poa_policy_pin(const poa_policy *policy, const poa_id *kid, int64_t now_s,
                                               const poa_key **key);

/** Where a maker keeps the serial number in the subject of its IDevIDs. */
enum poa_serial_from { POA_SERIAL_FROM_SERIAL_NUMBER, POA_SERIAL_FROM_COMMON_NAME };

/**
 * poa_policy_manufacturer - a maker whose IDevIDs the policy accepts (section 9). Borrowed from the policy.
 * @ca:            PEM certificates
 * @id_link_hosts: hosts of its identification links, lower-case DNS names without duplicate; 0 to 64 of them
 */
typedef struct poa_policy_manufacturer {
    poa_span name;
    poa_span ca;
    const poa_span *id_link_hosts;
    size_t id_link_hosts_len;
    enum poa_serial_from serial_from;
} poa_policy_manufacturer;

/** poa_policy_manufacturer_at() - the i-th maker; NULL beyond the last. */
POA_API const poa_policy_manufacturer *poa_policy_manufacturer_at(const poa_policy *policy, size_t i);

#endif
