#include "fleet.h"

#include "cleanup.h"
#include "json.h"
#include "output.h"
#include "progress.h"
#include "span.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * REFUSED_PAUSE_S: who was refused comes again then, as somebody may have put it right.
 * AWAY_*: without a server everybody waits 1, 2, 4, ... seconds; with --once only so often.
 * LATER_MAX: so often a device that comes once lets itself be sent away.
 */
enum { REFUSED_PAUSE_S = 60, AWAY_MAX_S = 32, AWAY_ROUNDS_MAX = 4, LATER_MAX = 20, LOOK_MS = 20 };

/* The end of time, in microseconds. */
#define NEVER_US INT64_MAX

typedef struct member {
    const char *folder;
    int64_t at_us; /* when it comes */
    bool booted;   /* its start, if it had one, is counted */
    bool renewed;  /* it was here; later visits are periodic */
    int laters;
} member;

typedef struct fleet {
    const cli *app;
    const cli_fleet_plan *plan;
    json_t *configuration; /* owned */
    member *members;       /* owned */
    pthread_mutex_t lock;  /* over all below */
    pthread_cond_t moved;
    member **heap; /* owned: who waits, the next one first */
    size_t waiting;
    size_t live; /* those waiting, and those at the server */
    bool stopped;
    int64_t hold_us; /* nobody comes before: the server is away */
    int rounds;      /* how often it was away in a row */
    int exit_code;
    json_t *refused; /* owned */
    cli_progress progress;
} fleet;

/* ---- time ---- */

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* due times are of the wall clock */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t of_seconds(int64_t seconds)
{
    return seconds < NEVER_US / 1000000 ? seconds * 1000000 : NEVER_US;
}

static struct timespec timespec_of(int64_t at_us)
{
    return (struct timespec){.tv_sec = (time_t)(at_us / 1000000), .tv_nsec = (long)(at_us % 1000000 * 1000)};
}

/* ---- who comes next: a binary heap by time ---- */

static void swap(member **a, member **b)
{
    member *held = *a;
    *a = *b;
    *b = held;
}

static void push(fleet *f, member *m)
{
    size_t at = f->waiting++;
    f->heap[at] = m;
    for (; at > 0 && f->heap[at]->at_us < f->heap[(at - 1) / 2]->at_us; at = (at - 1) / 2)
        swap(&f->heap[at], &f->heap[(at - 1) / 2]);
}

static size_t sooner_child(const fleet *f, size_t at)
{
    const size_t left = 2 * at + 1;
    return left + 1 < f->waiting && f->heap[left + 1]->at_us < f->heap[left]->at_us ? left + 1 : left;
}

static member *pop(fleet *f)
{
    member *first = f->heap[0];
    f->heap[0] = f->heap[--f->waiting];
    for (size_t at = 0; 2 * at + 1 < f->waiting;) {
        const size_t child = sooner_child(f, at);
        if (f->heap[at]->at_us <= f->heap[child]->at_us)
            break;
        swap(&f->heap[at], &f->heap[child]);
        at = child;
    }
    return first;
}

/* The next one, when its time has come; NULL at the end. */
static member *take(fleet *f)
{
    member *next = NULL;
    (void)pthread_mutex_lock(&f->lock);
    while (!next && !f->stopped && f->live > 0) {
        if (f->waiting == 0) {
            (void)pthread_cond_wait(&f->moved, &f->lock);
            continue;
        }
        const int64_t at_us = f->heap[0]->at_us > f->hold_us ? f->heap[0]->at_us : f->hold_us;
        const struct timespec until = timespec_of(at_us);
        if (at_us <= now_us())
            next = pop(f);
        else
            (void)pthread_cond_timedwait(&f->moved, &f->lock, &until);
    }
    (void)pthread_mutex_unlock(&f->lock);
    return next;
}

/* ---- what became of it, under the lock ---- */

static void end_member(fleet *f, bool well)
{
    f->live--;
    cli_progress_count(&f->progress, well);
}

static void come_again(fleet *f, member *m, int64_t at_us)
{
    m->at_us = at_us;
    push(f, m);
}

static void note_done(fleet *f, member *m, const cli_visit *visit)
{
    f->rounds = 0;
    m->renewed = true;
    m->laters = 0;
    if (f->plan->once) {
        end_member(f, true);
        return;
    }
    cli_progress_count(&f->progress, true);
    /* 0: it has not to come any more, as far as the server knows. */
    come_again(f, m, visit->due_s > 0 ? of_seconds(visit->due_s) : NEVER_US);
}

static void note_failed(fleet *f, member *m, const cli_visit *visit)
{
    const json_int_t before = json_integer_value(json_object_get(f->refused, visit->code));
    (void)json_object_set_new(f->refused, visit->code, json_integer(before + 1));
    f->exit_code = f->exit_code ? f->exit_code : visit->exit_code;
    if (f->plan->once) {
        end_member(f, false);
        return;
    }
    cli_progress_count(&f->progress, false);
    come_again(f, m, now_us() + of_seconds(REFUSED_PAUSE_S));
}

static void note_later(fleet *f, member *m, const cli_visit *visit)
{
    f->rounds = 0;
    if (f->plan->once && ++m->laters > LATER_MAX) {
        const cli_visit failed = {.exit_code = CLI_UNREACHABLE, .code = "retry_after"};
        note_failed(f, m, &failed);
        return;
    }
    come_again(f, m, now_us() + of_seconds(visit->wait_s));
}

/* One who finds no server speaks for all; those who were on their way then say nothing new. */
static void note_away(fleet *f, member *m)
{
    const int64_t at_us = now_us();
    come_again(f, m, at_us);
    if (f->hold_us > at_us)
        return;
    const int64_t pause_s = f->rounds < 5 ? INT64_C(1) << f->rounds : AWAY_MAX_S;
    f->hold_us = at_us + of_seconds(pause_s);
    f->rounds++;
    if (f->plan->once && f->rounds >= AWAY_ROUNDS_MAX)
        f->stopped = true;
}

static void note(fleet *f, member *m, const cli_visit *visit)
{
    (void)pthread_mutex_lock(&f->lock);
    switch (visit->end) {
    case CLI_VISIT_DONE:
        note_done(f, m, visit);
        break;
    case CLI_VISIT_LATER:
        note_later(f, m, visit);
        break;
    case CLI_VISIT_AWAY:
        note_away(f, m);
        break;
    case CLI_VISIT_FAILED:
        note_failed(f, m, visit);
        break;
    }
    (void)pthread_cond_broadcast(&f->moved);
    (void)pthread_mutex_unlock(&f->lock);
}

/* ---- threads ---- */

typedef struct worker {
    fleet *fleet;
    cli_connection *connection; /* owned */
    pthread_t thread;
    bool started;
} worker;

static void *work(void *arg)
{
    worker *w = arg;
    fleet *f = w->fleet;
    const cli_fleet_plan *plan = f->plan;
    for (member *m; (m = take(f));) {
        const bool boots = plan->reason == POA_TRUST_RESTART && !m->booted;
        const cli_visit_plan coming = {
            .site = poa_json_span(json_object_get(f->configuration, "resource_owner")),
            .folder = m->folder,
            .reason = m->renewed ? POA_TRUST_PERIODIC : plan->reason,
            .boots = boots,
            .firmware = plan->firmware,
        };
        cli_visit visit;
        cli_fleet_visit(f->app, w->connection, &coming, &visit);
        m->booted = true;
        note(f, m, &visit);
    }
    return NULL;
}

static void stop(fleet *f)
{
    (void)pthread_mutex_lock(&f->lock);
    f->stopped = true;
    (void)pthread_cond_broadcast(&f->moved);
    (void)pthread_mutex_unlock(&f->lock);
}

static bool is_over(fleet *f)
{
    (void)pthread_mutex_lock(&f->lock);
    const bool over = f->stopped || f->live == 0;
    (void)pthread_mutex_unlock(&f->lock);
    return over;
}

/* Until it is over, or its time, or somebody stops it. The signals are blocked in every thread. */
static void wait_for_end(fleet *f, const sigset_t *signals)
{
    const struct timespec look = {.tv_nsec = (long)LOOK_MS * 1000000};
    const int64_t end_us = f->plan->for_s > 0 ? now_us() + of_seconds(f->plan->for_s) : NEVER_US;
    while (!is_over(f) && now_us() < end_us)
        if (sigtimedwait(signals, NULL, &look) > 0)
            break;
    stop(f);
}

static int start(fleet *f, worker *workers)
{
    for (size_t i = 0; i < f->plan->connections; i++) {
        workers[i].fleet = f;
        const int failed = cli_connect(f->plan->server, &workers[i].connection);
        if (failed)
            return failed;
    }
    for (size_t i = 0; i < f->plan->connections; i++) {
        workers[i].started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
        if (!workers[i].started)
            return cli_fault("there are no more threads to be had");
    }
    return CLI_OK;
}

static int play(fleet *f)
{
    sigset_t signals, before;
    worker workers[CLI_FLEET_CONNECTIONS_MAX] = {0};
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, &before);
    const int failed = start(f, workers);
    if (failed)
        stop(f);
    else
        wait_for_end(f, &signals);
    for (size_t i = 0; i < f->plan->connections; i++) {
        if (workers[i].started)
            (void)pthread_join(workers[i].thread, NULL);
        cli_connection_free(workers[i].connection);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* ---- beginning and end ---- */

static void clear(fleet *f)
{
    json_decref(f->configuration);
    json_decref(f->refused);
    free(f->members);
    free(f->heap);
    (void)pthread_cond_destroy(&f->moved);
    (void)pthread_mutex_destroy(&f->lock);
}

/* Whose site it is: a trust proof names it. */
static int configure(fleet *f)
{
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    const cli_exchange exchange = {.method = "GET", .path = "/.well-known/poa-configuration"};
    int failed = cli_server_ask(f->plan->server, &exchange, &reply);
    if (!failed && reply.status != 200)
        failed = cli_reply_refused(&reply);
    if (!failed)
        failed = cli_reply_json(&reply, &f->configuration);
    if (failed || json_is_string(json_object_get(f->configuration, "resource_owner")))
        return failed;
    (void)cli_usage("the server does not say whose site it is");
    return CLI_UNREACHABLE;
}

/* When it is due by what it remembers. */
static int first_time(const fleet *f, const char *folder, int64_t *at_us)
{
    *at_us = 0;
    if (f->plan->at_once)
        return CLI_OK;
    POA_CLEANUP(cli_simulated_clear) cli_simulated device = {0};
    const int failed = cli_simulated_load(f->app, folder, &device);
    if (!failed)
        *at_us = of_seconds(json_integer_value(json_object_get(device.state, "due")));
    return failed;
}

static int line_up(fleet *f)
{
    f->members = calloc(f->plan->count, sizeof *f->members);
    f->heap = calloc(f->plan->count, sizeof *f->heap);
    f->refused = json_object();
    if (!f->members || !f->heap || !f->refused)
        return cli_fault_of(POA_F_NOMEM);
    int failed = CLI_OK;
    for (size_t i = 0; !failed && i < f->plan->count; i++) {
        member *m = &f->members[i];
        m->folder = f->plan->folders[i];
        failed = first_time(f, m->folder, &m->at_us);
        push(f, m);
    }
    f->live = f->waiting;
    return failed;
}

/* With --once a device that never got its turn has failed, too. */
static int finish(fleet *f)
{
    const size_t left = f->plan->once ? f->live : 0;
    f->progress.failed += left;
    cli_progress_end(&f->progress);
    if (left == 0)
        return f->exit_code;
    cli_say("%zu devices did not get through", left);
    return f->exit_code ? f->exit_code : CLI_UNREACHABLE;
}

int cli_fleet_run(const cli *app, const cli_fleet_plan *plan, json_t **summary)
{
    POA_CLEANUP(clear)
    fleet f = {.app = app, .plan = plan, .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    int failed = configure(&f);
    if (!failed)
        failed = line_up(&f);
    if (failed)
        return failed;
    cli_progress_begin(&f.progress, plan->once ? plan->count : 0);
    failed = play(&f);
    const int ended = finish(&f);
    *summary = json_pack("{s:I, s:I, s:O}", "done", (json_int_t)f.progress.done, "failed",
                         (json_int_t)f.progress.failed, "refused", f.refused);
    if (!*summary)
        return cli_fault_of(POA_F_NOMEM);
    return failed ? failed : ended;
}
