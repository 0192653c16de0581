#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "api/service.h"
#include "http/route.h"
#include "http/server.h"

/** The table of routes, in the order in which they are matched; static. http_config.handler_arg is the api_service. */
extern const http_route api_routes[];
extern const size_t api_routes_len;

/** api_hooks() - the hooks that make error replies, log lines and metrics; @now_us and @random are left to main(). */
void api_hooks(api_service *service, http_hooks *hooks);

/* One handler for each row; each file of this room says what its own do. */
http_handler api_challenges_post;
http_handler api_onboardings_post;
http_handler api_onboarding_get;
http_handler api_approval_post;
http_handler api_onboardings_batch_post;
http_handler api_tickets_post;
http_handler api_replacement_post;
http_handler api_tickets_batch_post;
http_handler api_ticket_delete;
http_handler api_devices_get;
http_handler api_device_get;
http_handler api_trust_post;
http_handler api_events_get;
http_handler api_device_suspension_post;
http_handler api_device_resumption_post;
http_handler api_device_decommission_post;
http_handler api_device_ratification_post;
http_handler api_device_release_post;
http_handler api_poas_post;
http_handler api_poa_get;
http_handler api_decisions_post;
http_handler api_authorize_get;
http_handler api_revocations_post;
http_handler api_preview_post;
http_handler api_revocation_get;
http_handler api_revocations_get;
http_handler api_crl_get;
http_handler api_configuration_get;
http_handler api_healthz_get;
http_handler api_readyz_get;
http_handler api_metrics_get;

#endif
