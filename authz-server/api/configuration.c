#include "api/crls.h"
#include "api/exchange.h"
#include "api/lines.h"
#include "api/nonces.h"
#include "api/routes.h"
#include "bounds.h"
#include "power.h"
#include "span.h"

static void add_url(poa_buf *b, const char *name, const char *base, const char *path)
{
    POA_CLEANUP(poa_buf_clear) poa_buf url = {0};
    poa_buf_text(&url, base);
    poa_buf_text(&url, path);
    poa_buf_printf(b, ",\"%s\":", name);
    poa_buf_json_text(b, poa_buf_span(&url));
}

static void add_routes(poa_buf *b, const char *base)
{
    static const char *const routes[][2] = {
        {"challenge_endpoint", "/v1/challenges"},
        {"onboarding_endpoint", "/v1/onboardings"},
        {"onboarding_batch_endpoint", "/v1/onboardings:batch"},
        {"ticket_endpoint", "/v1/tickets"},
        {"ticket_batch_endpoint", "/v1/tickets:batch"},
        {"device_endpoint", "/v1/devices"},
        {"device_event_endpoint", "/v1/devices/events"},
        {"poa_endpoint", "/v1/poas"},
        {"decision_endpoint", "/v1/decisions"},
        {"authorize_endpoint", "/v1/authorize"},
        {"revocation_endpoint", "/v1/revocations"},
        {"revocation_preview_endpoint", "/v1/revocations:preview"},
    };
    for (size_t i = 0; i < POA_COUNT(routes); i++)
        add_url(b, routes[i][0], base, routes[i][1]);
}

/* As the certificates say it that are issued now. */
static void add_crl(poa_buf *b, const api_exchange *x)
{
    POA_CLEANUP(poa_buf_clear) poa_buf url = {0};
    api_crl_url(x->service, x->snapshot->ca, &url);
    poa_buf_text(b, ",\"crl_url\":");
    poa_buf_json_text(b, poa_buf_span(&url));
}

static void add_types(poa_buf *b)
{
    poa_buf_text(b, ",\"authorization_details_types_supported\":[");
    for (size_t i = 0; poa_power_type_name(i); i++)
        poa_buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", poa_power_type_name(i));
    poa_buf_text(b, "]");
}

static void add_algorithms(poa_buf *b, const poa_policy *policy)
{
    const char *comma = "";
    poa_buf_text(b, ",\"algorithms\":[");
    for (poa_alg alg = POA_ALG_ES256; alg <= POA_ALG_PS256; alg++) {
        if (!poa_policy_allows(policy, alg))
            continue;
        poa_buf_printf(b, "%s\"%s\"", comma, poa_alg_name(alg));
        comma = ",";
    }
    poa_buf_text(b, "]");
}

static void add_limits(poa_buf *b, const api_service *service, const poa_policy_settings *settings)
{
    poa_buf_printf(b,
                   ",\"limits\":{\"chain_bytes\":%zu,\"links\":%zu,\"link_bytes\":%d,\"json_depth\":%d,"
                   "\"body_bytes\":%zu,\"batch_lines\":%d,\"batch_line_bytes\":%d,\"clock_skew\":%lld,"
                   "\"max_revocation_age\":%lld,\"nonce_lifetime\":%d}",
                   settings->limits.chain_bytes, settings->limits.links, POA_LINK_BYTES_MAX, POA_JSON_DEPTH_MAX,
                   service->config->limits.http.body_bytes_max, API_LINES_MAX, API_LINE_BYTES_MAX,
                   (long long)settings->clock_skew_s, (long long)settings->max_revocation_age_s, API_NONCE_LIFETIME_S);
}

/* The policy's answer keys: a relying party takes them from there or from here. */
static void add_answer_keys(poa_buf *b, const poa_policy *policy)
{
    poa_buf_text(b, ",\"answer_keys\":[");
    for (size_t i = 0; poa_policy_answer_key(policy, i); i++)
        poa_buf_printf(b, "%s%s", i > 0 ? "," : "", poa_key_jwk(poa_policy_answer_key(policy, i)));
    poa_buf_text(b, "]");
}

/* GET /.well-known/poa-configuration: what somebody must know to use this server, in the manner of RFC 8414. */
void api_configuration_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    const poa_policy *policy = x->snapshot->policy;
    const poa_policy_settings *settings = poa_policy_get(policy);
    poa_buf b = {0};
    poa_buf_text(&b, "{\"resource_owner\":");
    poa_buf_json_text(&b, settings->resource_owner);
    add_url(&b, "base_url", x->service->config->public_url, "");
    add_routes(&b, x->service->config->public_url);
    add_crl(&b, x);
    add_types(&b);
    add_algorithms(&b, policy);
    add_limits(&b, x->service, settings);
    add_answer_keys(&b, policy);
    poa_buf_text(&b, "}\n");
    api_reply_json(x, 200, &b);
}
