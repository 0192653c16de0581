#ifndef POA_SRC_POLICY_BODY_H
#define POA_SRC_POLICY_BODY_H

#include "policy.h"

#include <jansson.h>
#include <stdatomic.h>

/* What a policy is made of: shared by the file that reads a document and the one that answers questions about it. */

#define POA_POLICY_ANSWER_KEYS_MAX 8

typedef struct poa_pin {
    poa_key *key; /* owned */
    int64_t until_s;
} poa_pin;

/* The public part comes first, so that a pointer to it leads to the whole. */
typedef struct poa_owner {
    poa_policy_owner facts;
    poa_pin pins[POA_POLICY_OWNER_KEYS_MAX];
    size_t pins_len;
    poa_powers *powers; /* owned */
} poa_owner;

/* Likewise. */
typedef struct poa_manufacturer {
    poa_policy_manufacturer facts;
    poa_span *hosts; /* owned; what facts.id_link_hosts shows */
} poa_manufacturer;

struct poa_policy {
    atomic_uint refs;
    char *document; /* owned */
    size_t document_len;
    json_t *body; /* owned; spans point into it */
    poa_id document_id;
    poa_id version;
    poa_policy_settings settings;
    poa_owner *owners; /* owned */
    size_t owners_len;
    poa_key *answer_keys[POA_POLICY_ANSWER_KEYS_MAX]; /* owned */
    poa_manufacturer *manufacturers;                  /* owned */
    size_t manufacturers_len;
};

/* The pin with this thumbprint, whatever its end, and its owner; NULL when there is none. Borrowed. */
const poa_pin *poa_policy_find_pin(const poa_policy *policy, const poa_id *kid, const poa_owner **owner);

/*
 * Fill a policy from its body, the table of section 9. Refusals as poa_policy_parse(). On anything but POA_OK what was
 * read so far stays in the policy, for poa_policy_free().
 */
POA_MUST_USE poa_err poa_policy_read_body(const poa_ctx *ctx, poa_policy *policy, poa_reason *why);

#endif
