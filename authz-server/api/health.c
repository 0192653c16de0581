#include "api/exchange.h"
#include "api/metrics.h"
#include "api/routes.h"

/* GET /healthz: the process answers. It never touches the store: a full disk is no reason to kill the process. */
void api_healthz_get(http_request *request, void *arg)
{
    (void)arg;
    http_reply_constant(request, 200, "application/json", POA_SPAN("{\"status\":\"ok\"}\n"));
}

/* Can it decide and change now? Reads the store, as any decision would. */
static const char *why_not_ready(api_service *service)
{
    if (!atomic_load(&service->ready))
        return "starting or stopping";
    if (!store_healthy(service->store))
        return "changes cannot be stored";
    store_txn *txn = NULL;
    int64_t mark_s = 0;
    poa_err err = store_read_begin(service->store, &txn);
    if (!err)
        err = api_time_mark(service, txn, &mark_s);
    store_read_end(txn);
    if (err)
        return "the store cannot be read";
    api_snapshot *snapshot = api_slot_get(service->slot);
    const int64_t skew_s = poa_policy_get(snapshot->policy)->clock_skew_s;
    api_snapshot_free(snapshot);
    return api_now(service) + skew_s < mark_s ? "the clock is behind a time that was acted on" : NULL;
}

/* GET /readyz */
void api_readyz_get(http_request *request, void *arg)
{
    const char *why = why_not_ready(arg);
    poa_buf body = {0};
    if (why)
        poa_buf_printf(&body, "{\"status\":\"not ready\",\"because\":\"%s\"}\n", why);
    else
        poa_buf_text(&body, "{\"status\":\"ready\"}\n");
    http_reply(request, why ? 503 : 200, "application/json", &body);
}

/* GET /metrics */
void api_metrics_get(http_request *request, void *arg)
{
    poa_buf body = {0};
    api_metrics_write(arg, &body);
    http_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}
