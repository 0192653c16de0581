#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "api/service.h"

/*
 * GET /v1/devices/events: what orchestrators are told, as server-sent events, to whoever may read the devices.
 */

/** api_events - who listens. */
POA_MUST_USE poa_err api_events_new(api_events **out);
/* After the HTTP server has ended. NULL is fine. */
void api_events_free(api_events *events);

/** api_events_woken() - for api_service.events_wake: everybody who listens looks again. @arg: the api_events */
void api_events_woken(void *arg);

#endif
