#ifndef API_KEEPER_H
#define API_KEEPER_H

#include "api/service.h"

/*
 * What the server does of its own accord: one thread that goes over a table of tasks at each tick. A step of a task is
 * one operation of the writer, so it is committed whole or not at all, and a process that is killed in between goes on
 * where the store says that it was.
 */

/* A step touches at most so many records, so that requests never wait long behind it. */
#define API_KEEPER_STEP_MAX 256

/**
 * api_keeper_task - one task.
 * @name: for the log
 * @step: do a bounded part of the work, in a write transaction, at now_s. It may run twice for one step, in different
 *        transactions, and keeps nothing outside of them. *more is false before; true: there is more to do now, so the
 *        next step comes as soon as each other task and the requests that wait had their turn. Anything but POA_OK
 *        undoes the step; it is tried again at the next tick
 */
typedef struct api_keeper_task {
    const char *name;
    poa_err (*step)(api_service *service, store_txn *txn, int64_t now_s, bool *more);
} api_keeper_task;

/** The tasks of the server, in the order in which each tick runs them; a row without a step ends them. */
extern const api_keeper_task api_keeper_tasks[];

/**
 * api_keeper_new() - make the keeper; it does nothing before api_keeper_start().
 * @tasks:   as api_keeper_tasks; borrowed
 * @tick_ms: how long it rests when no task has more to do
 *
 * Return: POA_OK, POA_F_NOMEM, POA_F_USAGE (more tasks than there is room for).
 */
POA_MUST_USE poa_err api_keeper_new(const api_keeper_task *tasks, unsigned tick_ms, api_keeper **out);

/** NULL is fine; after api_keeper_stop(). */
void api_keeper_free(api_keeper *keeper);

/**
 * api_keeper_start() - start the thread of service->keeper, once everything that the tasks use stands.
 *
 * No step runs while the store takes no changes, or the clock is further behind the latest time acted on than the
 * policy's skew (protocol section 8): time that nobody is sure of makes no device overdue.
 *
 * Return: POA_OK, POA_F_STORE (no thread to be had).
 */
POA_MUST_USE poa_err api_keeper_start(api_service *service);

/** api_keeper_stop() - let the step under way end, then end the thread. Before the writer is stopped. Any state. */
void api_keeper_stop(api_service *service);

/** api_keeper_wake() - there is work: do not wait for the tick. Any thread, also the writer's; does not block. */
void api_keeper_wake(api_service *service);

/** api_keeper_rounds() - how often all tasks were gone over, for the metrics. Any thread. */
uint64_t api_keeper_rounds(const api_service *service);

#endif
