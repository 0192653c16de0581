#ifndef SERVER_SITE_H
#define SERVER_SITE_H

#include "api/service.h"

/**
 * site - what a start and each reload read from files: policy, CA and answer key, and the listeners' certificates.
 * @snapshot: one reference
 * @tls:      for each listener of the configuration; points into certificates and keys
 */
typedef struct site {
    api_snapshot *snapshot;
    http_tls tls[HTTP_LISTENERS_MAX];
    poa_secret certificates[HTTP_LISTENERS_MAX];
    poa_secret keys[HTTP_LISTENERS_MAX];
} site;

/**
 * site_load() - read them all, and check that they fit each other and the time.
 * @now_s:    seconds since the epoch: certificates must be valid then
 * @out:      set on success; ends with site_clear()
 * @report:   on failure gets all errors: lines with the file, what is wrong with it, and a hint
 * @warnings: lines about what will soon be wrong, also on success; may be NULL
 *
 * The policy parses, and so do the certificates of its manufacturers; the answer key is private and one of the policy's
 * answer keys; the CA's key is that of its certificate; each listener's key is that of its certificate. A private key,
 * and a passphrase, that others on the machine may read is refused.
 */
POA_MUST_USE bool site_load(const poa_ctx *ctx, const server_config *config, int64_t now_s, site *out, poa_buf *report,
                            poa_buf *warnings);

void site_clear(site *s);

#endif
