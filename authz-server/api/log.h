#ifndef API_LOG_H
#define API_LOG_H

#include "api/exchange.h"
#include "http/server.h"

/**
 * api_log_request() - one JSON line for a request that ended: request id, route, status, decision, code, chain ids.
 * Never a token, key or signature.
 * @x: NULL when it got no further than the HTTP edge
 */
void api_log_request(const api_service *service, const http_request *request, const api_exchange *x,
                     const http_outcome *outcome);

/** api_log_event() - one JSON line about the service: {"time":…,"event":…,"message":…}. */
void api_log_event(const api_service *service, const char *event, const char *message);

#endif
