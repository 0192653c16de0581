#ifndef API_METRICS_H
#define API_METRICS_H

#include "api/exchange.h"
#include "buf.h"
#include "http/server.h"

/*
 * What the server counted since its start, as Prometheus text. Counters only grow; nothing in a label comes from a
 * caller.
 */

POA_MUST_USE poa_err api_metrics_new(api_metrics **out);
void api_metrics_free(api_metrics *metrics);

/* One request that ended; x may be NULL (it got no further than the HTTP edge). Any thread. */
void api_metrics_count(api_metrics *metrics, const api_exchange *x, const http_outcome *outcome);

/* The text exposition format, version 0.0.4. */
void api_metrics_write(api_service *service, poa_buf *body);

#endif
