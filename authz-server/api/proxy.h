#ifndef API_PROXY_H
#define API_PROXY_H

#include "config.h"
#include "http/request.h"

/**
 * api_caller_address() - the address from which the caller acts (protocol section 7).
 *
 * The TCP peer's; where that is a proxy that the configuration names, the last address of the one X-Forwarded-For
 * field that is not such a proxy itself. Unknown (family 0) when a trusted proxy tells none or tells nonsense: then
 * no `networks` holds it. An IPv4-mapped address is the IPv4 address.
 */
poa_address api_caller_address(const server_config *config, const http_request *request);

/** api_is_proxy() - is this peer a proxy that the configuration names? */
bool api_is_proxy(const server_config *config, const poa_address *address);

/**
 * api_url_is_under() - is url one of these base URLs, or below one by whole segments?
 *
 * Its bytes are, and so is what it normalises to: the proof's own check compares normal forms, and there
 * https://host/a/../b is https://host/b. A spelling that is not the configured one is refused.
 */
bool api_url_is_under(poa_span url, const char *const *bases, size_t len);

#endif
