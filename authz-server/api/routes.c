#include "api/routes.h"

#include "api/exchange.h"
#include "api/lines.h"
#include "api/log.h"
#include "api/metrics.h"
#include "api/problem.h"
#include "api/proxy.h"

#include <string.h>

#define JSON   "application/json"
#define NDJSON "application/x-ndjson"

const http_route api_routes[] = {
    {HTTP_POST, "/v1/challenges", api_challenges_post, 0, NULL, 0},
    {HTTP_POST, "/v1/onboardings", api_onboardings_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/onboardings:batch", api_onboardings_batch_post, API_LINES_BYTES, NDJSON, HTTP_ROUTE_SPOOL},
    {HTTP_GET, "/v1/onboardings/{id}", api_onboarding_get, 0, NULL, 0},
    {HTTP_POST, "/v1/onboardings/{id}/approval", api_approval_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/tickets", api_tickets_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/tickets:batch", api_tickets_batch_post, API_LINES_BYTES, NDJSON, HTTP_ROUTE_SPOOL},
    {HTTP_DELETE, "/v1/tickets/{id}", api_ticket_delete, 0, NULL, 0},
    {HTTP_GET, "/v1/devices", api_devices_get, 0, NULL, HTTP_ROUTE_QUERY},
    {HTTP_GET, "/v1/devices/events", api_events_get, 0, NULL, 0},
    {HTTP_POST, "/v1/devices/{id}/replacement", api_replacement_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/devices/{id}/trust", api_trust_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_GET, "/v1/devices/{id}", api_device_get, 0, NULL, 0},
    {HTTP_POST, "/v1/devices/{id}/suspension", api_device_suspension_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/devices/{id}/resumption", api_device_resumption_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/devices/{id}/decommission", api_device_decommission_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/devices/{id}/ratification", api_device_ratification_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/devices/{id}/release", api_device_release_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/poas", api_poas_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_GET, "/v1/poas/{id}", api_poa_get, 0, NULL, 0},
    {HTTP_POST, "/v1/decisions", api_decisions_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_GET, "/v1/authorize", api_authorize_get, 0, NULL, 0},
    {HTTP_POST, "/v1/revocations", api_revocations_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_POST, "/v1/revocations:preview", api_preview_post, HTTP_BODY_DEFAULT, JSON, 0},
    {HTTP_GET, "/v1/revocations", api_revocations_get, 0, NULL, 0},
    {HTTP_GET, "/v1/revocations/{poa_id}", api_revocation_get, 0, NULL, HTTP_ROUTE_QUERY},
    {HTTP_GET, "/crl/{ca}.crl", api_crl_get, 0, NULL, 0},
    {HTTP_GET, "/.well-known/poa-configuration", api_configuration_get, 0, NULL, 0},
    {HTTP_GET, "/healthz", api_healthz_get, 0, NULL, 0},
    {HTTP_GET, "/readyz", api_readyz_get, 0, NULL, 0},
    {HTTP_GET, "/metrics", api_metrics_get, 0, NULL, 0},
};
const size_t api_routes_len = sizeof api_routes / sizeof api_routes[0];

/* Errors of the HTTP edge: no reason code of the protocol, so the type is RFC 9457's own. */
static void write_problem(void *arg, const http_request *request, unsigned status, const char *detail, poa_buf *body)
{
    (void)arg;
    poa_buf_printf(body, "{\"type\":\"about:blank\",\"status\":%u,\"detail\":", status);
    poa_buf_json_text(body, (poa_span){detail, strlen(detail)});
    if (request) {
        poa_buf_text(body, ",\"request_id\":");
        poa_buf_json_text(body, http_request_id(request));
    }
    poa_buf_text(body, "}");
}

static void request_done(void *arg, const http_request *request, const http_outcome *outcome)
{
    const api_service *service = arg;
    const api_exchange *x = http_request_attached(request);
    api_metrics_count(service->metrics, x, outcome);
    api_log_request(service, request, x, outcome);
}

static void log_line(void *arg, const char *line)
{
    api_log_event(arg, "http", line);
}

static bool is_unlimited(void *arg, const http_address *peer)
{
    const api_service *service = arg;
    poa_address address = {.family = peer->family};
    memcpy(address.bytes, peer->bytes, sizeof address.bytes);
    return api_is_proxy(service->config, &address);
}

void api_hooks(api_service *service, http_hooks *hooks)
{
    hooks->problem = write_problem;
    hooks->done = request_done;
    hooks->log = log_line;
    hooks->unlimited = is_unlimited;
    hooks->arg = service;
}
