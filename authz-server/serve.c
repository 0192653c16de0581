#include "serve.h"

#include "api/chains.h"
#include "api/crls.h"
#include "api/events.h"
#include "api/keeper.h"
#include "api/log.h"
#include "api/metrics.h"
#include "api/nonces.h"
#include "api/replays.h"
#include "api/routes.h"
#include "change.h"
#include "cleanup.h"
#include "guard.h"
#include "machine.h"
#include "manager.h"
#include "site.h"
#include "span.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The writer's thread found the store broken: wakes the loop of signals. */
#define SIGNAL_BROKEN SIGUSR1

#define HOUSEKEEPING_US (60 * INT64_C(1000000))
/* Beside connections: the store, the log, and for each thread of HTTP its epoll and its pipe. */
#define OTHER_DESCRIPTORS 64
/* Threads that read the store at once: those of HTTP, and of the listeners that reloads have not ended yet. */
#define READERS_PER_THREAD 16

typedef struct server {
    const poa_ctx *ctx;
    const server_config *config;
    api_service service;
    http_server *http;
    site site; /* as it is in use */
    char policy_owner[POA_NAME_BYTES_MAX + 1];
    atomic_bool broken;
} server;

/* ---- the log ---- */

static void event(const server *s, const char *name, const char *message)
{
    api_log_event(&s->service, name, message);
}

/* Each line of a report is an event of its own. */
static void event_lines(const server *s, const char *name, const poa_buf *report)
{
    poa_fields lines = poa_fields_of(poa_buf_span(report), '\n');
    poa_span line;
    while (poa_fields_next(&lines, &line)) {
        POA_CLEANUP(poa_freep) char *text = line.len > 0 ? poa_span_dup(line) : NULL;
        if (text)
            event(s, name, text);
    }
}

static void event_listening(const server *s, size_t listener)
{
    char address[HTTP_ADDRESS_TEXT_MAX];
    http_address_text(http_server_address(s->http, listener), address);
    POA_CLEANUP(poa_buf_clear) poa_buf line = {0};
    poa_buf_printf(&line, "{\"time\":%lld,\"event\":\"listening\",\"address\":\"%s\",\"tls\":%s}",
                   (long long)api_now(&s->service), address,
                   s->config->listeners[listener].certificate ? "true" : "false");
    if (!line.failed)
        s->service.log(s->service.log_arg, poa_buf_span(&line));
}

static int fault(const server *s, const char *message)
{
    event(s, "fault", message);
    return SERVER_FAULT;
}

static int fault_of(const server *s, const char *what, poa_err err)
{
    char message[256];
    (void)snprintf(message, sizeof message, "%s: %s (%s)", what, poa_err_describe(err)->condition, poa_err_name(err));
    return fault(s, message);
}

/* ---- starting ---- */

static void told_health(void *arg, store_health health, const char *why)
{
    server *s = arg;
    char message[STORE_WHY_BYTES + 64];
    static const char *const words[] = {[STORE_OK] = "changes are stored again",
                                        [STORE_FULL] = "no room for changes",
                                        [STORE_BROKEN] = "the store is broken"};
    (void)snprintf(message, sizeof message, "%s: %s", words[health], why ? why : "");
    event(s, "store", message);
    if (health != STORE_BROKEN)
        return;
    atomic_store(&s->broken, true);
    (void)kill(getpid(), SIGNAL_BROKEN);
}

static int open_store(server *s)
{
    const config_limits *limits = &s->config->limits;
    const store_options options = {
        .dir = s->config->data,
        .map_bytes = s->config->map_bytes,
        .readers =
            STORE_READERS_DEFAULT + limits->http.threads * (unsigned)s->config->listeners_len * READERS_PER_THREAD,
        .ctx = s->ctx,
        .random = &machine_randomness,
    };
    char why[STORE_WHY_BYTES] = "";
    if (store_open(&options, &s->service.store, why))
        return fault(s, why);
    const store_writer_options writing = {
        .queue_max = limits->queue,
        .group_max = limits->group,
        .health = told_health,
        .health_ctx = s,
    };
    const poa_err err = store_writer_start(s->service.store, &writing, &s->service.writer);
    return err ? fault_of(s, "the writer cannot be started", err) : SERVER_OK;
}

/* What the handlers share. The snapshot of the site goes to the slot; the site keeps a reference of its own. */
static int make_service(server *s)
{
    api_service *service = &s->service;
    const poa_span owner = poa_policy_get(s->site.snapshot->policy)->resource_owner;
    (void)snprintf(s->policy_owner, sizeof s->policy_owner, "%.*s", (int)owner.len, owner.ptr);
    poa_err err = api_slot_new(&service->slot);
    if (!err)
        err = api_chains_new(s->config->limits.chain_cache, &service->chains);
    if (!err)
        err = api_nonces_new(&service->random, owner, &service->nonces);
    if (!err)
        err = api_replays_new(s->config->limits.replay_bytes, &service->replays);
    if (!err)
        err = api_metrics_new(&service->metrics);
    if (!err)
        err = api_crls_new(&service->crls);
    if (!err)
        err = api_events_new(&service->events);
    if (!err)
        err = api_keeper_new(api_keeper_tasks, s->config->limits.keeper_tick_ms, &service->keeper);
    if (err)
        return fault_of(s, "the server cannot be made", err);
    service->events_wake = api_events_woken;
    service->events_wake_arg = service->events;
    atomic_fetch_add(&s->site.snapshot->refs, 1);
    api_slot_set(service->slot, s->site.snapshot);
    return SERVER_OK;
}

static int load_policy(server *s)
{
    const poa_span document = poa_policy_document(s->site.snapshot->policy);
    const poa_err err = change_policy_load(s->service.writer, document, api_now(&s->service));
    return err ? fault_of(s, "the policy cannot be noted in the store", err) : SERVER_OK;
}

/* A socket that was passed may listen elsewhere than the configuration says. */
static bool is_clear_beyond_loopback(const server *s, int socket, size_t listener)
{
    struct sockaddr_storage where = {0};
    socklen_t len = sizeof where;
    if (s->config->listeners[listener].certificate || s->config->clear_text_beyond_loopback)
        return false;
    const bool known = getsockname(socket, (struct sockaddr *)&where, &len) == 0;
    const http_address address = http_address_from_socket(&where);
    return !known || !http_address_is_loopback(&address);
}

static int listen_all(server *s, const serve_options *options)
{
    http_listener listeners[HTTP_LISTENERS_MAX] = {0};
    for (size_t i = 0; i < s->config->listeners_len; i++) {
        listeners[i] = (http_listener){s->config->listeners[i].address, options->sockets[i], s->site.tls[i], NULL};
        const int socket = options->sockets[i];
        if (POA_GUARD(serve_clear_socket, socket >= 0 && is_clear_beyond_loopback(s, socket, i)))
            return fault(s, "a socket that was passed is reached by other machines, and its listener has no TLS");
    }
    http_config http = {
        .listeners = listeners,
        .listener_count = s->config->listeners_len,
        .routes = api_routes,
        .route_count = api_routes_len,
        .handler_arg = &s->service,
        .spool_dir = s->config->data,
        .limits = s->config->limits.http,
        .hooks = {.now_us = machine_now_us, .random = machine_random},
    };
    api_hooks(&s->service, &http.hooks);
    POA_CLEANUP(poa_buf_clear) poa_buf why = {0};
    if (http_server_start(&http, &s->http, &why))
        return SERVER_OK;
    return fault(s, why.text ? why.text : "the HTTP server cannot be started");
}

static void allow_descriptors(const server *s)
{
    const http_limits *limits = &s->config->limits.http;
    const uint64_t wanted = (uint64_t)limits->connections_max + limits->spools_max +
                            4 * limits->threads * s->config->listeners_len + OTHER_DESCRIPTORS;
    const uint64_t got = machine_allow_descriptors(wanted);
    if (got >= wanted)
        return;
    char message[128];
    (void)snprintf(message, sizeof message, "%llu descriptors are allowed, %llu are wanted for all connections",
                   (unsigned long long)got, (unsigned long long)wanted);
    event(s, "warning", message);
}

static int start_keeper(server *s)
{
    const poa_err err = api_keeper_start(&s->service);
    return err ? fault_of(s, "the thread for what falls due cannot be started", err) : SERVER_OK;
}

static int start(server *s, const serve_options *options)
{
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf warnings = {0};
    if (!site_load(s->ctx, s->config, api_now(&s->service), &s->site, &report, &warnings)) {
        event_lines(s, "fault", &report);
        return SERVER_USAGE;
    }
    event_lines(s, "warning", &warnings);
    allow_descriptors(s);
    int failed = open_store(s);
    if (!failed)
        failed = make_service(s);
    if (!failed)
        failed = load_policy(s);
    if (!failed)
        failed = listen_all(s, options);
    if (!failed)
        failed = start_keeper(s);
    if (failed)
        return failed;
    atomic_store(&s->service.ready, true);
    for (size_t i = 0; i < s->config->listeners_len; i++)
        event_listening(s, i);
    event(s, "ready", s->config->public_url);
    manager_tell("READY=1");
    if (options->ready)
        options->ready(options->ready_arg);
    return SERVER_OK;
}

/* ---- while it runs ---- */

static bool same_document(const site *a, const site *b)
{
    return poa_id_equal(poa_policy_document_id(a->snapshot->policy), poa_policy_document_id(b->snapshot->policy));
}

/* Certificates, audit, snapshot: each step undoes what came before it when it fails. */
static const char *put_in_force(server *s, const site *fresh, poa_buf *why)
{
    const poa_policy *policy = fresh->snapshot->policy;
    if (POA_GUARD(reload_owner, !poa_span_is(poa_policy_get(policy)->resource_owner, s->policy_owner)))
        return "the new policy is that of another resource owner; that wants a server of its own";
    if (!http_server_reload_tls(s->http, fresh->tls, why))
        return why->text ? why->text : "the new certificates cannot be used";
    const poa_err err = same_document(fresh, &s->site)
                            ? POA_OK
                            : change_policy_load(s->service.writer, poa_policy_document(policy), api_now(&s->service));
    if (err) {
        (void)!http_server_reload_tls(s->http, s->site.tls, why);
        return "the new policy cannot be noted in the store";
    }
    atomic_fetch_add(&fresh->snapshot->refs, 1);
    api_slot_set(s->service.slot, fresh->snapshot);
    return NULL;
}

static void reload(server *s)
{
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf warnings = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf why = {0};
    POA_CLEANUP(site_clear) site fresh = {0};
    char state[64];
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)machine_now_us(NULL));
    manager_tell(state);

    const char *refused = NULL;
    if (!site_load(s->ctx, s->config, api_now(&s->service), &fresh, &report, &warnings))
        refused = "everything stays as it was";
    else
        refused = put_in_force(s, &fresh, &why);
    event_lines(s, "reload.refused", &report);
    event_lines(s, "warning", &warnings);
    if (refused) {
        event(s, "reload.refused", refused);
    } else {
        const bool same = same_document(&fresh, &s->site);
        const site old = s->site;
        s->site = fresh;
        fresh = old;
        event(s, "reload", same ? "the policy is the same" : "a new policy is in force");
    }
    manager_tell("READY=1");
}

/* Decisions act on a time too: one that was set back while the process was down is noticed by this. */
static void keep_mark(server *s)
{
    const poa_err err = change_mark_raise(s->service.writer, atomic_load(&s->service.acted_s));
    if (err)
        (void)fault_of(s, "the time that was acted on cannot be kept", err);
}

static void housekeep(server *s)
{
    (void)store_housekeep(s->service.store);
    keep_mark(s);
    const poa_err err = change_purge(s->service.writer, api_now(&s->service));
    if (err)
        (void)fault_of(s, "what is past its time cannot be dropped", err);
}

static sigset_t waited_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGNAL_BROKEN);
    return set;
}

void serve_block_signals(void)
{
    const sigset_t set = waited_signals();
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The next signal, or 0 when until_us has come. */
static int wait_for_signal(int64_t until_us)
{
    const sigset_t set = waited_signals();
    const int64_t left_us = until_us - machine_now_us(NULL);
    const int64_t wait_us = left_us > 0 ? left_us : 0;
    const struct timespec left = {wait_us / 1000000, wait_us % 1000000 * 1000};
    const int got = sigtimedwait(&set, NULL, &left);
    return got > 0 ? got : 0;
}

static int run(server *s)
{
    int64_t next_us = machine_now_us(NULL) + HOUSEKEEPING_US;
    for (;;) {
        const int got = wait_for_signal(next_us);
        if (atomic_load(&s->broken))
            return fault(s, "the store is broken: the server stops, nothing that was acknowledged is lost");
        if (got == SIGTERM || got == SIGINT)
            return SERVER_OK;
        if (got == SIGHUP)
            reload(s);
        if (machine_now_us(NULL) < next_us)
            continue;
        housekeep(s);
        next_us = machine_now_us(NULL) + HOUSEKEEPING_US;
    }
}

/* ---- ending ---- */

/* The keeper and requests wait for the writer, so it ends after both. */
static void stop(server *s)
{
    api_service *service = &s->service;
    atomic_store(&service->ready, false);
    api_keeper_stop(service);
    if (s->http)
        http_server_stop(s->http, s->config->limits.stop_grace_ms);
    if (service->writer && !atomic_load(&s->broken))
        keep_mark(s);
    store_writer_stop(service->writer);
    http_server_free(s->http);
    api_slot_free(service->slot);
    api_chains_free(service->chains);
    api_nonces_free(service->nonces);
    api_replays_free(service->replays);
    api_metrics_free(service->metrics);
    api_keeper_free(service->keeper);
    api_events_free(service->events);
    api_crls_free(service->crls);
    store_close(service->store);
    site_clear(&s->site);
}

int serve(const poa_ctx *ctx, const serve_options *options)
{
    server s = {.ctx = ctx, .config = options->config};
    s.service = (api_service){
        .config = options->config,
        .ctx = ctx,
        .random = machine_randomness,
        .now_s = machine_now_s,
        /* The process before this one may have seen proofs of this very second. */
        .started_s = machine_now_s(NULL) + 1,
        .log = machine_log,
    };
    int failed = start(&s, options);
    if (!failed) {
        failed = run(&s);
        event(&s, "stopping", failed ? "after a fault" : "as asked");
        manager_tell("STOPPING=1");
    }
    stop(&s);
    if (!failed)
        event(&s, "stopped", "everything acknowledged is stored");
    return failed;
}
