#ifndef POA_SRC_LINK_H
#define POA_SRC_LINK_H

#include "poa/chain.h"

#include "jws.h"
#include "power.h"

/*
 * One PoA while its chain is built: first opened (steps 2 and 3), then its payload read (claims by themselves), then
 * its powers. What is not read yet is zero.
 */
typedef struct poa_link_body {
    poa_link facts; /* what the public sees; its spans point into payload and text */
    poa_jws jws;
    json_t *payload;    /* owned */
    poa_key *agent_key; /* owned */
    char *powers_text;  /* owned */
    poa_powers *powers; /* owned */
    bool has_par_hash;
    poa_id par_hash;
} poa_link_body;

void poa_link_clear(poa_link_body *link);

/* Step 2. */
POA_MUST_USE poa_err poa_link_split(const poa_ctx *ctx, poa_span text, int hop, poa_link_body *link, poa_reason *why);

/* Step 3; algorithms is a set of 1 << poa_alg. */
POA_MUST_USE poa_err poa_link_read_header(unsigned algorithms, int hop, poa_link_body *link, poa_reason *why);

/*
 * Payload JSON, each claim by itself in the order of section 2 (a child must have par_hash), then window_empty.
 * hop 0 is the root.
 */
POA_MUST_USE poa_err poa_link_read_claims(const poa_ctx *ctx, int hop, poa_link_body *link, poa_reason *why);

/* A root has no par_hash. */
POA_MUST_USE poa_err poa_link_check_root(const poa_link_body *link, poa_reason *why);

/* Each power by itself. */
POA_MUST_USE poa_err poa_link_read_powers(int hop, poa_link_body *link, poa_reason *why);

/* A child's claims against its parent's: iss, par_hash, aud, transferable, iat, nbf, exp. */
POA_MUST_USE poa_err poa_link_check_parent(const poa_link_body *child, const poa_link_body *parent, int hop,
                                           poa_reason *why);

#endif
