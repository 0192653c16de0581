#include "api/metrics.h"

#include "api/chains.h"
#include "api/keeper.h"
#include "api/replays.h"

#include <stdlib.h>

/* Decisions are counted by the code's row in the one table; its length is found once. */
enum { CODES_MAX = 128, STATUS_CLASSES = 6 };

struct api_metrics {
    atomic_uint_fast64_t requests[STATUS_CLASSES]; /* by hundreds of the status; 0: the client left */
    atomic_uint_fast64_t micros;
    atomic_uint_fast64_t decisions[CODES_MAX]; /* by row of POA_ERR_LIST */
};

poa_err api_metrics_new(api_metrics **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? POA_OK : POA_F_NOMEM;
}

void api_metrics_free(api_metrics *metrics)
{
    free(metrics);
}

static size_t row_of(poa_err code)
{
    return (size_t)(poa_err_describe(code) - poa_err_next(NULL));
}

void api_metrics_count(api_metrics *metrics, const api_exchange *x, const http_outcome *outcome)
{
    const unsigned hundreds = outcome->status / 100;
    metrics->requests[hundreds < STATUS_CLASSES ? hundreds : 0]++;
    metrics->micros += (uint64_t)outcome->duration_us;
    if (x && x->presented && row_of(x->code) < CODES_MAX)
        metrics->decisions[row_of(x->code)]++;
}

static void gauge(poa_buf *b, const char *name, const char *help, uint64_t value)
{
    poa_buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n%s %llu\n", name, help, name, name, (unsigned long long)value);
}

static void write_requests(const api_metrics *metrics, poa_buf *b)
{
    poa_buf_text(b, "# HELP poa_requests_total Requests that ended, by class of status (0: the client left).\n"
                    "# TYPE poa_requests_total counter\n");
    for (unsigned i = 0; i < STATUS_CLASSES; i++)
        poa_buf_printf(b, "poa_requests_total{class=\"%u\"} %llu\n", i, (unsigned long long)metrics->requests[i]);
    poa_buf_printf(b,
                   "# HELP poa_request_microseconds_total Time spent on requests.\n"
                   "# TYPE poa_request_microseconds_total counter\npoa_request_microseconds_total %llu\n",
                   (unsigned long long)metrics->micros);
}

static void write_decisions(const api_metrics *metrics, poa_buf *b)
{
    poa_buf_text(b, "# HELP poa_decisions_total Decisions, by reason code.\n# TYPE poa_decisions_total counter\n");
    size_t i = 0;
    for (const poa_err_info *row = poa_err_next(NULL); row && i < CODES_MAX; row = poa_err_next(row), i++)
        if (row->code == POA_OK || metrics->decisions[i] > 0)
            poa_buf_printf(b, "poa_decisions_total{code=\"%s\"} %llu\n", row->name,
                           (unsigned long long)metrics->decisions[i]);
}

void api_metrics_write(api_service *service, poa_buf *b)
{
    uint64_t hits = 0, misses = 0;
    size_t held = 0, room = 0;
    api_chains_count(service->chains, &hits, &misses);
    api_replays_count(service->replays, &held, &room);
    write_requests(service->metrics, b);
    write_decisions(service->metrics, b);
    poa_buf_printf(b,
                   "# HELP poa_chain_cache_total Verified chains looked up.\n# TYPE poa_chain_cache_total counter\n"
                   "poa_chain_cache_total{result=\"hit\"} %llu\npoa_chain_cache_total{result=\"miss\"} %llu\n",
                   (unsigned long long)hits, (unsigned long long)misses);
    gauge(b, "poa_replay_proofs", "Proofs remembered.", held);
    gauge(b, "poa_replay_room", "Proofs that there is room for.", room);
    gauge(b, "poa_writer_waiting", "Changes that wait for the writer.", store_writer_waiting(service->writer));
    poa_buf_printf(b,
                   "# HELP poa_keeper_rounds_total Looks at what has fallen due.\n"
                   "# TYPE poa_keeper_rounds_total counter\npoa_keeper_rounds_total %llu\n",
                   (unsigned long long)api_keeper_rounds(service));
    gauge(b, "poa_store_healthy", "1 when changes can be stored.", store_healthy(service->store));
    gauge(b, "poa_started_seconds", "When this process began.", (uint64_t)service->started_s);
}
