#ifndef API_CRLS_H
#define API_CRLS_H

#include "api/service.h"
#include "buf.h"

/*
 * The list of the certificates that the site's CA revoked or holds (RFC 5280 section 5): GET /crl/{ca}.crl, DER. Made
 * when it is asked for and something has changed since, kept in memory, numbered in the store.
 */

/* From thisUpdate to nextUpdate, and how old one may be that is handed out. */
#define API_CRL_LIFETIME_S 3600
#define API_CRL_AGE_MAX_S  1800

/** api_crls - the list as it was made last, and who waits for the next one. */
POA_MUST_USE poa_err api_crls_new(api_crls **out);
/* After the HTTP server and the writer have ended. NULL is fine. */
void api_crls_free(api_crls *crls);

/** api_crl_url() - where the list of a CA is, for its certificates' cRLDistributionPoints. Appended to @url. */
void api_crl_url(const api_service *service, const poa_ca *ca, poa_buf *url);

#endif
