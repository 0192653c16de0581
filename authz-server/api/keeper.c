#include "api/keeper.h"

#include "api/event.h"
#include "api/exchange.h"
#include "api/log.h"
#include "guard.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TASKS_MAX = 16 };

struct api_keeper {
    const api_keeper_task *tasks;
    unsigned tick_ms;
    poa_err told[TASKS_MAX]; /* the fault that was logged last for each task; the keeper's thread alone uses it */
    api_service *service;
    pthread_t thread;
    bool started;
    atomic_uint_fast64_t rounds;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t change;
    bool woken;
    bool stopping;
};

/* One step on its way through the writer. */
struct step {
    store_op op;
    api_keeper *keeper;
    const api_keeper_task *task;
    int64_t now_s;
    bool more;
    poa_err err;
    bool done; /* under the keeper's lock */
};

static struct step *step_of(store_op *op)
{
    return (struct step *)(void *)op; /* op is its first member */
}

/* Protocol section 8: what was acted on before has not been yet, as this clock has it. */
static poa_err check_clock(api_service *service, store_txn *txn, int64_t now_s)
{
    int64_t mark_s = 0;
    const poa_err err = api_time_mark(service, txn, &mark_s);
    if (err)
        return err;
    POA_CLEANUP(api_snapshot_freep) api_snapshot *snapshot = api_slot_get(service->slot);
    const int64_t skew_s = poa_policy_get(snapshot->policy)->clock_skew_s;
    return POA_GUARD(keeper_clock, mark_s - skew_s > now_s) ? POA_E_CLOCK_UNSURE : POA_OK;
}

static poa_err check(store_op *op, store_txn *txn)
{
    struct step *step = step_of(op);
    step->now_s = api_now(step->keeper->service);
    return check_clock(step->keeper->service, txn, step->now_s);
}

static poa_err apply(store_op *op, store_txn *txn)
{
    struct step *step = step_of(op);
    step->more = false;
    return step->task->step(step->keeper->service, txn, step->now_s, &step->more);
}

static void done(store_op *op, poa_err err)
{
    struct step *step = step_of(op);
    api_keeper *keeper = step->keeper;
    pthread_mutex_lock(&keeper->lock);
    step->err = err;
    step->done = true;
    pthread_cond_broadcast(&keeper->change);
    pthread_mutex_unlock(&keeper->lock);
}

static void wait_for(api_keeper *keeper, const struct step *step)
{
    pthread_mutex_lock(&keeper->lock);
    while (!step->done)
        pthread_cond_wait(&keeper->change, &keeper->lock);
    pthread_mutex_unlock(&keeper->lock);
}

/* Once for each fault, not at each tick. A clock that is behind is told by /readyz and by every refusal. */
static void tell(api_keeper *keeper, size_t at, poa_err err)
{
    if (err == keeper->told[at])
        return;
    keeper->told[at] = err;
    if (err == POA_OK || err == POA_E_CLOCK_UNSURE)
        return;
    char message[160];
    (void)snprintf(message, sizeof message, "the task %s is put off: %s (%s)", keeper->tasks[at].name,
                   poa_err_describe(err)->condition, poa_err_name(err));
    api_log_event(keeper->service, "keeper", message);
}

/* Has the task more to do at once? */
static bool run_task(api_keeper *keeper, size_t at)
{
    if (POA_GUARD(keeper_store_health, !store_healthy(keeper->service->store)))
        return false;
    struct step step = {
        .op = {.check = check, .apply = apply, .done = done}, .keeper = keeper, .task = &keeper->tasks[at]};
    if (!store_writer_submit(keeper->service->writer, &step.op))
        return false; /* requests fill the queue: the next tick is soon enough */
    wait_for(keeper, &step);
    tell(keeper, at, step.err);
    return step.err == POA_OK && step.more;
}

static struct timespec after_ms(unsigned ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Rest until the tick or a wake; false at the end. */
static bool rest(api_keeper *keeper, bool more)
{
    const struct timespec until = after_ms(more ? 0 : keeper->tick_ms);
    pthread_mutex_lock(&keeper->lock);
    int timed_out = 0;
    while (!keeper->woken && !keeper->stopping && !timed_out)
        timed_out = pthread_cond_timedwait(&keeper->change, &keeper->lock, &until);
    keeper->woken = false;
    const bool go_on = !keeper->stopping;
    pthread_mutex_unlock(&keeper->lock);
    return go_on;
}

static bool is_stopping(api_keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    const bool stopping = keeper->stopping;
    pthread_mutex_unlock(&keeper->lock);
    return stopping;
}

static void *run(void *arg)
{
    api_keeper *keeper = arg;
    bool more = false;
    do {
        more = false;
        for (size_t i = 0; keeper->tasks[i].step && !is_stopping(keeper); i++)
            more = run_task(keeper, i) || more;
        keeper->rounds++;
        /* What was committed, and the heartbeat of who waits for it. */
        api_events_wake(keeper->service);
    } while (rest(keeper, more));
    return NULL;
}

poa_err api_keeper_new(const api_keeper_task *tasks, unsigned tick_ms, api_keeper **out)
{
    size_t count = 0;
    while (tasks[count].step)
        count++;
    if (count > TASKS_MAX)
        return POA_F_USAGE;
    api_keeper *keeper = calloc(1, sizeof *keeper);
    if (!keeper)
        return POA_F_NOMEM;
    keeper->tasks = tasks;
    keeper->tick_ms = tick_ms;
    pthread_condattr_t monotonic; /* with these attributes none of it can fail */
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&keeper->change, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&keeper->lock, NULL);
    *out = keeper;
    return POA_OK;
}

void api_keeper_free(api_keeper *keeper)
{
    if (!keeper)
        return;
    (void)pthread_cond_destroy(&keeper->change);
    (void)pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

poa_err api_keeper_start(api_service *service)
{
    api_keeper *keeper = service->keeper;
    keeper->service = service;
    if (pthread_create(&keeper->thread, NULL, run, keeper) != 0)
        return POA_F_STORE;
    keeper->started = true;
    return POA_OK;
}

void api_keeper_stop(api_service *service)
{
    api_keeper *keeper = service->keeper;
    if (!keeper || !keeper->started)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->stopping = true;
    pthread_cond_broadcast(&keeper->change);
    pthread_mutex_unlock(&keeper->lock);
    (void)pthread_join(keeper->thread, NULL);
    keeper->started = false;
}

uint64_t api_keeper_rounds(const api_service *service)
{
    return service->keeper ? service->keeper->rounds : 0;
}

void api_keeper_wake(api_service *service)
{
    api_keeper *keeper = service->keeper;
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->woken = true;
    pthread_cond_broadcast(&keeper->change);
    pthread_mutex_unlock(&keeper->lock);
}
