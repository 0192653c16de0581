#include "api/exchange.h"
#include "api/proxy.h"
#include "api/routes.h"
#include "guard.h"
#include "poa/decision.h"
#include "span.h"

#include <stdio.h>

/*
 * GET /v1/authorize: forward authentication. A proxy on loopback asks for each request that it would pass on: 200, 401
 * or 403 and nothing else. It hands on Authorization and DPoP as they came, and sets, over whatever the caller sent:
 *
 *   X-Original-Method   the request's method; GET or HEAD, because nobody here sees a body to compare with `bh`
 *   X-Original-URL      the request's whole URL, under one of the configuration's forward_urls
 *   X-PoA-Action        the action of the `access` power; "read" where absent
 */
struct forwarded {
    poa_span method;
    poa_span url;
    poa_span action;
    char resource[2048];
};

/* A field that stands once; one that stands twice is the caller's as well as the proxy's, and says nothing. */
static poa_span header(const api_exchange *x, const char *name)
{
    poa_span value = {0};
    return http_request_header(x->request, name, &value) == 1 ? value : (poa_span){0};
}

/* What the proxy says that the caller does; false when two say so. */
static bool read_action(const api_exchange *x, poa_span *action)
{
    *action = POA_SPAN("read");
    return !POA_GUARD(forwarded_action_twice, http_request_header(x->request, "X-PoA-Action", action) > 1);
}

/* The resource (section 5.2): the URL without query, fragment and a last slash. What is no resource matches no power.
 */
static bool name_resource(struct forwarded *f)
{
    poa_span url = f->url;
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] == '?' || url.ptr[i] == '#')
            url = poa_span_head(url, i);
    if (poa_span_ends(url, POA_SPAN("/")))
        url = poa_span_head(url, url.len - 1);
    if (url.len >= sizeof f->resource)
        return false;
    (void)snprintf(f->resource, sizeof f->resource, "%.*s", (int)url.len, url.ptr);
    return true;
}

static bool read_forwarded(const api_exchange *x, struct forwarded *f)
{
    const server_config *config = x->service->config;
    f->method = header(x, "X-Original-Method");
    f->url = header(x, "X-Original-URL");
    return read_action(x, &f->action) && http_address_is_loopback(http_request_peer(x->request)) &&
           (poa_span_is(f->method, "GET") || poa_span_is(f->method, "HEAD")) &&
           api_url_is_under(f->url, config->forward_urls, config->forward_urls_len) && name_resource(f);
}

static poa_err decide(api_exchange *x, const struct forwarded *f)
{
    const poa_request request = {
        .type = POA_SPAN("access"),
        .action = f->action,
        .resource = poa_span_of(f->resource),
        .address = x->address,
        .now_s = x->now_s,
    };
    poa_decision decision;
    return poa_decide(x->chain, &request, NULL, &decision, &x->why);
}

static void answer(http_request *request, unsigned status)
{
    http_reply_constant(request, status, NULL, (poa_span){0});
}

void api_authorize_get(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    struct forwarded f;
    if (!read_forwarded(x, &f)) {
        (void)api_deny(x, POA_E_RESOURCE_NOT_GRANTED, "");
        answer(request, 403);
        return;
    }
    poa_err err = api_present_for(x, f.method, f.url, API_READ);
    if (!err)
        err = api_note(x, decide(x, &f));
    if (!err) {
        http_reply_header(request, "X-PoA-Id", poa_span_of(poa_id_print(&poa_chain_leaf(x->chain)->id).chars));
        answer(request, 200);
        return;
    }
    if (!poa_err_is_fault(err) && poa_err_describe(err)->step < 10) {
        api_challenge(x);
        answer(request, 401);
        return;
    }
    answer(request, 403);
}
