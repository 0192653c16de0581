#ifndef SERVER_MAKE_H
#define SERVER_MAKE_H

#include "buf.h"
#include "poa/context.h"
#include "poa/key.h"

#include <stdint.h>

/* Making a site: CA, answer key, the site's own key, policy, configuration. */

#define MAKE_OWNERS_MAX 16

/* Names of the files, in the directory of the site. */
#define MAKE_CONFIG     "site.json"
#define MAKE_POLICY     "policy.json"
#define MAKE_CA         "ca.pem"
#define MAKE_CA_KEY     "ca.key"
#define MAKE_ANSWER_KEY "answer.key"
#define MAKE_ADMIN_KEY  "administrator.key"
#define MAKE_ADMIN_JWK  "administrator.jwk"

/** An owner to be pinned. Borrowed. */
typedef struct make_owner {
    poa_span iss;
    const poa_key *key;
} make_owner;

/**
 * make_plan - what a new site is like. All borrowed.
 * @dir:         its directory; made with mode 0700 where missing, its parent exists
 * @site:        the resource owner's id
 * @listen:      an address as http_address_parse() reads it
 * @certificate, @key: TLS files of the listener, as the configuration shall name them; NULL: clear text
 * @locations:   what the powers of the policy extend to; 1 to POA_LOCATIONS_MAX site paths
 * @now_s:       when the CA begins
 */
typedef struct make_plan {
    const char *dir;
    poa_span site;
    const char *public_url;
    const char *listen;
    const char *certificate;
    const char *key;
    const char *const *locations;
    size_t locations_len;
    make_owner owners[MAKE_OWNERS_MAX];
    size_t owners_len;
    int64_t now_s;
} make_plan;

/**
 * make_site() - write a new site. Nothing that is there is ever overwritten.
 * @report: on failure what is wrong, lines for people
 *
 * The site's own key is pinned as an owner that administers all; each owner of the plan may bring in, look after and
 * remove devices, and administer its own. Private keys have mode 0600.
 *
 * Return: false when a file is there already or cannot be written, or when keys cannot be made; what was written so
 * far is removed again.
 */
POA_MUST_USE bool make_site(const poa_ctx *ctx, const make_plan *plan, poa_buf *report);

#endif
